# Generated from core/mnemon/stores/weaviate/_async/growing.py by tests/contracts/unasync.py; edit that file.
"""Rows that patches would make larger than one message holds."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mnemon.stores.weaviate.rows import check_size
from mnemon.types.storage import Patch, Put

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mnemon.stores.weaviate._sync.server import Server
    from mnemon.stores.weaviate.rows import Properties, Stored

__all__ = ["check_growth"]

_MUCH = 1_000_000
"""Bytes that a batch may add to a row for which it is worth while to look at how large the row is."""
_UTF8 = 4
"""Bytes that a character may take."""


def check_growth(
    server: Server, project: str, written: Sequence[tuple[int, Put | Patch]], encoded: Mapping[int, Stored]
) -> None:
    """Refuse patches that add up with what their rows hold to more than the server could ever send again.

    Raises:
        InvalidInputError: they do.
    """
    added: Counter[tuple[str, str]] = Counter()
    for index, write in written:
        if isinstance(write, Patch):
            added[write.collection, encoded[index].id] += encoded[index].size * _UTF8
    rows: dict[tuple[str, str], Properties] = {}
    for index, write in written:
        one = encoded[index]
        key = write.collection, one.id
        if isinstance(write, Put):
            rows[key] = one.properties
            continue
        if key not in rows:
            if added[key] <= _MUCH:
                continue
            there = server.object_now(write.collection, project, one.uuid)
            rows[key] = {} if there is None else there["properties"]
        rows[key] = rows[key] | one.properties
        check_size(one.id, rows[key])
