"""LlamaIndex's `ChatMessage` to and from mnemon's `Message`, without loss."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from llama_index.core.base.llms.types import ChatMessage
from pydantic import AnyUrl, PrivateAttr, ValidationError
from pydantic_core import PydanticSerializationError

from mnemon import File, Image, InvalidInputError, Message, Text, ToolCall, ToolResult
from mnemon.adapting import (
    Data,
    Translation,
    from_framework,
    placeholder,
    read_arguments,
    results_apart,
    to_framework,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from mnemon.types.jsonvalue import Json

__all__ = ["LoggedMessage", "from_chat_messages", "to_chat_messages", "to_logged_messages"]

_ROLES = {"developer": "system", "function": "tool", "chatbot": "assistant", "model": "assistant"}
"""LlamaIndex's further names of roles, with the one that each stands for."""

_UNTITLED = "input_document"
"""What LlamaIndex calls a document without a title."""


def to_chat_messages(messages: Iterable[Message]) -> list[ChatMessage]:
    """Return messages as LlamaIndex has them, in order.

    What a `ChatMessage` has no place for (id, time, name, metadata, captions) stands in its
    `additional_kwargs` under `mnemon`, which `from_chat_messages` restores. A message with several
    tool results becomes one `ChatMessage` for each, since LlamaIndex names one call per message.
    """
    return [_load(data) for data in to_framework(messages, _TRANSLATION)]


def from_chat_messages(messages: Iterable[ChatMessage]) -> list[Message]:
    """Return LlamaIndex's messages as mnemon's, in order.

    `additional_kwargs`, thoughts, cache points and whatever else has no place in a `Message` stand in
    its metadata under `mnemon`, and are restored by `to_chat_messages`. Tool calls of the old form,
    in `additional_kwargs`, are read as blocks, and written as blocks.

    Raises:
        InvalidInputError: a message holds what JSON cannot say.
    """
    said: list[Message] = []
    for logged, run in groupby(messages, key=lambda one: isinstance(one, LoggedMessage)):
        if logged:
            said += [_read_logged(cast("LoggedMessage", one)) for one in run]
        else:
            said += from_framework((_dump(message) for message in run), _TRANSLATION)
    return said


class LoggedMessage(ChatMessage):
    """A message of the conversation log, whose id and time stand where LlamaIndex neither counts nor tells them.

    They last as long as the object: stored as JSON it is an ordinary message, and known by what it says.
    """

    _id: str | None = PrivateAttr(default=None)
    _time: datetime | None = PrivateAttr(default=None)

    @classmethod
    def of(cls, message: Message, told: ChatMessage) -> LoggedMessage:
        """Return what LlamaIndex is told of a message, with its id and time."""
        logged = cls(**dict(told))
        logged._id, logged._time = message.id, message.time
        return logged

    def named(self, said: Message) -> Message:
        """Return what was said under the id and time that this has."""
        return replace(said, id=self._id, time=self._time)


def to_logged_messages(messages: Iterable[Message]) -> list[ChatMessage]:
    """Return what `to_chat_messages` does, with ids and times beside the messages and not in them."""
    return [told for message in messages for told in _logged(message)]


def _logged(message: Message) -> list[ChatMessage]:
    bare = to_chat_messages([replace(message, id=None, time=None)])
    if len(bare) != 1:  # one for each tool result, which are found together again by what stands in them
        return to_chat_messages([message])
    return [LoggedMessage.of(message, bare[0])]


def _read_logged(message: LoggedMessage) -> Message:
    (said,) = from_framework([_dump(message)], _TRANSLATION)
    return message.named(said)


def _dump(message: ChatMessage) -> Data:
    try:
        data = message.model_dump(mode="json")
    except PydanticSerializationError as error:
        msg = f"a ChatMessage cannot be stored: {error}; keep JSON values in its additional_kwargs"
        raise InvalidInputError(msg) from None
    return _without_old_calls(data)


def _load(data: Mapping[str, Any]) -> ChatMessage:
    return ChatMessage.model_validate({**data, "blocks": [_findable(block) for block in data["blocks"]]})


def _findable(block: dict[str, Any]) -> dict[str, Any]:
    """Return a block without a path that is no longer there, which LlamaIndex refuses; its address remains."""
    path = block.get("path")
    if path is None or block["block_type"] == "document" or Path(path).is_file():
        return block
    return {**block, "path": None, "url": block.get("url") or Path(path).absolute().as_uri()}


def _without_old_calls(data: Data) -> Data:
    """Return the data with the tool calls that older versions put into `additional_kwargs` as blocks."""
    kwargs = cast("dict[str, Any]", data["additional_kwargs"])
    blocks = cast("list[Data]", data["blocks"])
    calls = kwargs.get("tool_calls")
    if not isinstance(calls, list) or any(block["block_type"] == "tool_call" for block in blocks):
        return data
    functions = [(call, call.get("function", call)) for call in cast("list[dict[str, Any]]", calls)]
    more: list[Data] = [
        {
            "block_type": "tool_call",
            "tool_call_id": call.get("id"),
            "tool_name": function.get("name") or "",
            "tool_kwargs": function.get("arguments") or {},
        }
        for call, function in functions
    ]
    others = {name: value for name, value in kwargs.items() if name != "tool_calls"}
    return {**data, "additional_kwargs": others, "blocks": [*blocks, *more]}


class _ChatMessages(Translation):
    framework = "llama_index"
    parts = "blocks"
    metadata = "additional_kwargs"

    def read(self, data: Mapping[str, Any]) -> Message:
        role: Any = _ROLES.get(data["role"], data["role"])
        blocks = [part for block in data["blocks"] for part in _read_block(block)]
        call_id = data["additional_kwargs"].get("tool_call_id")
        if role == "tool" and isinstance(call_id, str):
            content = tuple(block for block in blocks if not isinstance(block, ToolCall))
            return Message(role=role, content=(ToolResult(call_id=call_id, content=content),))
        return Message(role=role, content=blocks)

    def write(self, message: Message) -> Data:
        if message.tool_results:  # alone in its message; see `groups`
            (result,) = message.tool_results
            kwargs: Data = {"tool_call_id": result.call_id}
            blocks: list[Json] = [_write_block(part) for part in result.content]
            return {"role": "tool", "additional_kwargs": kwargs, "blocks": blocks}
        blocks = [_write_block(block) for block in message.blocks]
        return {"role": message.role, "additional_kwargs": {}, "blocks": blocks}

    def settle(self, data: Data) -> Data:
        return _load(data).model_dump(mode="json")

    def groups(self, blocks: Sequence[Any]) -> Sequence[Sequence[Any]]:
        return results_apart(blocks)


_TRANSLATION = _ChatMessages()

Kind = TypeVar("Kind", Image, File)


def _read_block(block: Mapping[str, Any]) -> Sequence[Text | Image | File | ToolCall]:
    """Return what a block says; nothing for a thought or a cache point, which are not said."""
    match block["block_type"]:
        case "text":
            return [Text(block["text"])]
        case "image":
            return _read_attachment(block, "image", Image, block["image_mimetype"])
        case "audio":
            form = block["format"]
            return _read_attachment(block, "audio", File, form and f"audio/{form}")
        case "video":
            return _read_attachment(block, "video", File, block["video_mimetype"])
        case "document":
            files = _read_attachment(block, "data", File, block["document_mimetype"])
            name = None if block["title"] == _UNTITLED else block["title"]
            return [File(url=file.url, data=file.data, media_type=file.media_type, name=name) for file in files]
        case "tool_call":
            arguments = read_arguments(block["tool_kwargs"])
            return [ToolCall(id=block["tool_call_id"] or "", name=block["tool_name"], arguments=arguments)]
        case "citable":
            return [part for inner in block["content"] for part in _read_block(inner)]
        case "citation":
            return _read_block(block["cited_content"])
        case _:
            return []


def _read_attachment(block: Mapping[str, Any], held: str, kind: type[Kind], media_type: str | None) -> list[Kind]:
    """Return what an attachment's block holds, or points to; nothing where it does neither."""
    data, path = block[held], block["path"]
    if data:
        return [kind(data=data, media_type=media_type)]
    url = block["url"] or (path and Path(path).absolute().as_uri())
    return [kind(url=url, media_type=media_type)] if url else []


def _write_block(block: object) -> Data:
    match block:
        case Text(text):
            return {"block_type": "text", "text": text}
        case Image() | File():
            return _write_attachment(block)
        case ToolCall():
            arguments = dict(block.arguments)
            return {
                "block_type": "tool_call",
                "tool_call_id": block.id,
                "tool_name": block.name,
                "tool_kwargs": arguments,
            }
        case _:  # a tool result stands alone in its message; see `groups`
            msg = f"a {type(block).__name__} cannot stand beside other parts"
            raise InvalidInputError(msg)


def _write_attachment(block: Image | File) -> Data:
    kind, _, form = (block.media_type or "").partition("/")
    if isinstance(block, File) and kind not in {"audio", "video"}:
        mime = block.media_type
        return {
            "block_type": "document",
            "data": block.data,
            "url": block.url,
            "title": block.name,
            "document_mimetype": mime,
        }
    if block.url is not None and not _is_address(block.url):
        return {"block_type": "text", "text": placeholder(block)}
    if isinstance(block, Image):
        return {"block_type": "image", "image": block.data, "url": block.url, "image_mimetype": block.media_type}
    if kind == "audio":
        return {"block_type": "audio", "audio": block.data, "url": block.url, "format": form}
    return {"block_type": "video", "video": block.data, "url": block.url, "video_mimetype": block.media_type}


def _is_address(url: str) -> bool:
    """Whether LlamaIndex takes a text for an address."""
    try:
        AnyUrl(url)
    except ValidationError:
        return False
    return True
