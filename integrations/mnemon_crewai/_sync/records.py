# Generated from integrations/mnemon_crewai/_async/records.py by tests/contracts/unasync.py; edit that file.
"""CrewAI's records as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from crewai.memory.storage.backend import EmbeddingDimensionMismatchError

from mnemon import where
from mnemon.adapting import scope_condition
from mnemon.adapting.desk import in_chunks, unit_of_work
from mnemon.types.storage import Delete, Nearest, Patch, Put
from mnemon.types.times import format_time
from mnemon_crewai.rows import RECORDS, record_of, row_instead, row_of, space_of, with_space

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crewai.memory.types import MemoryRecord

    from mnemon import Scope
    from mnemon.adapting.desk import Desk, Store
    from mnemon.types.filters import Filter
    from mnemon.types.storage import Cursor, Row, Write

__all__ = ["change", "count", "find", "make_room", "newest", "remove", "save", "search", "touch"]

_PAGE = 1_000


def make_room(desk: Desk, length: int) -> None:
    """Declare the space of vectors of a length."""
    desk.store.declare(with_space(length))


def save(desk: Desk, scope: Scope, records: Sequence[MemoryRecord]) -> None:
    """Store records; one that is there is replaced.

    Raises:
        EmbeddingDimensionMismatchError: vectors of another length than those that this scope has.
    """
    for length in {len(record.embedding or ()) for record in records} - {0}:
        _check_length(desk, scope, length)
    writes: list[Write] = [Put(collection=RECORDS.name, row=row_of(scope, record)) for record in records]
    if writes:
        desk.store.apply(desk.project, writes)


def change(desk: Desk, scope: Scope, record: MemoryRecord) -> None:
    """Put a record in the place of the one with its id, or beside the others where there is none."""
    if record.embedding:
        _check_length(desk, scope, len(record.embedding))
    with unit_of_work(desk.store) as store:
        there = _rows(desk, store, scope_condition(scope) & where("record").eq(record.id))
        row = row_instead(there[0], record) if there else row_of(scope, record)
        store.apply(desk.project, [Put(collection=RECORDS.name, row=row)])


def find(desk: Desk, scope: Scope, record_id: str) -> MemoryRecord | None:
    """Return a record with its vector, or None."""
    rows = _rows(desk, desk.store, scope_condition(scope) & where("record").eq(record_id))
    return record_of(rows[0]) if rows else None


def search(
    desk: Desk, scope: Scope, condition: Filter, vector: Sequence[float], limit: int
) -> list[tuple[MemoryRecord, float]]:
    """Return the nearest records, each with its cosine.

    Raises:
        EmbeddingDimensionMismatchError: the records of this scope have vectors of another length.
    """
    _check_length(desk, scope, len(vector))
    found = desk.store.search(
        desk.project,
        RECORDS.name,
        Nearest(space=space_of(len(vector)).name, vector=vector),
        condition,
        limit=limit,
    )
    return [(record_of(match.row), cast("float", match.evidence.cosine)) for match in found]


def remove(desk: Desk, condition: Filter) -> int:
    """Delete records; return how many they were."""
    ids = desk.store.list_ids(desk.project, RECORDS.name, condition)
    for chunk in in_chunks(ids):
        desk.store.apply(desk.project, [Delete(collection=RECORDS.name, ids=chunk)])
    return len(ids)


def newest(desk: Desk, condition: Filter, most: int | None) -> list[MemoryRecord]:
    """Return records, newest first, so many or all."""
    rows: list[Row] = []
    after: Cursor | None = None
    while most is None or len(rows) < most:
        page = desk.store.scan(
            desk.project,
            RECORDS.name,
            condition,
            order="created_at",
            descending=True,
            after=after,
            limit=_PAGE if most is None else min(_PAGE, most - len(rows)),
        )
        rows += page.rows
        after = page.after
        if after is None:
            break
    return [record_of(row) for row in rows]


def count(desk: Desk, condition: Filter) -> int:
    """Return how many records there are."""
    return (desk.store.count(desk.project, RECORDS.name, condition)).rows


def touch(desk: Desk, condition: Filter) -> None:
    """Note that these records were read now."""
    fields = {"accessed_at": format_time(desk.clock())}
    ids = desk.store.list_ids(desk.project, RECORDS.name, condition)
    for chunk in in_chunks(ids):
        patches = [Patch(collection=RECORDS.name, id=row_id, fields=fields, otherwise="skip") for row_id in chunk]
        desk.store.apply(desk.project, patches)


def _check_length(desk: Desk, scope: Scope, length: int) -> None:
    """Refuse vectors that could never be compared with what is there."""
    others = scope_condition(scope) & where("dimensions").exists() & where("dimensions").ne(length)
    page = desk.store.scan(desk.project, RECORDS.name, others, limit=1, include=(), fields=("dimensions",))
    if page.rows:
        raise EmbeddingDimensionMismatchError(cast("int", page.rows[0].fields["dimensions"]), length)


def _rows(desk: Desk, store: Store, condition: Filter) -> list[Row]:
    """Return rows with their vectors, decisively."""
    ids = store.list_ids(desk.project, RECORDS.name, condition)
    heads = store.get(desk.project, RECORDS.name, ids, include=(), fields=("dimensions",), decisive=True)
    lengths = {int(cast("float", row.fields["dimensions"])) for row in heads.values() if "dimensions" in row.fields}
    spaces = [space_of(length).name for length in sorted(lengths)]
    found = store.get(desk.project, RECORDS.name, ids, include=("metadata", "payload", *spaces), decisive=True)
    return list(found.values())
