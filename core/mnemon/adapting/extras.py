"""A framework that is not installed is told with the line that installs it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from mnemon.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["requires_extra"]


@contextmanager
def requires_extra(extra: str, *modules: str) -> Generator[None]:
    """Import a framework inside of this block, once, at the top of an adapter.

    Args:
        extra: the extra of mnemon that brings the framework.
        modules: top-level modules of the framework; that another one is missing is passed on as it is.

    Raises:
        MissingExtraError: one of these modules is not installed; the message holds the pip line.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in modules:
            raise
        raise MissingExtraError(error.name or missing, extra) from error
