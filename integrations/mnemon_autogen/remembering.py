"""What was said in a run becomes memories: AutoGen itself writes to no memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from autogen_agentchat.base import Response, TaskResult
from autogen_agentchat.messages import BaseAgentEvent, BaseChatMessage, HandoffMessage, ToolCallSummaryMessage

from mnemon.adapting import AsyncKeeper, Handle, Policy, ScopeRule
from mnemon_autogen.messages import USERS, from_agentchat

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, Collection, Iterable

    from mnemon import AsyncMemory, Memory
    from mnemon.adapting import CallScope, IdSource, OnError

__all__ = ["remember_run", "remember_stream"]

Item = TypeVar("Item")


async def remember_run(
    result: TaskResult | Response | Iterable[BaseChatMessage | BaseAgentEvent],
    memory: Memory | AsyncMemory | None = None,
    *,
    user_id: IdSource = None,
    agent_id: IdSource = None,
    app_id: IdSource = None,
    run_id: IdSource = None,
    required: tuple[str, ...] = ("user_id",),
    users: Collection[str] = USERS,
    on_error: OnError = "raise",
) -> None:
    """Remember what people and agents said in a run, word by word.

    After `result = await team.run(...)` that is one line. Events are left out: calls and answers of
    tools, memories that were shown, choices of speakers, thoughts; and so are the words with which
    agents hand over. A message is remembered once, whether it comes by `remember_run` or by
    `remember_stream`.

    Args:
        result: what a run or an agent returned, or messages.
        memory: the memory; the default one if left out.
        user_id: whose memories these are: an id, a function that returns it, or None for that of `mnemon.scope`.
        agent_id: as `user_id`.
        app_id: as `user_id`.
        run_id: the session, as `user_id`.
        required: ids without which the call fails.
        users: sources of what people say; all others are agents.
        on_error: `warn` logs a warning when the store fails.

    Raises:
        ScopeError: a required id is missing.
        StoreError, EmbeddingError: with `on_error="raise"`.
    """
    rule = ScopeRule(user_id=user_id, agent_id=agent_id, app_id=app_id, run_id=run_id, required=required)
    handle = Handle(memory)
    try:
        scope = rule.resolve(bound=handle.scope)
        keeper = AsyncKeeper(Policy(handle=handle, on_error=on_error))
        await keeper.remember(scope, from_agentchat(_said(_messages(result), users), users=users))
    finally:
        await handle.aclose()


async def remember_stream(
    stream: AsyncIterable[Item],
    memory: Memory | AsyncMemory | None = None,
    *,
    user_id: IdSource = None,
    agent_id: IdSource = None,
    app_id: IdSource = None,
    run_id: IdSource = None,
    required: tuple[str, ...] = ("user_id",),
    users: Collection[str] = USERS,
    on_error: OnError = "raise",
) -> AsyncGenerator[Item]:
    """Yield what a run yields, each message after it has been remembered.

    So a run that waits for a human, or is never finished, has been remembered as far as it came.
    Arguments, errors and what is left out are those of `remember_run`. Whose memories these are is
    decided when the first item is asked for.
    """
    rule = ScopeRule(user_id=user_id, agent_id=agent_id, app_id=app_id, run_id=run_id, required=required)
    handle = Handle(memory)
    try:
        scope: CallScope = rule.resolve(bound=handle.scope)
        keeper = AsyncKeeper(Policy(handle=handle, on_error=on_error))
        async for item in stream:
            said = _said([item] if isinstance(item, BaseChatMessage) else [], users)
            await keeper.remember(scope, from_agentchat(said, users=users))
            yield item
    finally:
        await handle.aclose()


def _messages(
    result: TaskResult | Response | Iterable[BaseChatMessage | BaseAgentEvent],
) -> Iterable[BaseChatMessage | BaseAgentEvent]:
    if isinstance(result, TaskResult):
        return result.messages
    if isinstance(result, Response):
        return [result.chat_message]
    return result


def _said(messages: Iterable[object], users: Collection[str]) -> list[BaseChatMessage]:
    """Return what was said: no events, no answers of tools, and nothing that an agent says to hand over."""
    return [
        message
        for message in messages
        if isinstance(message, BaseChatMessage)
        and not isinstance(message, ToolCallSummaryMessage)
        and not (isinstance(message, HandoffMessage) and message.source not in users)
    ]
