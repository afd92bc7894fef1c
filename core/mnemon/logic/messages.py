"""Messages as rows of the conversation log, and as plain JSON."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from mnemon.errors import InvalidInputError, StoreCorruptError
from mnemon.logic.payloads import damaged_payload, payload_data
from mnemon.logic.scopes import row_id, row_ids, scope_key
from mnemon.types.filters import where
from mnemon.types.jsonvalue import json_bytes, shown
from mnemon.types.message import File, Image, Message, Text, ToolCall, ToolResult
from mnemon.types.storage import Collection, Ordered, Row
from mnemon.types.times import format_time, to_datetime

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from mnemon.types.filters import Condition
    from mnemon.types.jsonvalue import Json, JsonObject
    from mnemon.types.message import Block
    from mnemon.types.scope import Scope

__all__ = [
    "ERASED",
    "MESSAGES",
    "block_from_dict",
    "blocks_to_list",
    "identified",
    "message_from_dict",
    "message_from_row",
    "message_row",
    "message_row_id",
    "message_to_dict",
    "positions",
    "readable_message",
    "thread_condition",
    "thread_of",
]

MESSAGES = Collection(
    name="messages",
    keys=("user_id", "agent_id", "app_id", "run_id", "role", "thread", "session", "memory_id", "latest"),
    ordered=(Ordered("position", "text"), Ordered("said_at", "time"), Ordered("recorded_at", "time")),
    person="user_id",
    indexes=(("thread", "position"), ("run_id", "position"), ("user_id", "position")),
)
"""The conversation log: one row per message, in the order of `position`.

`thread` is what messages of exactly the same scope share, `memory_id` the memory that was made of a
message, `latest` the newest memory of its session up to it.
"""

ERASED = "[erased]"
"""What the log keeps in the place of a message's words."""

_MOST_AT_ONCE = 10**7


def message_to_dict(message: Message) -> dict[str, Json]:
    """Return the message as JSON data; `message_from_dict` gives the same message back."""
    return {
        "id": message.id,
        "role": message.role,
        "name": message.name,
        "content": blocks_to_list(message),
        "time": None if message.time is None else message.time.isoformat(),
        "metadata": message.metadata,
    }


def blocks_to_list(message: Message) -> list[Json]:
    """Return what a message says as JSON data: two messages say the same where these are equal."""
    return [_block_to_dict(block) for block in message.blocks]


def _block_to_dict(block: Block) -> dict[str, Json]:
    match block:
        case Text(text):
            return {"type": "text", "text": text}
        case Image():
            return {
                "type": "image",
                "url": block.url,
                "data": block.data,
                "media_type": block.media_type,
                "caption": block.caption,
            }
        case File():
            return {
                "type": "file",
                "url": block.url,
                "data": block.data,
                "media_type": block.media_type,
                "name": block.name,
            }
        case ToolCall():
            return {"type": "tool_call", "id": block.id, "name": block.name, "arguments": block.arguments}
        case ToolResult():
            content: list[Json] = [_block_to_dict(part) for part in block.content]
            return {"type": "tool_result", "call_id": block.call_id, "content": content, "is_error": block.is_error}


def message_from_dict(data: Mapping[str, object]) -> Message:
    """Return the message of `message_to_dict`'s form.

    Raises:
        InvalidInputError: it is not of that form; the message names what is missing or unknown.
    """
    known = {"id", "role", "name", "content", "time", "metadata"}
    if not data.keys() <= known or not {"role", "content"} <= data.keys():
        has = ", ".join(sorted(map(shown, data)))
        msg = f"a message has role and content, and may have {sorted(known)}; this one has {has}"
        raise InvalidInputError(msg)
    content = data["content"]
    time = data.get("time")
    metadata = data.get("metadata")
    return Message(
        role=cast("Any", data["role"]),
        content=content if isinstance(content, str) else _blocks_from_list(content, "a message's content"),
        id=cast("str | None", data.get("id")),
        name=cast("str | None", data.get("name")),
        time=None if time is None else to_datetime(time, "a message's time"),
        metadata=cast("JsonObject", {} if metadata is None else metadata),
    )


def _blocks_from_list(content: object, name: str) -> list[Block]:
    if not isinstance(content, list | tuple):
        msg = f"{name} must be a text or a list of blocks, not a {type(content).__name__}"
        raise InvalidInputError(msg)
    return [block_from_dict(part) for part in cast("Sequence[object]", content)]


def block_from_dict(data: object) -> Block:
    """Return the block that `message_to_dict` writes as this dict.

    Raises:
        InvalidInputError: it is none; the message names what is missing or unknown.
    """
    parts: dict[str, Any] = dict(cast("Mapping[str, Any]", data)) if isinstance(data, dict) else {}
    kind = parts.pop("type", None)
    makers: Mapping[str, type[Block]] = {
        "text": Text,
        "image": Image,
        "file": File,
        "tool_call": ToolCall,
        "tool_result": ToolResult,
    }
    maker = makers.get(kind) if isinstance(kind, str) else None
    if maker is None:
        msg = f"a block of type {shown(kind)} is unknown; types are {', '.join(makers)}"
        raise InvalidInputError(msg)
    if maker is ToolResult:
        parts["content"] = tuple(_blocks_from_list(parts.get("content", ()), "a tool result's content"))
    try:
        return maker(**parts)
    except TypeError:
        msg = f"a block of type {kind!r} does not have the parts {', '.join(sorted(map(shown, parts)))}"
        raise InvalidInputError(msg) from None


def identified(message: Message, new_id: Callable[[], str], now: datetime) -> Message:
    """Return the message with an id and a time: its own where it has them."""
    return message.stamped(message.id or new_id(), message.time or now)


def message_row_id(scope: Scope, message_id: str) -> str:
    """Return the row of a message: the same id in another scope is another message."""
    return _row_ids(scope)(message_id)


@lru_cache(maxsize=1024)
def _row_ids(scope: Scope) -> Callable[[str], str]:
    return row_ids("message", *scope_key(scope))


@lru_cache(maxsize=4096)
def thread_of(scope: Scope) -> str:
    """Return what the messages of exactly this scope share: the same ids, and no others."""
    return row_id("thread", *scope_key(scope))


@lru_cache(maxsize=1024)
def thread_condition(scope: Scope) -> Condition:
    """Return the condition of the messages of exactly this scope."""
    return where("thread").eq(thread_of(scope))


def positions(newest: str | None, now: datetime, count: int) -> list[str]:
    """Return where so many messages stand that are appended now: after `newest`, in order.

    A position is the time of appending and a number. When the clock stands or goes back, the time
    goes on from the newest one.
    """
    stamp = format_time(now)
    last = "" if newest is None else newest.partition("#")[0]
    if stamp <= last:  # as their order in time is
        stamp = format_time(to_datetime(last, "position") + timedelta(microseconds=1))
    if count > _MOST_AT_ONCE:
        msg = f"{count} messages are too many for one call, {_MOST_AT_ONCE} is the most; append them in parts"
        raise InvalidInputError(msg)
    return [f"{stamp}#{number:07}" for number in range(count)]


def message_row(
    message: Message,
    scope: Scope,
    position: str,
    now: datetime,
    *,
    session: str,
    memory_id: str | None = None,
    latest: str | None = None,
    row_id: str | None = None,
) -> Row:
    """Return the row of an identified message; the fields are told at `MESSAGES`."""
    return Row(
        id=row_id or message_row_id(scope, cast("str", message.id)),
        fields={
            **scope.to_dict(),
            "role": message.role,
            "thread": thread_of(scope),
            "session": session,
            "memory_id": memory_id,
            "latest": latest,
            "position": position,
            "said_at": format_time(cast("datetime", message.time)),
            "recorded_at": format_time(now),
        },
        payload=json_bytes(message_to_dict(message)),
    )


def message_from_row(row: Row) -> Message:
    """Return the message that a row was made of.

    Raises:
        StoreCorruptError: its payload holds none.
    """
    try:
        return message_from_dict(payload_data(row, MESSAGES.name))
    except InvalidInputError:
        raise damaged_payload(row, MESSAGES.name) from None


def readable_message(row: Row) -> Message | None:
    """Return the message that a row was made of, or None where it is damaged."""
    try:
        return message_from_row(row)
    except StoreCorruptError:
        return None
