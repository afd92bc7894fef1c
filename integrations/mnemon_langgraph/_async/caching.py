"""The methods of a node cache, and the pieces that they are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mnemon import where
from mnemon.adapting.async_desk import athink, in_chunks
from mnemon.types.storage import DeleteWhere
from mnemon.types.times import format_time
from mnemon_langgraph.entries import CACHE, entry_id, entry_puts
from mnemon_langgraph.namespaces import running_user, text_of
from mnemon_langgraph.serializing import load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from langgraph.cache.base import FullKey, Namespace
    from langgraph.checkpoint.serde.base import SerializerProtocol

    from mnemon.adapting.async_desk import AsyncDesk
    from mnemon.adapting.storage import Storage

__all__ = ["AsyncCaching"]


class AsyncCaching:
    """Reading and writing results of nodes."""

    serde: SerializerProtocol
    _storage: Storage

    async def aget(self, keys: Sequence[FullKey]) -> dict[FullKey, Any]:
        """Return the results that are there and not over, by key."""
        return await self._storage.arun(_get, self.serde, list(keys)) if keys else {}

    async def aset(self, pairs: Mapping[FullKey, tuple[Any, int | None]]) -> None:
        """Store results, each for so many seconds; None for as long as it is not cleared."""
        if pairs:
            await self._storage.arun(_set, self.serde, dict(pairs), running_user())

    async def aclear(self, namespaces: Sequence[Namespace] | None = None) -> None:
        """Delete the results of these namespaces, or all; what is over goes with them."""
        texts = None if namespaces is None else [text_of(one) for one in namespaces]
        await self._storage.arun(_clear, texts)


async def _get(desk: AsyncDesk, serde: SerializerProtocol, keys: Sequence[FullKey]) -> dict[FullKey, Any]:
    ids = {entry_id(key): key for key in keys}
    now = format_time(desk.clock())
    found: dict[FullKey, Any] = {}
    for chunk in in_chunks(list(ids)):
        rows = await desk.store.get(desk.project, CACHE.name, chunk, include=("payload",))
        for row_id, row in rows.items():
            if str(row.fields.get("expires_at", "~")) > now:
                found[ids[row_id]] = await athink(load, serde, row.payload)
    return found


async def _set(
    desk: AsyncDesk,
    serde: SerializerProtocol,
    pairs: Mapping[FullKey, tuple[Any, int | None]],
    person: str | None,
) -> None:
    writes = await athink(entry_puts, serde, pairs, person, desk.clock())
    await desk.store.apply(desk.project, writes)


async def _clear(desk: AsyncDesk, namespaces: Sequence[str] | None) -> None:
    over = where("expires_at").lte(format_time(desk.clock()))
    condition = where("id").exists() if namespaces is None else where("namespace").in_(namespaces) | over
    await desk.store.apply(desk.project, [DeleteWhere(collection=CACHE.name, where=condition)])
