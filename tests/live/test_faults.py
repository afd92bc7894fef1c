"""What happens when the server dies, sleeps, or several write at once."""

from __future__ import annotations

import asyncio
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest

from mnemon import Memory, StoreConflictError, StoreUnavailableError
from mnemon.errors import ClosedError, StoreError
from mnemon.testing.samples import PROJECT
from mnemon.types.filters import where
from mnemon.types.storage import Collection, Nearest, Ordered, Patch, Put, Row, Terms, VectorSpace
from tests.live.conftest import Place, clear, parts_of, place_on
from tests.live.following import unended

if TYPE_CHECKING:
    from mnemon.stores.weaviate import AsyncWeaviateStore, WeaviateStore
    from tests.live.between import Between
    from tests.servers.weaviate_server import Node

NOTES = Collection(
    name="notes",
    keys=("user_id",),
    ordered=(Ordered("version", "number"), Ordered("closed_at", "time")),
    text=True,
    vectors=(VectorSpace("small", "m", 16),),
    current="closed_at",
)
"""Its changes are told in the log."""

SHEETS = Collection(name="sheets")
"""Its row is so large that it has a part."""

DIMENSIONS = 16


def note(row_id: str) -> Row:
    chance = random.Random(row_id)  # noqa: S311 - the same vector every time
    vector = [chance.uniform(-1, 1) for _ in range(DIMENSIONS)]
    return Row(id=row_id, fields={"user_id": "a"}, terms=("t", row_id), vectors={"small": vector})


def large(number: int) -> Row:
    """Return the one large row, in a form that no other number gives it."""
    return Row(id="s", payload=f"{number:09} ".encode() * 150_000)


def write_until(stop: threading.Event, store: WeaviateStore, prefix: str, acknowledged: list[str]) -> None:
    number = 0
    while not stop.is_set():
        rows = [note(f"{prefix}-{number}-{place}") for place in range(5)]
        try:
            store.apply(PROJECT, [Put(collection="notes", row=row) for row in rows])
        except StoreError:
            return
        acknowledged.extend(row.id for row in rows)
        number += 1


class WriterDiedError(Exception):
    """Ends a writer between two of its requests, as the end of its process would: it cleans nothing up."""


PART, CHANGE = "part that no row names", "change that was announced and did not end"


def mended(store: WeaviateStore, *, repair: bool = False) -> set[str]:
    """Check as an hour later, when nothing of what was begun can happen any more; return what was found."""
    soon = timedelta(seconds=-2)
    with (
        patch("mnemon.stores.weaviate._sync.entries._IN_FLIGHT", soon),
        patch("mnemon.stores.weaviate._sync.upkeep._IN_FLIGHT", soon),
    ):
        return {one.kind for one in store.check(repair=repair)}


@pytest.mark.parametrize("rounds", [2, pytest.param(50, marks=pytest.mark.nightly)])
def test_after_kills_and_the_doctor_all_that_was_acknowledged_is_found_and_nothing_else_is_left(
    node: Node, between: Between, rounds: int
) -> None:
    acknowledged: list[str] = []
    place = place_on(node)
    with place.open(timeout_s=10.0) as store, place.open() as dying:
        store.declare(NOTES, SHEETS)
        dying.declare(NOTES, SHEETS)
        dying.apply(PROJECT, [Put(collection="sheets", row=large(0))])
        for number in range(rounds):
            stop = threading.Event()
            writer = threading.Thread(target=write_until, args=(stop, store, f"r{number}", acknowledged))

            def die(stop: threading.Event = stop) -> None:
                node.kill()
                stop.set()
                raise WriterDiedError

            writer.start()
            time.sleep(1.0 + number % 5 / 10)
            # After the part of the new large row, and after that row: then the part of the old one is left.
            between.after(dying, "write row 's' of 'sheets'", 1 + number % 2, die)
            batch = [Put(collection="notes", row=note(f"d{number}")), Put(collection="sheets", row=large(number + 1))]
            with pytest.raises(WriterDiedError):
                dying.apply(PROJECT, batch)
            node.start()
            writer.join()
            node.wait()

            assert {PART, CHANGE} <= mended(store, repair=True)

        assert mended(store) == set()
        assert unended(place) == 0
        (sheet,) = store.scan(PROJECT, "sheets", include=("payload",)).rows
        assert sheet.payload in {large(number).payload for number in range(rounds + 1)}
        assert len(parts_of(place)) == 1
        assert len(acknowledged) > 10 * rounds
        assert set(acknowledged) <= set(store.list_ids(PROJECT, "notes"))
        for row_id in random.Random(0).sample(acknowledged, min(100, len(acknowledged))):  # noqa: S311 - the same rows
            one = where("id").eq(row_id)
            by_word = store.search(PROJECT, "notes", Terms(weights={row_id: 1.0}))
            near = Nearest(space="small", vector=note(row_id).vectors["small"])
            assert [match.row.id for match in by_word] == [row_id]
            assert [match.row.id for match in store.search(PROJECT, "notes", near, limit=1)] == [row_id]
            assert store.count(PROJECT, "notes", one).rows == 1


@pytest.mark.parametrize("seconds", [0.0, pytest.param(20.0, marks=pytest.mark.nightly)])
def test_a_server_that_sleeps_is_an_error_in_time_and_serves_again_when_it_wakes(node: Node, seconds: float) -> None:
    with place_on(node).open(timeout_s=6.0) as store:
        store.declare(NOTES)
        store.apply("p", [Put(collection="notes", row=note("before"))])
        node.pause()
        wakes = time.monotonic() + seconds
        try:
            for call in (
                lambda: store.get("p", "notes", ["before"]),
                lambda: store.search("p", "notes", Terms(weights={"t": 1.0})),
                lambda: store.apply("p", [Put(collection="notes", row=note("during"))]),
            ):
                with pytest.raises(StoreUnavailableError, match="in time"):
                    call()
            time.sleep(max(0.0, wakes - time.monotonic()))
        finally:
            node.signal(signal.SIGCONT)

        store.apply("p", [Put(collection="notes", row=note("after"))])

        assert {"before", "after"} <= set(store.list_ids("p", "notes"))


def test_a_server_that_is_away_is_an_error_and_never_an_empty_answer(node: Node) -> None:
    with place_on(node).open(timeout_s=3.0) as store:
        store.declare(NOTES)
        node.kill()

        for call in (
            lambda: store.get("p", "notes", ["a"]),
            lambda: store.list_ids("p", "notes"),
            lambda: store.scan("p", "notes"),
            lambda: store.count("p", "notes"),
            lambda: store.search("p", "notes", Terms(weights={"t": 1.0})),
        ):
            with pytest.raises(StoreUnavailableError):
                call()
        health = store.health()

        assert not health.well
        assert "did not answer" in health.problems[0]


def test_a_memory_that_is_updated_all_the_time_is_never_missing_from_a_search(place: Place) -> None:
    stop = threading.Event()
    with Memory(place.address, embedder=None) as memory:
        memory_id = memory.add("tea number 0", user_id="ana").ids[0]

        def update() -> int:
            number = 0
            while not stop.is_set():
                number += 1
                memory.update(memory_id, f"tea number {number}")
            return number

        with ThreadPoolExecutor() as threads:
            writing = threads.submit(update)
            found = [[hit.memory.id for hit in memory.search("tea", user_id="ana")] for _ in range(150)]
            stop.set()

        assert writing.result() > 10
        assert [ids for ids in found if ids != [memory_id]] == []


def test_of_many_who_change_one_version_in_one_process_one_wins(place: Place) -> None:
    with place.open() as store:
        store.declare(NOTES)
        store.apply("p", [Put(collection="notes", row=Row(id="a", fields={"version": 0}))])

        def change(number: int) -> bool:
            expect = where("version").eq(0)
            try:
                store.apply("p", [Patch(collection="notes", id="a", fields={"version": number}, expect=expect)])
            except StoreConflictError:
                return False
            return True

        with ThreadPoolExecutor(8) as threads:
            won = list(threads.map(change, range(1, 9)))

        assert sum(won) == 1
        assert store.get("p", "notes", ["a"])["a"].fields["version"] == won.index(True) + 1


def test_many_may_look_at_the_health_at_once(place: Place) -> None:
    with place.open() as store, ThreadPoolExecutor(4) as threads:
        store.health()
        seen = [one.result() for one in [threads.submit(store.health) for _ in range(40)]]

    assert [one.problems for one in seen] == [()] * 40


async def rows_of(store: AsyncWeaviateStore) -> int:
    return (await store.count("p", "notes")).rows


def test_a_store_of_another_event_loop_says_so(place: Place) -> None:
    async def begin() -> AsyncWeaviateStore:
        store = place.open_async()
        await store.declare(NOTES)
        return store

    with asyncio.Runner() as home, asyncio.Runner() as elsewhere:
        store = home.run(begin())
        with pytest.raises(ClosedError, match="another event loop"):
            elsewhere.run(rows_of(store))
        assert home.run(rows_of(store)) == 0
        home.run(store.aclose())


def test_health_writes_reads_and_deletes(place: Place) -> None:
    with place.open() as store:
        health = store.health()

    assert health.problems == ()
    assert health.nodes[0] == health.nodes[1] >= 1
    assert health.version.count(".") == 2
    clear(place)
