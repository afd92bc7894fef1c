"""Turns and memories in order of time: by day and session, with what became of each memory."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from difflib import SequenceMatcher
from itertools import pairwise
from operator import attrgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mnemon.apps.cli.page.gathering import Inside
    from mnemon.types.memory import MemoryRecord, Version
    from mnemon.types.message import Message

__all__ = ["Bar", "Change", "Entry", "Session", "Timeline", "activity", "arrange", "changes"]

_GAP = timedelta(minutes=30)
"""A longer silence begins a new session, where no run tells: as when turns are added."""
_COMPARED = 600
"""Words of a text up to which versions are compared word by word."""
_WORDS = re.compile(r"\s+|[^\s]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A turn, a memory, or a turn with the memory of it.

    Attributes:
        at: when it was said.
        run_id: the run of it, or None.
        message: the message in the conversation log, or None.
        record: the memory, or None where the turn is in the log only.
        versions: its versions, where there are several or it was deleted.
        marks: what is special about it, such as `deleted`.
        place: where it stands among what was said at the same time.
    """

    at: datetime
    place: int
    run_id: str | None
    message: Message | None = None
    record: MemoryRecord | None = None
    versions: tuple[Version, ...] = ()
    marks: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What was said, or is remembered."""
        if self.record is not None:
            return self.record.text
        return "" if self.message is None else self.message.text

    @property
    def speaker(self) -> str:
        """Who said it, or what it is where nobody did."""
        one = self.record
        if one is not None:
            return one.speaker or one.role or one.kind
        return "" if self.message is None else self.message.name or self.message.role


@dataclass(frozen=True, slots=True)
class Session:
    """Entries of one run, or close to each other in time, on one day.

    Attributes:
        day: the day of the first one.
        run_id: their run, or None.
        entries: in order of time.
        begins: whether it is the first session of its day.
    """

    day: date
    run_id: str | None
    entries: tuple[Entry, ...]
    begins: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    """What is shown, and how much is not.

    Attributes:
        sessions: in order of time.
        entries: how many entries they have.
        hidden: how many earlier ones were left out, of those that were read.
    """

    sessions: tuple[Session, ...]
    entries: int
    hidden: int


def arrange(inside: Inside) -> Timeline:
    """Return the newest entries by session, oldest first."""
    entries = sorted(_entries(inside), key=attrgetter("at", "place"))
    shown = entries[-inside.limit :]
    sessions: list[Session] = []
    for group in _grouped(shown):
        day = group[0].at.date()
        begins = not sessions or sessions[-1].day != day
        sessions.append(Session(day, group[0].run_id, tuple(group), begins))
    return Timeline(tuple(sessions), len(shown), len(entries) - len(shown))


def _entries(inside: Inside) -> Iterator[Entry]:
    """Yield each memory with the turn that it is of, and then the turns that no memory is of."""
    turns = {(said.run_id, said.message.id, said.at): (place, said) for place, said in enumerate(inside.messages)}
    for record in inside.records:
        source = record.source_ids[0] if len(record.source_ids) == 1 else None
        place, said = turns.pop((record.scope.run_id, source, record.said_at), (len(inside.messages), None))
        versions = inside.histories.get(record.id, ())
        yield Entry(
            at=record.said_at,
            place=place,
            run_id=record.scope.run_id,
            message=None if said is None else said.message,
            record=record,
            versions=versions,
            marks=tuple(_marks(record, versions, inside.now)),
        )
    for place, said in turns.values():
        yield Entry(at=said.at, place=place, run_id=said.run_id, message=said.message, marks=("log only",))


def _marks(record: MemoryRecord, versions: Sequence[Version], now: datetime) -> Iterator[str]:
    if versions and versions[-1].deleted:
        yield "deleted"
    if record.expires_at is not None and not record.pinned and record.expires_at <= now:
        yield "expired"
    if record.pinned:
        yield "pinned"
    if record.kind != "episodic":
        yield record.kind
    if len(versions) > 1:
        yield f"{len(versions)} versions"


def _grouped(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    group: list[Entry] = []
    for entry in entries:
        if group and (
            entry.run_id != group[-1].run_id
            or entry.at.date() != group[0].at.date()
            or (entry.run_id is None and entry.at - group[-1].at > _GAP)
        ):
            yield group
            group = []
        group.append(entry)
    if group:
        yield group


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of time, and how much was said in it.

    Attributes:
        begin: its first day.
        count: how many entries it has.
        first: the day of the first entry in it, or None where there is none.
    """

    begin: date
    count: int
    first: date | None


def activity(timeline: Timeline, most: int = 72) -> tuple[Bar, ...]:
    """Return how much was said when, from the first day to the last, in so many equal stretches of days at most."""
    days = Counter(entry.at.date() for session in timeline.sessions for entry in session.entries)
    if not days:
        return ()
    first, last = min(days), max(days)
    step = timedelta(days=-(-((last - first).days + 1) // most))
    begins = [first]
    while begins[-1] + step <= last:
        begins.append(begins[-1] + step)
    inside: dict[int, list[date]] = {}
    for day in sorted(days):
        inside.setdefault(bisect_right(begins, day) - 1, []).append(day)
    return tuple(
        Bar(begin, sum(days[day] for day in inside.get(place, ())), inside.get(place, [None])[0])
        for place, begin in enumerate(begins)
    )


@dataclass(frozen=True, slots=True)
class Change:
    """A part of a version's text: `same` as before, `new` in it, or `gone` from the one before.

    Attributes:
        what: which of the three.
        text: the part.
    """

    what: str
    text: str


def changes(versions: Sequence[Version]) -> Mapping[int, tuple[Change, ...]]:
    """Return what each version changed in the text of the one before, by place; the first is as it stands."""
    told: dict[int, tuple[Change, ...]] = {0: (Change("same", versions[0].memory.text),)} if versions else {}
    for place, (before, after) in enumerate(pairwise(versions), 1):
        told[place] = tuple(_difference(before.memory.text, after.memory.text))
    return told


def _difference(before: str, after: str) -> Iterator[Change]:
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if max(len(old), len(new)) > _COMPARED:
        yield Change("same" if before == after else "new", after)
        return
    for tag, start, end, begin, stop in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Change("same", "".join(new[begin:stop]))
            continue
        if end > start:
            yield Change("gone", "".join(old[start:end]))
        if stop > begin:
            yield Change("new", "".join(new[begin:stop]))
