"""What is erased and deleted through a node that was away and knows by half what there is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from mnemon import Memory
from mnemon.types.filters import where
from mnemon.types.storage import Collection, Delete, DeleteWhere, Ordered, Patch, Put, Row
from tests.live_cluster.conftest import CATCH_UP_S, parts_in, within

if TYPE_CHECKING:
    from collections.abc import Callable

    from mnemon.stores.weaviate import WeaviateStore
    from tests.live_cluster.conftest import Nodes

EACH = 5
OLD, DELETED, NEW = 30, 20, 50
LEFT = OLD - DELETED + NEW
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ITEMS = Collection(name="items", keys=("thread",), ordered=(Ordered("expires_at", "time"),))
NOW, LATER = "2026-11-01T00:00:00.000000Z", "2027-11-01T00:00:00.000000Z"
OVER = where("expires_at").lte(NOW)
PEOPLE = ("forgotten", "deleted", "erased", "expired")


@pytest.fixture
def returned(nodes: Nodes) -> Nodes:
    """A cluster whose third node is just back: it misses 50 memories of each person, and shows 20 deleted ones."""
    with nodes.open(0) as store, Memory(store=store, embedder=None) as memory:
        old = {person: add(memory, person, "old", OLD) for person in PEOPLE}
        with nodes.open(2) as third, Memory(store=third, embedder=None):
            assert within(CATCH_UP_S, lambda: all(current(third, person) == OLD for person in PEOPLE))
        nodes.nodes[2].kill()
        for person, ids in old.items():
            for memory_id in ids[:DELETED]:
                memory.delete(memory_id)
            add(memory, person, "new", NEW)
    nodes.nodes[2].start()
    nodes.nodes[2].wait()
    return nodes


def add(memory: Memory, person: str, kind: str, number: int) -> list[str]:
    expires = {"expires_at": LONG_AGO} if person == "expired" else {}
    items = [{"content": f"{kind} tea {place} of {person}", **expires} for place in range(number)]
    return list(memory.add_many(items, user_id=person).ids)


def test_a_node_just_back_erases_and_deletes_also_what_it_does_not_know(
    returned: Nodes, record_property: Callable[[str, object], None]
) -> None:
    with returned.open(2) as store, Memory(store=store, embedder=None) as memory:
        found = {person: current(store, person) for person in PEOPLE}
        record_property("of 60 current memories a query through the node just back found", found)

        receipt = memory.forget(user_id="forgotten")
        deleted = memory.delete_all(user_id="deleted")
        erased = memory.delete_all(user_id="erased", erase=True)
        purged = memory.purge()
        after = {person: current(store, person) for person in PEOPLE}
        record_property("and afterwards", after)

        assert {place: receipt.rows[place] for place in ("memories", "messages")} == dict.fromkeys(
            ("memories", "messages"), OLD + NEW
        )
        assert deleted.count == LEFT
        assert erased.count == OLD + NEW
        assert purged.rows["memories"] == LEFT
    for place in (2, 0, 1):
        with returned.open(place) as store, Memory(store=store, embedder=None):
            assert {person: listed(store, person) for person in PEOPLE} == {
                "forgotten": 0,
                "deleted": 0,
                "erased": 0,
                "expired": 0,
            }
            assert within(CATCH_UP_S, lambda store=store: not any(current(store, person) for person in PEOPLE))
            assert within(CATCH_UP_S, lambda store=store: not any(rows_of(store, "forgotten").values()))
    with returned.open(2) as store, Memory(store=store, embedder=None) as memory:
        memory.undo(deleted.op_id or "")
        assert listed(store, "deleted") == LEFT


def test_a_node_just_back_deletes_by_a_filter_what_matches_and_only_that(
    nodes: Nodes, record_property: Callable[[str, object], None]
) -> None:
    with nodes.open(0) as store, nodes.open(2) as third:
        for one in (store, third):
            one.declare(ITEMS)
        store.apply("p", items("old", "deleted", "large", "refreshed", expires_at=NOW))
        assert within(CATCH_UP_S, lambda: third.count("p", "items").rows == 4 * EACH)
        nodes.nodes[2].kill()
        store.apply("p", items("new", "new large", expires_at=NOW))
        for row_id in ids_of("refreshed"):
            store.apply("p", [Patch(collection="items", id=row_id, fields={"expires_at": LATER})])
        store.apply("p", [Delete(collection="items", ids=ids_of("deleted"))])
    nodes.nodes[2].start()
    nodes.nodes[2].wait()

    with nodes.open(2) as store:
        store.declare(ITEMS)
        over = store.count("p", "items", OVER).rows
        limited = store.apply("p", [DeleteWhere(collection="items", where=OVER, limit=3)])
        rest = store.apply("p", [DeleteWhere(collection="items", where=OVER)])
        shown = {row.id for row in store.scan("p", "items").rows}

    record_property("a query through the node just back found", f"{over} of {4 * EACH} rows to delete")
    record_property("and afterwards these rows", len(shown))
    assert (limited.counts, rest.counts) == ((3,), (4 * EACH - 3,))
    for place in range(3):
        with nodes.open(place) as store:
            store.declare(ITEMS)
            assert store.list_ids("p", "items") == sorted(ids_of("refreshed"))
            assert within(CATCH_UP_S, lambda store=store: store.count("p", "items").rows == EACH)
            assert within(CATCH_UP_S, lambda store=store: store.count("p", "items", OVER).rows == 0)
            assert within(CATCH_UP_S, lambda place=place: parts_in(nodes, place) == 0)


def items(*kinds: str, expires_at: str) -> list[Put]:
    return [
        Put(
            collection="items",
            row=Row(
                id=row_id,
                fields={"thread": "t", "expires_at": expires_at},
                payload=b"x" * (1_000_000 if kind.endswith("large") else 1),
            ),
        )
        for kind in kinds
        for row_id in ids_of(kind)
    ]


def ids_of(kind: str) -> list[str]:
    return [f"{kind} {number}" for number in range(EACH)]


def current(store: WeaviateStore, person: str) -> int:
    """Return how many current memories of a person a query through one node finds: it asks no other."""
    return store.count("default", "memories", where("user_id").eq(person) & where("recorded_to").eq(None)).rows


def listed(store: WeaviateStore, person: str) -> int:
    """Return how many current memories of a person most of the nodes have."""
    mine = where("user_id").eq(person) & where("recorded_to").eq(None)
    return len(store.list_ids("default", "memories", mine))


def rows_of(store: WeaviateStore, person: str) -> dict[str, int]:
    """Return how many rows about a person a query through one node finds, by collection."""
    return {
        one.name: store.count("default", one.name, where(one.person).eq(person)).rows
        for one in store.collections()
        if one.person is not None
    }
