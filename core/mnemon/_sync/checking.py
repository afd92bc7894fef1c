# Generated from core/mnemon/_async/checking.py by tests/contracts/unasync.py; edit that file.
"""Work that was left half done: found by comparing memories, messages and operations, and finished."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Protocol, cast

from mnemon._sync.desk import in_chunks, pages
from mnemon._sync.erasing import finish, scrub_is_due
from mnemon._sync.mending import AsyncMender
from mnemon._sync.moving import unfinished_imports
from mnemon._sync.work import unit_of_work
from mnemon.errors import StoreCorruptError
from mnemon.logic.conditions import CURRENT
from mnemon.logic.erasing import source_rows
from mnemon.logic.exports import last_imported
from mnemon.logic.memories import MEMORIES, by_memory, lacks_successor, newest_row_id, operations_named
from mnemon.logic.mending import (
    BYTES_LEFT,
    IMPORT_BROKEN_OFF,
    IMPORT_ON_ITS_WAY,
    NEWEST_LOST,
    OUTLIVED,
    finding,
    is_erased,
    readable,
)
from mnemon.logic.messages import MESSAGES
from mnemon.logic.operations import OPERATIONS
from mnemon.logic.rows import ROWS_DAMAGED
from mnemon.logic.spaces import SCRUB, SETTINGS
from mnemon.types.care import Checkup
from mnemon.types.filters import where
from mnemon.types.storage import Delete, Finding
from mnemon.types.times import format_time

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mnemon._sync.desk import Desk
    from mnemon.protocols.store import Store
    from mnemon.types.storage import Row

__all__ = ["examine"]

_PAGE = 1_000
_IMPORT_LASTS = timedelta(hours=1)
"""For how long after its last rows an import may still be on its way: a part of it waits for its embedder."""


def examine(desk: Desk, repair: bool) -> Checkup:  # noqa: FBT001 - passed on
    """Check the store, then the project's half-done work; with `repair`, mend what can be mended."""
    findings = desk.store.check(repair=repair)
    if any(not one.collection for one in findings):  # the file itself is damaged: nothing read from it can be trusted
        return Checkup(findings=tuple(findings))
    # What damaged rows tell is not what was written: half-done work is told beside them, and left alone.
    mends = repair and not any(one.kind == ROWS_DAMAGED and one.project in {None, desk.project} for one in findings)
    if _half_done(desk, desk.store, repair=False):
        # Once more where nobody else writes, if the store has that: reads that follow each other may see two states.
        with unit_of_work(desk.store) as store:
            findings += _half_done(desk, store, repair=mends)
    mender = AsyncMender.of(desk, desk.store, repair=mends)
    findings += _looked("import broken off", _unfinished_imports, mender)
    findings += _unfinished_scrub(desk, repair=repair)
    notes = _looked("message not in the log", _notes, AsyncMender.of(desk, desk.store, repair=False))
    return Checkup(findings=tuple(findings), notes=tuple(notes))


def _half_done(desk: Desk, store: Store, *, repair: bool) -> list[Finding]:
    mender = AsyncMender.of(desk, store, repair=repair)
    return [
        *_looked("first version missing", _without_first, mender),
        *_looked("two versions current", _twice_current, mender),
        *_looked("newest version missing", _newest_missing, mender),
        *_looked("memory missing", _memory_missing, mender),
        *_looked("operation missing", _operation_missing, mender),
    ]


class AsyncLook(Protocol):
    """Looks for one kind of half-done work."""

    def __call__(self, mender: AsyncMender, /) -> list[Finding]:
        """Return what was found; it is mended, where the mender repairs."""
        ...


def _looked(kind: str, look: AsyncLook, mender: AsyncMender) -> list[Finding]:
    """Return what was found, or that damaged rows, which the store has named, were in the way."""
    try:
        return look(mender)
    except StoreCorruptError:
        hidden = f"{kind}: not looked for, damaged rows are in the way"
        return [Finding(collection=MEMORIES.name, kind=hidden, ids=(), rows=0, repaired=False)]


def _without_first(mender: AsyncMender) -> list[Finding]:
    """Find later versions of a memory whose first one, which names the newest, is missing."""
    desk, store = mender.desk, mender.store
    lost: dict[str, None] = {}
    for rows in pages(store, desk.project, MEMORIES.name, where("version").gt(1), include=()):
        lost.update(dict.fromkeys(_missing(desk, store, MEMORIES.name, (_memory(row) for row in rows))))
    found = [memory_id for memory_id in lost if mender.first_version(memory_id)]
    return finding(MEMORIES.name, "first version missing", found, repaired=mender.repair)


def _twice_current(mender: AsyncMender) -> list[Finding]:
    """Find memories of which two versions are current."""
    project, store = mender.desk.project, mender.store
    twice: list[str] = []
    after: str | None = None
    while True:
        page = store.groups(project, MEMORIES.name, "memory_id", CURRENT, after=after, limit=_PAGE)
        twice += [group.value for group in page.groups if group.rows > 1]
        after = page.after
        if after is None:
            break
    found = [memory_id for memory_id in twice if mender.one_current(memory_id)]
    return finding(MEMORIES.name, "two versions current", found, repaired=mender.repair)


def _newest_missing(mender: AsyncMender) -> list[Finding]:
    """Find memories whose first version does not name the newest one, or names one whose deletion another outlived."""
    desk, store = mender.desk, mender.store
    lost: dict[str, None] = {}
    superseded = where("version").eq(1) & where("recorded_to").exists() & where("ended").eq(None)
    for rows in pages(store, desk.project, MEMORIES.name, where("newest").exists() | superseded, include=()):
        lost.update((row.id, None) for row in rows if row.id != newest_row_id(row) and "recorded_to" not in row.fields)
        named = {newest_row_id(row): row.id for row in rows}
        for chunk in in_chunks(list(named)):
            found = store.get(desk.project, MEMORIES.name, chunk, include=(), decisive=True)
            lost.update((named[key], None) for key in chunk if key not in found or lacks_successor(found[key]))
    later = CURRENT & where("version").gt(1)
    for rows in pages(store, desk.project, MEMORIES.name, later, include=()):
        current = by_memory(rows)
        for chunk in in_chunks(list(current)):
            firsts = store.get(desk.project, MEMORIES.name, chunk, include=(), decisive=True)
            lost.update(
                (key, None)
                for key, first in firsts.items()
                if any(row.id != newest_row_id(first) for row in current[key])
            )
    outlived = [memory_id for memory_id in lost if mender.deletion(memory_id)]
    states = {memory_id: mender.newest_version(memory_id) for memory_id in lost}
    not_named = [memory_id for memory_id, state in states.items() if state == "not named"]
    gone = [memory_id for memory_id, state in states.items() if state == "lost"]
    return [
        *finding(MEMORIES.name, OUTLIVED, outlived, repaired=mender.repair),
        *finding(MEMORIES.name, "newest version missing", not_named, repaired=mender.repair),
        *finding(MEMORIES.name, NEWEST_LOST, gone, repaired=False),
    ]


def _memory_missing(mender: AsyncMender) -> list[Finding]:
    """Find messages that were to become a memory and have none: their add did not come to its end."""
    desk, store = mender.desk, mender.store
    lost: dict[str, str] = {}
    damaged: list[str] = []
    for rows in pages(store, desk.project, MESSAGES.name, where("memory_id").exists()):
        sound, others = readable(rows)
        damaged += others
        said = {_memory(row): row.id for row in sound if not is_erased(row)}
        lost |= {memory_id: said[memory_id] for memory_id in _missing(desk, store, MEMORIES.name, said)}
    found = [row_id for memory_id, row_id in lost.items() if mender.memory(memory_id, row_id)]
    return [
        *finding(MESSAGES.name, "memory missing", found, repaired=mender.repair),
        *finding(MESSAGES.name, ROWS_DAMAGED, damaged, repaired=False, project=desk.project),
    ]


def _operation_missing(mender: AsyncMender) -> list[Finding]:
    """Find versions that were made or closed by an operation that is not there."""
    desk, store = mender.desk, mender.store
    by_operation: dict[str, list[str]] = {}
    for rows in pages(store, desk.project, MEMORIES.name, where("op_id").exists(), include=()):
        named: dict[str, list[str]] = {}
        for row in rows:
            for op_id in operations_named(row):
                named.setdefault(op_id, []).append(row.id)
        for op_id in _missing(desk, store, OPERATIONS.name, named):
            by_operation.setdefault(op_id, []).extend(named[op_id])
    found = mender.operations(by_operation)
    return finding(MEMORIES.name, "operation missing", found, repaired=mender.repair)


def _unfinished_imports(mender: AsyncMender) -> list[Finding]:
    """Find imports that did not come to their end; a repair gives those up that are not on their way any more."""
    desk = mender.desk
    imports = unfinished_imports(desk.store, desk.project)
    since = format_time(desk.clock() - _IMPORT_LASTS)
    dead = [note for note, row in imports.items() if last_imported(row) < since]
    if dead and mender.repair:
        desk.store.apply(desk.project, [Delete(collection=SETTINGS.name, ids=dead)])
    return [
        *finding(SETTINGS.name, IMPORT_ON_ITS_WAY, imports.keys() - dead, repaired=False),
        *finding(SETTINGS.name, IMPORT_BROKEN_OFF, dead, repaired=mender.repair),
    ]


def _unfinished_scrub(desk: Desk, *, repair: bool) -> list[Finding]:
    """Find bytes of what was erased that something held when it was erased."""
    if not scrub_is_due(desk):
        return []
    gone = repair and (finish(desk, {}, {})).bytes == "gone"
    return [Finding(collection=SETTINGS.name, kind=BYTES_LEFT, ids=(SCRUB,), rows=1, repaired=gone)]


def _notes(mender: AsyncMender) -> list[Finding]:
    """Return memories whose message is not in the log: it was taken out, or an import did not come to its end."""
    desk, lost = mender.desk, list[str]()
    for rows in pages(desk.store, desk.project, MEMORIES.name, CURRENT & where("sources").exists(), include=()):
        by_message: dict[str, list[str]] = {}
        for row in rows:
            for message in source_rows([row]):
                by_message.setdefault(message, []).append(_memory(row))
        for message in _missing(desk, desk.store, MESSAGES.name, by_message):
            lost += by_message[message]
    return finding(MEMORIES.name, "message not in the log", dict.fromkeys(lost), repaired=False)


def _memory(row: Row) -> str:
    return cast("str", row.fields["memory_id"])


def _missing(desk: Desk, store: Store, collection: str, ids: Iterable[str]) -> list[str]:
    """Return which of these rows are not there, each once and in order."""
    missing: list[str] = []
    for chunk in in_chunks(list(dict.fromkeys(ids))):
        found = store.get(desk.project, collection, chunk, include=(), decisive=True)
        missing += [row_id for row_id in chunk if row_id not in found]
    return missing
