"""The few things that are not the same word for word with and without `await`."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Sequence

    from weaviate.collections import Collection, CollectionAsync

__all__ = [
    "AsyncCall",
    "AsyncLock",
    "AsyncRows",
    "Call",
    "Lock",
    "Rows",
    "abegun",
    "ablocking",
    "alimited",
    "aloop",
    "atogether",
    "aworked",
    "begun",
    "blocking",
    "limited",
    "loop",
    "together",
    "worked",
]

AsyncLock = asyncio.Lock
Lock = threading.Lock

_AT_ONCE = 8
"""Calls at once: beyond that a server of few cores answers no sooner."""

_BULKY = 64_000
"""Bytes of which making or reading a message takes longer than a thread does to begin."""

Answer = TypeVar("Answer")

AsyncCall: TypeAlias = Callable[[], Awaitable[Answer]]
Call: TypeAlias = Callable[[], Answer]
AsyncRows: TypeAlias = "CollectionAsync[Any, Any]"
Rows: TypeAlias = "Collection[Any, Any]"


async def atogether(calls: Sequence[AsyncCall[Answer]]) -> list[Answer]:
    """Return what the calls return, several at once; the first that fails ends the others."""
    if len(calls) == 1:
        return [await calls[0]()]
    turns = asyncio.Semaphore(_AT_ONCE)

    async def one(call: AsyncCall[Answer]) -> Answer:
        async with turns:
            return await call()

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(call)) for call in calls]
    except BaseExceptionGroup as errors:
        first = errors.exceptions[0]
        raise first from first.__cause__
    return [task.result() for task in tasks]


def together(calls: Sequence[Call[Answer]]) -> list[Answer]:
    """Return what the calls return, several at once in threads.

    The first that fails is raised when those that had begun have ended; the others do not begin.
    """
    if len(calls) <= 1:
        return [call() for call in calls]
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - few calls need it

    with ThreadPoolExecutor(min(_AT_ONCE, len(calls)), thread_name_prefix="mnemon-weaviate") as threads:
        waiting = [threads.submit(call) for call in calls]
        try:
            return [one.result() for one in waiting]
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            raise


async def ablocking(call: Call[Answer]) -> Answer:
    """Return what a call returns that waits by itself, in a thread."""
    return await asyncio.to_thread(call)


def blocking(call: Call[Answer]) -> Answer:
    """Return what a call returns that waits by itself."""
    return call()


async def aworked(size: int, call: Call[Answer]) -> Answer:
    """Return what a call makes of so many bytes: in a thread where the event loop would wait for it."""
    return call() if size <= _BULKY else await asyncio.to_thread(call)


def worked(size: int, call: Call[Answer]) -> Answer:
    """Return what a call makes of so many bytes."""
    del size
    return call()


async def abegun(size: int, method: Any, *arguments: object) -> Any:  # noqa: ANN401 - of the client
    """Return what a method of the client returns that makes a message of so many bytes, and then sends it.

    The client's async methods are its sync ones, which return what is to be awaited, wrapped so that all of it
    runs in the loop. Called without the wrapper, the message can be made in a thread.
    """
    begin = inspect.unwrap(method.__func__)
    return await (await aworked(size, lambda: begin(method.__self__, *arguments)))


def begun(size: int, method: Any, *arguments: object) -> Any:  # noqa: ANN401 - of the client
    """Return what a method of the client returns that makes a message of so many bytes, and then sends it."""
    del size
    return method(*arguments)


def aloop() -> object:
    """Return the event loop that runs."""
    return asyncio.get_running_loop()


def loop() -> object:
    """Return None: a client without a loop serves every thread."""
    return None


@asynccontextmanager
async def alimited(seconds: float) -> AsyncGenerator[None]:
    """Raise `TimeoutError` when the block takes longer."""
    async with asyncio.timeout(seconds):
        yield


@contextmanager
def limited(seconds: float) -> Generator[None]:
    """Leave the limit to the client, whose every request has one: a thread cannot be called back."""
    del seconds
    yield
