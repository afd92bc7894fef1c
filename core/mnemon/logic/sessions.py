"""Where a message stands in its conversation: its session, and the memory before it."""

from __future__ import annotations

from bisect import bisect_right, insort
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, cast

from mnemon.logic.messages import thread_of
from mnemon.logic.scopes import row_id
from mnemon.types.times import to_datetime

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime, timedelta

    from mnemon.types.scope import Scope
    from mnemon.types.storage import Row

__all__ = ["Place", "Spot", "spot_of", "unknown_times"]

_SAID_AT = attrgetter("said_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a message of the log stands.

    Attributes:
        position: where it stands in its thread; it begins with the time of appending.
        said_at: when it was said.
        session: the session that it belongs to.
        latest: the newest memory of its session up to it, or None.
    """

    position: str
    said_at: datetime
    session: str
    latest: str | None

    @property
    def appended_at(self) -> datetime:
        """When it was appended."""
        return to_datetime(self.position.partition("#")[0], "position")


def spot_of(row: Row) -> Spot:
    """Return where a row of the log stands."""
    fields = cast("dict[str, str]", row.fields)
    return Spot(
        position=fields["position"],
        said_at=to_datetime(fields["said_at"], "said_at"),
        session=fields["session"],
        latest=fields.get("latest"),
    )


def unknown_times(times: Iterable[datetime], tail: Sequence[Spot], gap: timedelta) -> list[tuple[datetime, datetime]]:
    """Return from when to when a message may have been said whose session one of these times touches.

    The tail of the log is known already. Nothing lies after its last message, unless that itself was
    appended long after it was said.
    """
    if not tail:
        return []
    said = sorted(spot.said_at for spot in tail)
    last = tail[-1]
    backfilled = last.said_at < last.appended_at - gap
    spans: list[tuple[datetime, datetime]] = []
    for time in sorted(set(times)):
        if (time > last.said_at and not backfilled) or bisect_right(said, time + gap) > bisect_right(said, time - gap):
            continue
        if spans and spans[-1][1] >= time - gap:
            spans[-1] = (spans[-1][0], time + gap)
        else:
            spans.append((time - gap, time + gap))
    return spans


class Place:
    """Where the next message of a list stands; it goes on with every message."""

    def __init__(self, scope: Scope, tail: Sequence[Spot], near: Iterable[Spot], gap: timedelta) -> None:
        """Begin behind the tail of the log; `near` are other messages that were said at about these times."""
        self._thread = thread_of(scope)
        self._one_session = scope.run_id is not None
        self._gap = gap
        apart = () if self._one_session else (*tail, *near)
        self._spots = sorted({spot.position: spot for spot in apart}.values(), key=_SAID_AT)
        self._at = tail[-1] if tail else None
        self._seen: Spot | None = None

    def before_known(self, there: Spot) -> str | None:
        """Return the memory before a message that the log has."""
        same = self._seen is not None and self._seen.session == there.session
        return there.latest if self._seen is None or not same else self._seen.latest or there.latest

    def pass_known(self, there: Spot, memory_id: str | None) -> None:
        """Go on behind a message that the log has, and the memory that it is in."""
        latest = memory_id or there.latest or self.before_known(there)
        self._at = self._seen = Spot(
            position=there.position, said_at=there.said_at, session=there.session, latest=latest
        )

    def of_new(self, row: str, said_at: datetime) -> tuple[str, str | None]:
        """Return the session of a message that is appended now, and the memory before it there."""
        at = self._at
        if at is not None and (self._one_session or abs(said_at - at.said_at) <= self._gap):
            return at.session, at.latest
        if self._one_session:
            return self._thread, None
        place = bisect_right(self._spots, said_at, key=_SAID_AT)
        if place and said_at - self._spots[place - 1].said_at <= self._gap:
            before = self._spots[place - 1]
            return before.session, before.latest
        if place < len(self._spots) and self._spots[place].said_at - said_at <= self._gap:
            return self._spots[place].session, None
        return row_id("session", self._thread, row), None

    def pass_new(self, session: str, said_at: datetime, latest: str | None) -> None:
        """Go on behind a message that is appended now."""
        self._at = self._seen = Spot(position="", said_at=said_at, session=session, latest=latest)
        if not self._one_session:
            insort(self._spots, self._at, key=_SAID_AT)
