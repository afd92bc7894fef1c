# Generated from integrations/mnemon_langgraph/_async/items.py by tests/contracts/unasync.py; edit that file.
"""Reading and writing items."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, cast

import numpy

from mnemon import where
from mnemon.adapting.desk import groups_of, in_chunks, think, unit_of_work
from mnemon.types.filters import And
from mnemon.types.storage import Delete, DeleteWhere, Nearest, Patch
from mnemon.types.times import format_time
from mnemon_langgraph.filters import matches, narrowing
from mnemon_langgraph.items import ITEMS, VECTORS, VERSIONS, item_of, put_batch, unexpired, with_space
from mnemon_langgraph.namespaces import under

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from langgraph.store.base import Item, SearchOp

    from mnemon.adapting.desk import Desk
    from mnemon.types.filters import Filter
    from mnemon.types.storage import Cursor, Row, Vector, VectorSpace, Write
    from mnemon_langgraph.items import NewItem

__all__ = ["declare_space", "get", "history", "namespaces", "put", "search", "sweep"]

_PAGE = 1_000
_MOST = 10_000
"""What one search of a store gives at most."""
_ITSELF = ~where("memory").exists()
"""The condition for items; a row that stands for a memory is the key of one, without a value."""


def declare_space(desk: Desk, space: VectorSpace) -> None:
    """Make room for the vectors of an index."""
    desk.store.declare(with_space(space))


def get(desk: Desk, ids: Mapping[str, bool]) -> dict[str, Row]:
    """Return items by the ids of their rows; those that are marked live on for as long as they were stored for."""
    rows: dict[str, Row] = {}
    for chunk in in_chunks(list(ids)):
        rows |= desk.store.get(desk.project, ITEMS.name, chunk, include=("metadata",), decisive=True)
    now = format_time(desk.clock())
    rows = {key: row for key, row in rows.items() if str(row.fields.get("expires_at", "~")) > now}
    _refresh(desk, [row for key, row in rows.items() if ids[key]])
    return rows


def _refresh(desk: Desk, rows: Sequence[Row]) -> None:
    now = desk.clock()
    batch = [
        Patch(
            collection=ITEMS.name,
            id=row.id,
            fields={"expires_at": format_time(now + timedelta(minutes=cast("float", row.fields["ttl"])))},
            otherwise="skip",
        )
        for row in rows
        if row.fields.get("ttl") is not None
    ]
    if batch:
        desk.store.apply(desk.project, batch)


def put(desk: Desk, items: Sequence[NewItem], space: VectorSpace | None, keeps: bool) -> None:  # noqa: FBT001 - passed on
    """Store items, or delete those without a value; when they were made is kept."""
    with unit_of_work(desk.store) as store:
        old: dict[str, Row] = {}
        for chunk in in_chunks([item.id for item in items]):
            include = ("metadata",) if keeps else ()
            old |= store.get(desk.project, ITEMS.name, chunk, include=include, decisive=True)
        now = desk.clock()
        batch: list[Write] = []
        for item in items:
            batch += put_batch(item, old.get(item.id), space, now=now, history=keeps)
        store.apply(desk.project, batch)


def search(
    desk: Desk, op: SearchOp, vector: Vector | None, space: VectorSpace | None
) -> list[tuple[Row, float | None]]:
    """Return items under a prefix that fit a filter: nearest first, then those without a vector, newest first."""
    wanted = op.offset + op.limit
    found: list[tuple[Row, float | None]] = []
    if vector is not None and space is not None:
        if op.filter or wanted > _MOST:
            found = _compared(desk, op, vector, space)
        else:
            found = _nearest(desk, op, vector, space, wanted)
    if len(found) < wanted:
        seen = {row.id for row, _ in found}
        found += [(row, None) for row in _newest(desk, op, wanted, seen)]
    page = found[op.offset : wanted]
    if op.refresh_ttl:
        _refresh(desk, [row for row, _ in page])
    return page


def _nearest(
    desk: Desk, op: SearchOp, vector: Vector, space: VectorSpace, wanted: int
) -> list[tuple[Row, float | None]]:
    """Ask the store for the nearest vectors until they are of enough items; the best of an item's counts."""
    limit = min(_MOST, 2 * wanted)
    while True:
        matched = desk.store.search(
            desk.project,
            VECTORS.name,
            Nearest(space=space.name, vector=vector),
            under(op.namespace_prefix),
            limit=limit,
            include=(),
            fields=("item",),
        )
        best: dict[str, float] = {}
        for match in matched:
            best.setdefault(str(match.row.fields["item"]), cast("float", match.evidence.cosine))
        rows = get(desk, dict.fromkeys(best, False))
        if len(rows) >= wanted or len(matched) < limit or limit == _MOST:
            break
        limit = min(_MOST, 4 * limit)
    if len(rows) < wanted and len(matched) == limit:
        return _compared(desk, op, vector, space)
    return [(rows[key], score) for key, score in best.items() if key in rows]


def _compared(desk: Desk, op: SearchOp, vector: Vector, space: VectorSpace) -> list[tuple[Row, float | None]]:
    """Compare the vectors of all items that fit, one by one: exact, however few of many fit."""
    rows = {row.id: row for row in _newest(desk, op, None, set())}
    best: dict[str, float] = {}
    query = numpy.asarray(vector, numpy.float32)
    for chunk in in_chunks(list(rows)):
        here = where("item").in_(list(chunk))
        for ids in in_chunks(desk.store.list_ids(desk.project, VECTORS.name, here)):
            found = desk.store.get(desk.project, VECTORS.name, ids, include=(space.name,))
            for key, score in think(_cosines, list(found.values()), query, space.name):
                best[key] = max(score, best.get(key, -1.0))
    ranked = sorted(best.items(), key=lambda pair: (-pair[1], pair[0]))
    return [(rows[key], score) for key, score in ranked]


def _cosines(rows: Sequence[Row], query: numpy.ndarray, space: str) -> list[tuple[str, float]]:
    held = [row for row in rows if space in row.vectors]
    if not held:
        return []
    matrix = numpy.stack([numpy.asarray(row.vectors[space], numpy.float32) for row in held])
    lengths = numpy.linalg.norm(matrix, axis=1) * numpy.linalg.norm(query)
    scores = numpy.divide(matrix @ query, lengths, out=numpy.zeros(len(held), numpy.float32), where=lengths > 0)
    return [(str(row.fields["item"]), float(score)) for row, score in zip(held, scores, strict=True)]


def _newest(desk: Desk, op: SearchOp, wanted: int | None, without: set[str]) -> list[Row]:
    """Return items that fit, those that were changed last first; so many together with those to leave out."""
    parts = [part for part in (under(op.namespace_prefix), unexpired(desk.clock()), _ITSELF) if part is not None]
    if op.filter:
        parts.append(narrowing(op.filter))
    rows: list[Row] = []
    after: Cursor | None = None
    limit = _PAGE if wanted is None else min(_PAGE, wanted)
    while wanted is None or len(rows) + len(without) < wanted:
        page = desk.store.scan(
            desk.project,
            ITEMS.name,
            And(tuple(parts)),
            order="updated_at",
            descending=True,
            after=after,
            limit=limit,
            include=("metadata",),
        )
        limit = min(_PAGE, 4 * limit)  # few of many may fit
        rows += [
            row for row in page.rows if row.id not in without and (not op.filter or matches(row.metadata, op.filter))
        ]
        after = page.after
        if after is None:
            break
    return rows


def namespaces(desk: Desk, condition: Filter | None) -> list[str]:
    """Return the namespaces of items, as texts; not those of memories."""
    parts = (unexpired(desk.clock()), _ITSELF)
    return groups_of(desk, ITEMS.name, "namespace", And(parts if condition is None else (condition, *parts)))


def history(desk: Desk, key: str) -> list[Item]:
    """Return an item's earlier versions, oldest first."""
    ids = desk.store.list_ids(desk.project, VERSIONS.name, where("item").eq(key))
    rows: list[Row] = []
    for chunk in in_chunks(ids):
        rows += (desk.store.get(desk.project, VERSIONS.name, chunk, include=("metadata",))).values()
    return [item_of(row) for row in sorted(rows, key=lambda row: str(row.fields["updated_at"]))]


def sweep(desk: Desk, limit: int) -> int:
    """Delete items whose time is over, with their vectors; return how many they were."""
    over = where("expires_at").lte(format_time(desk.clock()))
    ids = (desk.store.list_ids(desk.project, ITEMS.name, over))[:limit]
    swept = 0
    for chunk in in_chunks(ids):
        with unit_of_work(desk.store) as store:
            rows = store.get(desk.project, ITEMS.name, chunk, include=(), decisive=True)
            now = format_time(desk.clock())  # somebody may have read one meanwhile, and it lives on
            gone = [key for key, row in rows.items() if str(row.fields.get("expires_at", "~")) <= now]
            if gone:
                vectors = DeleteWhere(collection=VECTORS.name, where=where("item").in_(gone))
                store.apply(desk.project, [Delete(collection=ITEMS.name, ids=gone), vectors])
                swept += len(gone)
    return swept
