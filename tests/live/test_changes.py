"""Who follows what changed over Weaviate misses nothing, whoever writes and whatever time he has."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from mnemon import Memory
from mnemon.testing._sync.changes import Follower
from mnemon.testing.samples import PROJECT, note, put
from mnemon.types.storage import Delete
from tests.core.memory.sources import FakeEmbedder
from tests.live.following import ALICE, noted, put_behind, taken_behind, without_ends

if TYPE_CHECKING:
    import pytest

    from tests.live.between import Between
    from tests.live.conftest import Place


def test_who_searches_finds_at_once_what_another_store_acknowledged(place: Place) -> None:
    with place.open() as one, place.open() as other:
        writing = Memory(store=one, embedder=FakeEmbedder())
        reading = Memory(store=other, embedder=FakeEmbedder())
        for number in range(20):
            added = writing.add(f"tea number {number}", user_id="ana").ids[0]
            writing.add(f"coffee number {number}", user_id="ben")

            assert added in [hit.memory.id for hit in reading.search(f"tea number {number}", user_id="ana", limit=50)]
            if number % 3 == 0:
                writing.update(added, f"milk number {number}")
                found = reading.search(f"milk number {number}", user_id="ana", limit=50)
                assert f"milk number {number}" in [hit.memory.text for hit in found]
            if number % 3 == 1:
                writing.delete(added)
                assert added not in [hit.memory.id for hit in reading.search("tea", user_id="ana", limit=50)]


def test_many_writers_leave_nobody_who_follows_behind(place: Place) -> None:
    def write(number: int) -> None:
        with noted(place) as store:
            for turn in range(10):
                store.apply(PROJECT, put(note(f"{number}-{turn}", terms=("t",)), note(f"b{number}", user_id="bob")))
                if turn:
                    store.apply(PROJECT, [Delete(collection="notes", ids=[f"{number}-{turn - 1}"])])

    with noted(place) as store, ThreadPoolExecutor(4) as threads:
        follower = Follower(store, ALICE, limit=100)
        waiting = [threads.submit(write, number) for number in range(4)]
        while not all(one.done() for one in waiting):
            follower.follow()
        for one in waiting:
            one.result()

        assert sorted(follower.follow()) == [f"{number}-9" for number in range(4)]


def test_what_lands_while_it_is_looked_for_and_goes_again_is_gone(place: Place, between: Between) -> None:
    row = put(note("a"))
    with noted(place) as store, noted(place) as other:
        follower = Follower(store, ALICE, limit=100)
        follower.follow()
        other.apply(PROJECT, row)
        without_ends(place)
        taken = taken_behind(place, "a")

        between.after(store, "read rows", 2, lambda: put_behind(place, taken))
        follower.follow()
        taken_behind(place, "a")

        assert follower.follow() == {}


def test_a_log_of_more_entries_than_one_answer_holds_is_read_in_parts(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with noted(place) as store:
        follower = Follower(store, ALICE, limit=100)
        follower.follow()
        monkeypatch.setattr("mnemon.stores.weaviate._sync.entries.MAX_LIMIT", 3)

        for number in range(8):
            store.apply(PROJECT, put(note(str(number))))
        without_ends(place)

        assert sorted(follower.follow()) == list("01234567")
        assert sorted(Follower(store, ALICE, limit=100).follow()) == list("01234567")
        assert len(store.check()) == 0


def test_entries_too_large_for_one_answer_are_read_in_parts(place: Place, between: Between) -> None:
    with noted(place) as store:
        follower = Follower(store, ALICE, limit=100)
        follower.follow()
        for number in range(4):
            store.apply(PROJECT, put(note(str(number))))

        between.refuse_once(store, "read rows", "grpc: received message larger than max (1 vs. 2)")

        assert sorted(follower.follow()) == list("0123")
