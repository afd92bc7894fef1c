"""Collections of an adapter, in the store of a memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from mnemon._async.spaces import declare as async_declare
from mnemon._sync.spaces import declare
from mnemon.adapting.handle import Handle
from mnemon.errors import ConfigError
from mnemon.wrappers.threads import athink

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mnemon._async.desk import AsyncDesk
    from mnemon._sync.desk import Desk
    from mnemon.memory import AsyncMemory, Memory
    from mnemon.protocols.runner import AsyncRunner, Runner
    from mnemon.types.storage import Collection

__all__ = ["Storage"]

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


class Storage:
    """Rows that an adapter keeps beside a memory's own, in the same store and project.

    It is built without opening anything, at import time too, outside of a loop or inside of one, and
    then serves sync code and any number of event loops, one after the other. Where no memory is
    given, the default one is opened when it is first needed, and is closed with this object; one that
    is given is left to its owner.

    What is to be done is a piece of work: a function of a desk (store, project, clock, new ids) and of
    what else it needs, see `mnemon.adapting.async_desk`. Over an embedded store an async piece is run
    as its sync twin, whole, in one worker thread; over an async store it is awaited.

    Every collection must name the person that a row is about (`Collection.person`), so that
    `Memory.forget` reaches what the adapter keeps.

    Example:
        >>> from mnemon import Memory
        >>> from mnemon.adapting.desk import Desk
        >>> from mnemon.types.storage import Collection, Put, Row
        >>> notes = Collection(name="notes", keys=("user_id",), person="user_id")
        >>> def write(desk: Desk, user_id: str) -> None:
        ...     desk.store.apply(desk.project, [Put(collection="notes", row=Row(id="1", fields={"user_id": user_id}))])
        >>> with Memory(":memory:") as memory:
        ...     Storage(memory, notes).run(write, "alice")
        ...     memory.forget(user_id="alice", dry_run=True).rows["notes"]
        1
    """

    def __init__(self, memory: Memory | AsyncMemory | None, *collections: Collection) -> None:
        """Keep these collections in the store of a memory; None is the default one, opened when it is needed.

        Raises:
            ConfigError: the memory is bound to a scope, or a collection names no person.
        """
        if memory is not None and memory.scope is not None:
            bound = dict(memory.scope.to_dict())
            msg = f"this memory is a view that is bound to {bound}, which rows of an adapter are not; give its memory"
            raise ConfigError(msg)
        for collection in collections:
            if collection.person is None:
                msg = f"collection {collection.name!r} names no person, so that forget() would pass it by; set person="
                raise ConfigError(msg)
        self._handle = Handle(memory)
        self._collections = collections
        self._sync: Memory | None = None
        self._aio: AsyncMemory | None = None

    def memory(self) -> Memory:
        """Return the memory for sync code, opened, with the collections declared.

        Raises:
            ClosedError: this object was closed.
            ConfigError: the memory is over an async store, which has no sync twin.
        """
        if self._sync is None:
            memory = self._handle.memory()
            _runner(memory).run(declare, *self._collections)
            self._sync = memory  # twice, where two threads come first at once, does no harm
        return self._sync

    async def amemory(self) -> AsyncMemory:
        """Return the memory for async code, opened, with the collections declared.

        Raises:
            ClosedError: this object was closed.
        """
        if self._aio is None:
            memory = await self._handle.amemory()
            await _async_runner(memory).run(async_declare, *self._collections)
            self._aio = memory
        return self._aio

    def run(
        self,
        piece: Callable[Concatenate[Desk, Arguments], Answer],
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Answer:
        """Return what a sync piece of work returns, done here."""
        memory = self.memory() if self._sync is None else self._sync
        return _runner(memory).run(piece, *arguments, **named)

    async def arun(
        self,
        piece: Callable[Concatenate[AsyncDesk, Arguments], Awaitable[Answer]],
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Answer:
        """Return what an async piece of work returns, while the event loop goes on."""
        memory = await self.amemory() if self._aio is None else self._aio
        return await _async_runner(memory).run(piece, *arguments, **named)

    def close(self) -> None:
        """Close the memory if it was opened here; a second call does nothing."""
        if self._handle.owned:
            self._sync = self._aio = None
        self._handle.close()

    async def aclose(self) -> None:
        """Close the memory if it was opened here; a second call does nothing."""
        await athink(self.close)


def _runner(memory: Memory) -> Runner[Desk]:
    return memory._core.runner  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - the engine's door for this floor


def _async_runner(memory: AsyncMemory) -> AsyncRunner[AsyncDesk]:
    return memory._core.runner  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - the engine's door for this floor
