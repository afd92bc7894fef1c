# Generated from integrations/mnemon_langgraph/_async/checkpoints.py by tests/contracts/unasync.py; edit that file.
"""Reading and writing checkpoints."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from mnemon import where
from mnemon.adapting.desk import in_chunks, one_moment, think, unit_of_work
from mnemon.types.times import format_time
from mnemon_langgraph.batches import checkpoint_batch, writes_batch
from mnemon_langgraph.checkpoints import (
    BLOBS,
    CHECKPOINTS,
    HEADS,
    WRITES,
    Held,
    Spot,
    blob_ids,
    checkpoint_id,
    head_id,
    in_order,
    read_parts,
    spot_of_row,
    tuple_of,
    value_of,
)
from mnemon_langgraph.errors import CheckpointIncompleteError
from mnemon_langgraph.serializing import load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta

    from langgraph.checkpoint.base import CheckpointTuple, DeltaChannelHistory, PendingWrite
    from langgraph.checkpoint.serde.base import SerializerProtocol

    from mnemon.adapting.desk import Desk, Store
    from mnemon.types.filters import Filter
    from mnemon.types.storage import Cursor, Row
    from mnemon_langgraph.batches import CheckpointBatch, NewCheckpoint, NewWrites
    from mnemon_langgraph.checkpoints import Parts
    from mnemon_langgraph.listing import Listing
    from mnemon_langgraph.segments import KnownLists

__all__ = ["delta_history", "get_tuple", "page", "put", "put_writes", "rows_of", "values_of"]


_NEAR = 256
"""Ancestors that are read at a time, at most; the first times it is fewer, since most chains are short."""


def put(desk: Desk, serde: SerializerProtocol, new: NewCheckpoint, ttl: timedelta | None, known: KnownLists) -> None:
    """Store a checkpoint."""
    person = _person(desk, new.spot, new.person)
    now = desk.clock()
    expires_at = None if ttl is None else format_time(now + ttl)
    batch = think(checkpoint_batch, serde, new, known, person=person, now=now, expires_at=expires_at)
    if batch.segments:
        with unit_of_work(desk.store) as store:
            there: set[str] = set()
            for ids in in_chunks(list(batch.segments)):
                there |= (store.get(desk.project, BLOBS.name, ids, include=(), fields=(), decisive=True)).keys()
            _apply(desk, store, batch.without(there), first=new.parent is None)
    else:
        _apply(desk, desk.store, batch, first=new.parent is None)
    known.keep(batch.lists)


def _apply(desk: Desk, store: Store, batch: CheckpointBatch, *, first: bool) -> None:
    values, head = batch.writes, batch.head
    if first:
        store.apply(desk.project, [*values, *head])
        return
    # Nearly always the head is there, and one write moves it.
    applied = store.apply(desk.project, [*values, head[-1]])
    if not applied.counts[-1]:
        store.apply(desk.project, head)


def put_writes(desk: Desk, serde: SerializerProtocol, new: NewWrites, ttl: timedelta | None) -> None:
    """Store pending writes."""
    person = _person(desk, new.spot, new.person)
    now = desk.clock()
    expires_at = None if ttl is None else format_time(now + ttl)
    batch = think(writes_batch, serde, new, person=person, now=now, expires_at=expires_at)
    desk.store.apply(desk.project, batch)


def _person(desk: Desk, spot: Spot, named: str | None) -> str | None:
    """Return who rows are about: whom the call names, or else the person of the thread, so that `forget` finds all."""
    if named is not None:
        return named
    root = head_id(Spot(spot.thread))
    found = desk.store.get(desk.project, HEADS.name, [root], include=(), fields=("user_id",), decisive=True)
    return None if root not in found else cast("str | None", found[root].fields.get("user_id"))


def get_tuple(desk: Desk, serde: SerializerProtocol, spot: Spot) -> CheckpointTuple | None:
    """Return a checkpoint, or the newest one, with its pending writes; None where there is none."""
    while True:
        with one_moment(desk.store) as store:
            row = _found(desk, store, spot)
            if row is None:
                return None
            held = _held(desk, store, serde, [row])
        if there := _completed(desk, serde, [row], held):
            return there[0]
        # It was deleted while it was read, so another one may be the newest now.


def _found(desk: Desk, store: Store, spot: Spot) -> Row | None:
    return _newest(desk, store, spot) if spot.checkpoint is None else _row(desk, store, spot)


def _row(desk: Desk, store: Store, spot: Spot) -> Row | None:
    key = checkpoint_id(spot)
    return (store.get(desk.project, CHECKPOINTS.name, [key], decisive=True)).get(key)


def _newest(desk: Desk, store: Store, spot: Spot) -> Row | None:
    """Return the newest checkpoint; where its head is not there, or names one that was erased, the newest of all."""
    key = head_id(spot)
    head = (store.get(desk.project, HEADS.name, [key], include=(), decisive=True)).get(key)
    if head is not None and "checkpoint" in head.fields:
        row = _row(desk, store, spot_of_row(head))
        if row is not None:
            return row
    rows = rows_of(desk, store, spot.here, include=())
    newest = max(rows, key=lambda row: str(row.fields["checkpoint"]), default=None)
    return None if newest is None else _row(desk, store, spot_of_row(newest))


def rows_of(
    desk: Desk,
    store: Store,
    condition: Filter,
    *,
    include: Sequence[str] = ("metadata", "payload"),
) -> list[Row]:
    """Return all checkpoints that match, decisively."""
    rows: list[Row] = []
    for chunk in in_chunks(store.list_ids(desk.project, CHECKPOINTS.name, condition)):
        found = store.get(desk.project, CHECKPOINTS.name, chunk, include=include, decisive=True)
        rows += found.values()
    return rows


def page(
    desk: Desk, serde: SerializerProtocol, listing: Listing, after: Cursor | None, limit: int
) -> tuple[list[CheckpointTuple], Cursor | None]:
    """Return the next checkpoints, newest first, and where to go on."""
    with one_moment(desk.store) as store:
        found = store.scan(
            desk.project,
            CHECKPOINTS.name,
            listing.condition,
            order="checkpoint",
            descending=True,
            after=after,
            limit=limit,
        )
        rows = [row for row in found.rows if listing.holds(row.metadata)]
        held = _held(desk, store, serde, rows)
    return _completed(desk, serde, rows, held), found.after


def _held(desk: Desk, store: Store, serde: SerializerProtocol, rows: Sequence[Row]) -> Held:
    parts = think(_read_all, serde, rows)
    return Held(parts, values_of(desk, store, rows, parts), _writes(desk, store, rows))


def _completed(desk: Desk, serde: SerializerProtocol, rows: Sequence[Row], held: Held) -> list[CheckpointTuple]:
    """Return checkpoints with their values and pending writes, but for those that were deleted meanwhile.

    Raises:
        CheckpointIncompleteError: a value of one that is there is not.
    """
    try:
        return think(_tuples, serde, rows, held)
    except CheckpointIncompleteError:
        ids = [row.id for row in rows]
        there = desk.store.get(desk.project, CHECKPOINTS.name, ids, include=(), decisive=True)
        if len(there) == len(rows):
            raise
    left = [place for place, row in enumerate(rows) if row.id in there]
    return _completed(desk, serde, [rows[place] for place in left], held.of(left))


def values_of(desk: Desk, store: Store, rows: Sequence[Row], parts: Sequence[Parts]) -> dict[str, Row]:
    """Return the rows of the values that checkpoints name, as far as they are there, by their ids."""
    named = [blob_ids(spot_of_row(row), part).values() for row, part in zip(rows, parts, strict=True)]
    ids = {key for channels in named for keys in channels for key in keys}
    blobs: dict[str, Row] = {}
    for chunk in in_chunks(sorted(ids)):
        blobs |= store.get(desk.project, BLOBS.name, chunk, include=("payload",), decisive=True)
    return blobs


def _read_all(serde: SerializerProtocol, rows: Sequence[Row]) -> list[Parts]:
    return [read_parts(serde, row) for row in rows]


def _tuples(serde: SerializerProtocol, rows: Sequence[Row], held: Held) -> list[CheckpointTuple]:
    return [
        tuple_of(serde, row, part, held.blobs, held.writes.get(spot_of_row(row), ()))
        for row, part in zip(rows, held.parts, strict=True)
    ]


def _writes(desk: Desk, store: Store, rows: Sequence[Row]) -> dict[Spot, list[Row]]:
    """Return the pending writes of checkpoints, decisively: a task that has finished is never run again."""
    by_spot: dict[Spot, list[Row]] = {spot_of_row(row): [] for row in rows}
    names = in_chunks(sorted({cast("str", spot.checkpoint) for spot in by_spot}))
    threads = sorted({spot.thread for spot in by_spot})
    for chunk in names:
        condition = _one_of("thread", threads) & _one_of("checkpoint", chunk)
        for ids in in_chunks(store.list_ids(desk.project, WRITES.name, condition)):
            found = store.get(desk.project, WRITES.name, ids, include=("payload",), decisive=True)
            for row in found.values():
                if (spot := spot_of_row(row)) in by_spot:  # a copied thread has the same ids
                    by_spot[spot].append(row)
    return by_spot


def _one_of(field: str, values: Sequence[str]) -> Filter:
    """Return the condition for one of these values; a single one is compiled in half the time."""
    return where(field).eq(values[0]) if len(values) == 1 else where(field).in_(list(values))


def delta_history(
    desk: Desk, serde: SerializerProtocol, spot: Spot, channels: Sequence[str]
) -> dict[str, DeltaChannelHistory]:
    """Return what each channel's value is made of: the writes since its last stored value, and that value.

    The parents of a checkpoint are gone through without their values; then all writes are read at once.
    """
    with one_moment(desk.store) as store:
        target = _found(desk, store, spot)
        if target is None:
            return {channel: {"writes": []} for channel in channels}
        chains, seeds = _chains(desk, store, serde, target, channels)
        visited = {row.id: row for chain in chains.values() for row in chain}
        writes = _writes(desk, store, list(visited.values()))
        stored = _seeds(desk, store, seeds)
    return think(_histories, serde, chains, seeds, stored, writes)


def _chains(
    desk: Desk, store: Store, serde: SerializerProtocol, target: Row, channels: Sequence[str]
) -> tuple[dict[str, list[Row]], dict[str, tuple[Row, Parts]]]:
    """Return the ancestors back to each channel's stored value, nearest first, and where that value stands."""
    chains: dict[str, list[Row]] = {channel: [] for channel in channels}
    seeds: dict[str, tuple[Row, Parts]] = {}
    near: dict[str, Row] = {}
    row = _parent(desk, store, target, near)
    while row is not None and len(seeds) < len(chains):
        parts = think(read_parts, serde, row)
        for channel in chains.keys() - seeds.keys():
            chains[channel].append(row)
            if channel in parts.apart or channel in parts.checkpoint["channel_values"]:
                seeds[channel] = (row, parts)
        row = _parent(desk, store, row, near)
    return chains, seeds


def _parent(desk: Desk, store: Store, row: Row, near: dict[str, Row]) -> Row | None:
    """Return the checkpoint before this one; `near` holds those that are likely to be asked for next.

    Checkpoints never change, so one that a page gave is right, and one that it did not give is read by its id.
    """
    parent = row.fields.get("parent")
    if parent is None:
        return None
    spot = replace(spot_of_row(row), checkpoint=str(parent))
    if parent not in near:
        limit = min(_NEAR, 4 * len(near) + 4)
        before = spot.here & where("checkpoint").lte(str(parent))
        page = store.scan(desk.project, CHECKPOINTS.name, before, order="checkpoint", descending=True, limit=limit)
        near.clear()
        near |= {str(one.fields["checkpoint"]): one for one in page.rows}
    found = near.get(str(parent))
    return _row(desk, store, spot) if found is None else found


def _seeds(desk: Desk, store: Store, seeds: Mapping[str, tuple[Row, Parts]]) -> dict[str, Row]:
    """Return the rows of the stored values that chains begin with, by id; small ones are in their checkpoints."""
    rows = [row for row, _ in seeds.values()]
    return values_of(desk, store, rows, [parts for _, parts in seeds.values()])


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
    spot = spot_of_row(row)
    keys = blob_ids(spot, parts)[channel]
    if not stored.keys() >= set(keys):
        raise CheckpointIncompleteError(spot.thread, cast("str", spot.checkpoint), (channel,))
    return value_of(serde, parts, channel, [stored[key] for key in keys])
