"""Results of nodes as rows, for a while."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from mnemon.types.storage import Collection, Ordered, Put, Row
from mnemon.types.times import format_time
from mnemon_langgraph.names import made_of
from mnemon_langgraph.namespaces import text_of
from mnemon_langgraph.serializing import dump

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from langgraph.cache.base import FullKey
    from langgraph.checkpoint.serde.base import SerializerProtocol

    from mnemon.types.storage import Write

__all__ = ["CACHE", "entry_id", "entry_puts"]

CACHE = Collection(
    name="langgraph_cache",
    keys=("namespace", "user_id"),
    ordered=(Ordered("expires_at", "time"),),
    person="user_id",
    indexes=(("namespace",), ("user_id",), ("expires_at",)),
)


def entry_id(key: FullKey) -> str:
    """Return the id of the row of a cached result."""
    namespace, name = key
    return made_of("entry", list(namespace), name)


def entry_puts(
    serde: SerializerProtocol, pairs: Mapping[FullKey, tuple[Any, int | None]], person: str | None, now: datetime
) -> list[Write]:
    """Return the writes that store results."""
    return [
        Put(
            collection=CACHE.name,
            row=Row(
                id=entry_id(key),
                fields={
                    "namespace": text_of(key[0]),
                    "user_id": person,
                    "expires_at": None if seconds is None else format_time(now + timedelta(seconds=seconds)),
                },
                payload=dump(serde, value),
            ),
        )
        for key, (value, seconds) in pairs.items()
    ]
