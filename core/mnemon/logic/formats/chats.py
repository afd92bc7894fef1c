"""Plain conversations: lists of messages with role and content, as most programs write them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from mnemon.errors import InvalidInputError
from mnemon.logic.formats.common import Remark, id_text, is_object, read_time, type_name
from mnemon.logic.scopes import row_id
from mnemon.types.message import ROLES, Message
from mnemon.types.unseen import is_blank

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mnemon.types.message import Role

__all__ = ["Said", "chat_of", "message_of", "text_of_parts"]

_ROLES = {
    "human": "user",
    "ai": "assistant",
    "bot": "assistant",
    "model": "assistant",
    "developer": "system",
    "function": "tool",
}
_TIMES = ("time", "timestamp", "created_at", "create_time", "date")
_TEXT_PARTS = ("text", "input_text", "output_text", "audio_transcription")


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a conversation, as it is to be added.

    Attributes:
        message: the message; its id is the same at every import.
        run_id: the conversation that it belongs to, or None for that of the call.
    """

    message: Message
    run_id: str | None


def chat_of(item: object, place: int) -> tuple[str | None, Sequence[object]] | None:
    """Return id and messages of a conversation that stands among others, or None where it is none."""
    if isinstance(item, list):
        return f"chat-{place}", cast("Sequence[object]", item)
    data = is_object(item)
    messages = None if data is None else data.get("messages")
    if data is None or not isinstance(messages, list):
        return None
    own = next(
        filter(None, (id_text(data.get(name)) for name in ("id", "conversation_id", "session_id", "run_id"))), None
    )
    return own, cast("Sequence[object]", messages)


def message_of(item: object, index: int, place: str, *, run_id: str | None) -> tuple[Said | None, list[Remark]]:
    """Return a message, or None where it is left out, and what is to be said about it.

    Args:
        item: the message, as JSON data.
        index: its number in the conversation, from 0; part of the id of one that has none.
        place: where it stands, for the report.
        run_id: the conversation.
    """
    data = is_object(item)
    if data is None:
        return None, [Remark("not a message", place)]
    role = _role(data.get("role"))
    if role is None:
        return None, [Remark("role is unknown", place)]
    text, remarks = text_of_parts(data.get("content"), place)
    if is_blank(text):
        return None, [*remarks, Remark("no text", place)]
    moment, assumption = _time(data)
    if assumption is not None:
        remarks.append(Remark(assumption, place, skipped=False))
    own = id_text(data.get("id")) or id_text(data.get("message_id"))
    try:
        message = Message(
            role=role,
            content=text,
            id=own or row_id("chat", run_id, str(index), role, text),
            name=id_text(data.get("name")),
            time=moment,
        )
    except (InvalidInputError, UnicodeEncodeError):
        return None, [*remarks, Remark("a value that cannot be stored exactly", place)]
    return Said(message, run_id), remarks


def text_of_parts(content: object, place: str) -> tuple[str, list[Remark]]:
    """Return the words of a content, given as text or in parts, and a remark for each part without words."""
    if isinstance(content, str):
        return content, []
    if not isinstance(content, list):
        return "", []
    words: list[str] = []
    remarks: list[Remark] = []
    for part in cast("list[Any]", content):
        data = is_object(part)
        if isinstance(part, str):
            words.append(part)
        elif data is not None and _kind(data) in _TEXT_PARTS and isinstance(data.get("text"), str):
            words.append(cast("str", data["text"]))
        else:
            kind = type_name(None if data is None else _kind(data))
            remarks.append(Remark(f"a part of a message that is no text ({kind})", place))
    return "\n".join(word for word in words if word), remarks


def _kind(part: Mapping[str, object]) -> object:
    return part.get("type") or part.get("content_type")


def _role(value: object) -> Role | None:
    named = _ROLES.get(value, value) if isinstance(value, str) else None
    return named if named in ROLES else None


def _time(data: Mapping[str, object]) -> tuple[Any, str | None]:
    return read_time(next((data[name] for name in _TIMES if data.get(name) is not None), None))
