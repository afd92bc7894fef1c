"""Sheets in memory, bounded in bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mnemon.logic.sheet.sheet import Sheet

Key = tuple[str, str, str | None]
"""Name and value of a scope, and the vector space or None."""

__all__ = ["Key", "Sheets"]

_MAX_BYTES = 268_435_456
_ROW_BYTES = 1_000
"""What a row takes without its vector, rather more than less."""
_LEAST_BYTES = 10_000
"""What a sheet takes before its first row."""
_LARGE = 2_000
"""Rows from which on a sheet takes longer to make than one search without it: only a second search has one made."""
_MOST_NOTED = 10_000
"""Scopes that are known to be too large, or were searched once; beyond so many they are found out anew."""


class Sheets:
    """The sheets of one project, the least recently used of which go first.

    Attributes:
        cleared: how often all were forgotten. What was begun before may hold what was erased since.
    """

    def __init__(self, max_bytes: int = _MAX_BYTES) -> None:
        """Start with none; `max_bytes` bounds all together, 256 MiB by default."""
        self._max_bytes = max_bytes
        self._kept: OrderedDict[Key, tuple[Sheet, int]] = OrderedDict()
        self._bytes = 0
        self._too_many: dict[Key, int] = {}
        self._searched: set[Key] = set()
        self._made: set[Key] = set()
        self.cleared = 0
        self._lock = threading.Lock()

    def find(self, key: Key) -> Sheet | None:
        """Return the sheet of one value of a scope, or None where there is none."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is None:
                return None
            self._kept.move_to_end(key)
            return kept[0]

    def begin(self, key: Key, rows: int, dimensions: int | None) -> bool:
        """Whether the caller should make a sheet of so many rows, and then say `end`; else it asks the store.

        Not where another is making it, where it could not be kept (one with no more rows could not), and not
        for the first search of a large scope: a process that asks one question is answered sooner without.
        """
        with self._lock:
            if key in self._made or rows >= self._too_many.get(key, rows + 1):
                return False
            if rows * (_ROW_BYTES + 4 * (dimensions or 0)) > self._max_bytes:
                return False
            if rows > _LARGE and key not in self._searched:
                if len(self._searched) >= _MOST_NOTED:
                    self._searched.clear()
                self._searched.add(key)
                return False
            self._made.add(key)
            return True

    def end(self, key: Key) -> None:
        """Let others make this sheet again."""
        with self._lock:
            self._made.discard(key)

    def keep(self, key: Key, sheet: Sheet, cleared: int) -> None:
        """Keep a sheet, or note that it has grown; `cleared` is what it was when the sheet was looked for."""
        size = _LEAST_BYTES + sheet.bytes
        with self._lock:
            if cleared != self.cleared:  # it may hold what was erased meanwhile
                return
            self._drop(key)
            if size > self._max_bytes:
                if len(self._too_many) >= _MOST_NOTED:
                    self._too_many.clear()
                self._too_many[key] = sheet.rows
                return
            self._kept[key] = (sheet, size)
            self._bytes += size
            while self._bytes > self._max_bytes:
                self._drop(next(iter(self._kept)))

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self.cleared += 1
            self._kept.clear()
            self._too_many.clear()
            self._searched.clear()
            self._bytes = 0

    def _drop(self, key: Key) -> None:
        kept = self._kept.pop(key, None)
        self._bytes -= 0 if kept is None else kept[1]
