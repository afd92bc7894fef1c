"""What a cluster promises while one of its nodes is away, and when it is back."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from mnemon import Memory, NotFoundError, StoreUnavailableError
from mnemon.types.filters import where
from mnemon.types.storage import Collection, Delete, Ordered, Patch, Put, Row, Terms
from tests.live_cluster.conftest import CATCH_UP_S, parts_in, within

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mnemon.stores.weaviate import WeaviateStore
    from mnemon.types.filters import Filter
    from mnemon.types.storage import Write
    from tests.live_cluster.conftest import Nodes

HEADS = Collection(name="heads", keys=("thread",), ordered=(Ordered("newest", "number"),))
ROWS = Collection(name="rows", keys=("thread",), text=True)
THREADS = [f"t{number:03}" for number in range(200)]


def head(thread: str, newest: int) -> Put:
    return Put(collection="heads", row=Row(id=thread, fields={"thread": thread, "newest": newest}))


def row(thread: str, row_id: str) -> Put:
    return Put(collection="rows", row=Row(id=f"{row_id} of {thread}", fields={"thread": thread}, terms=("word",)))


def write(store: WeaviateStore, batch: Sequence[Write]) -> None:
    store.apply("p", list(batch))


def test_a_node_that_was_away_answers_at_once_as_the_others_what_decides(
    nodes: Nodes, record_property: Callable[[str, object], None]
) -> None:
    with nodes.open(0) as store, Memory(store=store, embedder=None) as memory:
        store.declare(HEADS, ROWS)
        write(store, [one for thread in THREADS for one in (row(thread, "old"), head(thread, 0))])
        gone = [memory.add(f"old tea {number}", user_id="ana").ids[0] for number in range(10)]
        nodes.nodes[2].kill()
        write(store, [one for thread in THREADS for one in (row(thread, "new"), head(thread, 1))])
        write(store, [Delete(collection="rows", ids=tuple(f"old of {thread}" for thread in THREADS))])
        kept = [memory.add(f"new tea {number}", user_id="ana").ids[0] for number in range(10)]
        for memory_id in gone:
            memory.delete(memory_id)

    nodes.nodes[2].start()
    nodes.nodes[2].wait()
    back = time.monotonic()

    with nodes.open(2) as store:
        store.declare(HEADS, ROWS)
        record_property("a query through the node just back found", f"{sum(queried(store).values())} of 200 rows")
    for place in (2, 0, 1):
        with nodes.open(place) as store, Memory(store=store, embedder=None) as memory:
            store.declare(HEADS, ROWS)

            heads = store.get("p", "heads", THREADS, decisive=True)
            listed = [store.list_ids("p", "rows", where("thread").eq(thread)) for thread in THREADS]
            texts = [memory.get(memory_id).text for memory_id in kept]
            found = {hit.memory.id for hit in memory.search("tea", user_id="ana", limit=50)}

            assert [heads[thread].fields["newest"] for thread in THREADS] == [1] * 200
            assert listed == [[f"new of {thread}"] for thread in THREADS]
            assert texts == [f"new tea {number}" for number in range(10)]
            assert not found & set(gone)
            for memory_id in gone:
                with pytest.raises(NotFoundError):
                    memory.get(memory_id)
    with nodes.open(2) as store:
        store.declare(HEADS, ROWS)
        assert within(CATCH_UP_S, lambda: queried(store) == {"new": 200})
    record_property("searches through it were right after", f"{time.monotonic() - back:.0f} s")


def queried(store: WeaviateStore) -> dict[str, int]:
    """Return how many old and new rows a search through one node names: it asks no other."""
    found = store.search("p", "rows", Terms(weights={"word": 1.0}), limit=1_000)
    kinds = [match.row.id.split(" ")[0] for match in found]
    return {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}


def large(text: str) -> Row:
    """Return a row whose payload lies in two parts."""
    return Row(id=text.split(" ")[1], fields={"thread": "large"}, payload=text.encode() * (9_000_000 // len(text)))


def test_a_node_that_was_away_answers_a_large_value_whole_and_as_it_is_now(
    nodes: Nodes, record_property: Callable[[str, object], None]
) -> None:
    mine = where("thread").eq("large")
    with nodes.open(0) as store, nodes.open(2) as third:
        for one in (store, third):
            one.declare(ROWS)
        write(store, [Put(collection="rows", row=large(f"old {kind}")) for kind in ("replaced", "patched", "deleted")])
        assert within(CATCH_UP_S, lambda: third.count("p", "rows", mine).rows == 3)
        nodes.nodes[2].kill()
        write(store, [Put(collection="rows", row=large(f"new {kind}")) for kind in ("replaced", "added")])
        write(store, [Patch(collection="rows", id="patched", payload=large("new patched").payload)])
        write(store, [Delete(collection="rows", ids=["deleted"])])
    nodes.nodes[2].start()
    nodes.nodes[2].wait()
    back = time.monotonic()

    now = {kind: large(f"new {kind}").payload for kind in ("replaced", "patched", "added")}
    with nodes.open(2) as store:
        store.declare(ROWS)
        found = store.get("p", "rows", [*now, "deleted"], decisive=True)
        assert {row_id: row.payload for row_id, row in found.items()} == now
        assert store.list_ids("p", "rows", mine) == sorted(now)
        assert within(CATCH_UP_S, lambda: payloads(store, mine) == now)
        record_property("queries through it read the same after", f"{time.monotonic() - back:.0f} s")
        write(store, [Delete(collection="rows", ids=list(now))])
    for place in range(3):
        assert within(CATCH_UP_S, lambda place=place: parts_in(nodes, place) == 0)


def payloads(store: WeaviateStore, condition: Filter) -> dict[str, bytes]:
    """Return what a query through one node reads."""
    return {row.id: row.payload for row in store.scan("p", "rows", condition).rows}


@pytest.mark.parametrize("leads", [True, False], ids=["the leader", "another node"])
def test_writes_and_reads_go_on_when_a_node_dies(
    nodes: Nodes, record_property: Callable[[str, object], None], *, leads: bool
) -> None:
    """A request that asks the leader for the schema when that node dies is never answered; it is asked again."""
    leader = nodes.leader()
    others = [place for place in range(3) if place != leader]
    victim, through = (leader, others[0]) if leads else (others[0], others[1])
    stop = threading.Event()
    slowest = 0.0

    def work(name: str) -> list[str]:
        nonlocal slowest
        written: list[str] = []
        with nodes.open(through) as store:
            store.declare(ROWS)
            while not stop.is_set():
                start = time.monotonic()
                thread = f"{name}-{len(written)}"
                write(store, [row(thread, "new")])
                assert store.list_ids("p", "rows", where("thread").eq(thread)) == [f"new of {thread}"]
                written.append(f"new of {thread}")
                slowest = max(slowest, time.monotonic() - start)
        return written

    with ThreadPoolExecutor(3) as threads:
        working = [threads.submit(work, f"{leads}{number}") for number in range(3)]
        try:
            time.sleep(2)
            nodes.nodes[victim].kill()
            time.sleep(3)
            with nodes.open(through) as store:
                store.declare(ROWS)
                write(store, [row("after", "new")])
        finally:
            stop.set()
        written = [row_id for one in working for row_id in one.result()]

    record_property("longest pause", f"{slowest:.1f} s")
    with nodes.open(through) as store:
        store.declare(ROWS)
        assert store.get("p", "rows", written, decisive=True).keys() == set(written)


def test_with_two_nodes_away_a_write_is_refused_and_done_when_one_is_back(nodes: Nodes) -> None:
    with nodes.open(0, timeout_s=6.0) as store:
        store.declare(ROWS)
        write(store, [row("before", "new")])
        nodes.nodes[1].kill()
        nodes.nodes[2].kill()

        with pytest.raises(StoreUnavailableError):
            write(store, [row("refused", "new")])
        with pytest.raises(StoreUnavailableError):
            store.get("p", "rows", ["new of before"], decisive=True)
        nodes.nodes[1].start()
        nodes.nodes[1].wait()

        def answers() -> bool:
            try:
                write(store, [row("after", "new")])
            except StoreUnavailableError:
                return False
            return True

        assert within(120.0, answers)
        assert store.list_ids("p", "rows", where("thread").eq("after")) == ["new of after"]
