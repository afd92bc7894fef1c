"""What a reader knows of the rows that match a filter: the number of each, and what of the log it has seen."""

from __future__ import annotations

import hashlib
import math
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mnemon.stores.weaviate.naming import SLOTS, end_id

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping
    from uuid import UUID

    from mnemon.stores.weaviate.log import Entry
    from mnemon.types.filters import Filter
    from mnemon.types.storage import Row

__all__ = ["Slack", "Told", "Watch", "Watches"]

_MOST_ROWS = 1_000_000
"""Rows whose numbers are kept, of all watches together, at about 150 bytes each."""
_MOST_WATCHES = 10_000
"""Watches that are kept, at about 2 kB each where they have no rows."""
_MOST_RECENT = 50
"""Entries of the log that are known one by one before most of them are only counted."""
_LONGEST_TRAIL = 100_000
"""Changed rows that are remembered for one who asks with an earlier mark."""

_SLACK_US = 300e6
"""By how much the clocks of a server's nodes may differ; beyond, a reader misses an entry for `_OFTEN_S` at most."""
_OFTEN_S = 60.0
"""After so long the older entries are counted again: 2.7 us for each."""
_WIDER = 8
_WIDE_S = 3600.0
"""After so long without a late entry the slack is one step narrower."""


@dataclass(frozen=True, slots=True)
class Slack:
    """By how much the clocks of the nodes that get the entries of one project are allowed to differ.

    Attributes:
        steps: how many times it was not enough.
        since: when it was that the last time, by a clock of which only differences count.
    """

    steps: int = 0
    since: float = 0.0

    def microseconds(self, now: float) -> float:
        """Return how much it is: one wrong clock does not make a search read more of the log for good."""
        return _SLACK_US * _WIDER ** self._steps(now)

    def wider(self, now: float) -> Slack:
        """Return one that allows for more."""
        return Slack(self._steps(now) + 1, now)

    def _steps(self, now: float) -> int:
        return max(self.steps - int((now - self.since) / _WIDE_S), 0)


@dataclass(frozen=True, slots=True)
class Told:
    """Rows by number, ascending, and numbers that are gone."""

    rows: dict[int, Row]
    gone: tuple[int, ...]


@dataclass(slots=True)
class Watch:
    """One who follows the rows of a project that match a filter.

    A row gets a number when it is met, and another one when it is put anew. What changed is a trail of ids,
    and a mark is a place on it: who asks with the same mark again is told the same again. Used by one thread
    at a time, but for `is_still`, which answers yes at no line of the others where it would not before or after.

    Attributes:
        project: whose rows.
        collection: its name.
        where: which rows, bound.
        token: of the entries of the log that concern them.
        horizon: entries of the log that the server got before it are counted, the others known one by one.
        older: how many there are before it.
        slack: by how much the horizon was behind the server's time when it was set.
        counted: when the older ones were counted, by a clock of which only differences count.
        width: in how wide ranges of slots the rows are read at first.
        recent: the entries since, with when the server got them.
        open: entries whose end was not seen.
    """

    project: str
    collection: str
    where: Filter
    token: str
    horizon: float
    older: int
    slack: Slack = field(default_factory=Slack)
    counted: float = -math.inf
    width: int = SLOTS
    recent: dict[UUID, float] = field(default_factory=dict["UUID", float])
    open: dict[UUID, Entry] = field(default_factory=dict["UUID", "Entry"])
    _numbers: dict[str, int] = field(default_factory=dict[str, int])
    _last: int = 0
    _trail: list[tuple[str, bool]] = field(default_factory=list[tuple[str, bool]])
    _start: int = 0
    _walked: int = 0
    _gone: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    _looked: dict[str, bytes] = field(default_factory=dict[str, bytes])

    @property
    def rows(self) -> int:
        """How many rows have a number."""
        return len(self._numbers)

    @property
    def latest(self) -> float:
        """When the server got the latest entry that is known one by one; the horizon where there is none."""
        return max(self.recent.values(), default=self.horizon)

    @property
    def end(self) -> int:
        """Where the trail ends."""
        return self._start + len(self._trail)

    def is_still(self, entries: int, place: int) -> bool:
        """Whether nothing changed for one at a place of the trail, where so many entries are not older."""
        return entries == len(self.recent) and not self.open and place == self.end

    def is_due(self, now: float) -> bool:
        """Whether the older entries are to be counted again, which takes the longer the more there are."""
        return now - self.counted > _OFTEN_S

    def remembers(self, place: int) -> bool:
        """Whether a place is on the trail."""
        return self._start <= place <= self.end

    def learn(self, entries: Iterable[Entry]) -> None:
        """Take in what writers announced."""
        for entry in entries:
            if entry.ends:
                continue
            if entry.uuid not in self.recent:
                self.open[entry.uuid] = entry  # first: with the other line `is_still` counts it as known
                for row_id in (*entry.put, *entry.other):  # it may have been another one, or not there, meanwhile
                    self._looked.pop(row_id, None)
            self.recent[entry.uuid] = entry.at  # a repeated request gives it another time

    def forget_ends(self, ends: Container[UUID]) -> None:
        """Close what has ended."""
        for uuid in [uuid for uuid in self.open if end_id(uuid) in ends]:
            del self.open[uuid]
        if not self.open:
            self._looked.clear()

    @property
    def is_long(self) -> bool:
        """Whether so many entries are known one by one that most of them had better only be counted."""
        return len(self.recent) >= _MOST_RECENT

    def before(self, horizon: float) -> int:
        """Return how many of the entries that are known one by one are earlier than a time."""
        return sum(at < horizon for at in self.recent.values())

    def step_back(self, horizon: float, slack: Slack) -> None:
        """Only count the entries that are earlier than a later horizon, which is the server's time less the slack."""
        self.older += self.before(horizon)
        # First: whoever counts from the later time on must not compare that with all of them.
        self.recent = {uuid: at for uuid, at in self.recent.items() if at >= horizon}
        self.horizon, self.slack = horizon, slack

    def unfinished(self) -> list[str]:
        """Return the rows that what is open names: any of them may be written at any moment."""
        return list(dict.fromkeys(row_id for entry in self.open.values() for row_id in (*entry.put, *entry.other)))

    def look(self, rows: Mapping[str, Row]) -> None:
        """Put on the trail what is open and not as it was when it was last looked at; `rows` are those that match."""
        anew = {row_id for entry in self.open.values() for row_id in entry.put}
        for row_id in self.unfinished():
            row = rows.get(row_id)
            seen = b"" if row is None else _digest(row)
            if self._looked.get(row_id) != seen:
                self._trail.append((row_id, row_id in anew))
                self._looked[row_id] = seen

    def ahead(self, place: int, limit: int) -> list[str]:
        """Return the rows on the trail from a place on, so many at most."""
        start = place - self._start
        return list(dict.fromkeys(row_id for row_id, _ in self._trail[start : start + limit]))

    def walk(self, place: int, stop: int, rows: Mapping[str, Row]) -> Told:
        """Return what changed between two places, given which of the rows match now."""
        for index in range(max(place, self._walked), stop):
            row_id, anew = self._trail[index - self._start]
            number = self._numbers.get(row_id)
            if number is not None and (anew or row_id not in rows):
                del self._numbers[row_id]
                self._gone.append((index, number))
            if row_id in rows:
                self.number(row_id)
        self._walked = max(self._walked, stop)
        told: dict[int, Row] = {}
        gone = [number for index, number in self._gone if place <= index < stop]
        for row_id in self.ahead(place, stop - place):
            number = self._numbers.get(row_id)
            if number is not None and row_id in rows:
                told[number] = rows[row_id]
            elif number is not None:
                gone.append(number)  # since then; whoever walks on is told again
        self._shorten()
        return Told(dict(sorted(told.items())), tuple(gone))

    def number(self, row_id: str) -> int:
        """Return the number of a row, a new one where it has none."""
        number = self._numbers.get(row_id)
        if number is None:
            self._last += 1
            number = self._numbers[row_id] = self._last
        return number

    def _shorten(self) -> None:
        cut = min(self._walked - self._start, len(self._trail)) - _LONGEST_TRAIL
        if cut > 0:
            self._start += cut  # first: between the two lines no place is the end
            del self._trail[:cut]
            self._gone = [(index, number) for index, number in self._gone if index >= self._start]


def _digest(row: Row) -> bytes:
    """Return what differs as soon as anything of a row does."""
    digest = hashlib.sha256(repr((sorted(row.fields.items()), row.terms, row.metadata, row.payload)).encode())
    for name in sorted(row.vectors):
        digest.update(name.encode() + np.asarray(row.vectors[name], np.float32).tobytes())
    return digest.digest()


class Watches:
    """Watches by number; those that were not used for longest go first, where there are many rows."""

    def __init__(self, most_rows: int = _MOST_ROWS) -> None:
        """Start with none."""
        self._most_rows = most_rows
        self._kept: OrderedDict[int, Watch] = OrderedDict()
        self._last = 0
        self._lock = threading.Lock()

    def add(self, watch: Watch) -> int:
        """Keep a watch, and return its number."""
        with self._lock:
            self._last += 1
            self._kept[self._last] = watch
            while len(self._kept) > _MOST_WATCHES or (len(self._kept) > 1 and self._rows() > self._most_rows):
                self._kept.popitem(last=False)
            return self._last

    def _rows(self) -> int:
        return sum(one.rows + 1 for one in self._kept.values())

    def find(self, number: int) -> Watch | None:
        """Return a watch that is still kept."""
        with self._lock:
            watch = self._kept.get(number)
            if watch is not None:
                self._kept.move_to_end(number)
            return watch
