"""`MnemonHistoryProvider`: the history of a session, in the conversation log."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet

from agent_framework import HistoryProvider

from mnemon import ScopeError
from mnemon.adapting import AsyncHistory, Handle, Policy, ScopeRule
from mnemon_agent_framework.messages import from_agent_messages, to_agent_messages
from mnemon_agent_framework.turns import name_answers, name_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent_framework import AgentSession, SessionContext, SupportsAgentRun
    from agent_framework import Message as AgentMessage

    from mnemon import AsyncMemory, Memory, Scope
    from mnemon.adapting import IdSource, OnError

__all__ = ["MnemonHistoryProvider"]

_of_this_run: ContextVar[Scope | None] = ContextVar("mnemon_agent_framework_scope", default=None)
"""Whose history a run reads and writes, for the methods that Agent Framework does not tell it."""


class MnemonHistoryProvider(HistoryProvider):
    """Keeps the messages of a session, so that they are there in the next process, and in other frameworks.

    The session's id is the `run_id`, unless `mnemon.scope` names one; the same id of two users is two
    sessions. Messages come back as they were, and in their order, with what other frameworks have added
    meanwhile. What a `MnemonContextProvider` recalls is never kept. It makes no memories: that is what a
    `MnemonContextProvider` is for, in any order beside it.

    Example:
        >>> import asyncio
        >>> from agent_framework import Message
        >>> from mnemon import Memory
        >>> with Memory(":memory:") as memory:
        ...     history = MnemonHistoryProvider(memory, user_id="ana")
        ...     asyncio.run(history.save_messages("s1", [Message("user", ["Hello"])]))
        ...     [message.text for message in asyncio.run(history.get_messages("s1"))]
        ['Hello']
    """

    def __init__(
        self,
        memory: Memory | AsyncMemory | None = None,
        *,
        user_id: IdSource = None,
        agent_id: IdSource = None,
        app_id: IdSource = None,
        required: tuple[str, ...] = ("user_id",),
        on_error: OnError = "raise",
        source_id: str = "mnemon_history",
        load_messages: bool = True,
        store_inputs: bool = True,
        store_context_messages: bool = False,
        store_context_from: set[str] | None = None,
        store_outputs: bool = True,
    ) -> None:
        """Build it; nothing is opened, so an agent can be built when a module is imported.

        Args:
            memory: a `Memory`, an `AsyncMemory`, or a view of one; the default one if left out, which is
                opened at the first run and closed with this.
            user_id: whose session: a fixed id, a function that returns it, or None for that of `mnemon.scope`.
            agent_id: as `user_id`.
            app_id: as `user_id`.
            required: ids that every run must have; a run without them is an error, whatever `on_error`.
            on_error: `warn` lets a run go on without its history, with a warning in the log
                `mnemon.adapting`, while the store fails.
            source_id: tells two providers of one agent apart.
            load_messages: False keeps the messages, and tells the model none.
            store_inputs: whether what is said to the agent is kept.
            store_context_messages: whether what other providers add to the prompt is kept.
            store_context_from: only what these providers add.
            store_outputs: whether what the agent says is kept.

        Raises:
            ConfigError, ScopeError: an option that there is not, or an id that cannot be one.
        """
        super().__init__(
            source_id,
            load_messages=load_messages,
            store_inputs=store_inputs,
            store_context_messages=store_context_messages,
            store_context_from=store_context_from,
            store_outputs=store_outputs,
        )
        self._handle = Handle(memory)
        self._rule = ScopeRule(user_id=user_id, agent_id=agent_id, app_id=app_id, required=required)
        self._history = AsyncHistory(Policy(handle=self._handle, on_error=on_error))
        self._scopes: WeakKeyDictionary[SessionContext, Scope] = WeakKeyDictionary()
        self._kept: WeakSet[SessionContext] = WeakSet()

    async def get_messages(
        self, session_id: str | None, *, state: dict[str, Any] | None = None, **kwargs: Any
    ) -> list[AgentMessage]:
        """Return the messages of a session in their order; new objects each time.

        Args:
            session_id: the session.
            state: not needed.
            kwargs: not needed.

        Raises:
            ScopeError: nobody says whose session it is, or which.
            StoreError: with `on_error="raise"`.
        """
        return to_agent_messages(await self._history.read(self._scope(session_id)))

    async def save_messages(
        self,
        session_id: str | None,
        messages: Sequence[AgentMessage],
        *,
        state: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Add messages at the end of a session; one whose id is there already is left as it is.

        Arguments and errors are those of `get_messages`.
        """
        await self._history.append(self._scope(session_id), from_agent_messages(messages), remember=False)

    async def before_run(
        self, *, agent: SupportsAgentRun, session: AgentSession, context: SessionContext, state: dict[str, Any]
    ) -> None:
        """Load the history, without what is being said right now."""
        name_inputs(context)
        token = _of_this_run.set(self._whose(context))
        try:
            await super().before_run(agent=agent, session=session, context=context, state=state)
        finally:
            _of_this_run.reset(token)
        now = {message.message_id for message in context.input_messages}
        loaded = context.context_messages[self.source_id]
        loaded[:] = [message for message in loaded if message.message_id not in now]

    async def after_run(
        self, *, agent: SupportsAgentRun, session: AgentSession, context: SessionContext, state: dict[str, Any]
    ) -> None:
        """Keep what was said; a second call for the same run does nothing."""
        if context in self._kept:
            return
        name_inputs(context)
        name_answers(context)
        token = _of_this_run.set(self._whose(context))
        try:
            await super().after_run(agent=agent, session=session, context=context, state=state)
        finally:
            _of_this_run.reset(token)
        self._kept.add(context)

    async def kept(self, context: SessionContext) -> list[AgentMessage]:
        """Return what is kept of the session of a run."""
        return to_agent_messages(await self._history.read(self._whose(context)))

    async def aclose(self) -> None:
        """Close the default memory if it was opened here; one that was handed over stays open."""
        await self._handle.aclose()

    def _whose(self, context: SessionContext) -> Scope:
        """Return whose history this run reads and writes; the same from its beginning to its end."""
        if context not in self._scopes:
            self._scopes[context] = self._resolved(context.session_id)
        return self._scopes[context]

    def _scope(self, session_id: str | None) -> Scope:
        return _of_this_run.get() or self._resolved(session_id)

    def _resolved(self, session_id: str | None) -> Scope:
        scope = self._rule.resolve(bound=self._handle.scope, thread=session_id).writes
        if scope.run_id is None:
            msg = "which session? A history needs the id of one, or a call inside `with mnemon.scope(run_id=...)`"
            raise ScopeError(msg)
        return scope
