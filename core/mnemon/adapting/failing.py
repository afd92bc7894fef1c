"""What an adapter does when the memory cannot be reached."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, cast

from mnemon.errors import ConfigError, EmbeddingError, StoreError
from mnemon.types.jsonvalue import shown

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["OnError", "check_on_error", "tolerating"]

OnError = Literal["raise", "warn"]
"""`raise`: the framework's call fails too. `warn`: it goes on without memory, and a warning is logged."""

_log = logging.getLogger("mnemon.adapting")


def check_on_error(value: object) -> OnError:
    """Return the option.

    Raises:
        ConfigError: it is neither.
    """
    if value not in {"raise", "warn"}:
        msg = f"on_error is 'raise' or 'warn', not {shown(value)}"
        raise ConfigError(msg)
    return cast("OnError", value)


@contextmanager
def tolerating(on_error: OnError, loss: str) -> Generator[None]:
    """Log a failure of the store or the embedder where that is wanted, and pass every other one on.

    A missing scope, a closed memory and bad input are mistakes of the program, and always raised.
    """
    try:
        yield
    except (StoreError, EmbeddingError) as error:
        if on_error == "raise":
            raise
        _log.warning("%s: %s (%s)", loss, type(error).__name__, error)
