"""Agent Framework's `Message` to and from mnemon's, without loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from agent_framework import Content, detect_media_type_from_base64
from agent_framework import Message as AgentMessage

from mnemon import File, Image, Message, Text, ToolCall, ToolResult
from mnemon.adapting import (
    OURS,
    Data,
    Translation,
    attachment,
    data_uri,
    from_framework,
    placeholder,
    read_arguments,
    speaks,
    to_framework,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mnemon.types.jsonvalue import Json

__all__ = ["from_agent_messages", "to_agent_messages"]

_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant", "tool": "tool"}
"""Their roles, with ours; any other is one of the agents'."""

_FAILED = "the tool failed"
"""Stands for the error of a tool, of which Agent Framework itself stores only that there was one."""


def to_agent_messages(messages: Iterable[Message]) -> list[AgentMessage]:
    """Return messages as Agent Framework has them, in order.

    Metadata becomes `additional_properties`, which no service is sent. What has no place there (times,
    captions) stands in it under `mnemon`, and is restored by `from_agent_messages`.
    """
    return [_load(data) for data in to_framework(messages, _TRANSLATION)]


def from_agent_messages(messages: Iterable[AgentMessage]) -> list[Message]:
    """Return Agent Framework's messages as mnemon's, in order.

    Contents that are no text, attachment, call or result (reasoning, usage, hosted tools, approvals)
    stand in the metadata under `mnemon`, and are restored by `to_agent_messages`; a message of nothing
    else has their kinds as its text, such as `[text_reasoning]`. As in Agent
    Framework's own serialisation, raw representations and the texts of exceptions are left out.

    Raises:
        InvalidInputError: a message holds what JSON cannot say.
    """
    return from_framework(map(_dump, messages), _TRANSLATION)


def _dump(message: AgentMessage) -> Data:
    contents = [content.to_dict() for content in message.contents]
    for content in contents:
        for note in content.get("annotations", ()):
            note.pop("raw_representation", None)
    return {
        "role": str(message.role),
        "contents": contents,
        "author_name": message.author_name,
        "message_id": message.message_id,
        "additional_properties": dict(message.additional_properties),
    }


def _load(data: Mapping[str, Any]) -> AgentMessage:
    return AgentMessage(
        data["role"],
        [Content.from_dict(content) for content in data["contents"]],
        author_name=data["author_name"],
        message_id=data["message_id"],
        additional_properties=data["additional_properties"],
    )


class _AgentMessages(Translation):
    framework = "agent_framework"
    parts = "contents"
    metadata = "additional_properties"

    def read(self, data: Mapping[str, Any]) -> Message:
        return Message(
            role=cast("Any", _ROLES.get(data["role"], "assistant")),
            content=_read_contents(data["contents"]),
            id=_named(data["message_id"]),
            name=_named(data["author_name"]),
            metadata=data["additional_properties"],
        )

    def write(self, message: Message) -> Data:
        return {
            "role": message.role,
            "contents": [_write_block(block) for block in message.blocks],
            "author_name": message.name,
            "message_id": message.id,
            "additional_properties": {name: value for name, value in message.metadata.items() if name != OURS},
        }

    def settle(self, data: Data) -> Data:
        return _dump(_load(data))


_TRANSLATION = _AgentMessages()


def _named(text: str | None) -> str | None:
    return text if text is not None and text.strip() else None


def _read_contents(contents: Iterable[Mapping[str, Any]]) -> list[Text | Image | File | ToolCall | ToolResult]:
    """Return what contents say; where they say nothing, a word for what they are, so that the log can hold them."""
    read = [(content["type"], _read_content(content)) for content in contents]
    blocks = [part for _, parts in read for part in parts]
    unsaid = [kind for kind, parts in read if not parts]
    if unsaid and not speaks(blocks):
        blocks.append(Text(f"[{', '.join(unsaid)}]"))
    return blocks


def _read_content(content: Mapping[str, Any]) -> list[Text | Image | File | ToolCall | ToolResult]:
    """Return what a content says; nothing for those that are not said."""
    match content["type"]:
        case "text":
            return [Text(content["text"])]
        case "data" | "uri":
            return [attachment(content["uri"], content.get("media_type"), content.get("name"))]
        case "function_call":
            arguments = read_arguments(content.get("arguments"))
            call_id, name = content.get("call_id"), content.get("name")
            return [ToolCall(id=call_id or "", name=name or "", arguments=arguments)]
        case "function_result":
            parts = tuple(part for item in _items(content) for part in _read_content(item))
            said = tuple(part for part in parts if isinstance(part, Text | Image | File))
            failed = content.get("exception") is not None
            return [ToolResult(call_id=content.get("call_id") or "", content=said, is_error=failed)]
        case _:
            return []


def _items(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the contents of a result; older ones have them as a text alone."""
    items, text = result.get("items"), result.get("result")
    return items if items is not None else [{"type": "text", "text": text}] if isinstance(text, str) else []


def _write_block(block: object) -> Data:
    match block:
        case Text(text):
            return {"type": "text", "text": text}
        case Image() | File():
            return _write_attachment(block)
        case ToolCall():
            return {
                "type": "function_call",
                "call_id": block.id,
                "name": block.name,
                "arguments": dict(block.arguments),
            }
        case ToolResult():
            items: list[Json] = [_write_block(part) for part in block.content]
            text = "\n".join(part.text for part in block.content if isinstance(part, Text) and part.text)
            result: Data = {"type": "function_result", "call_id": block.call_id, "result": text, "items": items}
            return {**result, "exception": _FAILED} if block.is_error else result
        case _:
            raise AssertionError(block)


def _write_attachment(block: Image | File) -> Data:
    if block.url is not None and ":" not in block.url:
        return {"type": "text", "text": placeholder(block)}
    media_type = block.media_type
    if media_type is None and isinstance(block, Image):
        media_type = _kind_of(block.data) or "image/*"
    uri = data_uri(type(block)(url=block.url, data=block.data, media_type=media_type))
    name = block.name if isinstance(block, File) else None
    told: Data = {"type": "data" if uri.startswith("data:") else "uri", "uri": uri}
    return {**told, **{key: value for key, value in (("media_type", media_type), ("name", name)) if value is not None}}


def _kind_of(data: str | None) -> str | None:
    try:
        return None if data is None else detect_media_type_from_base64(data_str=data)
    except ValueError:  # no base64
        return None
