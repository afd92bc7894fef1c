"""Reading and writing checkpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mnemon import where
from mnemon.adapting.async_desk import athink, in_chunks
from mnemon.types.times import format_time
from mnemon_langgraph.batches import checkpoint_batch, writes_batch
from mnemon_langgraph.checkpoints import (
    BLOBS,
    CHECKPOINTS,
    HEADS,
    WRITES,
    Spot,
    blob_ids,
    checkpoint_id,
    head_id,
    in_order,
    read_parts,
    spot_of_row,
    tuple_of,
)
from mnemon_langgraph.errors import CheckpointIncompleteError
from mnemon_langgraph.serializing import load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta

    from langgraph.checkpoint.base import CheckpointTuple, DeltaChannelHistory, PendingWrite
    from langgraph.checkpoint.serde.base import SerializerProtocol

    from mnemon.adapting.async_desk import AsyncDesk, AsyncStore
    from mnemon.types.filters import Filter
    from mnemon.types.storage import Cursor, Row
    from mnemon_langgraph.batches import NewCheckpoint, NewWrites
    from mnemon_langgraph.checkpoints import Parts
    from mnemon_langgraph.listing import Listing

__all__ = ["delta_history", "get_tuple", "page", "put", "put_writes", "rows_of", "values_of"]


async def put(desk: AsyncDesk, serde: SerializerProtocol, new: NewCheckpoint, ttl: timedelta | None) -> None:
    """Store a checkpoint."""
    now = desk.clock()
    batch = await athink(
        checkpoint_batch,
        serde,
        new,
        person=await _person(desk, new.spot, new.person),
        now=now,
        expires_at=None if ttl is None else format_time(now + ttl),
    )
    await desk.store.apply(desk.project, batch)


async def put_writes(desk: AsyncDesk, serde: SerializerProtocol, new: NewWrites, ttl: timedelta | None) -> None:
    """Store pending writes."""
    person = await _person(desk, new.spot, new.person)
    expires_at = None if ttl is None else format_time(desk.clock() + ttl)
    batch = await athink(writes_batch, serde, new, person=person, expires_at=expires_at)
    await desk.store.apply(desk.project, batch)


async def _person(desk: AsyncDesk, spot: Spot, named: str | None) -> str | None:
    """Return who rows are about: whom the call names, or else the person of the thread, so that `forget` finds all."""
    if named is not None:
        return named
    root = head_id(Spot(spot.thread))
    found = await desk.store.get(desk.project, HEADS.name, [root], include=(), fields=("user_id",), decisive=True)
    return None if root not in found else cast("str | None", found[root].fields.get("user_id"))


async def get_tuple(desk: AsyncDesk, serde: SerializerProtocol, spot: Spot) -> CheckpointTuple | None:
    """Return a checkpoint, or the newest one, with its pending writes; None where there is none."""
    row = await _newest(desk, spot) if spot.checkpoint is None else await _row(desk, spot)
    return None if row is None else (await _completed(desk, serde, [row]))[0]


async def _row(desk: AsyncDesk, spot: Spot) -> Row | None:
    key = checkpoint_id(spot)
    return (await desk.store.get(desk.project, CHECKPOINTS.name, [key], decisive=True)).get(key)


async def _newest(desk: AsyncDesk, spot: Spot) -> Row | None:
    """Return the newest checkpoint; where its head is not there, or names one that was erased, the newest of all."""
    key = head_id(spot)
    head = (await desk.store.get(desk.project, HEADS.name, [key], include=(), decisive=True)).get(key)
    if head is not None and "checkpoint" in head.fields and (row := await _row(desk, spot_of_row(head))) is not None:
        return row
    rows = await rows_of(desk, desk.store, spot.here, include=())
    newest = max(rows, key=lambda row: str(row.fields["checkpoint"]), default=None)
    return None if newest is None else await _row(desk, spot_of_row(newest))


async def rows_of(
    desk: AsyncDesk,
    store: AsyncStore,
    condition: Filter,
    *,
    include: Sequence[str] = ("metadata", "payload"),
) -> list[Row]:
    """Return all checkpoints that match, decisively."""
    rows: list[Row] = []
    for chunk in in_chunks(await store.list_ids(desk.project, CHECKPOINTS.name, condition)):
        found = await store.get(desk.project, CHECKPOINTS.name, chunk, include=include, decisive=True)
        rows += found.values()
    return rows


async def page(
    desk: AsyncDesk, serde: SerializerProtocol, listing: Listing, after: Cursor | None, limit: int
) -> tuple[list[CheckpointTuple], Cursor | None]:
    """Return the next checkpoints, newest first, and where to go on."""
    found = await desk.store.scan(
        desk.project,
        CHECKPOINTS.name,
        listing.condition,
        order="checkpoint",
        descending=True,
        after=after,
        limit=limit,
    )
    return await _completed(desk, serde, [row for row in found.rows if listing.holds(row.metadata)]), found.after


async def _completed(desk: AsyncDesk, serde: SerializerProtocol, rows: Sequence[Row]) -> list[CheckpointTuple]:
    """Return checkpoints with their values and pending writes."""
    if not rows:
        return []
    parts = await athink(_read_all, serde, rows)
    blobs = await values_of(desk, desk.store, rows, parts)
    writes = await _writes(desk, rows)
    return await athink(_tuples, serde, rows, parts, blobs, writes)


async def values_of(desk: AsyncDesk, store: AsyncStore, rows: Sequence[Row], parts: Sequence[Parts]) -> dict[str, Row]:
    """Return the rows of the values that checkpoints name, as far as they are there, by their ids."""
    ids = {key for row, part in zip(rows, parts, strict=True) for key in blob_ids(spot_of_row(row), part).values()}
    blobs: dict[str, Row] = {}
    for chunk in in_chunks(sorted(ids)):
        blobs |= await store.get(desk.project, BLOBS.name, chunk, include=("payload",), decisive=True)
    return blobs


def _read_all(serde: SerializerProtocol, rows: Sequence[Row]) -> list[Parts]:
    return [read_parts(serde, row) for row in rows]


def _tuples(
    serde: SerializerProtocol,
    rows: Sequence[Row],
    parts: Sequence[Parts],
    blobs: Mapping[str, Row],
    writes: Mapping[Spot, Sequence[Row]],
) -> list[CheckpointTuple]:
    return [
        tuple_of(serde, row, part, blobs, writes.get(spot_of_row(row), ()))
        for row, part in zip(rows, parts, strict=True)
    ]


async def _writes(desk: AsyncDesk, rows: Sequence[Row]) -> dict[Spot, list[Row]]:
    """Return the pending writes of checkpoints, decisively: a task that has finished is never run again."""
    spots = [spot_of_row(row) for row in rows]
    by_spot: dict[Spot, list[Row]] = {}
    for thread in dict.fromkeys(spot.thread for spot in spots):
        names = [cast("str", spot.checkpoint) for spot in spots if spot.thread == thread]
        condition = where("thread").eq(thread) & where("checkpoint").in_(names)
        for chunk in in_chunks(await desk.store.list_ids(desk.project, WRITES.name, condition)):
            found = await desk.store.get(desk.project, WRITES.name, chunk, include=("payload",), decisive=True)
            for row in found.values():
                by_spot.setdefault(spot_of_row(row), []).append(row)
    return by_spot


async def delta_history(
    desk: AsyncDesk, serde: SerializerProtocol, spot: Spot, channels: Sequence[str]
) -> dict[str, DeltaChannelHistory]:
    """Return what each channel's value is made of: the writes since its last stored value, and that value.

    The parents of a checkpoint are gone through one by one, without their values; then all writes are read at once.
    """
    target = await _newest(desk, spot) if spot.checkpoint is None else await _row(desk, spot)
    chains: dict[str, list[Row]] = {channel: [] for channel in channels}
    seeds: dict[str, tuple[Row, Parts]] = {}
    row = target
    while row is not None and len(seeds) < len(chains):
        parent = row.fields.get("parent")
        row = None if parent is None else await _row(desk, Spot(*_thread(row), str(parent)))
        if row is None:
            break
        parts = await athink(read_parts, serde, row)
        for channel in chains.keys() - seeds.keys():
            chains[channel].append(row)
            if channel in parts.apart or channel in parts.checkpoint["channel_values"]:
                seeds[channel] = (row, parts)
    visited = {row.id: row for chain in chains.values() for row in chain}
    writes = await _writes(desk, list(visited.values()))
    stored = await _seeds(desk, seeds)
    return await athink(_histories, serde, chains, seeds, stored, writes)


def _thread(row: Row) -> tuple[str, str]:
    return str(row.fields["thread"]), str(row.fields["namespace"])


async def _seeds(desk: AsyncDesk, seeds: Mapping[str, tuple[Row, Parts]]) -> dict[str, Row]:
    """Return the stored values that chains begin with, by channel; small ones are in their checkpoints."""
    ids = {
        channel: blob_ids(spot_of_row(row), parts)[channel]
        for channel, (row, parts) in seeds.items()
        if channel in parts.apart
    }
    found = await desk.store.get(desk.project, BLOBS.name, list(ids.values()), include=("payload",), decisive=True)
    return {channel: found[key] for channel, key in ids.items() if key in found}


def _histories(
    serde: SerializerProtocol,
    chains: Mapping[str, Sequence[Row]],
    seeds: Mapping[str, tuple[Row, Parts]],
    stored: Mapping[str, Row],
    writes: Mapping[Spot, Sequence[Row]],
) -> dict[str, DeltaChannelHistory]:
    histories: dict[str, DeltaChannelHistory] = {}
    for channel, chain in chains.items():
        made: list[PendingWrite] = [
            (str(one.fields["task"]), channel, load(serde, one.payload))
            for row in reversed(chain)
            for one in in_order(writes.get(spot_of_row(row), ()))
            if one.fields["channel"] == channel
        ]
        histories[channel] = {"writes": made}
        if channel in seeds:
            row, parts = seeds[channel]
            histories[channel]["seed"] = _seed(serde, channel, row, parts, stored)
    return histories


def _seed(serde: SerializerProtocol, channel: str, row: Row, parts: Parts, stored: Mapping[str, Row]) -> object:
    if channel not in parts.apart:
        return parts.checkpoint["channel_values"][channel]
    if channel not in stored:
        spot = spot_of_row(row)
        raise CheckpointIncompleteError(spot.thread, cast("str", spot.checkpoint), (channel,))
    return load(serde, stored[channel].payload)
