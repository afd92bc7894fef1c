"""Whose clocks count in Weaviate's log of changes: those of the server's nodes, and what it costs where they differ.

No clock of a server can be set here. So it is the reader whose window is moved: what is written now is then as late
as the entries of a node whose clock is hours behind, or of a server whose clock was set back.
"""

from __future__ import annotations

from time import monotonic, sleep
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from mnemon import Memory
from mnemon.errors import SchemaMismatchError
from mnemon.stores.weaviate import naming, watches
from mnemon.stores.weaviate.numbers import instant
from mnemon.stores.weaviate.schema import changes_arguments
from mnemon.testing._sync.changes import Follower
from mnemon.testing.samples import NOTES, PROJECT, note, put
from mnemon.types.filters import where
from tests.live.conftest import client_of
from tests.live.following import ALICE, add_behind, newest_entry, noted, token_on, without_end_of_newest, written_behind

if TYPE_CHECKING:
    from collections.abc import Callable

    from mnemon.stores.weaviate import WeaviateStore
    from tests.live.between import Between
    from tests.live.conftest import Place

BOB = where("user_id").eq("bob")
_CHANGES = "mnemon.stores.weaviate._sync.changes"


@pytest.fixture
def a_minute_later(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let time pass for those who follow."""
    passed = [0.0]
    monkeypatch.setattr(f"{_CHANGES}.monotonic", lambda: monotonic() + passed[0])

    def later() -> None:
        passed[0] += 60.1

    return later


@pytest.fixture
def hours_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let whoever begins to follow take what comes now for hours older than what he knows; more slack is enough."""
    monkeypatch.setattr(watches, "_SLACK_US", -5 * 3600e6)
    monkeypatch.setattr(watches, "_WIDER", -1)


@pytest.mark.usefixtures("hours_behind")
def test_an_entry_that_is_older_than_what_is_counted_at_each_search_is_found_within_a_minute(
    place: Place, a_minute_later: Callable[[], None]
) -> None:
    with noted(place) as store, noted(place) as other:
        store.apply(PROJECT, put(note("a")))
        follower = Follower(store, ALICE, limit=100)
        follower.follow()

        other.apply(PROJECT, put(note("b")))
        a_minute_later()
        found = sorted(follower.follow())
        other.apply(PROJECT, put(note("c")))

        assert found == ["a", "b"]
        assert sorted(follower.follow()) == ["a", "b", "c"]  # at once: by so much the clocks may differ now


def test_a_newer_entry_does_not_hide_an_older_one_that_came_late(
    place: Place, a_minute_later: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with noted(place) as store, noted(place) as other:
        store.apply(PROJECT, put(note("a")))
        follower = Follower(store, ALICE, limit=100)
        monkeypatch.setattr(watches, "_SLACK_US", -3e6)
        follower.follow()

        other.apply(PROJECT, put(note("b")))
        sleep(3.1)
        other.apply(PROJECT, put(note("c")))
        at_once = {*follower.follow()}
        a_minute_later()

        assert {"a", "c"} <= at_once
        assert sorted(follower.follow()) == ["a", "b", "c"]


@pytest.mark.usefixtures("hours_behind")
def test_of_many_who_find_that_a_clock_is_behind_one_says_so(place: Place, a_minute_later: Callable[[], None]) -> None:
    with noted(place) as store:
        store.apply(PROJECT, put(note("a"), note("b", user_id="bob")))
        followers = [Follower(store, whose, limit=100) for whose in (ALICE, BOB)]
        for follower in followers:
            follower.follow()

        store.apply(PROJECT, put(note("c"), note("d", user_id="bob")))
        a_minute_later()

        assert [sorted(follower.follow()) for follower in followers] == [["a", "c"], ["b", "d"]]
        assert _slack(store).steps == 1


def _slack(store: WeaviateStore) -> watches.Slack:
    return store._changes._slack[PROJECT]  # pyright: ignore[reportPrivateUsage]


@pytest.mark.usefixtures("hours_behind")
def test_a_clock_that_is_behind_lets_a_memory_read_its_scope_anew_once(
    place: Place, between: Between, a_minute_later: Callable[[], None]
) -> None:
    with place.open() as store, place.open() as late:
        memory, theirs = (Memory(store=one, embedder=None) for one in (store, late))
        memory.add_many([f"note {number} of mine" for number in range(300)], user_id="ana")
        memory.search("note", user_id="ana")
        read = between.objects_read(store)

        def read_after(text: str) -> int:
            read.clear()
            theirs.add(text, user_id="ana")
            a_minute_later()
            assert memory.search(text, user_id="ana")[0].memory.text == text
            return sum(read)

        amounts = [read_after(text) for text in ("the violet kettle", "an orange ladder", "some purple gravel")]

    assert amounts[0] > 300
    assert max(amounts[1:]) < 100


def test_an_entry_that_came_in_another_order_is_found_at_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with noted(place) as store, noted(place) as other:
        store.apply(PROJECT, put(note("a")))
        follower = Follower(store, ALICE, limit=100)
        follower.follow()
        monkeypatch.setattr(f"{_CHANGES}._NEAR_US", -5 * 3600e6)  # it is not among what is listed first

        other.apply(PROJECT, put(note("b")))

        assert sorted(follower.follow()) == ["a", "b"]


def test_of_a_long_log_most_is_only_counted_once_a_minute_and_nothing_is_read_anew(
    place: Place, between: Between, a_minute_later: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watches, "_MOST_RECENT", 3)
    monkeypatch.setattr(watches, "_SLACK_US", 0.0)
    with noted(place) as store, noted(place) as other:
        store.apply(PROJECT, put(*(note(str(number)) for number in range(40))))
        follower = Follower(store, ALICE, limit=100)
        follower.follow()
        for _ in range(6):
            other.apply(PROJECT, put(note("a")))
        sleep(1.1)  # the server tells the time to the second
        a_minute_later()
        follower.follow()
        read = between.objects_read(store)

        for name in "bcd":
            other.apply(PROJECT, put(note(name)))
            assert name in follower.follow()
            a_minute_later()

        assert sum(read) < 40


def test_what_was_written_long_ago_is_not_listed_again(
    place: Place, between: Between, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watches, "_SLACK_US", 0.0)
    with noted(place) as store:
        for name in "abc":
            store.apply(PROJECT, put(note(name)))
        sleep(1.1)  # nothing was written since, and the server tells the time to the second
        read = between.objects_read(store)

        assert sorted(Follower(store, ALICE, limit=100).follow()) == list("abc")

        assert sum(read) == 3


def test_an_entry_whose_request_was_repeated_hides_none(
    place: Place, a_minute_later: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server gives it another time, and counts it among those of both."""
    monkeypatch.setattr(watches, "_MOST_RECENT", 1)
    monkeypatch.setattr(watches, "_SLACK_US", 0.0)
    with noted(place) as store, noted(place) as other:
        follower = Follower(store, ALICE, limit=100)
        follower.follow()
        for step in range(3):
            other.apply(PROJECT, put(note(f"{step}a")))
            first = newest_entry(place)
            follower.follow()
            other.apply(PROJECT, put(note(f"{step}b")))
            follower.follow()
            sleep(1.1)  # the server tells the time to the second
            add_behind(place, first.uuid, first.properties)
            assert newest_entry(place).uuid == first.uuid
            other.apply(PROJECT, put(note(f"{step}c")))
            assert {f"{step}{name}" for name in "abc"} <= {*follower.follow()}
            a_minute_later()

        assert len(follower.follow()) == 9


def test_an_end_that_a_node_with_another_clock_got_before_its_beginning_hides_no_writer_who_died(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with noted(place) as store:
        store.apply(PROJECT, put(note("a", kind="early")))
        without_end_of_newest(place)
        with client_of(place) as client:
            tokens = [token_on(place, client)]
        other = uuid4()
        later = instant(newest_entry(place).metadata.creation_time) + 600e6
        add_behind(place, naming.end_id(other), {naming.ENDED: tokens, naming.AT: later})
        sleep(1.2)  # the server tells the time to the second
        add_behind(place, other, {naming.BEGUN: tokens, naming.NOTE: '{"put":[],"other":[]}'})
        monkeypatch.setattr(watches, "_SLACK_US", 100_000.0)  # what is counted lies between the two

        follower = Follower(store, where("kind").eq("early") | where("kind").eq("late"), limit=100)
        follower.follow()
        written_behind(place, "a")

        assert follower.follow()["a"].fields["kind"] == "late"


def test_a_log_that_an_earlier_version_made_is_refused_until_it_is_deleted(place: Place) -> None:
    arguments: dict[str, Any] = changes_arguments(place.prefix, 1, "a key")
    arguments["inverted_index_config"].indexTimestamps = False
    with client_of(place) as client:
        client.collections.create(**arguments)
        with place.open() as store, pytest.raises(SchemaMismatchError, match="delete the collection, and open"):
            store.declare(NOTES)
        client.collections.delete(arguments["name"])

        with noted(place) as store:
            store.apply(PROJECT, put(note("a")))
            assert sorted(Follower(store, ALICE, limit=100).follow()) == ["a"]
