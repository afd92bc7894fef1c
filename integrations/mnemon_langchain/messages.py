"""LangChain's messages to and from mnemon's `Message`, without loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from langchain_core.messages import (
    BaseMessage,
    BaseMessageChunk,
    message_chunk_to_message,
    message_to_dict,
    messages_from_dict,
)

from mnemon import File, Image, InvalidInputError, Message, Text, ToolCall, ToolResult
from mnemon.adapting import (
    Data,
    Translation,
    attachment,
    from_framework,
    read_arguments,
    results_apart,
    to_framework,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mnemon.types.jsonvalue import Json
    from mnemon.types.message import Block

__all__ = ["from_langchain_messages", "text_of", "to_langchain_messages"]

_ROLES = {"human": "user", "ai": "assistant", "system": "system", "tool": "tool", "function": "tool"}
_TYPES = {"user": "human", "assistant": "ai", "system": "system", "tool": "tool"}
_FILES = ("file", "audio", "video")


def to_langchain_messages(messages: Iterable[Message]) -> list[BaseMessage]:
    """Return messages as LangChain has them, in order.

    What has no place there (times, metadata, captions) stands in `additional_kwargs` under `mnemon`,
    and is restored by `from_langchain_messages`. A message with several tool results becomes one
    `ToolMessage` for each, since LangChain names one call per message.
    """
    return [_load(data) for data in to_framework(messages, _TRANSLATION)]


def from_langchain_messages(messages: Iterable[BaseMessage]) -> list[Message]:
    """Return LangChain's messages as mnemon's, in order.

    What has no place in a `Message` (usage, response metadata, reasoning and other parts) stands in its
    metadata under `mnemon`, and is restored by `to_langchain_messages`.

    Raises:
        InvalidInputError: a message holds what JSON cannot say, or is an instruction to remove others.
    """
    return from_framework(map(_dump, messages), _TRANSLATION)


def text_of(message: BaseMessage) -> str:
    """Return the words of a message, as `Message.text` gives them."""
    if isinstance(message.content, str):
        return message.content
    return "\n".join(block.text for part in message.content for block in _read_part(part) if isinstance(block, Text))


def _dump(message: BaseMessage) -> Data:
    whole = message_chunk_to_message(message) if isinstance(message, BaseMessageChunk) else message
    if whole.type == "remove":
        msg = "a RemoveMessage is an instruction and no turn; leave it out"
        raise InvalidInputError(msg)
    return message_to_dict(whole)["data"]


def _load(data: Mapping[str, Any]) -> BaseMessage:
    return messages_from_dict([{"type": data["type"], "data": dict(data)}])[0]


class _LangChainMessages(Translation):
    framework = "langchain"
    parts = "content"
    metadata = "additional_kwargs"

    def read(self, data: Mapping[str, Any]) -> Message:
        role = _ROLES.get(data["type"]) or _chat_role(data.get("role"))
        content = data["content"]
        blocks = _read_content(content) if content else []
        if data["type"] == "tool":
            failed = data.get("status") == "error"
            return Message(
                role="tool",
                content=(ToolResult(call_id=data["tool_call_id"], content=tuple(blocks), is_error=failed),),
                id=_named(data["id"]),
                name=_named(data["name"]),
            )
        calls = data.get("tool_calls") or ()
        asked = [ToolCall(id=call["id"] or "", name=call["name"], arguments=_arguments(call)) for call in calls]
        return Message(
            role=cast("Any", role), content=[*blocks, *asked], id=_named(data["id"]), name=_named(data["name"])
        )

    def write(self, message: Message) -> Data:
        common: Data = {"id": message.id, "name": message.name, "additional_kwargs": {}}
        if message.tool_results:  # alone in its message; see `groups`
            (result,) = message.tool_results
            status = "error" if result.is_error else "success"
            content = _write_content(result.content)
            return {**common, "type": "tool", "content": content, "tool_call_id": result.call_id, "status": status}
        kind = _TYPES[message.role]
        if message.role == "tool":  # what a tool said without a call
            return {**common, "type": "function", "name": message.name or "tool", "content": message.text}
        content = _write_content([block for block in message.blocks if not isinstance(block, ToolCall)])
        if not message.tool_calls:
            return {**common, "type": kind, "content": content}
        calls: list[Json] = [
            {"id": call.id, "name": call.name, "args": dict(call.arguments), "type": "tool_call"}
            for call in message.tool_calls
        ]
        return {**common, "type": "ai", "content": content, "tool_calls": calls}

    def settle(self, data: Data) -> Data:
        return _dump(_load(data))

    def groups(self, blocks: Sequence[Block]) -> Sequence[Sequence[Block]]:
        return results_apart(blocks)


_TRANSLATION = _LangChainMessages()


def _chat_role(told: object) -> str:
    """Return the role of a `ChatMessage`, which may have any; one that nobody knows is somebody's turn."""
    return told if told in _TYPES else "user"  # type: ignore[return-value]


def _named(text: str | None) -> str | None:
    return text if text is not None and text.strip() else None


def _arguments(call: Mapping[str, Any]) -> Mapping[str, Json]:
    return read_arguments(call["args"])


def _read_content(content: str | Sequence[Any]) -> list[Text | Image | File]:
    if isinstance(content, str):
        return [Text(content)]
    return [block for part in content for block in _read_part(part)]


def _read_part(part: str | Mapping[str, Any]) -> list[Text | Image | File]:
    """Return what a part of the content says; nothing for reasoning and whatever else is not said."""
    if isinstance(part, str):
        return [Text(part)]
    kind = part.get("type")
    if kind == "text" and isinstance(part.get("text"), str):
        return [Text(part["text"])]
    if kind == "image_url":
        told = part.get("image_url")
        url = cast("Mapping[str, Any]", told).get("url") if isinstance(told, dict) else told
        return [_image(url)] if isinstance(url, str) else []
    return _read_attachment(kind, part) if kind in {"image", *_FILES} else []


def _image(url: str) -> Image:
    found = attachment(url)
    return Image(url=found.url, data=found.data, media_type=found.media_type)


def _read_attachment(kind: object, part: Mapping[str, Any]) -> list[Text | Image | File]:
    url, data, media_type = part.get("url"), part.get("base64"), part.get("mime_type")
    if not isinstance(url, str) and not isinstance(data, str):
        return []  # by an id of the provider's, or in a form of its own
    where = {"url": None, "data": data} if isinstance(data, str) else {"url": url, "data": None}
    if kind == "image":
        return [Image(**where, media_type=media_type)]
    return [File(**where, media_type=media_type, name=_file_name(part))]


def _file_name(part: Mapping[str, Any]) -> str | None:
    extras: Any = part.get("extras")
    name: Any = cast("dict[str, Any]", extras).get("filename") if isinstance(extras, dict) else None
    return name if isinstance(name, str) else None


def _write_content(blocks: Sequence[Block]) -> Json:
    match blocks:
        case ():
            return ""
        case [Text(text)]:
            return text
        case _:
            return [_write_part(block) for block in blocks]


def _write_part(block: Block) -> Json:
    if isinstance(block, Text):
        return {"type": "text", "text": block.text}
    if not isinstance(block, Image | File):
        msg = f"a {type(block).__name__} cannot stand beside other parts"
        raise InvalidInputError(msg)
    kind, _, _ = (block.media_type or "").partition("/")
    part: Data = {"type": "image" if isinstance(block, Image) else kind if kind in _FILES else "file"}
    part |= {"url": block.url} if block.url is not None else {"base64": block.data}
    part |= {"mime_type": block.media_type} if block.media_type is not None else {}
    if isinstance(block, File) and block.name is not None:
        part["extras"] = {"filename": block.name}
    return part
