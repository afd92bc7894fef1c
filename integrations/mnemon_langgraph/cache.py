"""`MnemonCache`: results of nodes in the store of a memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langgraph.cache.base import BaseCache

from mnemon.adapting.storage import Storage
from mnemon_langgraph._async.caching import AsyncCaching
from mnemon_langgraph._sync.caching import Caching
from mnemon_langgraph.entries import CACHE
from mnemon_langgraph.serializing import exact

if TYPE_CHECKING:
    from langgraph.checkpoint.serde.base import SerializerProtocol

    from mnemon import AsyncMemory, Memory

__all__ = ["MnemonCache"]


class MnemonCache(Caching, AsyncCaching, BaseCache[Any]):
    """Keeps the results of nodes with a `CachePolicy` in the store of a memory; seconds, as everywhere in caches.

    It opens nothing when it is made. The key alone decides whether a result is found: where results differ
    from person to person, the policy's `key_func` must tell them apart. LangGraph stores the results of nodes
    without saying for whom, and hashes their keys, so `Memory.forget` cannot find those of a person; its
    receipt counts them as `left`. Give such policies a `ttl`. What is `set` inside of a node is the
    `user_id`'s of the config.

    Example:
        >>> from mnemon import Memory
        >>> with Memory(":memory:") as memory:
        ...     cache = MnemonCache(memory)
        ...     cache.set({(("sums",), "1+1"): (2, 60)})
        ...     cache.get([(("sums",), "1+1"), (("sums",), "1+2")])
        {(('sums',), '1+1'): 2}
    """

    def __init__(self, memory: Memory | AsyncMemory | None = None, *, serde: SerializerProtocol | None = None) -> None:
        """Keep results in the store of a memory.

        Args:
            memory: an open memory, which stays its owner's; None is the default one, opened at first use and
                closed with this cache.
            serde: how results become bytes; None for LangGraph's own.

        Raises:
            ConfigError: the memory is a view.
        """
        super().__init__(serde=exact(serde, None))
        self._storage = Storage(memory, CACHE)

    def close(self) -> None:
        """Close the default memory where this cache opened it."""
        self._storage.close()

    async def aclose(self) -> None:
        """Close the default memory where this cache opened it."""
        await self._storage.aclose()
