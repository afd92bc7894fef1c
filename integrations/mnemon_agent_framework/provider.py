"""`MnemonContextProvider`: recalled before the model is asked, kept when it has answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from agent_framework import ContextProvider
from agent_framework import Message as AgentMessage

from mnemon.adapting import AsyncKeeper, Carried, Handle, Policy, RecallRules, ScopeRule, WriteQueue
from mnemon.adapting.async_desk import athink
from mnemon_agent_framework.history import MnemonHistoryProvider
from mnemon_agent_framework.turns import (
    adopt_ids,
    answered,
    asked,
    history_of,
    name_answers,
    name_inputs,
    providers_of,
    question_of,
)

if TYPE_CHECKING:
    from agent_framework import AgentSession, SessionContext, SupportsAgentRun

    from mnemon import AsyncMemory, Memory
    from mnemon.adapting import CallScope, IdSource, OnError

__all__ = ["MnemonContextProvider"]


class MnemonContextProvider(ContextProvider):
    """Gives an agent a memory of each person: across sessions, processes and frameworks.

    Before each run the memories that answer the user's words best are put at the end of the instructions,
    as data, for that run alone: no history and no session ever holds them, and what the prompt says
    already is not recalled. What the user says is stored before the model is asked, and so kept when
    that fails; what the agent says is stored when the run ends. Each is one memory, of the person and, as
    `run_id`, of the session, and a message of the conversation log. Calls and answers of tools are no
    memories.

    Whose memories these are is decided when a run begins, and holds to its end, also in the background.
    """

    def __init__(
        self,
        memory: Memory | AsyncMemory | None = None,
        *,
        user_id: IdSource = None,
        agent_id: IdSource = None,
        app_id: IdSource = None,
        required: tuple[str, ...] = ("user_id",),
        recall: RecallRules | None = RecallRules(),  # noqa: B008 - frozen
        remember: bool = True,
        background: bool = False,
        on_error: OnError = "raise",
        source_id: str = "mnemon",
    ) -> None:
        """Build it; nothing is opened, so an agent can be built when a module is imported.

        Args:
            memory: a `Memory`, an `AsyncMemory`, or a view of one; the default one if left out, which is
                opened at the first run and closed with this.
            user_id: whose memories: a fixed id, a function that returns it, or None for that of `mnemon.scope`.
            agent_id: as `user_id`; memories are then shared by nobody but this agent.
            app_id: as `user_id`.
            required: ids that every run must have; a run without them is an error, whatever `on_error`.
            recall: how much is recalled; None for nothing.
            remember: whether what is said is stored.
            background: store in a thread and let the run return; the next run of this process sees it,
                and `flush` waits for it.
            on_error: `"raise"`, or `"warn"` to let a run go on without memory, with a warning in the log
                `mnemon.adapting`, while the store or the embedder fails.
            source_id: tells two providers of one agent apart.

        Raises:
            ConfigError, ScopeError: an option that there is not, or an id that cannot be one.
        """
        super().__init__(source_id)
        self._handle = Handle(memory)
        self._rule = ScopeRule(user_id=user_id, agent_id=agent_id, app_id=app_id, required=required)
        self._queue = WriteQueue() if background else None
        policy = Policy(handle=self._handle, recall=recall or RecallRules(), on_error=on_error, queue=self._queue)
        self._keeper = AsyncKeeper(policy)
        self._recalls, self._remembers = recall is not None, remember
        self._scopes: WeakKeyDictionary[SessionContext, CallScope] = WeakKeyDictionary()

    async def before_run(
        self, *, agent: SupportsAgentRun, session: AgentSession, context: SessionContext, state: dict[str, Any]
    ) -> None:
        """Recall for the prompt, and keep what the user said.

        Raises:
            ScopeError: nobody says whose run it is.
            StoreError, EmbeddingError: with `on_error="raise"`.
        """
        scope = self._whose(context)
        name_inputs(context)
        question = question_of(context)
        if self._recalls and question:
            told = [*await history_of(agent, session, context), *context.input_messages]
            carried = Carried((message.message_id, message.text) for message in told)
            self._show(agent, context, await self._keeper.recall(scope, question, carried))
        if self._remembers:
            await self._keeper.remember(scope, asked(context))

    async def after_run(
        self, *, agent: SupportsAgentRun, session: AgentSession, context: SessionContext, state: dict[str, Any]
    ) -> None:
        """Keep what the agent said; its history first, so that the log has calls of tools before what they led to."""
        if not self._remembers:
            return
        kept_by_call = getattr(agent, "require_per_service_call_history_persistence", False)
        for provider in providers_of(agent):
            if not isinstance(provider, MnemonHistoryProvider):
                continue
            if not kept_by_call:
                await provider.after_run(agent=agent, session=session, context=context, state=state)
            elif any(not message.message_id for message in (context.response.messages if context.response else ())):
                adopt_ids(context, await provider.kept(context))
        name_answers(context)
        await self._keeper.remember(self._whose(context), answered(context))

    async def flush(self) -> None:
        """Wait until everything is stored that was left to the background.

        Raises:
            StoreError, EmbeddingError: what a write in the background raised.
        """
        await self._keeper.flush()

    async def aclose(self) -> None:
        """Store what waits, and close the default memory if it was opened here."""
        try:
            if self._queue is not None:
                await athink(self._queue.close)
        finally:
            await self._handle.aclose()

    def _whose(self, context: SessionContext) -> CallScope:
        """Return whose memories this run reads and writes; the same from its beginning to its end."""
        if context not in self._scopes:
            self._scopes[context] = self._rule.resolve(bound=self._handle.scope, thread=context.session_id)
        return self._scopes[context]

    def _show(self, agent: object, context: SessionContext, memories: str) -> None:
        if not memories:
            return
        if hasattr(agent, "workflow"):  # such an agent has no instructions, and would drop them
            context.extend_messages(self, [AgentMessage("user", [memories])])
        else:
            context.extend_instructions(self.source_id, memories)
