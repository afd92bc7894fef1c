"""How much goes to a server, and how much of it at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from mnemon.types.storage import Put

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mnemon.stores.weaviate.rows import Stored
    from mnemon.types.storage import Patch

__all__ = ["chunks", "messages", "weight"]

_MOST_OBJECTS, _MOST_BYTES = 500, 16_000_000
"""Of one message: measured as fast as larger ones, and far below what one may hold."""

_REST = 1_000
"""Bytes of a row beside its payload and its vectors, roughly: to encode many rows takes time, too."""

Item = TypeVar("Item")


def weight(write: Put | Patch) -> int:
    """Return about how many bytes there are to encode of a write; metadata and fields are some of the rest."""
    if isinstance(write, Put):
        return _REST + len(write.row.payload) + 4 * sum(map(len, write.row.vectors.values()))
    return _REST + len(write.payload or b"")


def chunks(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Yield items so many at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def messages(objects: Sequence[Stored]) -> Iterator[list[Stored]]:
    """Yield objects so many at a time as one message may hold."""
    chunk: list[Stored] = []
    size = 0
    for one in objects:
        if chunk and (len(chunk) == _MOST_OBJECTS or size + one.size > _MOST_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(one)
        size += one.size
    if chunk:
        yield chunk
