"""What of a list of messages is new, and where in its conversation each one stands."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from mnemon.logic.messages import ERASED, MESSAGES, blocks_to_list, message_from_dict, message_row_id
from mnemon.logic.payloads import payload_data
from mnemon.logic.sessions import Place, Spot, spot_of
from mnemon.types.message import Message
from mnemon.types.unseen import is_blank

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime, timedelta

    from mnemon.protocols.clock import NewId
    from mnemon.types.message import Role
    from mnemon.types.scope import Scope
    from mnemon.types.storage import Row

__all__ = ["Log", "Logged", "Turn", "plan_turns", "unremembered"]


_MARKER = blocks_to_list(Message(role="user", content=ERASED))
"""What an erased message says, as the log has it."""


class Logged:
    """A message as the log has it.

    No dataclass with cached properties: before Python 3.12 each of those takes a lock when it is first asked for.

    Attributes:
        stored: its row, read with its payload.
        row: the id of that.
        role: who spoke.
        spot: where it stands.
    """

    __slots__ = ("_data", "_message", "role", "row", "spot", "stored")

    def __init__(self, stored: Row) -> None:
        """Take a message's row."""
        self.stored = stored
        self.row = stored.id
        self.role = cast("str", stored.fields["role"])
        self.spot = spot_of(stored)
        self._data: Mapping[str, object] | None = None
        self._message: Message | None = None

    @property
    def memory_id(self) -> str | None:
        """The memory that was made of it, or None."""
        return cast("str | None", self.stored.fields.get("memory_id"))

    @property
    def data(self) -> Mapping[str, object]:
        """The message in the form of `message_to_dict`; it is read when it is first asked for."""
        if self._data is None:
            self._data = payload_data(self.stored, MESSAGES.name)
        return self._data

    @property
    def message(self) -> Message:
        """The message; it is made when it is first asked for."""
        if self._message is None:
            self._message = message_from_dict(self.data)
        return self._message


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """What a plan has to know of a thread.

    Attributes:
        tail: its newest messages in order; at least as many that are no system messages as are to
            be added, if there are so many.
        head: its first messages, where a system message is to be added.
        known: messages that have an id which is to be added, by row id.
        near: where messages stand that were said about the time of those to be added, beyond the tail.
    """

    tail: Sequence[Logged] = ()
    head: Sequence[Logged] = ()
    known: Mapping[str, Logged] = field(default_factory=dict[str, Logged])
    near: Sequence[Spot] = ()


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


def plan_turns(
    given: Sequence[Message],
    times: Sequence[datetime],
    log: Log,
    *,
    scope: Scope,
    roles: Collection[Role],
    gap: timedelta,
    new_id: NewId,
    align: bool = True,
) -> list[Turn]:
    """Decide for each message, in order, whether it is new, and where it stands.

    A message is known by its id. Without an id it is known where the list begins with the end of
    the log, as it does when a whole history is sent again, and where the same speaker says the same
    directly after itself in one session, within the silence that ends one. System messages are no
    turns: they stand aside when lists are compared, and the same words are the same message wherever
    they stand.

    Args:
        given: the messages.
        times: when each was said; its own time, or what stands for one.
        log: what is there.
        scope: whose messages they are.
        roles: roles whose messages become memories.
        gap: silence that ends a session, where no `run_id` names one.
        new_id: gives ids to messages and memories.
        align: whether a message without an id may be known by its content.
    """
    known = _repeated(given, times, log, scope=scope, gap=gap) if align else {}
    place = Place(scope, [one.spot for one in log.tail], log.near, gap)
    turns: list[Turn] = []
    by_id: dict[str, Turn] = {}
    for index, message in enumerate(given):
        there = known.get(index)
        before = turns[there] if isinstance(there, int) else by_id.get(message.id or "")
        if before is not None:
            turns.append(replace(before, new=False, remembered=False))
            continue
        if message.id is not None and not isinstance(there, Logged):
            there = log.known.get(message_row_id(scope, message.id))
        wanted = message.role in roles and not is_blank(message.text)
        if isinstance(there, Logged):
            turns.append(_again(there, place, scope, wanted=wanted, new_id=new_id))
        else:
            whole = message.stamped(message.id or new_id(), times[index])
            turns.append(_next(whole, place, scope, wanted=wanted, new_id=new_id))
        by_id[turns[-1].message.id or ""] = turns[-1]
    return turns


def unremembered(
    given: Sequence[Message],
    times: Sequence[datetime],
    log: Log,
    *,
    scope: Scope,
    roles: Collection[Role],
    gap: timedelta,
) -> list[str]:
    """Return the texts of which `plan_turns` would make memories, as the log is now."""
    known = _repeated(given, times, log, scope=scope, gap=gap)
    texts: list[str] = []
    for index, message in enumerate(given):
        there = known.get(index)
        if isinstance(there, int) or message.role not in roles:
            continue
        if there is None and message.id is not None:
            there = log.known.get(message_row_id(scope, message.id))
        if (there is None or there.memory_id is None) and not is_blank(text := message.text):
            texts.append(text)
    return texts


def _again(there: Logged, place: Place, scope: Scope, *, wanted: bool, new_id: NewId) -> Turn:
    """Return the turn of a message that the log has; a memory is made of it where it has none yet."""
    missing = wanted and there.memory_id is None
    turn = Turn(
        scope=scope,
        message=there.message,
        row=there.row,
        session=there.spot.session,
        previous=place.before_known(there.spot) if missing else None,
        memory_id=new_id() if missing else there.memory_id,
        new=False,
        remembered=missing,
    )
    place.pass_known(there.spot, turn.memory_id)
    return turn


def _next(message: Message, place: Place, scope: Scope, *, wanted: bool, new_id: NewId) -> Turn:
    """Return the turn of a message that is appended now."""
    row = message_row_id(scope, cast("str", message.id))
    said_at = cast("datetime", message.time)
    session, previous = place.of_new(row, said_at)
    memory_id = new_id() if wanted else None
    place.pass_new(session, said_at, memory_id or previous)
    return Turn(
        scope=scope,
        message=message,
        row=row,
        session=session,
        previous=previous,
        memory_id=memory_id,
        new=True,
        remembered=wanted,
    )


def _repeated(
    given: Sequence[Message], times: Sequence[datetime], log: Log, *, scope: Scope, gap: timedelta
) -> dict[int, Logged | int]:
    """Return which messages are known by their content: the logged message, or the index of an earlier one."""
    known: dict[int, Logged | int] = {}
    distinct: list[int] = []
    rules: dict[int, Message] = {}
    for index, message in enumerate(given):
        if message.role == "system":
            there = _known_rule(message, log, rules)
            if there is not None:
                known[index] = there
            rules[index] = message
        elif distinct and message.id is None and _directly_again(given, times, distinct[-1], index, gap):
            known[index] = distinct[-1]
        else:
            distinct.append(index)
    tail = [one for one in log.tail if one.role != "system"]
    if tail and distinct:
        turns = [given[index] for index in distinct]
        overlap = _overlap(turns, times[distinct[0]], tail, gap)
        if not overlap and scope.run_id is not None and len(tail) == 1 < len(turns):
            overlap = int(_is(tail[0], turns[0]))  # one turn is all of this run: the list is its history, however late
        known |= zip(distinct, tail[len(tail) - overlap :], strict=False)
    return known


def _known_rule(message: Message, log: Log, earlier: Mapping[int, Message]) -> Logged | int | None:
    if message.id is not None:
        return None
    before = next((index for index, one in earlier.items() if _same_words(one, message)), None)
    if before is not None:
        return before
    standing = (one for one in (*log.head, *log.tail) if one.role == "system")
    return next((one for one in standing if _says(one, message)), None)


def _directly_again(
    given: Sequence[Message], times: Sequence[datetime], before: int, index: int, gap: timedelta
) -> bool:
    return _same_words(given[before], given[index]) and abs(times[before] - times[index]) <= gap


def _overlap(given: Sequence[Message], time: datetime, tail: Sequence[Logged], gap: timedelta) -> int:
    """Return how many messages at the end of the log the list begins with; its first was said at `time`."""
    near = abs(tail[-1].spot.said_at - time) <= gap
    most = min(len(given), len(tail))
    # Written out once each: where a talk is "Yes" and "No" in turn, half of all pairs are compared.
    there = [_written(one.role, one.data["name"], one.data["content"]) for one in tail[-most:]] if most > 1 else []
    told = [_written(one.role, one.name, blocks_to_list(one)) for one in given[: len(there)]]
    erased = [one.role if one.data["content"] == _MARKER else None for one in tail[len(tail) - len(there) :]]
    for length in range(most, 1, -1):
        kept = 0
        for place in range(length):  # no slices: a history of 100,000 would be copied 100,000 times
            message = given[place]
            # The log keeps only a marker of what may be this message: a history sent again must not bring it back.
            if message.id is None and erased[place - length] == message.role:
                continue
            said_so = message.id is not None or there[place - length] == told[place]
            if not said_so or not _may_be(tail[place - length], message):
                break
            kept += 1
        else:
            # Beside an erased turn one known one is not enough: people begin many talks with the same greeting.
            if kept == length or kept > 1 or (kept and near):
                return length
    return 1 if _is_directly_again(tail[-1], given[0], near=near) else 0


def _written(role: str, name: object, content: object) -> str:
    return json.dumps([role, name, content], sort_keys=True)


def _may_be(there: Logged, message: Message) -> bool:
    """Whether a logged message is the given one, as far as its id tells, or, without one, its time."""
    if message.id is not None:
        return there.data["id"] == message.id
    return message.time is None or message.time == there.spot.said_at


def _is(there: Logged, message: Message) -> bool:
    return _may_be(there, message) and (message.id is not None or _says(there, message))


def _is_directly_again(there: Logged, message: Message, *, near: bool) -> bool:
    """Whether one message alone repeats the last one: with no list to compare, its time must be near."""
    if message.id is not None:
        return there.data["id"] == message.id
    return near and _says(there, message)


def _says(there: Logged, message: Message) -> bool:
    """Whether a logged message says the same as one that is given, who says it included."""
    if there.role != message.role:
        return False
    return there.data["name"] == message.name and there.data["content"] == blocks_to_list(message)


def _same_words(one: Message, other: Message) -> bool:
    return (one.role, one.name, one.content) == (other.role, other.name, other.content)
