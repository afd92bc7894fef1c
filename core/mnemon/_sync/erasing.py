# Generated from core/mnemon/_async/erasing.py by tests/contracts/unasync.py; edit that file.
"""Erasing: memories with all that holds their text, people, what expired, and whole projects."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from mnemon._sync.desk import every_row, in_chunks, versions_of
from mnemon._sync.reading import chosen, still
from mnemon._sync.work import unit_of_work
from mnemon.errors import SchemaMismatchError, StoreUnavailableError
from mnemon.logic.conditions import CURRENT
from mnemon.logic.erasing import empty_version, erase_writes, old_versions, orphans, source_rows, sources_of
from mnemon.logic.memories import DELETED, MEMORIES, by_memory
from mnemon.logic.messages import MESSAGES
from mnemon.logic.scopes import scope_of
from mnemon.logic.spaces import SCRUB, SETTINGS, scrub_row
from mnemon.logic.versions import inside, not_found
from mnemon.protocols.capabilities import Capability
from mnemon.types.filters import where
from mnemon.types.results import ErasureReceipt
from mnemon.types.storage import Delete, DeleteWhere, Put, Scrubbed
from mnemon.types.times import format_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from mnemon._sync.desk import Desk
    from mnemon.protocols.store import Store
    from mnemon.types.filters import Filter
    from mnemon.types.scope import Scope
    from mnemon.types.storage import Collection, Row, Write

__all__ = ["erase", "erase_some", "finish", "finish_pending", "forget", "purge", "reset", "scrub_is_due"]

_CHUNK = 1_000
_log = logging.getLogger("mnemon")
_SCRUB_DUE = Put(collection=SETTINGS.name, row=scrub_row())


def erase(desk: Desk, memory_id: str, scope: Scope | None) -> ErasureReceipt:
    """Erase a memory, deleted or not, and make its bytes unrecoverable.

    Raises:
        NotFoundError: nothing of it is there in that scope.
    """
    with unit_of_work(desk.store) as store:
        versions = [row for row in versions_of(store, desk.project, [memory_id], ()) if inside(row, scope)]
        if not versions:
            raise not_found(memory_id)
        part = _erase(desk, store, versions)
    return finish(desk, part.rows, part.redacted)


def erase_some(desk: Desk, memory_ids: Sequence[str], condition: Filter) -> tuple[int, ErasureReceipt]:
    """Erase those of these memories whose newest version still matches; return how many, and what went.

    The bytes wait for `finish`.
    """
    with unit_of_work(desk.store) as store:
        ids = list(still(desk, store, memory_ids, condition))
        return len(ids), _erase(desk, store, versions_of(store, desk.project, ids, ()))


def finish(desk: Desk, rows: Mapping[str, int], redacted: Mapping[str, int]) -> ErasureReceipt:
    """Make the bytes of what was deleted unrecoverable; return the receipt of it all.

    A store that can do so has a note that they are due since they were deleted; where something still
    holds them it stays, and `finish_pending` tries again.
    """
    desk.sheets.clear()  # what was erased is not kept in memory either
    try:
        scrubbed = desk.store.scrub()
    except StoreUnavailableError:
        scrubbed = Scrubbed(bytes="pending", reason="another connection is writing to the store")
    if scrubbed.bytes == "gone":
        desk.store.apply(desk.project, [Delete(collection=SETTINGS.name, ids=[SCRUB])])
    elif (due := _due(desk)) and not scrub_is_due(desk):  # another one's scrub took the note away
        desk.store.apply(desk.project, due)
    return ErasureReceipt(
        at=desk.clock(), rows=dict(rows), redacted=dict(redacted), bytes=scrubbed.bytes, reason=scrubbed.reason
    )


def finish_pending(desk: Desk) -> None:
    """Finish what an earlier `finish` could not, unless a newer version has the store by now: it has the note, too."""
    try:
        if scrub_is_due(desk):
            finish(desk, {}, {})
    except SchemaMismatchError as error:  # closing must close
        _log.warning("bytes of what was erased, if any are left, are left to a newer version: %s", error)


def _due(desk: Desk) -> list[Write]:
    """Return the note that bytes are due, for a store that can ever make them unrecoverable.

    It is written with or before what takes rows away, so that the bytes of an interrupted call are not forgotten.
    """
    return [_SCRUB_DUE] if Capability.SCRUBS in desk.store.capabilities else []


def scrub_is_due(desk: Desk) -> bool:
    """Whether bytes of what was erased are left that the store can make unrecoverable."""
    if Capability.SCRUBS not in desk.store.capabilities:
        return False
    return bool(desk.store.get(desk.project, SETTINGS.name, [SCRUB], include=(), decisive=True))


def _erase(desk: Desk, store: Store, versions: list[Row]) -> ErasureReceipt:
    """Erase versions, the words of their messages, and memories that have no other source."""
    rows = 0
    redacted: set[str] = set()
    owners = {scope_of(row) for row in versions}
    while versions:
        versions = [*versions, *_orphans(desk, store, versions)]
        messages: dict[str, Row] = {}
        for chunk in in_chunks(source_rows(versions)):
            messages |= store.get(desk.project, MESSAGES.name, chunk, include=("payload",), decisive=True)
        store.apply(desk.project, [*_due(desk), *erase_writes(versions, messages)])
        rows += len(versions)
        redacted |= messages.keys()
        if Capability.EXCLUSIVE in desk.store.capabilities:
            break
        # What was written of them meanwhile goes, too.
        later = versions_of(store, desk.project, list(by_memory(versions)), ())
        versions = [row for row in later if scope_of(row) in owners]
    return ErasureReceipt(at=desk.clock(), rows={MEMORIES.name: rows}, redacted={MESSAGES.name: len(redacted)})


def _orphans(desk: Desk, store: Store, versions: Sequence[Row]) -> list[Row]:
    """Return the versions of the memories that have no other source than these."""
    found: dict[str, None] = {}
    gone = {str(row.fields["memory_id"]) for row in versions}
    for chunk in in_chunks(list(dict.fromkeys(source for row in versions for source in sources_of(row)))):
        condition = where("sources").in_(list(chunk))
        others = [row for rows in every_row(store, desk.project, MEMORIES.name, condition) for row in rows]
        found.update(dict.fromkeys(memory_id for memory_id in orphans(versions, others) if memory_id not in gone))
    return versions_of(store, desk.project, list(found), ())


def forget(desk: Desk, user_id: str, dry_run: bool) -> ErasureReceipt:  # noqa: FBT001 - passed on
    """Erase a person from every collection of the project that names people."""
    person: dict[str, Collection] = {}
    left: dict[str, int] = {}
    counts: dict[str, int] = {}
    for collection in desk.store.collections():
        if collection.person is not None:
            person[collection.name] = collection
            nobody = where(collection.person).eq(None)
            counts[collection.name] = _count(desk, collection, where(collection.person).eq(user_id))
            left[collection.name] = _count(desk, collection, nobody)
        elif collection.name != SETTINGS.name:
            left[collection.name] = _count(desk, collection, None)
    left = {name: number for name, number in left.items() if number}
    if dry_run:
        return ErasureReceipt(at=desk.clock(), rows=counts, left=left, dry_run=True)
    desk.store.apply(desk.project, _due(desk))
    gone = dict.fromkeys(person, 0)
    remaining = True
    while remaining:
        for name, collection in person.items():
            gone[name] += _delete_where(desk, name, where(str(collection.person)).eq(user_id))
        remaining = False
        for name, collection in person.items():  # what was written meanwhile is found by the closing scan
            ids = desk.store.list_ids(desk.project, name, where(str(collection.person)).eq(user_id))
            remaining = remaining or bool(ids)
    receipt = finish(desk, gone, {})
    return ErasureReceipt(at=receipt.at, rows=receipt.rows, left=left, bytes=receipt.bytes, reason=receipt.reason)


def _count(desk: Desk, collection: Collection, condition: Filter | None) -> int:
    return (desk.store.count(desk.project, collection.name, condition)).rows


def _delete_where(desk: Desk, collection: str, condition: Filter) -> int:
    """Delete all rows that match, in parts."""
    deleted = 0
    batch = [DeleteWhere(collection=collection, where=condition, limit=_CHUNK)]
    while count := (desk.store.apply(desk.project, batch)).counts[0]:
        deleted += count
    return deleted


def purge(desk: Desk, now: datetime, deleted_before: datetime, keep_versions: int | None) -> ErasureReceipt:
    """Erase what has expired, what was deleted before a time, and old versions."""
    rows: dict[str, int] = {}
    redacted: dict[str, int] = {}
    expired = CURRENT & where("expires_at").lte(format_time(now)) & where("pinned").eq(None)
    deleted = where("ended").eq(DELETED) & where("recorded_to").lt(format_time(deleted_before))
    for condition in (expired, deleted):
        for chunk in in_chunks(chosen(desk, condition)):
            _, part = erase_some(desk, chunk, condition)
            _add(rows, part.rows)
            _add(redacted, part.redacted)
    if keep_versions is not None:
        _add(rows, {MEMORIES.name: _thin(desk, keep_versions)})
    if any(rows.values()) or scrub_is_due(desk):
        return finish(desk, rows, redacted)
    return ErasureReceipt(at=now, rows=rows, redacted=redacted)


def _memories(desk: Desk, condition: Filter) -> list[str]:
    """Return the memories that have a version that matches."""
    found: dict[str, None] = {}
    for rows in every_row(desk.store, desk.project, MEMORIES.name, condition):
        found.update(dict.fromkeys(str(row.fields["memory_id"]) for row in rows))
    return list(found)


def _thin(desk: Desk, keep: int) -> int:
    """Erase all but the newest versions of every memory; a first version leaves its row, which names the newest."""
    emptied = 0
    for chunk in in_chunks(_memories(desk, where("version").gt(keep))):
        with unit_of_work(desk.store) as store:
            writes: list[Write] = []
            for rows in by_memory(versions_of(store, desk.project, chunk, ())).values():
                old = old_versions(rows, keep)
                writes += [write for row in old for write in empty_version(row)]
                emptied += len(old)
            if writes:
                store.apply(desk.project, [*_due(desk), *writes])
    return emptied


def reset(desk: Desk) -> ErasureReceipt:
    """Erase everything of the project, in every collection."""
    desk.store.apply(desk.project, _due(desk))
    rows: dict[str, int] = {}
    for collection in desk.store.collections():
        if collection.name != SETTINGS.name:
            rows[collection.name] = _delete_where(desk, collection.name, where("id").exists())
    _delete_where(desk, SETTINGS.name, where("id").ne(SCRUB))
    return finish(desk, rows, {})


def _add(total: dict[str, int], part: Mapping[str, int]) -> None:
    for name, number in part.items():
        total[name] = total.get(name, 0) + number
