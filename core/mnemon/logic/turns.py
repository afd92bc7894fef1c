"""What of a list of messages is new, and where in its conversation each one stands."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from mnemon.logic.messages import ERASED, message_from_row, message_row_id, thread_of
from mnemon.logic.scopes import row_id
from mnemon.types.times import to_datetime

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime, timedelta

    from mnemon.protocols.clock import NewId
    from mnemon.types.message import Message, Role
    from mnemon.types.scope import Scope
    from mnemon.types.storage import Row

__all__ = ["Log", "Logged", "Turn", "logged", "plan_turns"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """A message as the log has it.

    Attributes:
        row: id of its row.
        message: the message.
        position: where it stands in its thread.
        said_at: when it was said.
        session: the session that it belongs to.
        memory_id: the memory that was made of it, or None.
        latest: the newest memory of its session up to it, or None.
    """

    row: str
    message: Message
    position: str
    said_at: datetime
    session: str
    memory_id: str | None
    latest: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """What a plan has to know of a thread.

    Attributes:
        tail: its newest messages in order; at least as many as are to be added, if there are so many.
        known: messages that have an id which is to be added, by row id.
        near: messages said about the time of those to be added, where that lies before the tail.
    """

    tail: Sequence[Logged] = ()
    known: Mapping[str, Logged] = field(default_factory=dict[str, Logged])
    near: Sequence[Logged] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What becomes of one message of a list.

    Attributes:
        scope: whose message it is.
        message: the message, with id and time.
        row: id of its row in the log.
        session: its session.
        previous: the memory before it in its session, or None.
        memory_id: the memory that it is in, or is to be in; None for what is only logged.
        new: whether its message is to be written.
        remembered: whether a memory is to be made of it.
    """

    scope: Scope
    message: Message
    row: str
    session: str
    previous: str | None
    memory_id: str | None
    new: bool
    remembered: bool


def logged(row: Row) -> Logged:
    """Return a row of the log that was read with its payload."""
    fields = row.fields
    return Logged(
        row=row.id,
        message=message_from_row(row),
        position=cast("str", fields["position"]),
        said_at=to_datetime(fields["said_at"], "said_at"),
        session=cast("str", fields["session"]),
        memory_id=cast("str | None", fields.get("memory_id")),
        latest=cast("str | None", fields.get("latest")),
    )


def plan_turns(
    given: Sequence[Message],
    log: Log,
    *,
    scope: Scope,
    roles: Collection[Role],
    now: datetime,
    gap: timedelta,
    new_id: NewId,
    align: bool = True,
) -> list[Turn]:
    """Decide for each message, in order, whether it is new, and where it stands.

    A message is known by its id. Without an id it is known where the list begins with the end of
    the log, as it does when a whole history is sent again, and where the same speaker says the same
    directly after itself in one session.

    Args:
        given: the messages; a time that is missing is `now`.
        log: what is there.
        scope: whose messages they are.
        roles: roles whose messages become memories.
        now: the time of the call.
        gap: silence that ends a session, where no `run_id` names one.
        new_id: gives ids to messages and memories.
        align: whether a message without an id may be known by its content.
    """
    known = _repeated(given, log, now=now, gap=gap) if align else {}
    place = _Place(scope, log, gap)
    turns: list[Turn] = []
    for index, message in enumerate(given):
        there = known.get(index)
        if isinstance(there, int):
            turns.append(replace(turns[there], new=False, remembered=False))
            continue
        if there is None and message.id is not None:
            there = log.known.get(message_row_id(scope, message.id))
            before = next((turn for turn in turns if turn.message.id == message.id), None)
            if there is None and before is not None:
                turns.append(replace(before, new=False, remembered=False))
                continue
        wanted = message.role in roles and bool(message.text.strip())
        if there is not None:
            turns.append(place.again(there, wanted=wanted, new_id=new_id))
            continue
        whole = replace(message, id=message.id or new_id(), time=message.time or now)
        turns.append(place.next(whole, wanted=wanted, new_id=new_id))
    return turns


class _Place:
    """Where the next message stands: its session, and the memory before it."""

    def __init__(self, scope: Scope, log: Log, gap: timedelta) -> None:
        self._scope = scope
        self._thread = thread_of(scope)
        self._gap = gap
        self._near = log.near
        last = log.tail[-1] if log.tail else None
        self._at = None if last is None else (last.session, last.said_at, last.latest)

    def again(self, there: Logged, *, wanted: bool, new_id: NewId) -> Turn:
        """Return the turn of a message that the log has; a memory is made of it where it has none yet."""
        missing = wanted and there.memory_id is None
        return Turn(
            scope=self._scope,
            message=there.message,
            row=there.row,
            session=there.session,
            previous=there.latest if missing else None,
            memory_id=new_id() if missing else there.memory_id,
            new=False,
            remembered=missing,
        )

    def next(self, message: Message, *, wanted: bool, new_id: NewId) -> Turn:
        """Return the turn of a message that is appended now."""
        row = message_row_id(self._scope, cast("str", message.id))
        said_at = cast("datetime", message.time)
        session, previous = self._session(row, said_at)
        memory_id = new_id() if wanted else None
        self._at = (session, said_at, memory_id or previous)
        return Turn(
            scope=self._scope,
            message=message,
            row=row,
            session=session,
            previous=previous,
            memory_id=memory_id,
            new=True,
            remembered=wanted,
        )

    def _session(self, row: str, said_at: datetime) -> tuple[str, str | None]:
        if self._at is not None and (self._scope.run_id is not None or abs(said_at - self._at[1]) <= self._gap):
            return self._at[0], self._at[2]
        if self._scope.run_id is not None:
            return self._thread, None
        near = [one for one in self._near if abs(one.said_at - said_at) <= self._gap]
        if not near:
            return row_id("session", self._thread, row), None
        before = [one for one in near if one.said_at <= said_at]
        if before:
            last = max(before, key=lambda one: one.said_at)
            return last.session, last.latest
        return min(near, key=lambda one: one.said_at).session, None


def _repeated(given: Sequence[Message], log: Log, *, now: datetime, gap: timedelta) -> dict[int, Logged | int]:
    """Return which messages are known by their content: the logged message, or the index of an earlier one."""
    known: dict[int, Logged | int] = {}
    distinct: list[int] = []
    for index, message in enumerate(given):
        if distinct and message.id is None:
            before = given[distinct[-1]]
            if _same_words(before, message) and abs((before.time or now) - (message.time or now)) <= gap:
                known[index] = distinct[-1]
                continue
        distinct.append(index)
    overlap = _overlap([given[index] for index in distinct], log.tail, now=now, gap=gap)
    return known | dict(zip(distinct, log.tail[len(log.tail) - overlap :], strict=False))


def _overlap(given: Sequence[Message], tail: Sequence[Logged], *, now: datetime, gap: timedelta) -> int:
    for length in range(min(len(given), len(tail)), 0, -1):
        end = tail[len(tail) - length :]
        pairs = list(zip(end, given, strict=False))
        kept = [pair for pair in pairs if not _erased(*pair)]
        if kept and all(_is(one, message) for one, message in kept):
            if length == 1 and given[0].id is None and abs(end[0].said_at - (given[0].time or now)) > gap:
                return 0
            return length
    return 0


def _erased(there: Logged, message: Message) -> bool:
    """Whether the log keeps only a marker of what may be this message: a history sent again must not bring it back."""
    return message.id is None and there.message.text == ERASED and there.message.role == message.role


def _is(there: Logged, message: Message) -> bool:
    if message.id is not None:
        return there.message.id == message.id
    return _same_words(there.message, message) and message.time in {None, there.said_at}


def _same_words(one: Message, other: Message) -> bool:
    return (one.role, one.name, one.blocks) == (other.role, other.name, other.blocks)
