"""One run of an agent: its messages under ids that hold for every provider, and what its prompt says already."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from agent_framework import HistoryProvider

from mnemon.protocols.clock import random_id
from mnemon.types.unseen import is_blank
from mnemon_agent_framework.messages import from_agent_messages

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agent_framework import AgentSession, ContextProvider, SessionContext
    from agent_framework import Message as AgentMessage

    from mnemon import Message

__all__ = ["adopt_ids", "answered", "asked", "history_of", "name_answers", "name_inputs", "providers_of", "question_of"]


def name_inputs(context: SessionContext) -> None:
    """Give each message of the caller an id, so that what several providers store is one message.

    The caller's objects stay as they are: one that is given to two runs was said twice.
    """
    context.input_messages = [one if one.message_id else _named(one) for one in context.input_messages]


def name_answers(context: SessionContext) -> None:
    """Give each message of the answer an id of its own, where the service has given none."""
    seen = {one.message_id for one in context.input_messages}
    for message in context.response.messages if context.response else ():
        if not message.message_id or message.message_id in seen:
            message.message_id = random_id()
        seen.add(message.message_id)


def adopt_ids(context: SessionContext, kept: Iterable[AgentMessage]) -> None:
    """Give messages of the answer that have no id those under which they have been kept already.

    A history that is kept after each call of the model gets other objects than the run's end, when the
    answer comes in pieces and the service names none.
    """
    newest = list(kept)[::-1]
    for message in reversed(context.response.messages if context.response else ()):
        same = (one for one in newest if (one.role, one.text) == (message.role, message.text))
        found = None if message.message_id or not message.text else next(same, None)
        if found is not None:
            newest.remove(found)
            message.message_id = found.message_id


def asked(context: SessionContext) -> list[Message]:
    """Return what the user has said since the agent last spoke; usually one message."""
    said: list[AgentMessage] = []
    for message in reversed(context.input_messages):
        if message.role == "assistant":
            break
        if message.role == "user":
            said.append(message)
    return _spoken(reversed(said))


def answered(context: SessionContext) -> list[Message]:
    """Return what the agent has said."""
    return _spoken(one for one in (context.response.messages if context.response else ()) if one.role == "assistant")


def question_of(context: SessionContext) -> str:
    """Return what the user said last, or the empty text."""
    said = (message.text for message in reversed(context.input_messages) if message.role == "user")
    return next((text for text in said if not is_blank(text)), "")


async def history_of(agent: object, session: AgentSession, context: SessionContext) -> list[AgentMessage]:
    """Return what the prompt says beside the input: what is there already, and what histories will add to it.

    Agent Framework puts its own history at the end of the providers, and a history that is kept after
    each call of the model is loaded later still.
    """
    told = context.get_messages()
    for provider in providers_of(agent):
        if not isinstance(provider, HistoryProvider) or not provider.load_messages:
            continue
        if provider.source_id not in context.context_messages:
            state = session.state.get(provider.source_id, {})
            told += await provider.get_messages(context.session_id, state=state)
    return told


def providers_of(agent: object) -> Iterable[ContextProvider]:
    """Return the providers of an agent, in their order."""
    return getattr(agent, "context_providers", None) or ()


def _named(message: AgentMessage) -> AgentMessage:
    named = copy(message)
    named.message_id = random_id()
    return named


_ATTACHED = {"data", "uri"}


def _spoken(messages: Iterable[AgentMessage]) -> list[Message]:
    """Return the messages that have words or attachments; what stands for a thought or an approval is none."""
    return from_agent_messages(
        one for one in messages if one.text.strip() or any(part.type in _ATTACHED for part in one.contents)
    )
