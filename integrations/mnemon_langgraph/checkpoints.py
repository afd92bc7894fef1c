"""Checkpoints as rows: what is stored, under which ids, and how a checkpoint is taken apart and put together.

| collection | one row is |
| --- | --- |
| `langgraph_checkpoints` | a checkpoint without its large values: small values, versions, and who wrote it |
| `langgraph_blobs` | one value of one channel in one version; a checkpoint that did not change it names it again |
| `langgraph_writes` | one pending write of a task |
| `langgraph_heads` | the newest checkpoint of a thread and namespace; the one of the root speaks for the thread |
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from langgraph.checkpoint.base import EXCLUDED_METADATA_KEYS, CheckpointTuple

from mnemon import where
from mnemon.types.storage import Collection, Ordered, Row
from mnemon_langgraph.errors import CheckpointIncompleteError
from mnemon_langgraph.names import made_of, named
from mnemon_langgraph.segments import joined
from mnemon_langgraph.serializing import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from langchain_core.runnables import RunnableConfig
    from langgraph.checkpoint.base import Checkpoint, CheckpointMetadata
    from langgraph.checkpoint.serde.base import SerializerProtocol

    from mnemon.types.filters import Filter

__all__ = [
    "BLOBS",
    "CHECKPOINTS",
    "COLLECTIONS",
    "HEADS",
    "WRITES",
    "Held",
    "Parts",
    "Spot",
    "blob_id",
    "blob_ids",
    "checkpoint_id",
    "config_of",
    "head_id",
    "in_order",
    "merged_metadata",
    "person_of",
    "read_parts",
    "segment_ids",
    "spot_of",
    "spot_of_row",
    "tuple_of",
    "value_of",
    "write_id",
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
        apart: the channels whose values are stored apart, with what tells the value from another of that version,
            or the names of the parts of a long list.
        person: who it is about, whose the parts of lists are.
    """

    checkpoint: Checkpoint
    apart: Mapping[str, str | list[str]]
    person: str | None


@dataclass(frozen=True, slots=True)
class Held:
    """What checkpoints are made of, as it was read.

    Attributes:
        parts: each without the values that are stored apart.
        blobs: those values, by the ids of their rows.
        writes: pending writes, by the place of their checkpoint.
    """

    parts: Sequence[Parts]
    blobs: Mapping[str, Row]
    writes: Mapping[Spot, Sequence[Row]]

    def of(self, places: Iterable[int]) -> Held:
        """Return what some of the checkpoints are made of."""
        return replace(self, parts=[self.parts[place] for place in places])


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


def checkpoint_id(spot: Spot) -> str:
    """Return the id of a checkpoint's row."""
    return made_of("checkpoint", spot.thread, spot.namespace, spot.checkpoint)


def head_id(spot: Spot) -> str:
    """Return the id of the row that names the newest checkpoint of a thread and namespace."""
    return made_of("head", spot.thread, spot.namespace)


def blob_ids(spot: Spot, parts: Parts) -> dict[str, list[str]]:
    """Return the ids of the rows that hold the values that a checkpoint names, by channel."""
    versions = parts.checkpoint["channel_versions"]
    return {
        channel: [blob_id(spot, channel, versions[channel], mark)]
        if isinstance(mark, str)
        else segment_ids(spot, parts.person, mark)
        for channel, mark in parts.apart.items()
    }


def blob_id(spot: Spot, channel: str, version: float | str, mark: str) -> str:
    """Return the id of a value; the mark tells it from others of a version that is not unique."""
    return made_of("blob", spot.thread, spot.namespace, channel, version, mark)


def segment_ids(spot: Spot, person: str | None, names: Iterable[str]) -> list[str]:
    """Return the ids of parts of a list; each person of a thread has their own, so that all can be erased."""
    owner = made_of("segments", spot.thread, spot.namespace, person)
    return [f"{owner}.{name}" for name in names]


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


def person_of(config: RunnableConfig, metadata: CheckpointMetadata | None = None) -> str | None:
    """Return the person that a config names, or metadata that LangGraph hands on; None for nobody.

    Another saver may have stored a number; in metadata that counts as its digits, so that its thread can be moved.

    Raises:
        ScopeError: the config names a person by what cannot be an id: a number, a blank text.
    """
    called = [named((given or {}).get("user_id")) for given in (config.get("metadata"), config.get("configurable"))]
    handed: object = (metadata or {}).get("user_id") or None
    return named(str(handed) if isinstance(handed, int | float) else handed) or next(filter(None, called), None)


def read_parts(serde: SerializerProtocol, row: Row) -> Parts:
    """Return a checkpoint without its large values."""
    checkpoint, apart = load(serde, row.payload)
    return Parts(checkpoint, apart, cast("str | None", row.fields.get("user_id")))


def value_of(serde: SerializerProtocol, parts: Parts, channel: str, blobs: Sequence[Row]) -> Any:
    """Return a value that is stored apart."""
    payloads = [row.payload for row in blobs]
    return load(serde, payloads[0]) if isinstance(parts.apart[channel], str) else joined(serde, payloads)


def write_id(spot: Spot, task: str, place: int) -> str:
    """Return the id of the row of a pending write."""
    return made_of("write", spot.thread, spot.namespace, spot.checkpoint, task, place)


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
    if missing := tuple(channel for channel, keys in ids.items() if not blobs.keys() >= set(keys)):
        raise CheckpointIncompleteError(spot.thread, cast("str", spot.checkpoint), missing)
    values = {channel: value_of(serde, parts, channel, [blobs[key] for key in keys]) for channel, keys in ids.items()}
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
