"""What a page shows, read from a memory by its public methods."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from mnemon.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from mnemon.memory import Memory
    from mnemon.types.memory import Hit, MemoryRecord, Version
    from mnemon.types.message import Message
    from mnemon.types.results import Run, Stats

__all__ = ["Found", "Inside", "Said", "gather"]

_PAGE = 1_000
_OPERATIONS = 1_000
"""The newest operations, which are looked through for memories that were deleted."""


@dataclass(frozen=True, slots=True)
class Said:
    """A message of the conversation log.

    Attributes:
        message: the message, with its id and time.
        run_id: the run that it was said in, or None.
    """

    message: Message
    run_id: str | None

    @property
    def at(self) -> datetime:
        """When it was said."""
        assert self.message.time is not None  # noqa: S101 - every stored message has one
        return self.message.time


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found.

    Attributes:
        query: what was looked for.
        hits: the memories, best first, each with its signals.
    """

    query: str
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """What there is in a scope.

    Attributes:
        scope: the ids of the scope, by name.
        now: when it was read.
        stats: the numbers of the scope.
        records: memories, the newest first; deleted ones as they last were.
        messages: messages of the log, in the order in which they were appended.
        histories: the versions of memories that have more than one, or were deleted, by memory.
        searches: what searches found.
        limit: how many turns and memories are shown at most.
    """

    scope: Mapping[str, str]
    now: datetime
    stats: Stats
    records: tuple[MemoryRecord, ...]
    messages: tuple[Said, ...]
    histories: Mapping[str, tuple[Version, ...]]
    searches: tuple[Found, ...]
    limit: int


def gather(
    view: Memory, scope: Mapping[str, str], *, queries: Sequence[str], found: int, limit: int, now: datetime
) -> Inside:
    """Read a scope, and search in it.

    Raises:
        ScopeError: the view has no scope.
        InvalidInputError: a blank query, or a number that does not fit.
    """
    if limit < 1:
        msg = f"limit must be at least 1, not {limit!r}"
        raise InvalidInputError(msg)
    searches = tuple(Found(query, tuple(view.search(query, limit=found, explain=True))) for query in queries)
    records = list(_current(view, limit))
    histories = {one.id: tuple(view.history(one.id)) for one in records if one.version > 1}
    for versions in _deleted(view, {one.id for one in records}, limit):
        records.append(versions[-1].memory)
        histories[versions[0].memory.id] = versions
    return Inside(
        scope=scope,
        now=now,
        stats=view.stats(),
        records=tuple(records),
        messages=tuple(_messages(view, limit)),
        histories=histories,
        searches=searches,
        limit=limit,
    )


def _current(view: Memory, limit: int) -> Iterator[MemoryRecord]:
    """Yield the current memories that were said last, those that have expired too."""
    cursor = None
    while limit > 0:
        page = view.get_all(sort="said_at", limit=min(limit, _PAGE), cursor=cursor, include_expired=True)
        yield from page
        limit -= len(page)
        cursor = page.cursor
        if cursor is None:
            return


def _deleted(view: Memory, current: set[str], limit: int) -> Iterator[tuple[Version, ...]]:
    """Yield the versions of memories that the newest operations deleted, and that were not erased since."""
    page = view.operations(limit=_OPERATIONS)
    touched = dict.fromkeys(
        one.memory_id for operation in page for one in operation.touched if one.made is None and one.closed is not None
    )
    for memory_id in [one for one in touched if one not in current][:limit]:
        try:
            versions = tuple(view.history(memory_id))
        except NotFoundError:  # erased: nothing of it is left to show
            continue
        if versions[-1].deleted:
            yield versions


def _messages(view: Memory, limit: int) -> Iterator[Said]:
    """Yield the newest messages in the order in which they were appended, each with its run.

    So many messages are in so many runs at most: those that something was appended to last.
    """
    runs: defaultdict[tuple[object, ...], deque[str]] = defaultdict(deque)
    for run in sorted(_runs(view), key=attrgetter("last_at"), reverse=True)[:limit]:
        for message in view.conversations.read(run_id=run.run_id, last=limit):
            runs[_key(message)].append(run.run_id)
    for message in view.conversations.read(last=limit):
        of = runs[_key(message)]
        yield Said(message, of.popleft() if of else None)


def _runs(view: Memory) -> Iterator[Run]:
    after = None
    while page := view.conversations.runs(after=after, limit=_PAGE):
        yield from page
        after = page[-1].run_id


def _key(message: Message) -> tuple[object, ...]:
    return message.id, message.time, message.role, message.text
