"""How the pieces of the engine are run: one method of a memory is one embedding and one piece of work.

Over a store without native async a piece is run as its sync twin in a worker thread, whole: reading,
deciding and writing take one hop, and a cancelled call wrote everything or nothing.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast

from mnemon.errors import ClosedError
from mnemon.wrappers.threads import athink

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mnemon._async.desk import AsyncDesk
    from mnemon._sync.desk import Desk
    from mnemon.protocols.runner import Runner

__all__ = ["BorrowedRunner", "DirectRunner", "NativeRunner", "ThreadRunner"]

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


class DirectRunner:
    """Runs pieces where they are called."""

    def __init__(self, desk: Desk, *, owned: bool) -> None:
        """Work on a desk whose collections are declared."""
        self._desk = desk
        self._owned = owned
        self._pid = os.getpid()
        self._closed = False

    def run(
        self,
        piece: Callable[Concatenate[Desk, Arguments], Answer],
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Answer:
        """Return what the piece returns."""
        check_open(closed=self._closed)
        check_process(self._pid)
        return piece(self._desk, *arguments, **named)

    def close(self, last: Callable[[Desk], object]) -> None:
        """Close the store where it is the memory's own, after a last piece of work; in a forked process it is not."""
        if self._closed:
            return
        self._closed = True
        if self._owned and self._pid == os.getpid():
            try:
                last(self._desk)
            finally:
                self._desk.store.close()


class BorrowedRunner:
    """Runs pieces with the runner of another memory, and leaves closing to that one."""

    def __init__(self, runner: Runner[Desk]) -> None:
        """Work as long as that runner does."""
        self.run = runner.run

    def close(self, last: Callable[[Desk], object]) -> None:
        """Do nothing."""


class ThreadRunner:
    """Runs the sync twins of pieces in worker threads."""

    def __init__(self, runner: Runner[Desk]) -> None:
        """Hand the pieces to a runner, in a thread."""
        self._runner = runner

    async def run(
        self,
        piece: Callable[Concatenate[AsyncDesk, Arguments], Awaitable[Answer]],
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Answer:
        """Return what the piece's twin returns."""
        twin = cast("Any", _twin(piece))
        return cast("Answer", await athink(self._runner.run, twin, *arguments, **named))

    async def aclose(self, last: Callable[[AsyncDesk], Awaitable[object]]) -> None:
        """Close the store where it is the memory's own, after a last piece of work."""
        await athink(self._runner.close, cast("Any", _twin(last)))


class NativeRunner:
    """Runs pieces on the event loop, over a store that speaks async; collections are declared at first use."""

    def __init__(self, desk: AsyncDesk, setup: Callable[[], Awaitable[None]], *, owned: bool) -> None:
        """Work on a desk; `setup` is awaited once before anything else."""
        self._desk = desk
        self._setup = setup
        self._owned = owned
        self._pid = os.getpid()
        self._closed = False
        self._ready = False

    async def run(
        self,
        piece: Callable[Concatenate[AsyncDesk, Arguments], Awaitable[Answer]],
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Answer:
        """Return what the piece returns."""
        check_open(closed=self._closed)
        check_process(self._pid)
        if not self._ready:
            await self._setup()  # twice, where two tasks come first at once, does no harm
            self._ready = True
        return await piece(self._desk, *arguments, **named)

    async def aclose(self, last: Callable[[AsyncDesk], Awaitable[object]]) -> None:
        """Close the store where it is the memory's own, after a last piece of work where there was any."""
        if self._closed:
            return
        self._closed = True
        if self._owned and self._pid == os.getpid():
            try:
                if self._ready:
                    await last(self._desk)
            finally:
                await self._desk.store.aclose()


def check_open(*, closed: bool) -> None:
    """Refuse work after close."""
    if closed:
        msg = "this memory is closed; open a new one"
        raise ClosedError(msg)


def check_process(pid: int) -> None:
    """Refuse work in a process that the memory was carried into by a fork."""
    if pid != os.getpid():
        msg = f"this memory was opened in process {pid} and carried over a fork into {os.getpid()}; open a new one"
        raise ClosedError(msg)


def _twin(piece: Callable[..., object]) -> object:
    module = piece.__module__.replace("._async.", "._sync.")
    return getattr(import_module(module), piece.__name__)
