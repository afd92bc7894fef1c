"""`MnemonSaver`: LangGraph's checkpoints in the store of a memory."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self, cast

from langgraph.checkpoint.base import BaseCheckpointSaver

from mnemon import ConfigError
from mnemon.adapting.storage import Storage
from mnemon_langgraph._async.saving import AsyncSaving
from mnemon_langgraph._sync.saving import Saving
from mnemon_langgraph.checkpoints import COLLECTIONS
from mnemon_langgraph.segments import KnownLists
from mnemon_langgraph.serializing import exact

if TYPE_CHECKING:
    from langgraph.checkpoint.serde._msgpack import AllowedMsgpackModules
    from langgraph.checkpoint.serde.base import SerializerProtocol

    from mnemon import AsyncMemory, Memory

__all__ = ["MnemonSaver"]


class MnemonSaver(Saving, AsyncSaving, BaseCheckpointSaver[str]):
    """Keeps the checkpoints of graphs in the store of a memory, for sync and for async code.

    It opens nothing when it is made, so it may be made at import time, and serve sync code and any
    number of event loops one after the other. Checkpoints of a config with a `user_id` are that
    person's: `Memory.forget(user_id=...)` erases them too.

    Metadata is stored as JSON, readable, so that checkpoints can be listed by it, also with an
    encrypted serializer.

    Example:
        >>> from langgraph.graph import START, MessagesState, StateGraph
        >>> from mnemon import Memory
        >>> builder = StateGraph(MessagesState)
        >>> _ = builder.add_node("reply", lambda state: {"messages": [("ai", f"{len(state['messages'])} so far")]})
        >>> _ = builder.add_edge(START, "reply")
        >>> with Memory(":memory:") as memory:
        ...     graph = builder.compile(checkpointer=MnemonSaver(memory))
        ...     config = {"configurable": {"thread_id": "1", "user_id": "alice"}}
        ...     for text in ("hello", "and again"):
        ...         state = graph.invoke({"messages": [("user", text)]}, config)
        ...     state["messages"][-1].content
        '3 so far'
    """

    def __init__(
        self,
        memory: Memory | AsyncMemory | None = None,
        *,
        serde: SerializerProtocol | None = None,
        allowed_msgpack_modules: AllowedMsgpackModules | None = None,
        ttl: timedelta | None = None,
    ) -> None:
        """Keep checkpoints in the store of a memory.

        Args:
            memory: an open memory, which stays its owner's; None is the default one, opened at first use and
                closed with this saver.
            serde: how values become bytes; None for LangGraph's own. What that cannot rebuild is an error here.
            allowed_msgpack_modules: classes, or (module, name) pairs, that may be rebuilt beyond those that
                LangGraph knows; where they are given all others are refused. Left out, the environment variable
                `LANGGRAPH_STRICT_MSGPACK` decides.
            ttl: how long after its last write a thread is kept; `sweep` deletes those whose time is over. None
                for ever.

        Raises:
            ConfigError: the memory is a view, or `ttl` is no positive time.
        """
        if ttl is not None and ttl <= timedelta(0):
            msg = f"ttl must be longer than nothing, not {ttl}; leave it out to keep threads for ever"
            raise ConfigError(msg)
        super().__init__(serde=exact(serde, allowed_msgpack_modules))
        self._storage = Storage(memory, *COLLECTIONS)
        self._ttl = ttl
        self._known = KnownLists()

    def get_next_version(self, current: str | None, channel: None) -> str:
        """Return a version that is greater than `current`, and that no fork of the thread has.

        A number of ten digits and 16 random ones. It is greater than what other savers write (32 digits), so
        that threads which were moved here go on; those whose versions are numbers go on with numbers.
        """
        known: Any = current
        if isinstance(known, int | float):
            return cast("str", known + 1)
        number = 0 if current is None else int(current.partition(".")[0])
        return f"{number + 1:010}.{secrets.token_hex(8)}"

    def memory(self) -> Memory:
        """Return the memory whose store this is, for sync code."""
        return self._storage.memory()

    async def amemory(self) -> AsyncMemory:
        """Return the memory whose store this is, for async code."""
        return await self._storage.amemory()

    def setup(self) -> None:
        """Open the store now; not needed, and harmless."""
        self._storage.memory()

    async def asetup(self) -> None:
        """Open the store now; not needed, and harmless."""
        await self._storage.amemory()

    def close(self) -> None:
        """Close the default memory where this saver opened it; a memory that was given stays open."""
        self._storage.close()

    async def aclose(self) -> None:
        """Close the default memory where this saver opened it; a memory that was given stays open."""
        await self._storage.aclose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
