"""Long lists in parts, so that a list that grows is not stored whole at every step.

A list of messages grows at its end, and each checkpoint names the whole of it. Parts of a fixed number of
items, named by what is in them, are the same from one checkpoint to the next but for the last one: what a
turn takes on the disk does not grow with the thread.
"""

from __future__ import annotations

from hashlib import blake2b
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from mnemon_langgraph.serializing import ExactSerializer, dump, load

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from langgraph.checkpoint.serde.base import SerializerProtocol

ListKey = tuple[str, str, str, str, str | None]
"""Thread, namespace, channel, version and person of a list."""

__all__ = ["SEGMENT", "KnownLists", "ListKey", "is_long", "joined", "segments_of", "serves"]

SEGMENT = 64
"""Items of a part. A checkpoint stores half of one anew on average, and 24 bytes for each of the others."""

_MOST_KNOWN = 1_024


def is_long(value: object) -> bool:
    """Whether a value is a list of more than one part; no class of its own, which would be lost."""
    return type(value) is list and len(cast("list[object]", value)) > SEGMENT


def serves(serde: SerializerProtocol) -> bool:
    """Whether equal values become equal bytes, which an encrypted value must not."""
    return isinstance(serde, ExactSerializer)


def segments_of(serde: SerializerProtocol, value: Sequence[Any]) -> list[tuple[str, bytes]]:
    """Return the parts of a list with their names, in order; a name is a digest of 128 bits."""
    parts = [dump(serde, value[start : start + SEGMENT]) for start in range(0, len(value), SEGMENT)]
    return [(blake2b(part, digest_size=16).hexdigest(), part) for part in parts]


def joined(serde: SerializerProtocol, payloads: Iterable[bytes]) -> list[Any]:
    """Return the list whose parts these are."""
    return [item for payload in payloads for item in load(serde, payload)]


class KnownLists:
    """Names of the parts of lists that are stored, so that an unchanged list is not read through again.

    A list is known by thread, namespace, channel, version and person. A version never has two values, so that
    what is known stays right, whatever others write.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self._names: dict[ListKey, list[str]] = {}
        self._lock = Lock()

    def get(self, key: ListKey) -> list[str] | None:
        """Return the names of the parts, or None."""
        with self._lock:
            return self._names.get(key)

    def keep(self, stored: Mapping[ListKey, list[str]]) -> None:
        """Remember what is stored now; the oldest of many are forgotten."""
        with self._lock:
            self._names |= stored
            while len(self._names) > _MOST_KNOWN:
                del self._names[next(iter(self._names))]
