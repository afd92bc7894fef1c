"""Checkpoints as rows: what is stored, under which ids, and how a checkpoint is taken apart and put together.

| collection | one row is |
| --- | --- |
| `langgraph_checkpoints` | a checkpoint without its large values: small values, versions, and who wrote it |
| `langgraph_blobs` | one value of one channel in one version; a checkpoint that did not change it names it again |
| `langgraph_writes` | one pending write of a task |
| `langgraph_heads` | the newest checkpoint of a thread and namespace; the one of the root speaks for the thread |
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import blake2b
from json import dumps
from typing import TYPE_CHECKING, Any, cast

from langgraph.checkpoint.base import EXCLUDED_METADATA_KEYS, WRITES_IDX_MAP, CheckpointTuple

from mnemon import InvalidInputError, where
from mnemon.types.storage import Collection, Ordered, Patch, Put, Row
from mnemon.types.times import format_time, parse_time
from mnemon_langgraph.errors import CheckpointIncompleteError
from mnemon_langgraph.serializing import dump, load

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from langchain_core.runnables import RunnableConfig
    from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata
    from langgraph.checkpoint.serde.base import SerializerProtocol

    from mnemon.types.filters import Filter
    from mnemon.types.storage import FieldValue, Write

__all__ = [
    "BLOBS",
    "CHECKPOINTS",
    "COLLECTIONS",
    "HEADS",
    "WRITES",
    "NewCheckpoint",
    "NewWrites",
    "Parts",
    "Spot",
    "blob_ids",
    "checkpoint_batch",
    "checkpoint_id",
    "config_of",
    "head_id",
    "in_order",
    "merged_metadata",
    "moving_head",
    "person_of",
    "read_parts",
    "spot_of",
    "spot_of_row",
    "tuple_of",
    "write_id",
    "writes_batch",
]

CHECKPOINTS = Collection(
    name="langgraph_checkpoints",
    keys=("thread", "namespace", "parent", "run_id", "user_id"),
    ordered=(Ordered("checkpoint"),),
    person="user_id",
    indexes=(("thread", "checkpoint"), ("user_id", "checkpoint")),
)
BLOBS = Collection(
    name="langgraph_blobs",
    keys=("thread", "user_id"),
    person="user_id",
    indexes=(("thread",), ("user_id",)),
)
WRITES = Collection(
    name="langgraph_writes",
    keys=("thread", "namespace", "checkpoint", "task", "channel", "user_id"),
    ordered=(Ordered("path"), Ordered("place", "number")),
    person="user_id",
    indexes=(("thread", "checkpoint"), ("user_id",)),
)
HEADS = Collection(
    name="langgraph_heads",
    keys=("thread", "namespace", "user_id"),
    ordered=(
        Ordered("checkpoint"),
        Ordered("created_at", "time"),
        Ordered("updated_at", "time"),
        Ordered("expires_at", "time"),
    ),
    person="user_id",
    indexes=(("thread",), ("namespace", "updated_at"), ("user_id", "updated_at"), ("expires_at",)),
)
COLLECTIONS = (CHECKPOINTS, BLOBS, WRITES, HEADS)

_SMALL = 200
"""Texts up to so many characters stay in the checkpoint: a row of their own would take as many bytes."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where in the threads: `checkpoint` is None for the newest one."""

    thread: str
    namespace: str = ""
    checkpoint: str | None = None

    @property
    def here(self) -> Filter:
        """The condition for rows of this thread and namespace."""
        return where("thread").eq(self.thread) & where("namespace").eq(self.namespace)


@dataclass(frozen=True, slots=True)
class Parts:
    """A checkpoint as it was read: without the values that are stored apart.

    Attributes:
        checkpoint: all else of it.
        apart: the channels whose values are stored apart, with what tells the value from another of that version.
    """

    checkpoint: Checkpoint
    apart: Mapping[str, str]


def spot_of(config: RunnableConfig) -> Spot:
    """Return the place that a config names.

    Raises:
        ValueError: no thread.
    """
    given = config.get("configurable") or {}
    thread = given.get("thread_id")
    if thread is None:
        msg = 'whose thread? Give config={"configurable": {"thread_id": "..."}}'
        raise ValueError(msg)
    checkpoint = given.get("checkpoint_id")
    return Spot(str(thread), str(given.get("checkpoint_ns") or ""), None if not checkpoint else str(checkpoint))


def _made_of(*parts: object) -> str:
    """Return an id that these parts alone have: 22 characters, as it stands in every index."""
    digest = blake2b(dumps(parts, separators=(",", ":")).encode(), digest_size=16).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")


def checkpoint_id(spot: Spot) -> str:
    """Return the id of a checkpoint's row."""
    return _made_of("checkpoint", spot.thread, spot.namespace, spot.checkpoint)


def head_id(spot: Spot) -> str:
    """Return the id of the row that names the newest checkpoint of a thread and namespace."""
    return _made_of("head", spot.thread, spot.namespace)


def blob_ids(spot: Spot, parts: Parts) -> dict[str, str]:
    """Return the ids of the values that a checkpoint names, by channel."""
    versions = parts.checkpoint["channel_versions"]
    return {channel: _blob_id(spot, channel, versions[channel], mark) for channel, mark in parts.apart.items()}


def _blob_id(spot: Spot, channel: str, version: float | str, mark: str) -> str:
    return _made_of("blob", spot.thread, spot.namespace, channel, version, mark)


def merged_metadata(config: RunnableConfig, metadata: CheckpointMetadata) -> dict[str, Any]:
    """Return metadata with the scalar values of the config, so that checkpoints can be listed by them.

    As `get_checkpoint_metadata` of LangGraph, but that takes NUL characters away, and with them the
    difference between two users.
    """
    merged: dict[str, Any] = dict(metadata)
    for given in (config.get("metadata"), config.get("configurable")):
        for key, value in (given or {}).items():
            if key in merged or key in EXCLUDED_METADATA_KEYS or key.startswith("__"):
                continue
            if isinstance(value, str | int | bool | float):
                merged[key] = value
    return merged


def person_of(config: RunnableConfig) -> str | None:
    """Return the person that a config names, or None."""
    user_id = merged_metadata(config, {}).get("user_id")
    return None if user_id is None or user_id == "" else str(user_id)


def _taken_apart(
    serde: SerializerProtocol,
    spot: Spot,
    checkpoint: Checkpoint,
    new_versions: ChannelVersions,
) -> tuple[bytes, dict[str, bytes]]:
    """Return the bytes of a checkpoint, and those of its new large values by the ids of their rows.

    A value whose version is not new is stored already. Versions that are no text are not trusted to be
    unique: two forks may both count to 3, so there the value's digest is part of the id.
    """
    versions = checkpoint["channel_versions"]
    small: dict[str, Any] = {}
    apart: dict[str, str] = {}
    blobs: dict[str, bytes] = {}
    for channel, value in checkpoint["channel_values"].items():
        version = versions.get(channel)
        if version is None or _is_small(value):
            small[channel] = value
            continue
        mark = ""
        if channel in new_versions or not isinstance(version, str):
            stored = dump(serde, value)
            mark = "" if isinstance(version, str) else blake2b(stored, digest_size=8).hexdigest()
            blobs[_blob_id(spot, channel, version, mark)] = stored
        apart[channel] = mark
    return dump(serde, [{**checkpoint, "channel_values": small}, apart]), blobs


def _is_small(value: object) -> bool:
    kind = type(value)
    return value is None or kind in {bool, int, float} or (kind is str and len(cast("str", value)) <= _SMALL)


def read_parts(serde: SerializerProtocol, row: Row) -> Parts:
    """Return a checkpoint without its large values."""
    return Parts(*load(serde, row.payload))


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
            person=person_of({"configurable": merged}),
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


def checkpoint_batch(
    serde: SerializerProtocol, new: NewCheckpoint, *, person: str | None, now: datetime, expires_at: str | None
) -> list[Write]:
    """Return the writes that store a checkpoint: values first, the head that makes it visible last."""
    spot = new.spot
    shared = {"thread": spot.thread, "user_id": person}
    payload, blobs = _taken_apart(serde, spot, new.checkpoint, new.new_versions)
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
    return [
        *(
            Put(collection=BLOBS.name, row=Row(id=key, fields=shared, payload=value), existing="skip")
            for key, value in blobs.items()
        ),
        Put(collection=CHECKPOINTS.name, row=row),
        *moving_head(spot, at=_made_at(new.checkpoint, now), person=person),
        *keeping_alive(spot, expires_at, person),
    ]


def _made_at(checkpoint: Checkpoint, now: datetime) -> str:
    """Return when a checkpoint was made: one that was moved here keeps its time."""
    try:
        return parse_time(checkpoint["ts"], "ts")
    except (InvalidInputError, KeyError):  # of a saver that wrote another form of time, or none
        return format_time(now)


def moving_head(spot: Spot, *, at: str, person: str | None) -> list[Write]:
    """Return the writes that make a checkpoint the newest of its thread and namespace, unless a newer one is."""
    changed: dict[str, FieldValue | None] = {"checkpoint": spot.checkpoint, "updated_at": at}
    if person is not None:
        changed["user_id"] = person
    fields = {**changed, "thread": spot.thread, "namespace": spot.namespace, "created_at": at}
    newest = cast("str", spot.checkpoint)
    older = where("checkpoint").lt(newest) | ~where("checkpoint").exists()
    return [
        Put(collection=HEADS.name, row=Row(id=head_id(spot), fields=fields), existing="skip"),
        Patch(collection=HEADS.name, id=head_id(spot), fields=changed, expect=older, otherwise="skip"),
    ]


def keeping_alive(spot: Spot, expires_at: str | None, person: str | None) -> list[Write]:
    """Return the writes that let a thread expire later; the head of its root tells when, on every path."""
    if expires_at is None:
        return []
    root = Spot(spot.thread)
    fields = {"thread": spot.thread, "namespace": "", "user_id": person, "expires_at": expires_at}
    return [
        Put(collection=HEADS.name, row=Row(id=head_id(root), fields=fields), existing="skip"),
        Patch(collection=HEADS.name, id=head_id(root), fields={"expires_at": expires_at}, otherwise="skip"),
    ]


def writes_batch(
    serde: SerializerProtocol, new: NewWrites, *, person: str | None, expires_at: str | None
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
    return [*batch, *keeping_alive(spot, expires_at, person)]


def write_id(spot: Spot, task: str, place: int) -> str:
    """Return the id of the row of a pending write."""
    return _made_of("write", spot.thread, spot.namespace, spot.checkpoint, task, place)


def in_order(writes: Iterable[Row]) -> list[Row]:
    """Return pending writes in the order in which the graph applies them: by path, task and place."""
    return sorted(writes, key=lambda row: (str(row.fields["path"]), str(row.fields["task"]), row.fields["place"]))


def tuple_of(
    serde: SerializerProtocol, row: Row, parts: Parts, blobs: Mapping[str, Row], writes: Iterable[Row]
) -> CheckpointTuple:
    """Return a checkpoint as LangGraph wants it.

    Raises:
        CheckpointIncompleteError: a value that it names is not there.
        UnreadableTypeError: a value cannot be rebuilt.
    """
    spot = spot_of_row(row)
    ids = blob_ids(spot, parts)
    if missing := tuple(channel for channel, key in ids.items() if key not in blobs):
        raise CheckpointIncompleteError(spot.thread, cast("str", spot.checkpoint), missing)
    values = {channel: load(serde, blobs[key].payload) for channel, key in ids.items()}
    checkpoint = parts.checkpoint
    checkpoint["channel_values"] = {**checkpoint["channel_values"], **values}
    parent = row.fields.get("parent")
    return CheckpointTuple(
        config=config_of(spot),
        checkpoint=checkpoint,
        metadata=cast("CheckpointMetadata", row.metadata),
        parent_config=None if parent is None else config_of(Spot(spot.thread, spot.namespace, str(parent))),
        pending_writes=[
            (str(one.fields["task"]), str(one.fields["channel"]), load(serde, one.payload)) for one in in_order(writes)
        ],
    )


def spot_of_row(row: Row) -> Spot:
    """Return the place of a checkpoint or a head."""
    return Spot(str(row.fields["thread"]), str(row.fields["namespace"]), str(row.fields["checkpoint"]))


def config_of(spot: Spot) -> RunnableConfig:
    """Return the config that names a checkpoint."""
    named = {"thread_id": spot.thread, "checkpoint_ns": spot.namespace, "checkpoint_id": spot.checkpoint}
    return {"configurable": named}
