# Generated from core/mnemon/adapting/_async/history.py by tests/contracts/unasync.py; edit that file.
"""The history of a session in the conversation log, and what is recalled for it."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from mnemon.adapting._sync.keeper import Keeper
from mnemon.adapting.failing import tolerating
from mnemon.adapting.recall import Carried, without_recalled
from mnemon.adapting.replacing import plan_replacement
from mnemon.adapting.unsaid import carries, worded, wordless
from mnemon.logic.parts import speaks
from mnemon.protocols.clock import random_id

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mnemon.adapting.policy import Policy
    from mnemon.adapting.scoping import CallScope
    from mnemon.memory import Memory
    from mnemon.types.message import Message
    from mnemon.types.scope import Scope

__all__ = ["History"]


class History:
    """Reads and writes histories; whose they are is said with each call."""

    def __init__(self, policy: Policy) -> None:
        """Work by this policy; nothing is opened yet."""
        self._policy = policy
        self._keeper = Keeper(policy)

    def read(self, scope: Scope) -> list[Message]:
        """Return the messages of a session, in order."""
        with tolerating(self._policy.on_error, "the history was not read"):
            return [wordless(one) for one in (self._view(scope)).conversations.read()]
        return []

    def append(self, scope: Scope, messages: Sequence[Message], *, remember: bool) -> None:
        """Add messages at the end; one whose id is there already is left as it is.

        What was recalled for a prompt is taken out. A message that says nothing is left out, unless it
        carries what its framework can read, such as a thought alone: that is kept, and no memory is made of it.
        """
        said = _said(messages)
        if not said:
            return
        with tolerating(self._policy.on_error, f"{len(said)} messages were not stored"):
            self._append(self._view(scope), said, remember=remember)

    def replace(self, scope: Scope, messages: Sequence[Message], *, remember: bool) -> None:
        """Make the history these messages; what is there already stays, and memories of what goes stay too."""
        self.rewrite(scope, lambda _: messages, remember=remember)

    def rewrite(self, scope: Scope, write: Callable[[Sequence[Message]], Sequence[Message]], *, remember: bool) -> None:
        """Do what `replace` does, with the messages that are made of the history."""
        with tolerating(self._policy.on_error, "the history was not replaced"):
            view = self._view(scope)
            there = [wordless(one) for one in view.conversations.read()]
            plan = plan_replacement(there, _said(write(there), known=True))
            if plan.gone:
                view.conversations.delete(plan.gone)
            for message in plan.changed:
                view.conversations.replace(worded(message))
            for known, run in groupby(plan.appended, key=lambda one: one.known):
                said = [one.message for one in run]
                self._append(view, said, remember=remember and not known)

    def delete(self, scope: Scope, message_ids: Sequence[str]) -> None:
        """Take messages out of the history."""
        with tolerating(self._policy.on_error, f"{len(message_ids)} messages were not deleted"):
            (self._view(scope)).conversations.delete(message_ids)

    def change(self, scope: Scope, messages: Sequence[Message]) -> None:
        """Put messages in the place of those that have their ids."""
        with tolerating(self._policy.on_error, f"{len(messages)} messages were not changed"):
            view = self._view(scope)
            for message in messages:
                view.conversations.replace(worded(message))

    def clear(self, scope: Scope) -> None:
        """Take all messages out of the history; memories stay."""
        with tolerating(self._policy.on_error, "the history was not cleared"):
            (self._view(scope)).conversations.delete_all()

    def sessions(self, scope: Scope) -> list[str]:
        """Return the sessions that have messages."""
        names: list[str] = []
        with tolerating(self._policy.on_error, "the sessions were not listed"):
            log = (self._view(scope)).conversations
            while page := log.runs(after=names[-1] if names else None, limit=_PAGE):
                names += [run.run_id for run in page]
                if len(page) < _PAGE:
                    break
        return names

    def recall(self, scope: CallScope, question: str, history: Sequence[Message]) -> str:
        """Return the block of memories for a prompt that has this history, or the empty text."""
        told = [(message.id, message.text) for message in history]
        return self._keeper.recall(scope, question, Carried([*told, (None, question)]))

    def _append(self, view: Memory, said: Sequence[Message], *, remember: bool) -> None:
        for spoken, run in groupby(said, key=lambda message: speaks(message.blocks)):
            messages = [worded(one) for one in run]
            if remember and spoken:
                view.add(messages)
            else:
                view.conversations.append(messages)

    def _view(self, scope: Scope) -> Memory:
        memory = self._policy.handle.memory()
        return memory.scoped(**scope.to_dict(), actor=self._policy.actor)


_PAGE = 1_000


def _said(messages: Sequence[Message], *, known: bool = False) -> list[Message]:
    """Return what messages say, each with an id: what a framework adds twice was said twice.

    With `known` those without an id stay so, since they may be in the history already.
    """
    plain = [(message, without_recalled(message)) for message in messages]
    said = [bare for message, bare in plain if speaks(bare.blocks) or (not speaks(message.blocks) and carries(message))]
    return said if known else [replace(message, id=message.id or random_id()) for message in said]
