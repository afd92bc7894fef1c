# Generated from core/mnemon/_async/checking.py by tests/contracts/unasync.py; edit that file.
"""Work that was left half done: found by comparing memories, messages and operations, and finished."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mnemon._sync.desk import in_chunks, pages, versions_of
from mnemon._sync.erasing import finish
from mnemon._sync.work import unit_of_work
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

    from mnemon._sync.desk import Desk
    from mnemon.protocols.store import Store
    from mnemon.types.storage import Row, Write

__all__ = ["examine"]

_PAGE = 1_000


def examine(desk: Desk, repair: bool) -> Checkup:  # noqa: FBT001 - passed on
    """Check the store, then the project's half-done work; with `repair`, mend what can be mended."""
    findings = desk.store.check(repair=repair)
    if any(not one.collection for one in findings):  # the file itself is damaged: nothing read from it can be trusted
        return Checkup(findings=tuple(findings))
    if _half_done(desk, desk.store, repair=False):
        # Once more where nobody else writes: reads that follow each other may see two states.
        with unit_of_work(desk.store) as store:
            findings += _half_done(desk, store, repair=repair)
    findings += _unfinished_scrub(desk, repair=repair)
    return Checkup(findings=tuple(findings), notes=tuple(_notes(desk)))


def _half_done(desk: Desk, store: Store, *, repair: bool) -> list[Finding]:
    found = [
        _without_first(desk, store, repair=repair),
        _twice_current(desk, store, repair=repair),
        _newest_missing(desk, store, repair=repair),
        _memory_missing(desk, store, repair=repair),
        _operation_missing(desk, store, repair=repair),
    ]
    return [one for one in found if one is not None]


def _without_first(desk: Desk, store: Store, *, repair: bool) -> Finding | None:
    """Find later versions of a memory whose first one, which names the newest, is missing."""
    lost: dict[str, None] = {}
    for rows in pages(store, desk.project, MEMORIES.name, where("version").gt(1), include=()):
        lost.update(dict.fromkeys(_missing(desk, store, MEMORIES.name, (_memory(row) for row in rows))))
    if repair:
        for memory_id in lost:
            row = stub(memory_id, versions_of(store, desk.project, [memory_id], ()))
            store.apply(desk.project, [Put(collection=MEMORIES.name, row=row)])
    return finding(MEMORIES.name, "first version missing", lost, repaired=repair)


def _twice_current(desk: Desk, store: Store, *, repair: bool) -> Finding | None:
    """Find memories of which two versions are current."""
    twice: list[str] = []
    after: str | None = None
    while True:
        page = store.groups(desk.project, MEMORIES.name, "memory_id", CURRENT, after=after, limit=_PAGE)
        twice += [group.value for group in page.groups if group.rows > 1]
        after = page.after
        if after is None:
            break
    if repair:
        for memory_id in twice:
            store.apply(desk.project, settled(versions_of(store, desk.project, [memory_id], ())))
    return finding(MEMORIES.name, "two versions current", twice, repaired=repair)


def _newest_missing(desk: Desk, store: Store, *, repair: bool) -> Finding | None:
    """Find first versions that name a newest one that is not there."""
    lost: list[str] = []
    for rows in pages(store, desk.project, MEMORIES.name, where("newest").exists(), include=()):
        named = {cast("str", row.fields["newest"]): row.id for row in rows}
        lost += [named[row_id] for row_id in _missing(desk, store, MEMORIES.name, named)]
    if repair:
        for memory_id in lost:
            rows_left = versions_of(store, desk.project, [memory_id], ())
            store.apply(desk.project, pointing(memory_id, newest_of(rows_left)))
    return finding(MEMORIES.name, "newest version missing", lost, repaired=repair)


def _memory_missing(desk: Desk, store: Store, *, repair: bool) -> Finding | None:
    """Find messages that were to become a memory and have none: their add did not come to its end."""
    lost: dict[str, Row] = {}
    for rows in pages(store, desk.project, MESSAGES.name, where("memory_id").exists()):
        by_memory = {_memory(row): row for row in rows if not is_erased(row)}
        gone = _missing(desk, store, MEMORIES.name, by_memory)
        if gone:  # of some only the first version is missing, which is another finding
            later = pages(store, desk.project, MEMORIES.name, where("memory_id").in_(gone), include=())
            left = {_memory(row) for versions in later for row in versions}
            lost |= {memory_id: by_memory[memory_id] for memory_id in gone if memory_id not in left}
    if repair:
        for memory_id, row in lost.items():
            store.apply(desk.project, _rebuild(desk, store, memory_id, row))
    return finding(MESSAGES.name, "memory missing", [row.id for row in lost.values()], repaired=repair)


def _rebuild(desk: Desk, store: Store, memory_id: str, message: Row) -> list[Write]:
    """Return the writes that make a memory of its message, under the operation that was to make it."""
    before = store.scan(
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
    for rows in pages(store, desk.project, OPERATIONS.name, at):
        for row in rows:
            if any(one.memory_id == memory_id for one in operation_of(row).touched):
                op_id = row.id
    previous = next(iter(before.rows), None)
    return rebuilt(memory_id, message, previous, op_id=op_id or desk.new_id(), language=desk.language)


def _operation_missing(desk: Desk, store: Store, *, repair: bool) -> Finding | None:
    """Find versions that were made or closed by an operation that is not there."""
    by_operation: dict[str, list[Row]] = {}
    for rows in pages(store, desk.project, MEMORIES.name, where("op_id").exists(), include=()):
        named: dict[str, list[Row]] = {}
        for row in rows:
            for name in ("op_id", "closed_by"):
                if (op_id := cast("str | None", row.fields.get(name))) is not None:
                    named.setdefault(op_id, []).append(row)
        for op_id in _missing(desk, store, OPERATIONS.name, named):
            by_operation.setdefault(op_id, []).extend(named[op_id])
    if repair and by_operation:
        store.apply(desk.project, lost_operations(by_operation))
    rows_found = dict.fromkeys(row.id for rows in by_operation.values() for row in rows)
    return finding(MEMORIES.name, "operation missing", rows_found, repaired=repair)


def _unfinished_scrub(desk: Desk, *, repair: bool) -> list[Finding]:
    """Find bytes of what was erased that something held when it was erased."""
    if not desk.store.get(desk.project, SETTINGS.name, [SCRUB], include=(), decisive=True):
        return []
    gone = repair and (finish(desk, {}, {})).bytes == "gone"
    return [Finding(collection=SETTINGS.name, kind="erased bytes left", ids=(SCRUB,), rows=1, repaired=gone)]


def _notes(desk: Desk) -> list[Finding]:
    """Return memories whose message is not in the log: it was taken out, or an import did not come to its end."""
    lost: list[str] = []
    for rows in pages(desk.store, desk.project, MEMORIES.name, CURRENT & where("sources").exists(), include=()):
        by_message: dict[str, list[str]] = {}
        for row in rows:
            for message in source_rows([row]):
                by_message.setdefault(message, []).append(_memory(row))
        for message in _missing(desk, desk.store, MESSAGES.name, by_message):
            lost += by_message[message]
    found = finding(MEMORIES.name, "message not in the log", dict.fromkeys(lost), repaired=False)
    return [] if found is None else [found]


def _memory(row: Row) -> str:
    return cast("str", row.fields["memory_id"])


def _missing(desk: Desk, store: Store, collection: str, ids: Iterable[str]) -> list[str]:
    """Return which of these rows are not there, each once and in order."""
    missing: list[str] = []
    for chunk in in_chunks(list(dict.fromkeys(ids))):
        found = store.get(desk.project, collection, chunk, include=(), decisive=True)
        missing += [row_id for row_id in chunk if row_id not in found]
    return missing
