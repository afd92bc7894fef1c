"""What was said in a thread, as mnemon's messages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from langchain_core.messages import convert_to_openai_messages

from mnemon import InvalidInputError, Message, Text, ToolCall, ToolResult

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from langchain_core.messages import BaseMessage

    from mnemon.types.message import Block

__all__ = ["read_messages"]

_ROLES = {"developer": "system", "function": "tool"}


def read_messages(messages: Sequence[BaseMessage]) -> list[Message]:
    """Return LangChain's messages as mnemon's: words, tool calls and tool results.

    An attachment becomes a text that names its kind; `mnemon_langchain` has a conversion that keeps all.
    """
    told = convert_to_openai_messages(list(messages))
    return [_message(one, data) for one, data in zip(messages, told, strict=True)]


def _message(one: BaseMessage, data: Mapping[str, Any]) -> Message:
    role = str(data["role"])
    words = _texts(data.get("content") or "")
    calls = [_call(call) for call in data.get("tool_calls") or ()]
    content: list[Block] = [*words, *calls]
    if role == "tool":
        failed = getattr(one, "status", None) == "error"
        content = [ToolResult(call_id=str(data["tool_call_id"]), content=tuple(words), is_error=failed)]
    return Message(
        role=cast("Any", _ROLES.get(role, role)), content=content or [Text(text="")], id=one.id, name=one.name
    )


def _texts(content: str | Sequence[Mapping[str, Any]]) -> list[Text]:
    if isinstance(content, str):
        return [Text(text=content)] if content else []
    return [Text(text=part["text"] if part.get("type") == "text" else f"[{part.get('type')}]") for part in content]


def _call(call: Mapping[str, Any]) -> ToolCall:
    name = call["function"]["name"]
    try:
        arguments = json.loads(call["function"]["arguments"])
    except ValueError:
        msg = f"the call {call['id']!r} of the tool {name!r} has arguments that are no JSON; it cannot be logged"
        raise InvalidInputError(msg) from None
    return ToolCall(id=str(call["id"]), name=str(name), arguments=arguments)
