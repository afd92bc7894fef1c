"""What fails a kickoff: CrewAI goes on without memory after any other error."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from crewai.hooks.dispatch import HookAborted

from mnemon import MnemonError
from mnemon.adapting import tolerating

if TYPE_CHECKING:
    from collections.abc import Generator

    from mnemon.adapting import OnError

__all__ = ["MemoryAbortedError", "aborting"]


class MemoryAbortedError(HookAborted, MnemonError):
    """A memory could not be read or written, and the kickoff ends with it.

    Attributes:
        reason: what happened, and what to do about it.
        source: always `mnemon`. The error itself is `__cause__`.
    """

    def __init__(self, reason: str) -> None:
        """Say why."""
        super().__init__(reason, source="mnemon")


@contextmanager
def aborting(on_error: OnError = "raise", loss: str = "") -> Generator[None]:
    """Turn every error of a memory into one that CrewAI lets through.

    Around a block, or as a decorator. With `on_error="warn"` a failure of the store or of the embedder is
    logged, and the block left.

    Raises:
        MemoryAbortedError: whatever else the memory raised.
    """
    try:
        with tolerating(on_error, loss):
            yield
    except MemoryAbortedError:
        raise
    except MnemonError as error:
        raise MemoryAbortedError(str(error)) from error
