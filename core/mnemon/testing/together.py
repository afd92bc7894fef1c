"""Several calls at once: of a sync store in threads, of an async one as tasks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

__all__ = ["atogether", "together"]

Answer = TypeVar("Answer")


def together(calls: Sequence[Callable[[], Answer]]) -> list[Answer]:
    """Return what the calls return, in their order, each called in a thread of its own when all of them are ready."""
    ready = Barrier(len(calls))

    def run(call: Callable[[], Answer]) -> Answer:
        ready.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


async def atogether(calls: Sequence[Callable[[], Awaitable[Answer]]]) -> list[Answer]:
    """Return what the calls return, in their order, each awaited while the others are."""
    import asyncio  # noqa: PLC0415 - sync suites do without it

    return list(await asyncio.gather(*(call() for call in calls)))
