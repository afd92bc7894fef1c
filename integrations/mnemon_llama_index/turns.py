"""What was recalled for the turn that is being answered, so that it is searched for once."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from llama_index.core.base.llms.types import MessageRole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llama_index.core.base.llms.types import ChatMessage

    from mnemon import Scope

__all__ = ["Turns", "last_question"]

_MOST = 1_000
"""Sessions whose last recall is kept; one more than that is searched for again."""


class Turns:
    """The last question of each session, with what was recalled for it."""

    def __init__(self) -> None:
        """Know of no turn yet."""
        self._lock = Lock()
        self._last: dict[Scope, tuple[object, str]] = {}

    def recalled(self, scope: Scope, question: object) -> str | None:
        """Return what was recalled for this question, or None where it was not asked last."""
        with self._lock:
            asked, recalled = self._last.get(scope, (None, ""))
        return recalled if asked == question else None

    def keep(self, scope: Scope, question: object, recalled: str) -> None:
        """Keep what was recalled for a question, in the place of that for the one before."""
        with self._lock:
            self._last.pop(scope, None)
            self._last[scope] = (question, recalled)
            if len(self._last) > _MOST:
                del self._last[next(iter(self._last))]

    def forget(self, scope: Scope) -> None:
        """Forget what was recalled, because another turn begins."""
        with self._lock:
            self._last.pop(scope, None)


def last_question(messages: Sequence[ChatMessage]) -> str:
    """Return what the user said last, or the empty text."""
    said = (message.content for message in reversed(messages) if message.role == MessageRole.USER)
    return next((text for text in said if text), "")
