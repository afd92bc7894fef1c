"""Plain work, done where the event loop does not wait for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["athink", "think"]

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


def think(function: Callable[Arguments, Answer], *arguments: Arguments.args, **named: Arguments.kwargs) -> Answer:
    """Return what a function returns, worked out here."""
    return function(*arguments, **named)


async def athink(
    function: Callable[Arguments, Answer], *arguments: Arguments.args, **named: Arguments.kwargs
) -> Answer:
    """Return what a function returns, worked out in a thread: for what may take more than a millisecond."""
    import asyncio  # noqa: PLC0415 - sync code does without it

    return await asyncio.to_thread(function, *arguments, **named)
