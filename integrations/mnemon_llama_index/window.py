"""Which messages of a history fit into a prompt."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from llama_index.core.base.llms.types import DocumentBlock, MessageRole, TextBlock, ToolCallBlock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llama_index.core.base.llms.types import ChatMessage

__all__ = ["fitting", "token_count"]

_ATTACHMENT = 256
_DOCUMENT = 2_048
"""Tokens that LlamaIndex's own memory assumes for a picture or sound, and for a document."""

_RULES = {MessageRole.SYSTEM, MessageRole.DEVELOPER}


def token_count(message: ChatMessage, tokens: Callable[[str], Sequence[object]]) -> int:
    """Return how many tokens a message has, about."""
    count = 0
    for block in message.blocks:
        if isinstance(block, TextBlock):
            count += len(tokens(block.text))
        elif isinstance(block, ToolCallBlock):
            arguments = block.tool_kwargs
            count += len(tokens(block.tool_name))
            count += len(tokens(arguments if isinstance(arguments, str) else json.dumps(arguments)))
        else:
            count += _DOCUMENT if isinstance(block, DocumentBlock) else _ATTACHMENT
    return count


def fitting(
    messages: Sequence[ChatMessage], limit: int, tokens: Callable[[str], Sequence[object]]
) -> list[ChatMessage]:
    """Return the newest messages that have at most `limit` tokens together, in order.

    System messages at the beginning stay. The rest begins with what a user said, and a tool's answer
    never stands without the call. Where the newest turn alone is too long, its user's message stays and
    the newest of what followed. A message of a user that is too long by itself is returned all the
    same, without any other, so that the model says so.
    """
    start = next((place for place, one in enumerate(messages) if one.role not in _RULES), len(messages))
    rules, turns = list(messages[:start]), _turns(messages[start:])
    left = limit - sum(token_count(message, tokens) for message in rules)
    kept: list[ChatMessage] = []
    for turn in reversed(turns):
        cost = sum(token_count(message, tokens) for message in turn)
        if cost > left:
            break
        kept = [*turn, *kept]
        left -= cost
    if kept or not turns:
        return [*rules, *kept]
    return _newest_of(rules, turns[-1], left, tokens)


def _newest_of(
    rules: list[ChatMessage], turn: Sequence[ChatMessage], left: int, tokens: Callable[[str], Sequence[object]]
) -> list[ChatMessage]:
    """Return as much of one turn as fits: who asked, and the newest steps, each with its answers."""
    steps = _steps(turn)
    asked = steps.pop(0) if turn[0].role == MessageRole.USER else []
    left -= sum(token_count(message, tokens) for message in asked)
    if left < 0:
        return asked
    kept: list[ChatMessage] = []
    for step in reversed(steps):
        left -= sum(token_count(message, tokens) for message in step)
        if left < 0:
            break
        kept = [*step, *kept]
    return [*rules, *asked, *kept]


def _turns(messages: Sequence[ChatMessage]) -> list[list[ChatMessage]]:
    """Return messages by turns: what a user said, and all that followed."""
    turns: list[list[ChatMessage]] = []
    for message in messages:
        if message.role == MessageRole.USER or not turns:
            turns.append([])
        turns[-1].append(message)
    return turns


def _steps(turn: Sequence[ChatMessage]) -> list[list[ChatMessage]]:
    """Return the messages of a turn, the answers of tools together with the message that called them."""
    steps: list[list[ChatMessage]] = []
    for message in turn:
        if message.role not in {MessageRole.TOOL, MessageRole.FUNCTION} or not steps:
            steps.append([])
        steps[-1].append(message)
    return steps
