"""AutoGen's messages to and from mnemon's `Message`.

AutoGen has two kinds. Those that agents and teams exchange carry ids, times and metadata, and are
converted without loss. Those that a model is sent carry none of that: they come from AutoGen without
loss, and what is handed to a model leaves out what it has no place for.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any, cast

from autogen_agentchat import messages as agentchat
from autogen_core import Image as AutogenImage
from autogen_core.models import LLMMessage
from pydantic import TypeAdapter

from mnemon import File, Image, InvalidInputError, Message, Text, ToolCall, ToolResult
from mnemon.adapting import (
    OURS,
    Data,
    Translation,
    beyond_of,
    from_framework,
    placeholder,
    read_arguments,
    to_framework,
)
from mnemon.types.times import to_datetime

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from mnemon.types.jsonvalue import Json, JsonObject
    from mnemon.types.message import Block

__all__ = ["as_kept", "from_agentchat", "from_llm_messages", "to_agentchat", "to_llm_messages"]

USERS = ("user",)
"""Sources of what people say; `user` is who AutoGen says a task comes from."""

AgentchatMessage = agentchat.BaseChatMessage | agentchat.BaseAgentEvent

_LLM: TypeAdapter[LLMMessage] = TypeAdapter(LLMMessage)


def to_llm_messages(messages: Iterable[Message]) -> list[LLMMessage]:
    """Return messages as a model is sent them: ids, times and metadata are left out.

    Names become sources, with `_` for what providers refuse in them. Pictures that AutoGen cannot
    open, and files, become a word that says so.
    """
    names: dict[str, str] = {}
    told: list[LLMMessage] = []
    for message in messages:
        for data in to_framework([message], _LLM_MESSAGES):
            if data["type"] == "AssistantMessage" and isinstance(data["content"], list):
                names |= {call["id"]: call["name"] for call in cast("list[dict[str, str]]", data["content"])}
            if data["type"] == "FunctionExecutionResultMessage" and not _has_names(message):
                results = cast("list[dict[str, Any]]", data["content"])
                named = [{**result, "name": result["name"] or names.get(result["call_id"], "")} for result in results]
                data["content"] = cast("Json", named)
            told.append(_LLM.validate_python(data))
    return told


def from_llm_messages(messages: Iterable[LLMMessage]) -> list[Message]:
    """Return the messages of a model's context as mnemon's, in order and without loss.

    Raises:
        InvalidInputError: a message holds what cannot be stored.
    """
    return [_with_names(message) for message in from_framework(_dumped(messages), _LLM_MESSAGES)]


def _has_names(message: Message) -> bool:
    """Whether the tools of its results are named as AutoGen did, if only by nothing."""
    return _LlmMessages.framework in beyond_of(message)


def _with_names(message: Message) -> Message:
    """Return a message of AutoGen, the results of which are given no names when they are handed back."""
    if not message.tool_results or message.name is not None or _has_names(message):
        return message
    beyond: Data = {**beyond_of(message), _LlmMessages.framework: {}}
    return replace(message, metadata={**message.metadata, OURS: beyond})


def as_kept(told: Sequence[LLMMessage], there: Sequence[Message]) -> list[Message]:
    """Return what a model was told as the messages of a history that say it, which hold more than was told.

    What the history does not have is converted.
    """
    wanted, forms = _dumped(told), _forms(there)
    kept: list[Message] = []
    place = after = 0
    while place < len(told):
        fits = (at for at in range(after, len(there)) if wanted[place : place + len(forms[at])] == forms[at])
        at = next(fits, None)
        if at is None:
            kept += from_llm_messages([told[place]])
            place += 1
        else:
            kept.append(there[at])
            place += len(forms[at])
            after = at + 1
    return kept


def _forms(messages: Sequence[Message]) -> list[list[Data]]:
    """Return what a model is told of each message; the names of tools come from what was said before."""
    told = iter(_dumped(to_llm_messages(messages)))
    return [list(islice(told, len(to_framework([message], _LLM_MESSAGES)))) for message in messages]


def _dumped(messages: Iterable[LLMMessage]) -> list[Data]:
    return [_LLM.dump_python(message, mode="json") for message in messages]


def to_agentchat(messages: Iterable[Message]) -> list[AgentchatMessage]:
    """Return messages as agents and teams exchange them, in order.

    What they have no place for (roles, captions, metadata that is no text) stands in their metadata
    under `mnemon`, as JSON text. A message with words and tool calls becomes several.
    """
    return [_load(data) for data in to_framework(messages, _Agentchat(USERS))]


def from_agentchat(messages: Iterable[AgentchatMessage], *, users: Collection[str] = USERS) -> list[Message]:
    """Return what agents and teams exchanged as mnemon's messages, in order.

    Args:
        messages: messages and events.
        users: sources of what people say; all others are agents.

    Raises:
        InvalidInputError: a message holds what cannot be stored.
    """
    return from_framework((dict(message.dump()) for message in messages), _Agentchat(users))


def _source(message: Message) -> str:
    """Return the speaker's name in letters that the clients of models accept."""
    return re.sub(r"[^a-zA-Z0-9_-]", "_", message.name or message.role)[:64]


def _name(source: str, role: str) -> str | None:
    return source if source.strip() and source != role else None


def _read_said(content: object) -> list[Text | Image]:
    parts = cast("list[Any]", content if isinstance(content, list) else [content])
    return [Text(part) if isinstance(part, str) else Image(data=part["data"], media_type="image/png") for part in parts]


def _read_calls(content: Sequence[Mapping[str, Any]]) -> list[ToolCall]:
    return [ToolCall(id=call["id"], name=call["name"], arguments=read_arguments(call["arguments"])) for call in content]


def _read_results(content: Sequence[Mapping[str, Any]]) -> list[ToolResult]:
    return [
        ToolResult(call_id=result["call_id"], content=(Text(result["content"]),), is_error=bool(result["is_error"]))
        for result in content
    ]


def _write_said(block: Block) -> Json:
    match block:
        case Text(text):
            return text
        case Image(data=str(data)) if _opens(data):
            return {"data": data}
        case Image() | File():
            return placeholder(block)
        case _:
            return ""  # calls and results stand in messages of their own; see `groups`


def _words(blocks: Sequence[Block]) -> str:
    said = (_write_said(block) for block in blocks)
    return "\n".join(part if isinstance(part, str) else "[image]" for part in said if part)


def _opens(data: str) -> bool:
    """Whether AutoGen can open a picture: it holds the points, and not the bytes."""
    try:
        AutogenImage.from_base64(data)
    except (OSError, ValueError):
        return False
    return True


def _write_calls(calls: Sequence[ToolCall]) -> list[Json]:
    return [
        {"id": call.id, "arguments": json.dumps(call.arguments, ensure_ascii=False), "name": call.name}
        for call in calls
    ]


def _write_results(results: Sequence[ToolResult], name: str | None) -> list[Json]:
    return [
        {"content": _words(result.content), "name": name or "", "call_id": result.call_id, "is_error": result.is_error}
        for result in results
    ]


def _kind(block: Block) -> str:
    return "result" if isinstance(block, ToolResult) else "call" if isinstance(block, ToolCall) else "said"


class _LlmMessages(Translation):
    framework = "autogen_llm"
    parts = "content"
    metadata = ""

    def read(self, data: Mapping[str, Any]) -> Message:
        content = data["content"]
        match data["type"]:
            case "SystemMessage":
                return Message(role="system", content=content)
            case "UserMessage":
                return Message(role="user", content=_read_said(content), name=_name(data["source"], "user"))
            case "AssistantMessage":
                name = _name(data["source"], "assistant")
                if isinstance(content, str):
                    return Message(role="assistant", content=content, name=name)
                thought = [Text(data["thought"])] if data["thought"] else []
                return Message(role="assistant", content=[*thought, *_read_calls(content)], name=name)
            case _:
                results = _read_results(content)
                name = content[0]["name"] if len(results) == 1 else None
                return Message(role="tool", content=results, name=name if name and name.strip() else None)

    def write(self, message: Message) -> Data:
        if message.tool_results:
            results = _write_results(message.tool_results, message.name)
            return {"content": results, "type": "FunctionExecutionResultMessage"}
        source = _source(message)
        if message.tool_calls:
            thought = _words(message.blocks) or None
            calls = _write_calls(message.tool_calls)
            return {"content": calls, "thought": thought, "source": source, "type": "AssistantMessage"}
        if message.role == "system":
            return {"content": _words(message.blocks), "type": "SystemMessage"}
        if message.role == "assistant":
            return {"content": _words(message.blocks), "thought": None, "source": source, "type": "AssistantMessage"}
        said = [_write_said(block) for block in message.blocks]
        alone = len(said) == 1 and isinstance(said[0], str)
        return {"content": said[0] if alone else said, "source": source, "type": "UserMessage"}

    def settle(self, data: Data) -> Data:
        return _LLM.dump_python(_LLM.validate_python(data), mode="json")

    def groups(self, blocks: Sequence[Block]) -> Sequence[Sequence[Block]]:
        return _runs(blocks, lambda block: isinstance(block, ToolResult))

    def take(self, data: JsonObject) -> tuple[Json, Data]:
        return None, dict(data)

    def put(self, data: Data, kept: Data) -> Data:
        return data


_LLM_MESSAGES = _LlmMessages()


class _Agentchat(Translation):
    framework = "autogen"
    parts = "content"
    metadata = "metadata"

    def __init__(self, users: Collection[str]) -> None:
        self._users = users

    def read(self, data: Mapping[str, Any]) -> Message:
        role, content = self._content(data)
        source = data["source"]
        return Message(
            role=cast("Any", role),
            content=content,
            id=data["id"] if data["id"].strip() else None,
            name=_name(source, role),
            time=to_datetime(data["created_at"], "created_at"),
            metadata=data["metadata"],
        )

    def _content(self, data: Mapping[str, Any]) -> tuple[str, Sequence[Block]]:
        content = data["content"]
        role = "user" if data["source"] in self._users else "assistant"
        match data["type"]:
            case "ToolCallRequestEvent":
                return "assistant", _read_calls(content)
            case "ToolCallExecutionEvent":
                return "tool", _read_results(content)
            case "MultiModalMessage":
                return role, _read_said(content)
            case _ if isinstance(content, str):
                return role, [Text(content)]
            case kind if kind.startswith("StructuredMessage"):
                return role, [Text(json.dumps(content, ensure_ascii=False))]
            case _:  # an event that nobody said
                return role, []

    def write(self, message: Message) -> Data:
        told: Data = {
            "source": _source(message),
            "metadata": {
                name: value for name, value in message.metadata.items() if isinstance(value, str) and name != OURS
            },
        }
        if message.id is not None:
            told["id"] = message.id
        if message.time is not None:
            told["created_at"] = message.time.isoformat()
        if message.tool_results:
            results = _write_results(message.tool_results, message.name)
            return {**told, "type": "ToolCallExecutionEvent", "content": results}
        if message.tool_calls:
            return {**told, "type": "ToolCallRequestEvent", "content": _write_calls(message.tool_calls)}
        said = [_write_said(block) for block in message.blocks]
        if len(said) == 1 and isinstance(said[0], str):
            return {**told, "type": "TextMessage", "content": said[0]}
        return {**told, "type": "MultiModalMessage", "content": said}

    def settle(self, data: Data) -> Data:
        return dict(_load(data).dump())

    def groups(self, blocks: Sequence[Block]) -> Sequence[Sequence[Block]]:
        return _runs(blocks, _kind)

    def take(self, data: JsonObject) -> tuple[Json, Data]:
        kept, bare = super().take(data)
        return (None, bare) if kept is None else (_read_kept(kept), bare)

    def put(self, data: Data, kept: Data) -> Data:
        return super().put(data, cast("Data", json.dumps(kept)))


def _read_kept(kept: Json) -> Json:
    try:
        return json.loads(cast("str", kept))
    except ValueError:
        msg = f"the metadata key {OURS!r} of an AutoGen message is for mnemon's own use, and holds something else"
        raise InvalidInputError(msg) from None


def _load(data: Mapping[str, Any]) -> AgentchatMessage:
    """Return the message of its data; one of a type that only its application knows is read as text."""
    kind = getattr(agentchat, str(data["type"]), None)
    if isinstance(kind, type) and issubclass(kind, agentchat.BaseChatMessage | agentchat.BaseAgentEvent):
        return kind.load(data)
    content = data["content"]
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    return agentchat.TextMessage.load({**data, "type": "TextMessage", "content": text})


def _runs(blocks: Sequence[Block], kind: Callable[[Block], object]) -> list[list[Block]]:
    return [list(run) for _, run in groupby(blocks, key=kind)]
