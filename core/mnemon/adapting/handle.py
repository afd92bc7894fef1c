"""The memory that an adapter works with: one that was handed to it, or the default one, opened when it is needed."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Self

from mnemon.errors import ClosedError, ConfigError
from mnemon.memory import AsyncMemory, Memory
from mnemon.wrappers.threads import athink

if TYPE_CHECKING:
    from mnemon.types.scope import Scope

__all__ = ["Closing", "Handle"]


class Closing:
    """Makes a context manager, sync and async, of an object that has `close`."""

    def close(self) -> None:
        """Give up what is the object's own."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await athink(self.close)


class Handle:
    """Both faces of one memory, for objects that are built before a store or an event loop is there.

    Without a memory of its own it opens the default one at first use, and closes that; a memory that
    was handed over stays open. It holds no event loop, so it serves one `asyncio.run` after another.

    Example:
        >>> from mnemon import Memory
        >>> with Memory(":memory:") as memory:
        ...     handle = Handle(memory)
        ...     handle.memory() is memory
        True
    """

    def __init__(self, memory: Memory | AsyncMemory | None = None) -> None:
        """Take a memory, or None for the default one.

        Raises:
            ConfigError: it is no memory.
        """
        if not isinstance(memory, Memory | AsyncMemory | None):  # pyright: ignore[reportUnnecessaryIsInstance]
            kind = type(memory).__name__
            msg = f"an adapter takes a Memory or an AsyncMemory, not a {kind}; leave it out for the default one"
            raise ConfigError(msg)
        self._given = memory
        self._lock = Lock()
        self._opened: Memory | AsyncMemory | None = memory
        self._memory: Memory | None = None
        self._async_memory: AsyncMemory | None = None
        self._closed = False

    @property
    def scope(self) -> Scope | None:
        """The scope that the memory is bound to, where a view was handed over."""
        return None if self._given is None else self._given.scope

    @property
    def owned(self) -> bool:
        """Whether the memory is the default one, which this opens and closes."""
        return self._given is None

    def memory(self) -> Memory:
        """Return the memory for sync code, opened.

        Raises:
            ClosedError: this object was closed.
            ConfigError: an `AsyncMemory` over an async store was handed over, which has no sync twin.
        """
        if self._memory is None:
            opened = self._open()
            self._memory = opened if isinstance(opened, Memory) else opened.sync
        return self._memory

    async def amemory(self) -> AsyncMemory:
        """Return the memory for async code, opened while the event loop goes on.

        Raises:
            ClosedError: this object was closed.
        """
        if self._async_memory is None:
            opened = await athink(self._open)
            self._async_memory = opened.aio if isinstance(opened, Memory) else opened
        return self._async_memory

    def close(self) -> None:
        """Close the default memory if it was opened here; a memory that was handed over stays open."""
        with self._lock:
            if self._given is not None:
                return
            self._closed = True
            self._memory = self._async_memory = None
            if isinstance(self._opened, Memory):
                self._opened.close()

    async def aclose(self) -> None:
        """Do what `close` does, while the event loop goes on."""
        await athink(self.close)

    def _open(self) -> Memory | AsyncMemory:
        with self._lock:
            if self._closed:
                msg = "this object is closed, and the default memory that it had opened with it; build a new one"
                raise ClosedError(msg)
            if self._opened is None:
                self._opened = Memory()
            return self._opened
