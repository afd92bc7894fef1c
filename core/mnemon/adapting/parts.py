"""What a framework is told of an attachment."""

from __future__ import annotations

from mnemon.types.message import File, Image

__all__ = ["data_uri", "placeholder"]


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
