# Generated from core/mnemon/adapting/_async/keeper.py by tests/contracts/unasync.py; edit that file.
"""Recall before a model is asked, and write-back of what was said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon.adapting.failing import tolerating
from mnemon.adapting.policy import spoken
from mnemon.adapting.recall import render
from mnemon.types.unseen import is_blank
from mnemon.wrappers.threads import think

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mnemon.adapting.policy import Policy
    from mnemon.adapting.recall import Carried
    from mnemon.adapting.scoping import CallScope
    from mnemon.memory import Memory
    from mnemon.types.message import Message
    from mnemon.types.scope import Scope

__all__ = ["Keeper"]

_MOST_EXCLUDED = 5_000
"""Ids that a search is told to leave out, half of what a filter may hold; the others are left out afterwards."""
_MOST_FOUND = 1_000


class Keeper:
    """Recalls for a prompt and remembers what was said, by one policy."""

    def __init__(self, policy: Policy) -> None:
        """Work by this policy; nothing is opened yet."""
        self._policy = policy

    def recall(self, scope: CallScope, question: str, carried: Carried) -> str:
        """Return the block of memories for a prompt, or the empty text where nothing is to be added to it.

        Args:
            scope: whose memories.
            question: what the prompt asks; a blank one recalls nothing.
            carried: what the prompt says already, the question among it.

        Raises:
            StoreError, EmbeddingError: with `on_error="raise"`.
        """
        if is_blank(question):
            return ""
        rules = self._policy.recall
        with tolerating(self._policy.on_error, "an earlier turn was not remembered"):
            self._settle(scope)
        with tolerating(self._policy.on_error, "nothing was recalled"):
            found = (self._view(scope.reads)).search(
                question,
                filters=rules.filters,
                limit=min(_MOST_FOUND, rules.limit + len(carried)),
                threshold=rules.threshold,
                kinds=rules.kinds,
                exclude_message_ids=carried.ids[-_MOST_EXCLUDED:],
            )
            return render(found, carried, rules)
        return ""

    def remember(self, scope: CallScope, messages: Iterable[Message]) -> None:
        """Remember the turns among these messages that were spoken; an id that is known is not stored twice.

        With a queue they are written soon, and before anything of their scope is recalled.

        Raises:
            StoreError, EmbeddingError: with `on_error="raise"`; a write in the background that failed raises
                at the next call of its scope.
        """
        said = spoken(messages)
        if not said:
            return
        with tolerating(self._policy.on_error, f"{len(said)} turns were not remembered"):
            if self._policy.queue is None:
                (self._view(scope.writes)).add(said)
            else:
                think(self._policy.enqueue, scope.writes, said)

    def flush(self) -> None:
        """Wait until everything that is queued is written.

        Raises:
            StoreError, EmbeddingError: what a write in the background raised, whatever `on_error` says.
        """
        if self._policy.queue is not None:
            think(self._policy.queue.wait)

    def _settle(self, scope: CallScope) -> None:
        """Wait for what is queued and would be recalled."""
        queue = self._policy.queue
        if queue is not None and queue.concerns(scope.reads):
            think(queue.wait, scope.reads)

    def _view(self, scope: Scope) -> Memory:
        memory = self._policy.handle.memory()
        return memory.scoped(**scope.to_dict(), actor=self._policy.actor)
