"""The client's errors as ours, at the one edge where they are seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
from weaviate.exceptions import (
    InsufficientPermissionsError,
    UnexpectedStatusCodeError,
    WeaviateBaseError,
    WeaviateConnectionError,
    WeaviateInvalidInputError,
    WeaviateStartUpError,
    WeaviateTimeoutError,
)

from mnemon.errors import MnemonError, StoreError, StoreFullError, StoreReadOnlyError, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

__all__ = [
    "is_final",
    "is_missing_collection",
    "is_missing_row",
    "is_missing_tenant",
    "is_too_large",
    "is_transient",
    "refuse_passing",
    "translated",
    "wording",
]

_SILENT = (WeaviateConnectionError, WeaviateTimeoutError, httpx.TransportError, TimeoutError)

_NO_ANSWER = ("deadline exceeded", "unavailable", "failed to connect", "connection refused", "socket closed")
_NO_LEADER = ("leader not found", "client connection is closing", "could not find leader")
_CHANGING = ("due to: updatevectorindexconfigs",)
"""Why a shard is read-only for a moment: somebody just declared another vector space."""
_MAKING = ("tried to browse non-existing index",)
"""Why a collection cannot be read for a moment: somebody just made it."""
_PASSING = (*_NO_LEADER, *_CHANGING, *_MAKING)
_NOT_NOW = ("cannot achieve consistency level", "shard is not ready", *_NO_LEADER, "not enough replicas")
_UNAUTHORISED, _FORBIDDEN, _NOT_FOUND = 401, 403, 404
_REFUSED = range(400, 500)
_TIMED_OUT = 408
_AWAY = {502, 503, 504}
"""What a proxy answers while the server behind it does not."""


def wording(error: BaseException | None) -> str:
    """Return what a client's error says, in small letters, for looking into; it may hold a caller's values."""
    return f"{error} {getattr(error, 'message', '')}".lower()


def is_transient(error: BaseException) -> bool:
    """Whether there was no answer, or the server is busy with itself: why a request that may be repeated is."""
    return _is_silent(error) or any(one in wording(error) for one in _PASSING)


def _is_silent(error: BaseException) -> bool:
    """Whether nobody said what became of a request."""
    away = isinstance(error, UnexpectedStatusCodeError) and error.status_code in _AWAY
    return away or isinstance(error, _SILENT) or any(one in wording(error) for one in _NO_ANSWER)


class PassingError(WeaviateBaseError):
    """Rows of a batch were refused for a moment; the call itself was answered."""


def refuse_passing(messages: Iterable[str]) -> None:
    """Raise `PassingError` where an error of a batch says that nodes elect a leader, or take in a new vector space."""
    for message in messages:
        if any(one in message.lower() for one in (*_PASSING, *_NO_ANSWER)):
            raise PassingError(message)


def is_final(error: BaseException) -> bool:
    """Whether the server said how a request ended, so that it carries out nothing of it later; in doubt it did not."""
    if _is_silent(error) or "connection is closing" in wording(error):
        return False
    if isinstance(error, UnexpectedStatusCodeError):
        return (error.status_code in _REFUSED and error.status_code != _TIMED_OUT) or is_missing_tenant(error)
    said = MnemonError, PassingError, WeaviateInvalidInputError
    return isinstance(error, (*said, InsufficientPermissionsError)) or is_missing_tenant(error)


def is_missing_tenant(error: BaseException | None) -> bool:
    """Whether a project has nothing yet: it becomes a tenant with its first row."""
    return "tenant not found" in wording(error)


def is_missing_row(error: BaseException | None) -> bool:
    """Whether there is nothing to change: 404, or 500 where the row went while the server worked at it."""
    not_found = isinstance(error, UnexpectedStatusCodeError) and error.status_code == _NOT_FOUND
    return not_found or "object not found" in wording(error) or is_missing_tenant(error)


def is_missing_collection(error: BaseException | None) -> bool:
    """Whether nobody declared a collection here."""
    text = wording(error)
    return "could not find class" in text or "class not found" in text or "404" in text


def is_too_large(error: BaseException | None) -> bool:
    """Whether an answer was larger than one message may be."""
    text = wording(error)
    return "larger than max" in text or "resource_exhausted" in text or "message larger" in text


class translated:  # noqa: N801 - used as a function
    """Raise the client's errors as mnemon's; the message names the server and the way out, never a value."""

    __slots__ = ("_doing", "_where")

    def __init__(self, where: str, doing: str) -> None:
        """Name the server, and what was asked of it."""
        self._where = where
        self._doing = doing

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or isinstance(error, MnemonError):
            return
        if isinstance(error, (WeaviateBaseError, httpx.HTTPError, TimeoutError)):
            raise _ours(error, self._where, self._doing) from error


def _ours(error: BaseException, where: str, doing: str) -> StoreError:
    text = wording(error)
    status = error.status_code if isinstance(error, UnexpectedStatusCodeError) else None
    if isinstance(error, InsufficientPermissionsError) or status in {_UNAUTHORISED, _FORBIDDEN}:
        return StoreError(f"Weaviate at {where} does not allow to {doing}; give a key that has the right")
    if _is_silent(error) or isinstance(error, WeaviateStartUpError):
        return StoreUnavailableError(
            f"Weaviate at {where} did not answer in time when asked to {doing}; is it running, and are both of "
            f"its ports reachable? The same call may be repeated"
        )
    if any(one in text for one in _NOT_NOW):
        return StoreUnavailableError(f"too few nodes of Weaviate at {where} are up to {doing}; try again when they are")
    if any(one in text for one in _CHANGING):
        return StoreUnavailableError(f"Weaviate at {where} takes in a new vector space and did not {doing}; try again")
    if "read-only" in text or "readonly" in text:
        return StoreReadOnlyError(f"a shard of Weaviate at {where} is read-only; free disk, then set it to READY again")
    if "no space left" in text:
        return StoreFullError(f"the disk of Weaviate at {where} is full; free space, then repeat the call")
    said = type(error).__name__ if status is None else f"status {status}"
    return StoreError(f"Weaviate at {where} could not {doing} ({said}); its log says why")
