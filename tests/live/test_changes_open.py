"""What was announced and has no end: of writers who died, were too slow, had no answer or were refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import monotonic, sleep
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from weaviate.exceptions import WeaviateInsertManyAllFailedError

from mnemon import StoreConflictError
from mnemon.errors import StoreError, StoreUnavailableError
from mnemon.stores.weaviate import watches
from mnemon.testing._sync.changes import Follower
from mnemon.testing.samples import PROJECT, note, put
from mnemon.types.storage import Delete, Patch
from tests.live.following import (
    ADD,
    ALICE,
    begun,
    noted,
    unended,
    without_end_of_newest,
    without_ends,
    without_newest,
    written_behind,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tests.live.between import Between
    from tests.live.conftest import Place


@pytest.mark.parametrize("looked", ["before", "after"])
def test_rows_of_a_writer_who_died_are_looked_at_until_the_doctor_ends_its_change(
    place: Place, looked: str, an_hour_later: Callable[[], None]
) -> None:
    with noted(place) as dying, noted(place) as store:
        follower = Follower(store, ALICE, limit=100)
        if looked == "before":
            follower.follow()
        dying.apply(PROJECT, put(note("a", kind="early")))
        without_ends(place)

        early = follower.follow()["a"].fields["kind"]
        written_behind(place, "a")
        late = follower.follow()["a"].fields["kind"]
        an_hour_later()
        findings = [(one.kind, one.ids, one.repaired) for one in store.check(repair=True)]

        assert (early, late) == ("early", "late")
        assert findings == [("change that was announced and did not end", ("a",), True)]
        assert store.check() == []
        assert sorted(follower.follow()) == ["a"]


def test_changes_without_an_end_are_found_however_long_ago_they_were_announced(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with noted(place) as store:
        for row_id in "abc":
            store.apply(PROJECT, put(note(row_id, kind="early")))
            sleep(0.3)
        without_ends(place)
        for _ in range(3):
            store.apply(PROJECT, put(note("d")))
        monkeypatch.setattr(watches, "_SLACK_US", 0.0)
        monkeypatch.setattr("mnemon.stores.weaviate._sync.entries._YOUNG_US", 1_000.0)

        follower = Follower(store, ALICE, limit=100)
        follower.follow()
        for row_id in "abcd":
            written_behind(place, row_id)
        rows = follower.follow()

        assert {row_id: row.fields.get("kind") for row_id, row in rows.items()} == {
            **dict.fromkeys("abc", "late"),
            "d": None,  # nobody is told
        }


def test_the_doctor_does_not_end_what_may_be_in_flight(place: Place) -> None:
    with noted(place) as store:
        store.apply(PROJECT, put(note("a")))
        without_ends(place)

        assert store.check(repair=True) == []
        assert unended(place) == 1


def test_of_a_long_log_little_is_read_to_find_who_died_just_now(
    place: Place, between: Between, monkeypatch: pytest.MonkeyPatch
) -> None:
    with noted(place) as store:
        for _ in range(20):
            store.apply(PROJECT, put(note("b")))
        sleep(3.0)
        begun = monotonic()
        store.apply(PROJECT, put(note("a", kind="early")))
        without_end_of_newest(place)
        monkeypatch.setattr(watches, "_SLACK_US", 0.0)
        # Young is what was announced since `begun`, however long that took; what came before is three seconds older.
        young_us = (monotonic() - begun + 1.5) * 1e6
        monkeypatch.setattr("mnemon.stores.weaviate._sync.entries._YOUNG_US", young_us)

        read = between.objects_read(store)
        follower = Follower(store, ALICE, limit=100)
        follower.follow()
        written_behind(place, "a")

        assert sum(read) < 20
        assert follower.follow()["a"].fields["kind"] == "late"


@pytest.mark.parametrize("looked", ["before", "after"])
def test_readers_end_what_was_announced_long_ago_and_tell_its_rows_once_more(
    place: Place, looked: str, an_hour_later: Callable[[], None]
) -> None:
    with noted(place) as dying, noted(place) as store:
        follower = Follower(store, ALICE, limit=100)
        if looked == "before":
            follower.follow()
        dying.apply(PROJECT, put(note("a", kind="early"), note("b")))
        without_ends(place)
        if looked == "before":
            follower.follow()
        assert unended(place) == 1
        written_behind(place, "a")

        an_hour_later()
        rows = follower.follow()

        assert {row_id: row.fields.get("kind") for row_id, row in rows.items()} == {"a": "late", "b": None}
        assert unended(place) == 0


def test_who_cannot_find_out_the_servers_time_follows_all_the_same_and_soon_stops_asking(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def now() -> datetime:
        asked.append(1)
        msg = "no answer"
        raise StoreUnavailableError(msg)

    asked: list[int] = []
    with noted(place) as dying, noted(place) as store:
        follower = Follower(store, ALICE, limit=100)
        follower.follow()
        monkeypatch.setattr(store._server, "now", now)  # pyright: ignore[reportPrivateUsage]
        dying.apply(PROJECT, put(note("a", kind="early")))
        without_ends(place)

        early = follower.follow()["a"].fields["kind"]
        written_behind(place, "a")
        late = follower.follow()["a"].fields["kind"]
        assert (early, late, len(asked)) == ("early", "late", 1)

        other = Follower(store, ALICE, limit=100)
        assert sorted(other.follow()) == ["a"]
        dying.apply(PROJECT, put(note("b")))
        assert sorted(other.follow()) == ["a", "b"]

    assert "could not be ended" in caplog.text
    assert "searches count more" in caplog.text


def test_a_batch_that_others_ended_before_it_wrote_is_told_when_it_is_done(
    place: Place, between: Between, an_hour_later: Callable[[], None]
) -> None:
    with noted(place) as store, noted(place) as other:
        follower = Follower(other, ALICE, limit=100)
        follower.follow()

        def end() -> None:
            an_hour_later()
            assert follower.follow() == {}
            assert unended(place) == 0

        between.after(store, ADD, 1, end)
        store.apply(PROJECT, put(note("a")))

        assert sorted(follower.follow()) == ["a"]
        assert unended(place) == 0


def test_a_batch_whose_entry_the_server_lost_is_announced_again(place: Place, between: Between) -> None:
    with noted(place) as store, noted(place) as other:
        follower = Follower(other, ALICE, limit=100)
        follower.follow()

        between.after(store, ADD, 1, lambda: without_newest(place))
        store.apply(PROJECT, put(note("a")))

        assert sorted(follower.follow()) == ["a"]
        assert unended(place) == 0


def test_a_batch_that_others_ended_and_that_cannot_be_announced_again_has_failed(
    place: Place, between: Between, an_hour_later: Callable[[], None]
) -> None:
    with noted(place, timeout_s=6.0) as store, noted(place) as other:
        follower = Follower(other, ALICE, limit=100)
        follower.follow()

        def end() -> None:
            an_hour_later()
            assert follower.follow() == {}
            between.lose_answers(store, ADD, number=1_000)

        between.after(store, ADD, 1, end)

        with pytest.raises(StoreUnavailableError):
            store.apply(PROJECT, put(note("a")))


@pytest.mark.parametrize("number", range(5))
def test_a_batch_that_is_written_while_others_end_it_is_told_at_whatever_point_of_that(
    place: Place, between: Between, an_hour_later: Callable[[], None], number: int
) -> None:
    """The writer goes on after so many of the reads of one who takes him for dead."""
    announced, going = Event(), Event()
    with noted(place) as store, noted(place) as other, ThreadPoolExecutor(1) as thread:
        follower = Follower(other, ALICE, limit=100)
        follower.follow()

        def waiting() -> None:
            announced.set()
            assert going.wait(30)

        between.after(store, ADD, 1, waiting)
        writing = thread.submit(store.apply, PROJECT, put(note("a")))
        assert announced.wait(30)
        an_hour_later()

        def go_on() -> None:
            going.set()
            assert writing.result(30).counts == (1,)

        between.after(other, "read rows", number, go_on)
        follower.follow()
        go_on()

        assert sorted(follower.follow()) == ["a"]


def test_a_write_whose_end_got_no_answer_is_acknowledged(
    place: Place, between: Between, caplog: pytest.LogCaptureFixture
) -> None:
    with noted(place, timeout_s=6.0) as store:
        store.apply(PROJECT, put(note("a")))
        follower = Follower(store, ALICE, limit=100)

        between.after(store, "of 'notes'", 1, lambda: between.lose_answers(store, ADD, number=1_000))
        applied = store.apply(PROJECT, put(note("b")))

        assert applied.counts == (1,)
        assert "end of a change" in caplog.text
        assert sorted(follower.follow()) == ["a", "b"]


def test_a_change_stays_open_where_an_answer_was_lost_before_another_one_came(place: Place, between: Between) -> None:
    with noted(place) as store:
        follower = Follower(store, ALICE, limit=100)
        follower.follow()

        between.lose_answers(store, "of 'notes'", number=1)
        store.apply(PROJECT, put(note("a", kind="early")))
        early = follower.follow()["a"].fields["kind"]
        written_behind(place, "a")

        assert unended(place) == 1
        assert (early, follower.follow()["a"].fields["kind"]) == ("early", "late")


def test_a_change_that_the_server_refused_is_ended(place: Place, between: Between) -> None:
    with noted(place) as store, noted(place) as other:
        store.apply(PROJECT, put(note("a")))

        between.after(store, "read rows", 1, lambda: other.apply(PROJECT, [Delete(collection="notes", ids=["a"])]))
        with pytest.raises(StoreConflictError):
            store.apply(PROJECT, [Patch(collection="notes", id="a", fields={"kind": "k"}, otherwise="abort")])

        assert begun(place) == 3
        assert unended(place) == 0


@pytest.mark.parametrize(
    "answer",
    [
        SimpleNamespace(has_errors=True, errors={0: SimpleNamespace(message="context canceled")}),
        WeaviateInsertManyAllFailedError("context canceled"),
    ],
    ids=["some", "all"],
)
def test_a_change_of_which_a_node_did_not_write_all_stays_open(place: Place, between: Between, answer: object) -> None:
    with noted(place) as store:
        follower = Follower(store, ALICE, limit=100)
        follower.follow()

        between.answer_once(store, "of 'notes'", answer)
        with pytest.raises(StoreError, match="write"):
            store.apply(PROJECT, put(note("a")))  # it lands all the same, at once or later

        assert unended(place) == 1
        assert sorted(follower.follow()) == ["a"]
