"""Messages as OpenAI's chat completions have them, which most programs hold: with tool calls and parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from mnemon.errors import InvalidInputError
from mnemon.logic.messages import block_from_dict
from mnemon.logic.parts import read_call, read_part
from mnemon.types.jsonvalue import shown
from mnemon.types.message import Message, Text, ToolResult
from mnemon.types.times import to_datetime

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mnemon.types.jsonvalue import JsonObject
    from mnemon.types.message import Block

__all__ = ["is_completion", "read_completion"]

_OURS = frozenset({"role", "content", "name", "id", "time", "metadata"})
_THEIRS = frozenset({"tool_calls", "tool_call_id", "refusal"})
_TEXTS = ("input_text", "output_text", "refusal")
_MORE = frozenset({"annotations", "audio", "function_call", "reasoning", "reasoning_content"})
"""What answers of models have beside these, mostly empty."""


def is_completion(data: Mapping[str, object]) -> bool:
    """Whether a message has what our own form has not: keys of theirs, no content, or parts of theirs."""
    if data.keys() & (_THEIRS | _MORE) or data.get("role") == "developer":
        return True
    content = data.get("content")
    return isinstance(content, list) and any(map(_is_theirs, cast("list[object]", content)))


def _is_theirs(part: object) -> bool:
    told = cast("dict[str, object]", part) if isinstance(part, dict) else {}
    return "image_url" in told or "file" in told or told.get("type") in _TEXTS


def read_completion(data: Mapping[str, Any]) -> Message:
    """Return the message; `id`, `time` and `metadata` are taken where they stand beside it.

    Raises:
        InvalidInputError: it has something that a `Message` has no place for; the message names it.
    """
    for name in sorted(data.keys() - _OURS - _THEIRS, key=str):
        if data[name] is not None and data[name] not in ("", [], {}):
            msg = f"a message's {shown(name)} cannot be kept; leave it out, or put what matters into metadata"
            raise InvalidInputError(msg)
    blocks = _blocks(data.get("content"))
    if data.get("refusal"):
        blocks.append(Text(data["refusal"]))
    if data.get("tool_call_id") is not None:
        blocks = [ToolResult(call_id=data["tool_call_id"], content=tuple(cast("Any", blocks)))]
    blocks += _calls(data.get("tool_calls"))
    role, time = data.get("role"), data.get("time")
    return Message(
        role=cast("Any", "system" if role == "developer" else role),
        content=blocks,
        id=data.get("id"),
        name=data.get("name"),
        time=None if time is None else to_datetime(time, "a message's time"),
        metadata=cast("JsonObject", {} if data.get("metadata") is None else data["metadata"]),
    )


def _blocks(content: object) -> list[Block]:
    if content is None:
        return []
    if isinstance(content, str):
        return [Text(content)] if content else []
    if not isinstance(content, list | tuple):
        msg = f"a message's content must be a text or a list of parts, not a {type(content).__name__}"
        raise InvalidInputError(msg)
    return [read_part(part) or block_from_dict(part) for part in cast("Sequence[object]", content)]


def _calls(calls: object) -> list[Block]:
    found = cast("list[object]", [] if calls is None else calls if isinstance(calls, list) else [calls])
    if all(map(_is_call, found)):
        return [read_call(cast("Mapping[str, Any]", call)) for call in found]
    msg = "a message's tool_calls must be a list of calls, each with an id and a function that has a name"
    raise InvalidInputError(msg)


def _is_call(call: object) -> bool:
    match call:
        case {"id": str(), "function": {"name": str()}}:
            return True
        case _:
            return False
