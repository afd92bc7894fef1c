"""What runs the pieces of the engine: functions of a desk and whatever else they need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Concatenate, ParamSpec, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["AsyncRunner", "Runner"]

Desk_co = TypeVar("Desk_co", covariant=True)
Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


class Runner(Protocol[Desk_co]):
    """Runs pieces of the sync engine."""

    def run(
        self,
        piece: Callable[Concatenate[Desk_co, Arguments], Answer],
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Answer:
        """Return what the piece returns."""
        ...

    def close(self, last: Callable[[Desk_co], object]) -> None:
        """Close the store where it is the memory's own, after a last piece of work."""
        ...


class AsyncRunner(Protocol[Desk_co]):
    """Runs pieces of the async engine."""

    async def run(
        self,
        piece: Callable[Concatenate[Desk_co, Arguments], Awaitable[Answer]],
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Answer:
        """Return what the piece returns, while the event loop goes on."""
        ...

    async def aclose(self, last: Callable[[Desk_co], Awaitable[object]]) -> None:
        """Close the store where it is the memory's own, after a last piece of work."""
        ...
