"""How a reader of Weaviate's log moves its horizon on, over a fake log.

The fake counts an entry that was sent again at both of its times, as a server was seen to do, and has its clock set.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

import pytest

from mnemon.logic.requests import changes_request
from mnemon.stores.weaviate import watches
from mnemon.stores.weaviate._sync.changes import ChangesReader
from mnemon.stores.weaviate.log import Entry
from mnemon.stores.weaviate.naming import end_id
from mnemon.stores.weaviate.numbers import instant
from mnemon.testing._sync.changes import Follower
from mnemon.testing.samples import NOTES, note
from mnemon.types.filters import where

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mnemon.types.changes import Changes
    from mnemon.types.storage import Row

_CHANGES = "mnemon.stores.weaviate._sync.changes"
START = datetime(2026, 1, 1, 12, tzinfo=UTC)


class FakeServer:
    """The log and the rows of one scope, and one clock for the server and those who follow."""

    def __init__(self) -> None:
        self.time = 0.0
        self.times: dict[UUID, tuple[float, ...]] = {}
        self.named: dict[UUID, str] = {}
        self.rows: dict[str, Row] = {}
        self.first: list[float] = []
        itself: Any = self
        self.reader = ChangesReader(itself, itself)

    def write(self, row_id: str, *times: float) -> None:
        """Write a row, whose entry the server got at these times; it is the last one that it tells."""
        uuid = uuid5(UUID(int=0), row_id)
        self.named[uuid], self.times[uuid] = row_id, tuple(map(at, times))
        self.rows[row_id] = note(row_id)

    def changes(self, *asked: Any, **options: Any) -> Changes:  # noqa: ANN401 - as a store is asked
        project, _, condition = asked
        return self.reader.since(changes_request(NOTES, project, condition, fields=None, **options))

    # What is asked of the server, of the log and of its rows.

    def now(self) -> datetime:
        return START + timedelta(seconds=self.time)

    def log_key(self, project: str) -> str:
        return project

    def number(self, *_: object, first: float | None = None, before: float | None = None) -> int:
        self.first += [] if first is None else [first]
        times = self.times.values()
        return sum(any((first or 0.0) <= one < (before or 1e18) for one in of_one) for of_one in times)

    def unended(self, token: str, before: float) -> tuple[int, list[Entry]]:
        return self.number(token, before=before), []

    def since(self, _: str, first: float) -> list[Entry]:
        told: list[Entry] = []
        for uuid, times in self.times.items():
            if any(one >= first for one in times):
                told.append(Entry(uuid=uuid, at=times[-1], ends=False, put=(self.named[uuid],), other=()))
                told.append(Entry(uuid=end_id(uuid), at=times[-1], ends=True, put=(), other=()))
        return told

    def ends(self, entries: Iterable[UUID]) -> set[UUID]:
        return {*map(end_id, entries)}

    def fetch(self, *_: object, **__: object) -> list[Row]:
        return [*self.rows.values()]

    def rows_of(self, *found: Any) -> list[Row]:  # noqa: ANN401 - project, collection and what was fetched
        return list(found[-1])

    def by_ids(self, *asked: Any) -> dict[str, Row]:  # noqa: ANN401 - project, collection, ids and parts
        ids: Sequence[str] = asked[2]
        return {row_id: self.rows[row_id] for row_id in ids if row_id in self.rows}


def at(seconds: float) -> float:
    return instant(START + timedelta(seconds=seconds))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> FakeServer:
    fake = FakeServer()

    def log(*_: object) -> FakeServer:
        return fake

    monkeypatch.setattr(f"{_CHANGES}.Entries", log)
    monkeypatch.setattr(f"{_CHANGES}.monotonic", lambda: fake.time)
    monkeypatch.setattr(watches, "_MOST_RECENT", 3)
    return fake


def test_an_entry_that_is_counted_on_both_sides_of_the_horizon_hides_none_that_comes_late(server: FakeServer) -> None:
    server.write("a", 695.0, 705.0)  # at 1,000 what is earlier than 700 is only counted
    for place, row_id in enumerate("bcd"):
        server.write(row_id, 800.0 + place)
    follower = Follower(server, where("user_id").eq("alice"), limit=100)
    server.time = 1_000.0
    before = sorted(follower.follow())
    server.time = 1_061.0  # the horizon could be at 761 now
    follower.follow()

    server.write("e", 100.0)
    server.time = 1_122.0

    assert before == list("abcd")
    assert sorted(follower.follow()) == list("abcde")


def test_the_horizon_moves_on_so_that_few_entries_are_counted_at_each_search(server: FakeServer) -> None:
    for place, row_id in enumerate("abcd"):
        server.write(row_id, 800.0 + place)
    follower = Follower(server, where("user_id").eq("alice"), limit=100)
    for server.time in (1_000.0, 1_061.0, 1_122.0):
        follower.follow()

    server.write("e", 1_122.0)
    server.first = []

    assert sorted(follower.follow()) == list("abcde")
    assert min(server.first) == at(1_122.0 - 300.0)
