"""What is written for a checkpoint and for pending writes, in the order in which a half of it does no harm."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, cast

from langgraph.checkpoint.base import WRITES_IDX_MAP

from mnemon import InvalidInputError, where
from mnemon.types.storage import Patch, Put, Row
from mnemon.types.times import format_time, parse_time
from mnemon_langgraph.checkpoints import (
    BLOBS,
    CHECKPOINTS,
    HEADS,
    WRITES,
    Spot,
    blob_id,
    checkpoint_id,
    config_of,
    head_id,
    merged_metadata,
    person_of,
    segment_ids,
    spot_of,
    write_id,
)
from mnemon_langgraph.segments import is_long, segments_of, serves
from mnemon_langgraph.serializing import dump

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence
    from datetime import datetime

    from langchain_core.runnables import RunnableConfig
    from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata
    from langgraph.checkpoint.serde.base import SerializerProtocol

    from mnemon.types.storage import FieldValue, Write
    from mnemon_langgraph.segments import KnownLists, ListKey

__all__ = [
    "CheckpointBatch",
    "NewCheckpoint",
    "NewWrites",
    "checkpoint_batch",
    "keeping_alive",
    "moving_head",
    "writes_batch",
]

_SMALL = 200
"""Texts up to so many characters stay in the checkpoint: a row of their own would take as many bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCheckpoint:
    """A checkpoint to be stored.

    Attributes:
        spot: where; its checkpoint is the id of the new one.
        parent: id of the checkpoint that it follows, or None.
        checkpoint: the checkpoint.
        metadata: all that it can be listed by.
        new_versions: the channels that changed.
        person: who it is about, as far as the call says.
    """

    spot: Spot
    parent: str | None
    checkpoint: Checkpoint
    metadata: Mapping[str, Any]
    new_versions: ChannelVersions
    person: str | None

    @property
    def config(self) -> RunnableConfig:
        """The config that names it."""
        return config_of(self.spot)

    @classmethod
    def of(
        cls, config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata, new_versions: ChannelVersions
    ) -> NewCheckpoint:
        """Read the arguments of `put`."""
        at = spot_of(config)
        merged = merged_metadata(config, metadata)
        return cls(
            spot=Spot(at.thread, at.namespace, checkpoint["id"]),
            parent=at.checkpoint,
            checkpoint=checkpoint,
            metadata=merged,
            new_versions=new_versions,
            person=person_of(config, metadata),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWrites:
    """Pending writes of a task to be stored.

    Attributes:
        spot: the checkpoint that the task works on.
        writes: channel and value, in order.
        task: id of the task.
        path: path of the task, which orders the writes of a step.
        person: who they are about, as far as the call says.
    """

    spot: Spot
    writes: Sequence[tuple[str, Any]]
    task: str
    path: str
    person: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointBatch:
    """What is written for a checkpoint.

    Attributes:
        writes: values first, then the checkpoint.
        head: what makes it the newest, after them; see `moving_head`.
        segments: ids of parts of lists among the values, most of which are stored already.
        lists: names of the parts of each list.
    """

    writes: Sequence[Write]
    head: Sequence[Write]
    segments: frozenset[str]
    lists: Mapping[ListKey, list[str]]

    def without(self, there: Container[str]) -> CheckpointBatch:
        """Return it without the parts that are stored."""
        left = [one for one in self.writes if not (isinstance(one, Put) and one.row.id in there)]
        return replace(self, writes=left)


def checkpoint_batch(
    serde: SerializerProtocol,
    new: NewCheckpoint,
    known: KnownLists,
    *,
    person: str | None,
    now: datetime,
    expires_at: str | None,
) -> CheckpointBatch:
    """Return what is written for a checkpoint."""
    spot = new.spot
    shared = {"thread": spot.thread, "user_id": person}
    taken = _TakenApart(serde, spot, person, new.checkpoint["channel_versions"], new.new_versions, known)
    payload = taken.stored(new.checkpoint)
    run_id = new.metadata.get("run_id")
    row = Row(
        id=checkpoint_id(spot),
        fields={
            **shared,
            "namespace": spot.namespace,
            "checkpoint": spot.checkpoint,
            "parent": new.parent,
            "run_id": None if run_id is None else str(run_id),
        },
        metadata=new.metadata,
        payload=payload,
    )
    batch: list[Write] = [
        *keeping_alive(spot, expires_at, person, now),
        *(
            Put(collection=BLOBS.name, row=Row(id=key, fields=shared, payload=value), existing="skip")
            for key, value in taken.blobs.items()
        ),
        Put(collection=CHECKPOINTS.name, row=row),
    ]
    head = moving_head(spot, at=_made_at(new.checkpoint, now), person=person)
    return CheckpointBatch(writes=batch, head=head, segments=frozenset(taken.segments), lists=taken.lists)


def _made_at(checkpoint: Checkpoint, now: datetime) -> str:
    """Return when a checkpoint was made: one that was moved here keeps its time."""
    try:
        return parse_time(checkpoint["ts"], "ts")
    except (InvalidInputError, KeyError):  # of a saver that wrote another form of time, or none
        return format_time(now)


def moving_head(spot: Spot, *, at: str, person: str | None) -> list[Write]:
    """Return the writes that make a checkpoint the newest of its thread and namespace, unless a newer one is.

    The last of them alone does it where there is a head.
    """
    changed: dict[str, FieldValue | None] = {"checkpoint": spot.checkpoint, "updated_at": at}
    if person is not None:
        changed["user_id"] = person
    fields = {**changed, "thread": spot.thread, "namespace": spot.namespace, "created_at": at}
    newest = cast("str", spot.checkpoint)
    older = where("checkpoint").lt(newest) | ~where("checkpoint").exists()
    late = where("created_at").gt(at)  # a thread that is moved here comes newest first
    return [
        Put(collection=HEADS.name, row=Row(id=head_id(spot), fields=fields), existing="skip"),
        Patch(collection=HEADS.name, id=head_id(spot), fields={"created_at": at}, expect=late, otherwise="skip"),
        Patch(collection=HEADS.name, id=head_id(spot), fields=changed, expect=older, otherwise="skip"),
    ]


def keeping_alive(spot: Spot, expires_at: str | None, person: str | None, now: datetime) -> list[Write]:
    """Return the writes that let a thread expire later; the head of its root tells when, on every path.

    It may be there before the first checkpoint of the root is, so that this is the time when the thread began.
    """
    if expires_at is None:
        return []
    root, begun = Spot(spot.thread), format_time(now)
    fields = {"thread": spot.thread, "namespace": "", "user_id": person, "expires_at": expires_at, "created_at": begun}
    return [
        Put(collection=HEADS.name, row=Row(id=head_id(root), fields=fields), existing="skip"),
        Patch(collection=HEADS.name, id=head_id(root), fields={"expires_at": expires_at}, otherwise="skip"),
    ]


def writes_batch(
    serde: SerializerProtocol, new: NewWrites, *, person: str | None, now: datetime, expires_at: str | None
) -> list[Write]:
    """Return the writes that store pending writes; an ordinary one stays as it was written first."""
    spot = new.spot
    batch: list[Write] = []
    for index, (channel, value) in enumerate(new.writes):
        place = WRITES_IDX_MAP.get(channel, index)
        row = Row(
            id=write_id(spot, new.task, place),
            fields={
                "thread": spot.thread,
                "namespace": spot.namespace,
                "checkpoint": spot.checkpoint,
                "task": new.task,
                "channel": channel,
                "path": new.path,
                "place": place,
                "user_id": person,
            },
            payload=dump(serde, value),
        )
        batch.append(Put(collection=WRITES.name, row=row, existing="replace" if place < 0 else "skip"))
    return [*batch, *keeping_alive(spot, expires_at, person, now)]


class _TakenApart:
    """The values of a checkpoint, as far as they are stored apart.

    Attributes:
        blobs: bytes of those that may be new, by the ids of their rows.
        segments: ids of parts of lists among them.
        lists: names of the parts of each list.
    """

    def __init__(
        self,
        serde: SerializerProtocol,
        spot: Spot,
        person: str | None,
        versions: ChannelVersions,
        new_versions: ChannelVersions,
        known: KnownLists,
    ) -> None:
        self._serde, self._spot, self._person = serde, spot, person
        self._versions, self._new, self._known = versions, new_versions, known
        self.blobs: dict[str, bytes] = {}
        self.segments: set[str] = set()
        self.lists: dict[ListKey, list[str]] = {}

    def stored(self, checkpoint: Checkpoint) -> bytes:
        """Return the bytes of the checkpoint without those values."""
        small: dict[str, Any] = {}
        apart: dict[str, str | list[str]] = {}
        for channel, value in checkpoint["channel_values"].items():
            if channel not in self._versions or _is_small(value):
                small[channel] = value
            elif is_long(value) and serves(self._serde):
                apart[channel] = self._in_parts(channel, value)
            else:
                apart[channel] = self._whole(channel, value)
        return dump(self._serde, [{**checkpoint, "channel_values": small}, apart])

    def _in_parts(self, channel: str, value: list[Any]) -> list[str]:
        version: object = self._versions[channel]
        key = (self._spot.thread, self._spot.namespace, channel, str(version), self._person)
        unchanged = channel not in self._new and isinstance(version, str)
        if unchanged and (names := self._known.get(key)) is not None:
            return names
        parts = segments_of(self._serde, value)
        names = [name for name, _ in parts]
        ids = segment_ids(self._spot, self._person, names)
        self.blobs |= {key: stored for key, (_, stored) in zip(ids, parts, strict=True)}
        self.segments.update(ids)
        if isinstance(version, str):
            self.lists[key] = names
        return names

    def _whole(self, channel: str, value: object) -> str:
        """Return what tells the value from others of its version.

        A value whose version is not new is stored already, but for a long list, which may be so in parts.
        Versions that are no text are not trusted to be unique: two forks may both count to 3, so there the
        value's digest is part of the id.
        """
        version: object = self._versions[channel]
        if channel not in self._new and isinstance(version, str) and not is_long(value):
            return ""
        stored = dump(self._serde, value)
        mark = "" if isinstance(version, str) else blake2b(stored, digest_size=8).hexdigest()
        self.blobs[blob_id(self._spot, channel, self._versions[channel], mark)] = stored
        return mark


def _is_small(value: object) -> bool:
    kind = type(value)
    return value is None or kind in {bool, int, float} or (kind is str and len(cast("str", value)) <= _SMALL)
