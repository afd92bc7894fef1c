"""A turn of a conversation with an agent, which CrewAI itself does not keep."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mnemon import ConfigError, Message
from mnemon.adapting import Handle, Policy, RecallRules
from mnemon_crewai._async.talking import AsyncTalk
from mnemon_crewai._sync.talking import Talk
from mnemon_crewai.scoping import Ids, Whose

if TYPE_CHECKING:
    from typing import Any

    from crewai import Agent
    from crewai.lite_agent_output import LiteAgentOutput

    from mnemon import AsyncMemory, Memory
    from mnemon.adapting import CallScope, IdSource, OnError

__all__ = ["aconverse", "converse"]


def converse(
    agent: Agent,
    said: str | Message,
    memory: Memory | AsyncMemory | None = None,
    *,
    run_id: str,
    user_id: IdSource = None,
    agent_id: IdSource = None,
    app_id: IdSource = None,
    required: tuple[str, ...] = ("user_id",),
    recall: RecallRules | None = RecallRules(),  # noqa: B008 - frozen
    remember: bool = True,
    on_error: OnError = "raise",
) -> LiteAgentOutput:
    """Let an agent answer in a conversation, and keep both turns: what CrewAI leaves to its users.

    The agent is told all that was said in this session before, by it or in another framework, and what is
    remembered from others. What the user says is kept before the model is asked. The agent itself has no
    `memory=`: it would recall and remember everything a second time.

    Args:
        agent: the agent; it may serve many conversations.
        said: what the user says.
        memory: the memory; the default one if left out.
        run_id: the session.
        user_id: whose conversation: an id, a function that returns it, or None for that of `mnemon.scope`.
        agent_id: as `user_id`.
        app_id: as `user_id`.
        required: ids without which the call fails.
        recall: how much is recalled from other sessions; None for nothing.
        remember: whether the turns become memories too; otherwise they stand in the log alone.
        on_error: `warn` goes on without memory when the store fails.

    Raises:
        ConfigError: an agent with a memory, or a call where an event loop runs; there it is `aconverse`.
        ScopeError: a required id is missing.
        StoreError, EmbeddingError: with `on_error="raise"`.
    """
    _check(agent)
    if _loop_runs():
        msg = "converse() was called where an event loop runs; await aconverse() there"
        raise ConfigError(msg)
    handle = Handle(memory)
    try:
        scope = _scope(Ids(user_id=user_id, agent_id=agent_id, app_id=app_id), required, handle, run_id)
        talk = Talk(_policy(handle, recall, on_error), scope, recall=recall is not None, remember=remember)
        asked: Any = agent  # CrewAI types its messages more narrowly than it takes them
        answer: LiteAgentOutput = asked.kickoff(talk.hear(_message(said)))
        talk.answer(answer)
        return answer
    finally:
        handle.close()


async def aconverse(
    agent: Agent,
    said: str | Message,
    memory: Memory | AsyncMemory | None = None,
    *,
    run_id: str,
    user_id: IdSource = None,
    agent_id: IdSource = None,
    app_id: IdSource = None,
    required: tuple[str, ...] = ("user_id",),
    recall: RecallRules | None = RecallRules(),  # noqa: B008 - frozen
    remember: bool = True,
    on_error: OnError = "raise",
) -> LiteAgentOutput:
    """Do what `converse` does, while the event loop goes on."""
    _check(agent)
    handle = Handle(memory)
    try:
        scope = _scope(Ids(user_id=user_id, agent_id=agent_id, app_id=app_id), required, handle, run_id)
        talk = AsyncTalk(_policy(handle, recall, on_error), scope, recall=recall is not None, remember=remember)
        asked: Any = agent
        answer: LiteAgentOutput = await asked.kickoff_async(await talk.hear(_message(said)))
        await talk.answer(answer)
        return answer
    finally:
        await handle.aclose()


def _check(agent: Agent) -> None:
    if agent.memory:
        msg = "this agent has a memory=, which would keep what is said a second time; converse with one that has none"
        raise ConfigError(msg)


def _loop_runs() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _scope(ids: Ids, required: tuple[str, ...], handle: Handle, run_id: str) -> CallScope:
    return Whose(ids, required).call(handle.scope, run_id)


def _policy(handle: Handle, recall: RecallRules | None, on_error: OnError) -> Policy:
    return Policy(handle=handle, recall=recall or RecallRules(), on_error=on_error)


def _message(said: str | Message) -> Message:
    return Message(role="user", content=said) if isinstance(said, str) else said
