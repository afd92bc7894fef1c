"""CrewAI's records as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from crewai.memory.storage.backend import EmbeddingDimensionMismatchError

from mnemon import where
from mnemon.adapting import scope_condition
from mnemon.adapting.async_desk import in_chunks, unit_of_work
from mnemon.types.storage import Delete, Nearest, Patch, Put
from mnemon.types.times import format_time
from mnemon_crewai.rows import RECORDS, record_of, row_instead, row_of, space_of, with_space

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crewai.memory.types import MemoryRecord

    from mnemon import Scope
    from mnemon.adapting.async_desk import AsyncDesk, AsyncStore
    from mnemon.types.filters import Filter
    from mnemon.types.storage import Cursor, Row, Write

__all__ = ["change", "count", "find", "make_room", "newest", "remove", "save", "search", "touch"]

_PAGE = 1_000


async def make_room(desk: AsyncDesk, length: int) -> None:
    """Declare the space of vectors of a length."""
    await desk.store.declare(with_space(length))


async def save(desk: AsyncDesk, scope: Scope, records: Sequence[MemoryRecord]) -> None:
    """Store records; one that is there is replaced.

    Raises:
        EmbeddingDimensionMismatchError: vectors of another length than those that this scope has.
    """
    for length in {len(record.embedding or ()) for record in records} - {0}:
        await _check_length(desk, scope, length)
    writes: list[Write] = [Put(collection=RECORDS.name, row=row_of(scope, record)) for record in records]
    if writes:
        await desk.store.apply(desk.project, writes)


async def change(desk: AsyncDesk, scope: Scope, record: MemoryRecord) -> None:
    """Put a record in the place of the one with its id, or beside the others where there is none."""
    if record.embedding:
        await _check_length(desk, scope, len(record.embedding))
    async with unit_of_work(desk.store) as store:
        there = await _rows(desk, store, scope_condition(scope) & where("record").eq(record.id))
        row = row_instead(there[0], record) if there else row_of(scope, record)
        await store.apply(desk.project, [Put(collection=RECORDS.name, row=row)])


async def find(desk: AsyncDesk, scope: Scope, record_id: str) -> MemoryRecord | None:
    """Return a record with its vector, or None."""
    rows = await _rows(desk, desk.store, scope_condition(scope) & where("record").eq(record_id))
    return record_of(rows[0]) if rows else None


async def search(
    desk: AsyncDesk, scope: Scope, condition: Filter, vector: Sequence[float], limit: int
) -> list[tuple[MemoryRecord, float]]:
    """Return the nearest records, each with its cosine.

    Raises:
        EmbeddingDimensionMismatchError: the records of this scope have vectors of another length.
    """
    await _check_length(desk, scope, len(vector))
    found = await desk.store.search(
        desk.project,
        RECORDS.name,
        Nearest(space=space_of(len(vector)).name, vector=vector),
        condition,
        limit=limit,
    )
    return [(record_of(match.row), cast("float", match.evidence.cosine)) for match in found]


async def remove(desk: AsyncDesk, condition: Filter) -> int:
    """Delete records; return how many they were."""
    ids = await desk.store.list_ids(desk.project, RECORDS.name, condition)
    for chunk in in_chunks(ids):
        await desk.store.apply(desk.project, [Delete(collection=RECORDS.name, ids=chunk)])
    return len(ids)


async def newest(desk: AsyncDesk, condition: Filter, most: int | None) -> list[MemoryRecord]:
    """Return records, newest first, so many or all."""
    rows: list[Row] = []
    after: Cursor | None = None
    while most is None or len(rows) < most:
        page = await desk.store.scan(
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


async def count(desk: AsyncDesk, condition: Filter) -> int:
    """Return how many records there are."""
    return (await desk.store.count(desk.project, RECORDS.name, condition)).rows


async def touch(desk: AsyncDesk, condition: Filter) -> None:
    """Note that these records were read now."""
    fields = {"accessed_at": format_time(desk.clock())}
    ids = await desk.store.list_ids(desk.project, RECORDS.name, condition)
    for chunk in in_chunks(ids):
        patches = [Patch(collection=RECORDS.name, id=row_id, fields=fields, otherwise="skip") for row_id in chunk]
        await desk.store.apply(desk.project, patches)


async def _check_length(desk: AsyncDesk, scope: Scope, length: int) -> None:
    """Refuse vectors that could never be compared with what is there."""
    others = scope_condition(scope) & where("dimensions").exists() & where("dimensions").ne(length)
    page = await desk.store.scan(desk.project, RECORDS.name, others, limit=1, include=(), fields=("dimensions",))
    if page.rows:
        raise EmbeddingDimensionMismatchError(cast("int", page.rows[0].fields["dimensions"]), length)


async def _rows(desk: AsyncDesk, store: AsyncStore, condition: Filter) -> list[Row]:
    """Return rows with their vectors, decisively."""
    ids = await store.list_ids(desk.project, RECORDS.name, condition)
    heads = await store.get(desk.project, RECORDS.name, ids, include=(), fields=("dimensions",), decisive=True)
    lengths = {int(cast("float", row.fields["dimensions"])) for row in heads.values() if "dimensions" in row.fields}
    spaces = [space_of(length).name for length in sorted(lengths)]
    found = await store.get(desk.project, RECORDS.name, ids, include=("metadata", "payload", *spaces), decisive=True)
    return list(found.values())
