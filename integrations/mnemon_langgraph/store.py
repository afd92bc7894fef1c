"""`MnemonStore`: LangGraph's long-term store in the store of a memory."""

from __future__ import annotations

import logging
from threading import Event, Thread
from typing import TYPE_CHECKING, Self

from langgraph.store.base import BaseStore, ensure_embeddings

from mnemon.adapting.storage import Storage
from mnemon_langgraph._async.storing import AsyncStoring
from mnemon_langgraph._sync.storing import Storing
from mnemon_langgraph.items import ITEMS, VECTORS, VERSIONS, Index

if TYPE_CHECKING:
    from langgraph.store.base import IndexConfig, TTLConfig

    from mnemon import AsyncMemory, Memory

__all__ = ["MnemonStore"]

_log = logging.getLogger("mnemon_langgraph")


class MnemonStore(Storing, AsyncStoring, BaseStore):
    """Keeps the items of agents in the store of a memory, for sync and for async code.

    It opens nothing when it is made, so it may be made at import time, and serve sync code and any
    number of event loops one after the other.

    Example:
        >>> from mnemon import Memory
        >>> with Memory(":memory:") as memory:
        ...     store = MnemonStore(memory)
        ...     store.put(("users", "alice"), "tea", {"kind": "green", "cups": 2})
        ...     [item.key for item in store.search(("users",), filter={"cups": {"$gt": 1}})]
        ['tea']
    """

    supports_ttl = True

    def __init__(
        self,
        memory: Memory | AsyncMemory | None = None,
        *,
        index: IndexConfig | None = None,
        ttl: TTLConfig | None = None,
        person_label: int | None = None,
        history: bool = False,
    ) -> None:
        """Keep items in the store of a memory.

        Args:
            memory: an open memory, which stays its owner's; None is the default one, opened at first use and
                closed with this store.
            index: LangGraph's `IndexConfig`: `dims`, `embed` and perhaps `fields`. Without it a search does not
                look at its query, and gives what was changed last first.
            ttl: LangGraph's `TTLConfig`, in minutes. Items whose time is over are hidden at once, and deleted by
                `sweep_ttl`, or by the sweeper with `sweep_interval_minutes`.
            person_label: which label of a namespace, counted from 0, is a user id, so that `Memory.forget`
                erases those items too; without it that is the `user_id` of the graph's config, if there is one.
            history: keep what an item was before it was changed or deleted, see `history`.

        Raises:
            ConfigError: the memory is a view.
            InvalidInputError: `dims` of the index is no length.
        """
        self._storage = Storage(memory, ITEMS, VECTORS, VERSIONS)
        self._index = None if index is None else Index.of(index, ensure_embeddings(index.get("embed")))
        self._person_label = person_label
        self._keeps = history
        self._ready = False
        self.index_config = index
        self.ttl_config = ttl
        self._sweeper: Thread | None = None
        self._stop = Event()

    def setup(self) -> None:
        """Open the store now; not needed, and harmless."""
        self._storage.memory()

    async def asetup(self) -> None:
        """Open the store now; not needed, and harmless."""
        await self._storage.amemory()

    def start_ttl_sweeper(self, sweep_interval_minutes: float | None = None) -> None:
        """Delete items whose time is over from now on, in a thread, until `stop_ttl_sweeper` or `close`.

        Args:
            sweep_interval_minutes: time between two sweeps; that of `ttl` if left out, or 5.
        """
        given = (self.ttl_config or {}).get("sweep_interval_minutes")
        minutes = sweep_interval_minutes if sweep_interval_minutes is not None else given
        if self._sweeper is None:
            self._stop.clear()
            self._sweeper = Thread(target=self._sweep, args=(60 * (5 if minutes is None else minutes),), daemon=True)
            self._sweeper.start()

    def stop_ttl_sweeper(self) -> None:
        """End the sweeper and wait for it."""
        if self._sweeper is not None:
            self._stop.set()
            self._sweeper.join()
            self._sweeper = None

    def _sweep(self, seconds: float) -> None:
        while not self._stop.wait(seconds):
            try:
                self.sweep_ttl()
            except Exception:  # noqa: BLE001 - the thread goes on: the next sweep finds the same items
                _log.exception("a sweep of expired items failed; it is tried again in %g s", seconds)

    def close(self) -> None:
        """End the sweeper, and close the default memory where this store opened it."""
        self.stop_ttl_sweeper()
        self._storage.close()

    async def aclose(self) -> None:
        """End the sweeper, and close the default memory where this store opened it."""
        self.stop_ttl_sweeper()
        await self._storage.aclose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
