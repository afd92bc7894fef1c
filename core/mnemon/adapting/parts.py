"""Parts of messages that several frameworks write in the same way."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, cast

from mnemon.types.message import File, Image

if TYPE_CHECKING:
    from mnemon.types.jsonvalue import Json, JsonObject

__all__ = ["attachment", "data_uri", "placeholder", "read_arguments"]

_DATA_URI = re.compile(r"data:(?P<media_type>[^,;]*);base64,(?P<data>.*)", re.DOTALL)


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


def attachment(uri: str, media_type: str | None = None, name: str | None = None) -> Image | File:
    """Return what a URI points to or, as a data URI, holds: a picture by its media type, else a file."""
    found = _DATA_URI.fullmatch(uri)
    url, data = (uri, None) if found is None else (None, found["data"])
    kind = media_type or (found["media_type"] if found is not None else None) or None
    if kind is not None and kind.startswith("image/"):
        return Image(url=url, data=data, media_type=kind)
    return File(url=url, data=data, media_type=kind, name=name)


def data_uri(block: Image | File) -> str:
    """Return the address of an attachment: its own, or a data URI of its bytes."""
    if block.url is not None:
        return block.url
    return f"data:{block.media_type or ''};base64,{block.data}"


def placeholder(block: Image | File) -> str:
    """Return a word for an attachment that a framework cannot hold: what a reader may know of it."""
    kind = "image" if isinstance(block, Image) else "file"
    about = (block.caption if isinstance(block, Image) else block.name) or block.url
    return f"[{kind}: {about}]" if about else f"[{kind}]"
