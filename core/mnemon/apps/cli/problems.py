"""What goes wrong, in one line and with the next step."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from mnemon.apps.cli.screen import clean
from mnemon.errors import (
    ClosedError,
    ConfigError,
    InvalidInputError,
    MnemonError,
    ScopeError,
)

if TYPE_CHECKING:
    from mnemon.apps.cli.outcome import Outcome

__all__ = ["FAILED", "WRONG", "Problem", "problem_of"]

FAILED, WRONG = 1, 2
"""Exit codes: it could not be done; it was asked for in a wrong way."""

_OPTIONS = {
    "user_id='alice'": "--user alice",
    "user_id, agent_id, app_id and run_id": "--user, --agent, --app and --run",
    "project_wide=True": "--everywhere",
    "list memories with get_all to see their ids": "`mnemon list` shows their ids",
    "or list memories with get_all": "or list memories with `mnemon list`",
    "get_all(": "list(",
    "operations(": "history(",
    "list them with operations": "`mnemon history` lists them",
    "; reset() empties the project": "",
    "Memory(..., embedder=None).reembed(embedder=...)": "mnemon reembed --embedder NAME",
}
"""How the engine's errors name what is an option here."""


class Problem(Exception):  # noqa: N818 - it is what a command reports, and ends with
    """Why a command could not be carried out; the message names the next step."""

    def __init__(
        self, message: str, *, code: int = FAILED, kind: str = "Problem", so_far: Outcome | None = None
    ) -> None:
        """Take the one line, the exit code, a stable name for programs, and what was done before it went wrong."""
        self.message = message
        self.code = code
        self.kind = kind
        self.so_far = so_far
        super().__init__(message)


def problem_of(error: BaseException) -> Problem:
    """Return what to tell about an error."""
    match error:
        case Problem():
            return error
        case KeyboardInterrupt():
            return Problem(
                "interrupted; what was done so far is stored, and the same command goes on from there",
                kind="Interrupted",
            )
        case ConfigError() | ScopeError() | InvalidInputError():
            return Problem(_in_our_words(error), code=WRONG, kind=type(error).__name__)
        case ClosedError() | MnemonError():
            return Problem(_in_our_words(error), kind=type(error).__name__)
        case OSError():
            place = "" if error.filename is None else f"{error.filename}: "
            reason = error.strerror or type(error).__name__
            return Problem(f"{place}{reason}; check the path and its permissions", kind="OSError")
        case MemoryError():
            return Problem("there is not enough memory; do it in smaller parts", kind="OutOfMemory")
        case _:
            return Problem(_unexpected(error), kind="Unexpected")


def _in_our_words(error: MnemonError) -> str:
    message = str(error)
    for theirs, ours in _OPTIONS.items():
        message = message.replace(theirs, ours)
    return clean(" ".join(message.split()))


def _unexpected(error: BaseException) -> str:
    """Name the place and not the error's own words, which may be somebody's text."""
    last = traceback.extract_tb(error.__traceback__)[-1:]
    place = f" at {Path(last[0].filename).name}:{last[0].lineno}" if last else ""
    return f"{type(error).__name__}{place}, which is a fault of mnemon itself; please report it with `mnemon version`"
