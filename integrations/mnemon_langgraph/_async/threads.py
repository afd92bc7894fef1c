"""Whole threads: listed, copied, pruned, deleted, expired."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, cast

from mnemon import where
from mnemon.adapting.async_desk import athink, in_chunks, unit_of_work
from mnemon.types.storage import Delete, DeleteWhere, Patch
from mnemon.types.times import format_time, to_datetime
from mnemon_langgraph._async.checkpoints import rows_of, values_of
from mnemon_langgraph.checkpoints import BLOBS, CHECKPOINTS, COLLECTIONS, HEADS, WRITES, Spot, head_id, read_parts
from mnemon_langgraph.copying import copied_checkpoints, copied_heads, copied_writes
from mnemon_langgraph.keeping import doomed_by_pruning, doomed_by_runs
from mnemon_langgraph.listing import Thread

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime, timedelta

    from langgraph.checkpoint.serde.base import SerializerProtocol

    from mnemon.adapting.async_desk import AsyncDesk, AsyncStore
    from mnemon.types.filters import Filter
    from mnemon.types.storage import Cursor, FieldValue, Row, Write
    from mnemon_langgraph.checkpoints import Parts
    from mnemon_langgraph.keeping import Doomed

__all__ = ["copy_thread", "delete_runs", "delete_thread", "delete_user", "list_threads", "prune", "sweep"]

_log = logging.getLogger("mnemon_langgraph")

_CHUNK = 1_000
_COPIED = 100
"""Checkpoints that are copied at a time, with their values."""


async def delete_thread(desk: AsyncDesk, thread: str) -> None:
    """Delete all rows of a thread."""
    await desk.store.apply(desk.project, _all_of(where("thread").eq(thread)))


def _all_of(condition: Filter) -> list[Write]:
    """Return the deletion of rows of every collection: what makes others visible first."""
    return [
        DeleteWhere(collection=collection.name, where=condition) for collection in (HEADS, CHECKPOINTS, WRITES, BLOBS)
    ]


async def delete_user(desk: AsyncDesk, user_id: str) -> int:
    """Delete all rows about a person; return how many they were."""
    deleted = 0
    for collection in COLLECTIONS:
        step = [DeleteWhere(collection=collection.name, where=where("user_id").eq(user_id), limit=_CHUNK)]
        while count := (await desk.store.apply(desk.project, step)).counts[0]:
            deleted += count
    return deleted


async def prune(desk: AsyncDesk, serde: SerializerProtocol, thread: str) -> None:
    """Delete all checkpoints of a thread but the newest of each namespace, and what those are made of."""
    await _delete(desk, serde, thread, doomed_by_pruning)


async def delete_runs(desk: AsyncDesk, serde: SerializerProtocol, run_ids: Sequence[str]) -> None:
    """Delete the checkpoints of runs, but for those that a checkpoint that stays is made of."""
    threads: dict[str, None] = {}
    for chunk in in_chunks(run_ids):
        rows = await rows_of(desk, desk.store, where("run_id").in_(list(chunk)), include=())
        threads.update(dict.fromkeys(str(row.fields["thread"]) for row in rows))
    for thread in threads:
        kept = await _delete(desk, serde, thread, doomed_by_runs(frozenset(run_ids)))
        if kept:
            _log.warning(
                "%d checkpoints of the deleted runs are kept: others of thread %r are made of their writes "
                "(DeltaChannel); they go with the thread, or when it is pruned after a later snapshot",
                kept,
                thread,
            )


async def _delete(
    desk: AsyncDesk,
    serde: SerializerProtocol,
    thread: str,
    choose: Callable[[Sequence[Row], SerializerProtocol], Doomed],
) -> int:
    """Delete chosen checkpoints of a thread, in an order whose half does no harm; return how many were spared."""
    async with unit_of_work(desk.store) as store:
        rows = await rows_of(desk, store, where("thread").eq(thread))
        chosen = await athink(choose, rows, serde)
        if not chosen.rows:
            return chosen.spared
        batch: list[Write] = []
        for spot, newest in chosen.heads.items():
            key = head_id(spot)
            if newest is None:
                batch.append(Delete(collection=HEADS.name, ids=[key]))
            else:  # and if somebody puts a newer one meanwhile, that one stays the head
                gone = where("checkpoint").in_([cast("str", row.fields["checkpoint"]) for row in chosen.rows])
                fields = {"checkpoint": newest}
                batch.append(Patch(collection=HEADS.name, id=key, fields=fields, expect=gone, otherwise="skip"))
        batch += [Delete(collection=CHECKPOINTS.name, ids=[row.id for row in part]) for part in _parts(chosen.rows)]
        for spot, names in chosen.names.items():
            for part in in_chunks(names):
                condition = spot.here & where("checkpoint").in_(list(part))
                batch.append(DeleteWhere(collection=WRITES.name, where=condition))
        batch += [Delete(collection=BLOBS.name, ids=list(part)) for part in in_chunks(chosen.values)]
        await store.apply(desk.project, batch)
    return chosen.spared


def _parts(rows: Sequence[Row]) -> list[Sequence[Row]]:
    return [rows[start : start + _CHUNK] for start in range(0, len(rows), _CHUNK)]


async def copy_thread(
    desk: AsyncDesk, serde: SerializerProtocol, source: str, target: str, ttl: timedelta | None
) -> None:
    """Copy all of a thread to another: ids, order, times and pending writes are kept, and the heads come last."""
    async with unit_of_work(desk.store) as store:
        here = where("thread").eq(source)
        rows = sorted(await rows_of(desk, store, here), key=lambda row: str(row.fields["checkpoint"]))
        for start in range(0, len(rows), _COPIED):
            chunk = rows[start : start + _COPIED]
            parts = await athink(_all_parts, serde, chunk)
            blobs = await values_of(desk, store, chunk, parts)
            await store.apply(desk.project, copied_checkpoints(chunk, parts, blobs, target))
        for ids in in_chunks(await store.list_ids(desk.project, WRITES.name, here)):
            writes = await store.get(desk.project, WRITES.name, ids, include=("payload",), decisive=True)
            await store.apply(desk.project, copied_writes(writes.values(), target))
        now = desk.clock()
        expires_at = None if ttl is None else format_time(now + ttl)
        heads = [row for row in await _heads(desk, store, here) if "checkpoint" in row.fields]
        await store.apply(desk.project, copied_heads(heads, target, expires_at, now))


def _all_parts(serde: SerializerProtocol, rows: Sequence[Row]) -> list[Parts]:
    return [read_parts(serde, row) for row in rows]


async def _heads(desk: AsyncDesk, store: AsyncStore, condition: Filter) -> list[Row]:
    heads: list[Row] = []
    for ids in in_chunks(await store.list_ids(desk.project, HEADS.name, condition)):
        heads += (await store.get(desk.project, HEADS.name, ids, include=(), decisive=True)).values()
    return heads


async def list_threads(
    desk: AsyncDesk, user_id: str | None, before: Thread | datetime | None, limit: int
) -> list[Thread]:
    """Return threads, those that were changed last first."""
    condition = where("namespace").eq("") & where("checkpoint").exists()
    if user_id is not None:
        condition &= where("user_id").eq(user_id)
    after: Cursor | None = None
    if isinstance(before, Thread):  # of threads that were changed at one time, as copies are, some may be left
        after = (format_time(before.updated_at), head_id(Spot(before.thread_id)))
    elif before is not None:
        condition &= where("updated_at").lt(format_time(before))
    found = await desk.store.scan(
        desk.project, HEADS.name, condition, order="updated_at", descending=True, after=after, limit=limit, include=()
    )
    names = [str(row.fields["thread"]) for row in found.rows]
    counts: dict[str, int] = {}
    if names:
        these = where("thread").in_(names)
        page = await desk.store.groups(desk.project, CHECKPOINTS.name, "thread", these, limit=len(names))
        counts = {group.value: group.rows for group in page.groups}
    return [_listed(row.fields, counts) for row in found.rows]


def _listed(fields: Mapping[str, FieldValue | None], counts: Mapping[str, int]) -> Thread:
    thread = str(fields["thread"])
    return Thread(
        thread_id=thread,
        user_id=cast("str | None", fields.get("user_id")),
        created_at=to_datetime(fields["created_at"], "created_at"),
        updated_at=to_datetime(fields["updated_at"], "updated_at"),
        checkpoints=counts.get(thread, 0),
    )


async def sweep(desk: AsyncDesk, limit: int) -> int:
    """Delete threads that have expired, at most `limit`; return how many.

    Whether one has is read again before it goes: somebody may have gone on with it.
    """
    expired = where("expires_at").lte(format_time(desk.clock()))
    ids = (await desk.store.list_ids(desk.project, HEADS.name, expired))[:limit]
    swept = 0
    for key in ids:
        async with unit_of_work(desk.store) as store:
            head = (await store.get(desk.project, HEADS.name, [key], include=(), decisive=True)).get(key)
            if head is not None and str(head.fields.get("expires_at", "~")) <= format_time(desk.clock()):
                await store.apply(desk.project, _all_of(where("thread").eq(str(head.fields["thread"]))))
                swept += 1
    return swept
