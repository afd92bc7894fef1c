"""Work that was left half done: found by comparing memories, messages and operations, and finished."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mnemon._async.desk import in_chunks, pages, versions_of
from mnemon._async.erasing import finish
from mnemon._async.work import unit_of_work
from mnemon.logic.conditions import CURRENT
from mnemon.logic.erasing import source_rows
from mnemon.logic.memories import MEMORIES
from mnemon.logic.mending import (
    finding,
    is_erased,
    lost_operations,
    newest_of,
    pointing,
    rebuilt,
    settled,
    stub,
)
from mnemon.logic.messages import MESSAGES
from mnemon.logic.operations import OPERATIONS, operation_of
from mnemon.logic.spaces import SCRUB, SETTINGS
from mnemon.types.care import Checkup
from mnemon.types.filters import where
from mnemon.types.storage import Finding, Put

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mnemon._async.desk import AsyncDesk
    from mnemon.protocols.async_store import AsyncStore
    from mnemon.types.storage import Row, Write

__all__ = ["examine"]

_PAGE = 1_000


async def examine(desk: AsyncDesk, repair: bool) -> Checkup:  # noqa: FBT001 - passed on
    """Check the store, then the project's half-done work; with `repair`, mend what can be mended."""
    findings = await desk.store.check(repair=repair)
    if any(not one.collection for one in findings):  # the file itself is damaged: nothing read from it can be trusted
        return Checkup(findings=tuple(findings))
    if await _half_done(desk, desk.store, repair=False):
        # Once more where nobody else writes: reads that follow each other may see two states.
        async with unit_of_work(desk.store) as store:
            findings += await _half_done(desk, store, repair=repair)
    findings += await _unfinished_scrub(desk, repair=repair)
    return Checkup(findings=tuple(findings), notes=tuple(await _notes(desk)))


async def _half_done(desk: AsyncDesk, store: AsyncStore, *, repair: bool) -> list[Finding]:
    found = [
        await _without_first(desk, store, repair=repair),
        await _twice_current(desk, store, repair=repair),
        await _newest_missing(desk, store, repair=repair),
        await _memory_missing(desk, store, repair=repair),
        await _operation_missing(desk, store, repair=repair),
    ]
    return [one for one in found if one is not None]


async def _without_first(desk: AsyncDesk, store: AsyncStore, *, repair: bool) -> Finding | None:
    """Find later versions of a memory whose first one, which names the newest, is missing."""
    lost: dict[str, None] = {}
    async for rows in pages(store, desk.project, MEMORIES.name, where("version").gt(1), include=()):
        lost.update(dict.fromkeys(await _missing(desk, store, MEMORIES.name, (_memory(row) for row in rows))))
    if repair:
        for memory_id in lost:
            row = stub(memory_id, await versions_of(store, desk.project, [memory_id], ()))
            await store.apply(desk.project, [Put(collection=MEMORIES.name, row=row)])
    return finding(MEMORIES.name, "first version missing", lost, repaired=repair)


async def _twice_current(desk: AsyncDesk, store: AsyncStore, *, repair: bool) -> Finding | None:
    """Find memories of which two versions are current."""
    twice: list[str] = []
    after: str | None = None
    while True:
        page = await store.groups(desk.project, MEMORIES.name, "memory_id", CURRENT, after=after, limit=_PAGE)
        twice += [group.value for group in page.groups if group.rows > 1]
        after = page.after
        if after is None:
            break
    if repair:
        for memory_id in twice:
            await store.apply(desk.project, settled(await versions_of(store, desk.project, [memory_id], ())))
    return finding(MEMORIES.name, "two versions current", twice, repaired=repair)


async def _newest_missing(desk: AsyncDesk, store: AsyncStore, *, repair: bool) -> Finding | None:
    """Find first versions that name a newest one that is not there."""
    lost: list[str] = []
    async for rows in pages(store, desk.project, MEMORIES.name, where("newest").exists(), include=()):
        named = {cast("str", row.fields["newest"]): row.id for row in rows}
        lost += [named[row_id] for row_id in await _missing(desk, store, MEMORIES.name, named)]
    if repair:
        for memory_id in lost:
            rows_left = await versions_of(store, desk.project, [memory_id], ())
            await store.apply(desk.project, pointing(memory_id, newest_of(rows_left)))
    return finding(MEMORIES.name, "newest version missing", lost, repaired=repair)


async def _memory_missing(desk: AsyncDesk, store: AsyncStore, *, repair: bool) -> Finding | None:
    """Find messages that were to become a memory and have none: their add did not come to its end."""
    lost: dict[str, Row] = {}
    async for rows in pages(store, desk.project, MESSAGES.name, where("memory_id").exists()):
        by_memory = {_memory(row): row for row in rows if not is_erased(row)}
        gone = await _missing(desk, store, MEMORIES.name, by_memory)
        if gone:  # of some only the first version is missing, which is another finding
            later = pages(store, desk.project, MEMORIES.name, where("memory_id").in_(gone), include=())
            left = {_memory(row) async for versions in later for row in versions}
            lost |= {memory_id: by_memory[memory_id] for memory_id in gone if memory_id not in left}
    if repair:
        for memory_id, row in lost.items():
            await store.apply(desk.project, await _rebuild(desk, store, memory_id, row))
    return finding(MESSAGES.name, "memory missing", [row.id for row in lost.values()], repaired=repair)


async def _rebuild(desk: AsyncDesk, store: AsyncStore, memory_id: str, message: Row) -> list[Write]:
    """Return the writes that make a memory of its message, under the operation that was to make it."""
    before = await store.scan(
        desk.project,
        MESSAGES.name,
        where("thread").eq(message.fields["thread"]) & where("position").lt(message.fields["position"]),
        order="position",
        descending=True,
        limit=1,
        include=(),
    )
    at = where("at").eq(message.fields["recorded_at"]) & where("kind").eq("add")
    op_id: str | None = None
    async for rows in pages(store, desk.project, OPERATIONS.name, at):
        for row in rows:
            if any(one.memory_id == memory_id for one in operation_of(row).touched):
                op_id = row.id
    previous = next(iter(before.rows), None)
    return rebuilt(memory_id, message, previous, op_id=op_id or desk.new_id(), language=desk.language)


async def _operation_missing(desk: AsyncDesk, store: AsyncStore, *, repair: bool) -> Finding | None:
    """Find versions that were made or closed by an operation that is not there."""
    by_operation: dict[str, list[Row]] = {}
    async for rows in pages(store, desk.project, MEMORIES.name, where("op_id").exists(), include=()):
        named: dict[str, list[Row]] = {}
        for row in rows:
            for name in ("op_id", "closed_by"):
                if (op_id := cast("str | None", row.fields.get(name))) is not None:
                    named.setdefault(op_id, []).append(row)
        for op_id in await _missing(desk, store, OPERATIONS.name, named):
            by_operation.setdefault(op_id, []).extend(named[op_id])
    if repair and by_operation:
        await store.apply(desk.project, lost_operations(by_operation))
    rows_found = dict.fromkeys(row.id for rows in by_operation.values() for row in rows)
    return finding(MEMORIES.name, "operation missing", rows_found, repaired=repair)


async def _unfinished_scrub(desk: AsyncDesk, *, repair: bool) -> list[Finding]:
    """Find bytes of what was erased that something held when it was erased."""
    if not await desk.store.get(desk.project, SETTINGS.name, [SCRUB], include=(), decisive=True):
        return []
    gone = repair and (await finish(desk, {}, {})).bytes == "gone"
    return [Finding(collection=SETTINGS.name, kind="erased bytes left", ids=(SCRUB,), rows=1, repaired=gone)]


async def _notes(desk: AsyncDesk) -> list[Finding]:
    """Return memories whose message is not in the log: it was taken out, or an import did not come to its end."""
    lost: list[str] = []
    async for rows in pages(desk.store, desk.project, MEMORIES.name, CURRENT & where("sources").exists(), include=()):
        by_message: dict[str, list[str]] = {}
        for row in rows:
            for message in source_rows([row]):
                by_message.setdefault(message, []).append(_memory(row))
        for message in await _missing(desk, desk.store, MESSAGES.name, by_message):
            lost += by_message[message]
    found = finding(MEMORIES.name, "message not in the log", dict.fromkeys(lost), repaired=False)
    return [] if found is None else [found]


def _memory(row: Row) -> str:
    return cast("str", row.fields["memory_id"])


async def _missing(desk: AsyncDesk, store: AsyncStore, collection: str, ids: Iterable[str]) -> list[str]:
    """Return which of these rows are not there, each once and in order."""
    missing: list[str] = []
    for chunk in in_chunks(list(dict.fromkeys(ids))):
        found = await store.get(desk.project, collection, chunk, include=(), decisive=True)
        missing += [row_id for row_id in chunk if row_id not in found]
    return missing
