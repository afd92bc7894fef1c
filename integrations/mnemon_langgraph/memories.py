"""Memories as items: what a value becomes, and what a memory reads as."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from langgraph.store.base import Item, SearchItem

from mnemon import InvalidInputError
from mnemon.types.filters import where
from mnemon.types.storage import DeleteWhere, Put, Row
from mnemon.types.times import format_time, to_datetime
from mnemon.types.unseen import is_blank
from mnemon_langgraph.items import VECTORS
from mnemon_langgraph.names import made_of
from mnemon_langgraph.namespaces import memory_namespace, prefixes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from langgraph.store.base import PutOp

    from mnemon import MemoryRecord
    from mnemon.types.filters import Filter
    from mnemon.types.storage import Vector, VectorSpace, Write
    from mnemon_langgraph.items import Index

__all__ = [
    "Remembered",
    "Synced",
    "item_of_memory",
    "key_of",
    "over",
    "remembered",
    "synced_id",
    "texts_of",
    "ttl_of",
    "value_of",
    "vector_writes",
]

_OURS = "langgraph"
"""The key of a memory's metadata that remembers how its item was stored."""

_TEXT = ("content", "text", "memory")
"""Keys of a value, the first of which with words in it gives the text of the memory."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """A value as a memory.

    Attributes:
        text: what is remembered, and found by words and by meaning.
        metadata: the rest of the value, and how it was stored.
    """

    text: str
    metadata: dict[str, Any]


def remembered(op: PutOp) -> Remembered:
    """Return the memory that a value becomes.

    Raises:
        InvalidInputError: the value has a key that is ours.
    """
    value = cast("dict[str, Any]", op.value)
    if _OURS in value:
        msg = f"the value of {op.key!r} has the key {_OURS!r}, which memories use themselves; name it otherwise"
        raise InvalidInputError(msg)
    field = next((name for name in _TEXT if isinstance(value.get(name), str) and not is_blank(value[name])), None)
    rest = {name: item for name, item in value.items() if name != field}
    text = _json(value) if field is None else value[field]
    how: dict[str, Any] = {"key": op.key, "field": field}
    if op.index is not None:
        how["index"] = op.index
    if op.ttl is not None:
        how["ttl"] = op.ttl
    return Remembered(text, {**rest, _OURS: how})


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def key_of(record: MemoryRecord) -> str:
    """Return the key of a memory's item: the one it was stored under, or the memory's id."""
    return str(_how(record).get("key", record.id))


def ttl_of(record: MemoryRecord) -> float | None:
    """Return the minutes that a memory lives on after it was read as an item; None for ever."""
    ttl = _how(record).get("ttl")
    return ttl if isinstance(ttl, int | float) else None


def _how(record: MemoryRecord) -> Mapping[str, Any]:
    how = record.metadata.get(_OURS)
    return cast("Mapping[str, Any]", how) if isinstance(how, dict) else {}


def over(now: datetime) -> Filter:
    """Return the condition for memories that were stored as items and whose time is over; what is pinned has none."""
    return (
        where(f"metadata.{_OURS}.key").exists()
        & where("expires_at").lte(format_time(now))
        & where("pinned").eq(value=False)
    )


def value_of(record: MemoryRecord) -> dict[str, Any]:
    """Return what an item of a memory holds; its text is as it is now, also where `Memory.update` changed it."""
    how = _how(record)
    rest = {name: item for name, item in record.metadata.items() if name != _OURS}
    if "key" not in how:
        return {**rest, "content": record.text}
    field = how.get("field")
    if field is None:
        return rest if record.text == _json(rest) else {**rest, "content": record.text}
    return {**rest, str(field): record.text}


def item_of_memory(record: MemoryRecord, key: str, *, score: float | None = None, found: bool = False) -> Item:
    """Return a memory as LangGraph wants it."""
    parts: dict[str, Any] = {
        "namespace": memory_namespace(cast("str", record.scope.user_id)),
        "key": key,
        "value": value_of(record),
        "created_at": record.created_at,
        "updated_at": record.updated_at,
    }
    return SearchItem(**parts, score=score) if found else Item(**parts)


@dataclass(frozen=True, slots=True)
class Synced:
    """How far the vectors of a person's memories have come.

    A writer may commit a little later than the time that it writes, so the last seconds are always looked
    through again.

    Attributes:
        until: the latest `updated_at` of the memories that have their vectors; None at the beginning.
        seen: `updated_at` of those of the last seconds, by memory and version.
    """

    until: str | None = None
    seen: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def of(cls, row: Row | None) -> Synced:
        """Read the row that remembers it."""
        if row is None:
            return cls()
        return cls(str(row.metadata["until"]), cast("dict[str, str]", row.metadata["seen"]))

    @property
    def rest(self) -> Filter | None:
        """The condition for memories that may have no vectors yet."""
        return None if self.until is None else where("updated_at").gte(_before(self.until))

    def lacks(self, record: MemoryRecord) -> bool:
        """Whether a memory has no vectors yet."""
        return _version(record) not in self.seen

    def after(self, records: Sequence[MemoryRecord]) -> Synced:
        """Return how far it has come with these."""
        seen = {**self.seen, **{_version(record): format_time(record.updated_at) for record in records}}
        until = max(seen.values())
        return Synced(until, {version: at for version, at in seen.items() if at >= _before(until)})


_LATE = timedelta(seconds=10)


def _before(at: str) -> str:
    return format_time(to_datetime(at, "until") - _LATE)


def _version(record: MemoryRecord) -> str:
    return f"{record.id} {record.version}"


def synced_id(user_id: str, space: VectorSpace) -> str:
    """Return the id of the row that remembers how far the vectors of a person's memories have come."""
    return made_of("synced", user_id, space.name)


def texts_of(record: MemoryRecord, index: Index) -> dict[str, str]:
    """Return the texts that a memory is found by, by place."""
    fields = _how(record).get("index")
    return {} if fields is False else index.texts(value_of(record), fields)


def vector_writes(
    user_id: str,
    records: Sequence[MemoryRecord],
    texts: Mapping[str, Mapping[str, str]],
    by_text: Mapping[str, Vector],
    space: VectorSpace,
    synced: Synced,
) -> list[Write]:
    """Return the writes that give memories their vectors, and remember that they have them."""
    labels = memory_namespace(user_id)
    shared = {"root": labels[0], "prefixes": prefixes(labels), "user_id": user_id}
    batch: list[Write] = []
    for record in records:
        rows = [
            Row(
                id=made_of("vector", record.id, place),
                fields={**shared, "item": record.id},
                vectors={space.name: by_text[text]},
            )
            for place, text in texts[record.id].items()
        ]
        stale = where("item").eq(record.id) & where("id").nin([row.id for row in rows])
        batch += [DeleteWhere(collection=VECTORS.name, where=stale)]
        batch += [Put(collection=VECTORS.name, row=row) for row in rows]
    note = {"until": synced.until, "seen": dict(synced.seen)}
    row = Row(id=synced_id(user_id, space), fields={"root": labels[0], "user_id": user_id}, metadata=note)
    return [*batch, Put(collection=VECTORS.name, row=row)]
