# Generated from core/mnemon/_async/conversations.py by tests/contracts/unasync.py; edit that file.
"""The methods of a memory's conversation log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon._sync import conversation
from mnemon._sync.face import Face
from mnemon.errors import InvalidInputError, ScopeError
from mnemon.logic.arguments import check_ids, check_last, check_limit, refuse_foreign
from mnemon.logic.entries import read_messages
from mnemon.types.message import Message
from mnemon.wrappers.threads import think

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mnemon._sync.core import Core
    from mnemon.types.results import Appended, Run
    from mnemon.types.scope import Scope
    from mnemon.types.times import Time

__all__ = ["Conversations"]

_CHUNK = 2_000


class Conversations(Face):
    """What was said, word by word and in the order in which it was appended; `Memory.conversations` gives it.

    A run is named by `run_id` and whatever other ids are given; all of them are matched, so the same
    `run_id` of two users is two runs. Messages here are not memories; `Memory.add` writes both.
    """

    def __init__(self, core: Core, bound: Scope | None, actor: str | None) -> None:
        """Work with the parts of an open memory, bound as that is."""
        self._core = core
        self._bound = bound
        self._actor = actor

    def append(
        self,
        messages: str | Message | Mapping[str, object] | Sequence[Message | Mapping[str, object] | str],
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        app_id: str | None = None,
        run_id: str | None = None,
        **foreign: object,
    ) -> Appended:
        """Add messages at the end of a run; a message whose id is there already is left as it is.

        Messages without an id or a time get them. Nothing is stored if one of them cannot be.

        Raises:
            ScopeError: no `run_id`.
        """
        refuse_foreign("append", foreign)
        scope = self._run("append", user_id, agent_id, app_id, run_id)
        read = think(read_messages, messages)
        return self._core.runner.run(conversation.append, read, scope)

    def read(
        self,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        app_id: str | None = None,
        run_id: str | None = None,
        last: int | None = None,
        before: str | None = None,
        after: str | None = None,
        since: Time | None = None,
        until: Time | None = None,
        **foreign: object,
    ) -> list[Message]:
        """Return messages of a scope in order: all of them, or a part.

        Args:
            user_id: whose messages; without `run_id`, those of all runs in order of appending.
            agent_id: as `user_id`.
            app_id: as `user_id`.
            run_id: as `user_id`.
            last: at most so many, the newest ones.
            before: id of a message; only what stands before it.
            after: id of a message; only what stands after it.
            since: only what was said at this time or later.
            until: only what was said before this time.
            foreign: refused, with our word for it.

        Raises:
            NotFoundError: the scope has no message `before` or `after`.
            InvalidInputError: `last` is not a number from 0.
        """
        refuse_foreign("read", foreign)
        scope = self._scope("read", user_id, agent_id, app_id, run_id)
        return self._core.runner.run(
            conversation.read, scope, last=check_last(last), before=before, after=after, since=since, until=until
        )

    def replace(
        self,
        message: Message,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        app_id: str | None = None,
        run_id: str | None = None,
        **foreign: object,
    ) -> None:
        """Put another message in the place of the one that has its id; without a time it keeps that one's.

        Raises:
            NotFoundError: the run has no message of that id.
            InvalidInputError: the message has no id.
        """
        refuse_foreign("replace", foreign)
        if not isinstance(message, Message):  # pyright: ignore[reportUnnecessaryIsInstance]
            msg = f"replace takes a Message with the id of the one to replace, not a {type(message).__name__}"
            raise InvalidInputError(msg)
        scope = self._run("replace", user_id, agent_id, app_id, run_id)
        self._core.runner.run(conversation.replace, message, scope)

    def delete(
        self,
        message_ids: Sequence[str],
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        app_id: str | None = None,
        run_id: str | None = None,
        **foreign: object,
    ) -> int:
        """Take messages out of a run; return how many were there."""
        refuse_foreign("delete", foreign)
        scope = self._run("delete", user_id, agent_id, app_id, run_id)
        ids = check_ids(message_ids, "message_ids", "message")
        return self._core.runner.run(conversation.delete, ids, scope)

    def delete_all(
        self,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        app_id: str | None = None,
        run_id: str | None = None,
        **foreign: object,
    ) -> int:
        """Take out all messages of a scope that are there now, in parts of 2,000; return how many."""
        refuse_foreign("delete_all", foreign)
        scope = self._scope("delete_all", user_id, agent_id, app_id, run_id)
        now = self._core.clock()
        deleted = 0
        while count := self._core.runner.run(conversation.delete_some, scope, now, _CHUNK):
            deleted += count
        return deleted

    def runs(
        self,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        app_id: str | None = None,
        run_id: str | None = None,
        after: str | None = None,
        limit: int = 100,
        **foreign: object,
    ) -> list[Run]:
        """Return the runs that have messages in a scope, by `run_id`; go on with `after` the last one."""
        refuse_foreign("runs", foreign)
        scope = self._scope("runs", user_id, agent_id, app_id, run_id)
        return self._core.runner.run(conversation.runs, scope, after=after, limit=check_limit(limit, most=10_000))

    def _run(
        self, method: str, user_id: str | None, agent_id: str | None, app_id: str | None, run_id: str | None
    ) -> Scope:
        scope = self._scope(method, user_id, agent_id, app_id, run_id)
        if scope.run_id is None:
            msg = f"{method}(): a conversation is one run's: give run_id"
            raise ScopeError(msg)
        return scope
