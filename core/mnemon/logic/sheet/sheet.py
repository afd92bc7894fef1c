"""The current memories of one value of a scope, in columns."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

from mnemon.logic.embedding import unit_rows
from mnemon.logic.memories import QUESTION, TIME_WORDS
from mnemon.logic.recall import length_of, role_number
from mnemon.logic.sheet.columns import Columns, Names, Newest
from mnemon.logic.sheet.words import Words
from mnemon.types.scope import SCOPE_FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy
    from numpy.typing import NDArray

    from mnemon.types.changes import Changes, Mark
    from mnemon.types.storage import Row

    Vectors = NDArray[numpy.float32]

__all__ = ["SHEET_FIELDS", "Sheet"]

SHEET_FIELDS = (
    "memory_id",
    "version",
    "session",
    "previous",
    "cues",
    "speaker",
    "role",
    "said_at",
    "expires_at",
    "pinned",
    *SCOPE_FIELDS,
)
"""What of a memory's fields a sheet has."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NEVER = 1 << 62
_ROW_BYTES = 400
"""What a row takes beyond its arrays: its id, its memory's id, and the tables that hold them."""
_FILLED = (
    *("memory", "previous", "session", "speaker", "version", "role", "question", "time_words", "said", "expires"),
    *SCOPE_FIELDS,
)
"""Columns made of a row's fields."""
_REBUILD_BELOW = 0.75
"""Share of rows that must still be current; a sheet with fewer is made anew."""
_FEW = 1_000
"""Rows that may be gone of any sheet: one memory that is changed all the time must not make it anew each time."""


class Sheet:
    """Rows in the order of their numbers. A row keeps its place, and what it says never changes.

    Rows are added and taken away by one thread at a time, while others read: what is being added
    is not counted in `rows` yet.

    Attributes:
        lock: held while changes are carried out, and while a view is taken.
        whole: whether the rows are those of one state of the store: not between two parts of an answer.
        mark: up to where changes were carried out; None before the first.
        rows: how many rows there are, those that are not current any more among them.
        columns: a value for each row; texts as numbers, times in microseconds since 1970.
        words: what each row holds.
        memories: ids of memories by number; number 0 is none.
        speakers: names by number, the empty one for nobody's.
        scopes: ids of scopes by number, the empty one where a row has none.
        row_ids: the id of each row.
        newest: the current row of each memory, by the memory's number.
    """

    def __init__(self, dimensions: int | None, space: str | None) -> None:
        """Start empty; `dimensions` and name of the vectors, or None for words alone."""
        import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

        self.mark: Mark | None = None
        self.rows = 0
        self._space = space
        self.lock = threading.Lock()
        self.whole = False
        self.columns = Columns(
            {
                **dict.fromkeys(("number", "said", "expires"), np.int64),
                **dict.fromkeys(("memory", "previous", "session", "speaker", "version", *SCOPE_FIELDS), np.int32),
                "length": np.float64,
                "role": np.int8,
                **dict.fromkeys(("question", "time_words", "alive", "embedded"), np.bool_),
            },
            width=dimensions,
        )
        self.words = Words()
        self.memories, self.speakers, self.scopes = Names(), Names(), Names()
        _ = self.memories[""]  # 0 is nobody's
        self.row_ids: list[str] = []
        self.newest = Newest()
        self._sessions = Names()
        self._places: dict[int, int] = {}
        self._doubled: set[int] = set()
        self._last = -1
        self._half_done = False
        self._gone = 0

    @property
    def bytes(self) -> int:
        """Memory that the sheet takes, about."""
        return self.columns.bytes + self.words.bytes + self.newest.bytes + _ROW_BYTES * self.rows

    def take(self, since: Mark | None, changes: Changes) -> bool:
        """Carry out what changed since a mark, unless another thread has; return False where only a new sheet helps."""
        with self.lock:
            if since != self.mark:
                return True
            if changes.anew or self._half_done:
                return False
            self.whole = False
            self._half_done = True  # until all is carried out: an error in between leaves columns of unequal length
            for number in changes.gone:
                if not self._remove(number):
                    return False
            new: dict[int, Row] = {}
            for number, row in changes.rows.items():
                if number not in self._places:
                    new[number] = row
                    continue
                for name, value in zip(_FILLED, self._values(row), strict=True):  # a patch may have changed them
                    self.columns[name][self._places[number]] = value
            if new and not self._add(new):
                return False
            self.newest.reserve(len(self.memories.texts))
            self.mark = changes.mark
            self._half_done = False
            self.whole = not changes.more
            return self._gone < _FEW or self.rows - self._gone >= _REBUILD_BELOW * self.rows

    def _remove(self, number: int) -> bool:
        place = self._places.pop(number, None)
        if place is None:
            return True
        memory = int(self.columns["memory"][place])
        self.columns["alive"][place] = False
        self._gone += 1
        if self.newest.find(memory) == place:
            self.newest.put(memory, -1)
        return memory not in self._doubled  # else the version that stood back for this one counts again

    def _add(self, rows: Mapping[int, Row]) -> bool:
        """Add rows whose numbers are higher than all before; return whether they are."""
        import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

        start, end = self.rows, self.rows + len(rows)
        columns, given = self.columns, list(rows.values())
        if next(iter(rows)) <= self._last:
            return False
        columns.reserve(end, start)
        self.row_ids += [row.id for row in given]
        self.words.add([row.terms for row in given])
        columns["length"][start:end] = [length_of(row.terms) for row in given]
        columns["alive"][start:end] = True
        for name, values in zip(_FILLED, zip(*map(self._values, given), strict=True), strict=True):
            columns[name][start:end] = values
        with_vector = [place for place, row in enumerate(given, start) if self._space in row.vectors]
        if with_vector and self._space is not None:
            vectors = np.stack([cast("Vectors", given[place - start].vectors[self._space]) for place in with_vector])
            columns["units"][with_vector] = unit_rows(vectors)
            columns["embedded"][with_vector] = True
        self.newest.reserve(len(self.memories.texts))
        for place, number in enumerate(rows, start):
            self._places[number] = place
            self._supersede(place)
            self._last = number
        self.rows = end
        return True

    def _values(self, row: Row) -> tuple[object, ...]:
        """Return what a row's fields say, in the order of `_FILLED`."""
        get = cast("Mapping[str, str]", row.fields).get
        memory, session, cues = get("memory_id", ""), get("session"), get("cues", "")
        expires = None if get("pinned") else get("expires_at")
        return (
            self.memories[memory],
            self.memories[get("previous") or ""],
            self._sessions[session or f"\x1f{memory}"],
            self.speakers[get("speaker") or ""],
            row.fields["version"],
            role_number(get("role")),
            QUESTION in cues,
            TIME_WORDS in cues,
            _instant(get("said_at", "")),
            _NEVER if expires is None else _instant(expires),
            *[self.scopes[get(name) or ""] for name in SCOPE_FIELDS],
        )

    def _supersede(self, place: int) -> None:
        """Let of two current versions of one memory, which two writers may leave, only the later one count."""
        columns = self.columns
        memory, version = int(columns["memory"][place]), columns["version"]
        before = self.newest.find(memory)
        if before >= 0:
            self._doubled.add(memory)
            earlier = before if version[before] < version[place] else place
            columns["alive"][earlier] = False
            place = before + place - earlier
        self.newest.put(memory, place)


def _instant(time: str) -> int:
    """Return a canonical time in microseconds since 1970."""
    return (datetime.fromisoformat(time) - _EPOCH) // _MICROSECOND
