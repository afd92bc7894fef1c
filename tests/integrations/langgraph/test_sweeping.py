"""The thread that deletes items whose time is over."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from threading import Event
from typing import Any

import pytest

from mnemon import InMemoryStore, Memory
from mnemon_langgraph import MnemonStore, memory_namespace
from mnemon_langgraph.items import ITEMS, VECTORS
from tests.integrations.failing import FailingStore
from tests.integrations.langgraph import rows
from tests.integrations.langgraph.test_store import NS, Hands, index

ANA = memory_namespace("ana")
A_MOMENT = 0.0001
"""Minutes: the sweeper begins again at once."""
LONG_S = 60.0


class Telling(FailingStore):
    """A store that tells when something was deleted, and when it failed."""

    def __init__(self) -> None:
        super().__init__()
        self.swept, self.failed = Event(), Event()

    def list_ids(self, *arguments: Any, **named: Any) -> Any:
        if self.down:
            self.failed.set()
        return super().list_ids(*arguments, **named)

    def exclusive(self) -> Any:
        self.swept.set()
        return super().exclusive()


def test_the_sweeper_deletes_what_is_over_and_goes_on_after_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    clock, inner = Hands(), Telling()
    with Memory(store=inner, embedder=None, clock=clock) as memory:
        ttl: Any = {"default_ttl": 10, "sweep_interval_minutes": A_MOMENT}
        store = MnemonStore(memory, ttl=ttl)
        store.put(NS, "over", {})
        store.put(NS, "stays", {}, ttl=None)
        clock.pass_minutes(11)
        inner.down = True
        inner.swept.clear()

        store.start_ttl_sweeper()
        store.start_ttl_sweeper()  # harmless
        failed = inner.failed.wait(LONG_S)
        inner.down = False
        swept = inner.swept.wait(LONG_S)
        store.stop_ttl_sweeper()
        left = rows.count(memory, ITEMS.name)
        clock.pass_minutes(11)
        store.stop_ttl_sweeper()

    assert (failed, swept) == (True, True)
    assert "it is tried again" in caplog.text
    assert left == 1


def test_closing_the_store_ends_its_sweeper() -> None:
    with Memory(store=InMemoryStore(), embedder=None) as memory, MnemonStore(memory) as store:
        store.start_ttl_sweeper(60)
        sweeper = store._sweeper  # pyright: ignore[reportPrivateUsage]

    assert sweeper is not None
    assert not sweeper.is_alive()


def test_memories_whose_time_as_items_is_over_go_with_the_sweep() -> None:
    clock = Hands()
    with Memory(store=InMemoryStore(), embedder=None, clock=clock) as memory:
        store = MnemonStore(memory, index=index("content"), ttl={"default_ttl": 10, "refresh_on_read": True})
        for key in ("over", "read", "pinned"):
            store.put(ANA, key, {"content": key})
        store.put(ANA, "for ever", {"content": "for ever"}, ttl=None)
        memory.add("no item", user_id="ana", expires_at=clock() + timedelta(minutes=5))
        pinned = next(one.id for one in memory.get_all(user_id="ana") if one.text == "pinned")
        memory.update(pinned, pinned=True)
        store.search(ANA, query="over")
        clock.pass_minutes(9)
        store.get(ANA, "read")
        clock.pass_minutes(9)

        swept = store.sweep_ttl(limit=0), store.sweep_ttl(), asyncio.run(store.asweep_ttl())

        left = memory.get_all(user_id="ana", include_expired=True)
        assert swept == (0, 1, 0)
        assert sorted(one.text for one in left) == ["for ever", "no item", "pinned", "read"]
        assert rows.count(memory, ITEMS.name) == 3
        assert sorted(item.key for item in store.search(ANA, query="e")[:3]) == ["for ever", "pinned", "read"]
        assert memory.operations(user_id="ana", limit=1).items[0].kind != "delete"


@pytest.mark.parametrize("gone", ["purged", "erased", "all erased"])
def test_the_key_of_a_memory_that_is_gone_for_good_goes_with_the_sweep(memory: Memory, gone: str) -> None:
    store = MnemonStore(memory, index=index("content"))
    store.put(ANA, "k", {"content": "tea"})
    store.put(memory_namespace("ana-2"), "k", {"content": "tea"})
    store.search(ANA, query="tea")
    store.put((*ANA, "notes"), "k", {"content": "tea"})
    (record,) = memory.get_all(user_id="ana")

    if gone == "purged":
        memory.delete(record.id)
        memory.purge(retention=timedelta(0))
    elif gone == "erased":
        memory.delete(record.id, erase=True)
    else:
        memory.delete_all(user_id="ana", erase=True)
    swept = store.sweep_ttl()

    assert swept == 0
    assert (rows.count(memory, ITEMS.name), rows.count(memory, VECTORS.name)) == (2, 2)
    store.put(ANA, "k", {"content": "coffee"})
    assert [(item.key, item.value) for item in store.search(ANA)] == [("k", {"content": "coffee"})]
    assert store.get(memory_namespace("ana-2"), "k") is not None


def test_an_item_that_is_over_is_written_again_as_one_memory() -> None:
    clock = Hands()
    with Memory(store=InMemoryStore(), embedder=None, clock=clock) as memory:
        store = MnemonStore(memory)
        store.put(ANA, "k", {"content": "tea"}, ttl=10)
        clock.pass_minutes(11)

        store.put(ANA, "k", {"content": "coffee"})

        assert [(item.key, item.value) for item in store.search(ANA)] == [("k", {"content": "coffee"})]
        assert [one.kind for one in memory.operations(user_id="ana").items] == ["update", "add"]
