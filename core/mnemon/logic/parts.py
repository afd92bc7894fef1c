"""Parts of messages that chat APIs and several frameworks write in the same way."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, cast

from mnemon.types.message import File, Image, Text, ToolCall

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mnemon.types.jsonvalue import Json, JsonObject
    from mnemon.types.message import Block

__all__ = ["attachment", "read_arguments", "read_call", "read_part", "speaks"]

_DATA_URI = re.compile(r"data:(?P<media_type>[^,;]*);base64,(?P<data>.*)", re.DOTALL)


def speaks(blocks: Iterable[Block]) -> bool:
    """Whether there are words, calls, results or attachments among these."""
    return any(getattr(block, "text", "attached").strip() for block in blocks)


def attachment(uri: str, media_type: str | None = None, name: str | None = None) -> Image | File:
    """Return what a URI points to or, as a data URI, holds: a picture by its media type, else a file."""
    found = _DATA_URI.fullmatch(uri)
    url, data = (uri, None) if found is None else (None, found["data"])
    kind = media_type or (found["media_type"] if found is not None else None) or None
    if kind is not None and kind.startswith("image/"):
        return Image(url=url, data=data, media_type=kind)
    return File(url=url, data=data, media_type=kind, name=name)


def read_part(part: object) -> Text | Image | File | None:
    """Return what a part of a content says, as OpenAI's chat APIs write it; None for a kind that is not known."""
    match part:
        case str():
            return Text(part)
        case {"type": "text" | "input_text" | "output_text", "text": str(text)}:
            return Text(text)
        case {"type": "refusal", "refusal": str(text)}:
            return Text(text)
        case {"type": "image_url" | "input_image", "image_url": {"url": str(url)} | str(url)}:
            found = attachment(url)
            return Image(url=found.url, data=found.data, media_type=found.media_type)
        case {"type": "file", "file": {"file_data": str(data), "filename": str(name)}}:
            return _file(data, name)
        case {"type": "file", "file": {"file_data": str(data)}}:
            return _file(data, None)
        case _:
            return None


def _file(uri: str, name: str | None) -> File:
    found = attachment(uri)
    return File(url=found.url, data=found.data, media_type=found.media_type, name=name)


def read_call(call: Mapping[str, Any]) -> ToolCall:
    """Return the call of a tool as OpenAI's chat completions write it."""
    function: Mapping[str, Any] = call.get("function") or {}
    arguments = read_arguments(function.get("arguments"))
    return ToolCall(id=call.get("id") or "", name=function.get("name") or "", arguments=arguments)


def read_arguments(told: Json) -> JsonObject:
    """Return a tool call's arguments, which models write as JSON text.

    What is no JSON object, as models write it now and then, is given back under `arguments`.
    """
    if isinstance(told, dict):
        return cast("JsonObject", told)
    if told is None or told == "":
        return {}
    try:
        read = json.loads(told) if isinstance(told, str) else told
    except ValueError:
        read = told
    return cast("JsonObject", read) if isinstance(read, dict) else {"arguments": told}
