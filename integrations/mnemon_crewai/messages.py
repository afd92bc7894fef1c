"""CrewAI's messages to and from mnemon's `Message`.

CrewAI has no class for them: they are dicts in the form of OpenAI's chat completions, and a provider is
sent them as they are. So what it cannot say is kept beside a message only where that is asked for.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, cast

from mnemon import File, Image, InvalidInputError, Message, Text, ToolCall, ToolResult
from mnemon.adapting import (
    OURS,
    Data,
    Translation,
    data_uri,
    from_framework,
    placeholder,
    read_call,
    read_part,
    results_apart,
    to_framework,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mnemon.types.jsonvalue import Json, JsonObject
    from mnemon.types.message import Block

__all__ = ["CrewMessage", "from_crew_messages", "to_crew_messages"]

CrewMessage = dict[str, Any]
"""What CrewAI calls `LLMMessage`; the class is a plain dict when the program runs."""

Form = Literal["prompt", "whole"]
"""`prompt`: what a provider accepts; `whole`: with all that the way back needs to give the same message."""


def to_crew_messages(messages: Iterable[Message], *, form: Form = "prompt") -> list[CrewMessage]:
    """Return messages as CrewAI has them, in order.

    Args:
        messages: the messages; one with several tool results becomes one for each.
        form: `prompt` for a model: ids, times, metadata and captions are left out. `whole` for a place
            that keeps them, such as the state of a flow: they stand under `mnemon`, which providers refuse.
    """
    told = to_framework(messages, _TRANSLATION)
    if form == "prompt":
        told = [{name: value for name, value in one.items() if name != OURS} for one in told]
    return told


def from_crew_messages(messages: Iterable[Mapping[str, Any]]) -> list[Message]:
    """Return CrewAI's messages as mnemon's, in order.

    A provider's own parts of a call (`raw_tool_call_parts`), which repeat it, are left out.

    Raises:
        InvalidInputError: a message with `files`, or one that holds what JSON cannot say.
    """
    return from_framework(map(_dump, messages), _TRANSLATION)


def _dump(message: Mapping[str, Any]) -> Data:
    if message.get("files"):
        msg = "a CrewAI message with files cannot be stored; put them into its content, as image_url or file"
        raise InvalidInputError(msg)
    return {name: value for name, value in message.items() if name not in {"files", "raw_tool_call_parts"}}


class _CrewMessages(Translation):
    framework = "crewai"
    parts = "content"
    metadata = ""

    def read(self, data: Mapping[str, Any]) -> Message:
        content = data["content"]
        parts = [] if content is None else [content] if isinstance(content, str) else content
        blocks: list[Any] = [block for part in parts if (block := read_part(part)) is not None]
        if data["role"] == "tool":
            blocks = [ToolResult(call_id=data.get("tool_call_id") or "", content=tuple(blocks))]
        else:
            blocks += [read_call(call) for call in data.get("tool_calls") or ()]
        name = data.get("name")
        return Message(role=data["role"], content=blocks, name=name if name and name.strip() else None)

    def write(self, message: Message) -> Data:
        told: Data = {"role": message.role, "content": None}
        if message.tool_results:  # alone in its message; see `groups`
            (result,) = message.tool_results
            told |= {"role": "tool", "tool_call_id": result.call_id, "content": _write_parts(result.content)}
        else:
            told["content"] = _write_parts(message.blocks)
        if message.tool_calls:
            told["tool_calls"] = [_write_call(call) for call in message.tool_calls]
        return told if message.name is None else {**told, "name": message.name}

    def groups(self, blocks: Sequence[Block]) -> Sequence[Sequence[Block]]:
        return results_apart(blocks)

    def take(self, data: JsonObject) -> tuple[Json, Data]:
        bare = dict(data)
        return bare.pop(OURS, None), bare

    def put(self, data: Data, kept: Data) -> Data:
        return {**data, OURS: kept}


_TRANSLATION = _CrewMessages()


def _write_parts(blocks: Sequence[Block]) -> Json:
    """Return a content: a text where it is one text, None where it is nothing, and otherwise its parts."""
    said: list[Json] = [_write_part(block) for block in blocks if not isinstance(block, ToolCall)]
    if not said:
        return None if blocks else []
    (first, *more) = said
    text = cast("Data", first).get("text")
    return text if text is not None and not more else said


def _write_part(block: Block) -> Data:
    match block:
        case Text(text):
            return {"type": "text", "text": text}
        case Image():
            return {"type": "image_url", "image_url": {"url": data_uri(block)}}
        case File(data=str()):
            told: Data = {"file_data": data_uri(block)}
            return {"type": "file", "file": told if block.name is None else {**told, "filename": block.name}}
        case File():
            return {"type": "text", "text": placeholder(block)}
        case _:
            msg = f"a {type(block).__name__} cannot stand beside other parts"
            raise InvalidInputError(msg)


def _write_call(call: ToolCall) -> Data:
    arguments = json.dumps(call.arguments, ensure_ascii=False)
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}
