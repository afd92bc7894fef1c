"""Results of nodes, kept for so many seconds."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from langgraph.types import CachePolicy

from mnemon import InMemoryStore, Memory
from mnemon_langgraph import MnemonCache
from tests.integrations.langgraph import graphs

if TYPE_CHECKING:
    from langgraph.cache.base import FullKey


def key(*labels: str, name: str = "k") -> FullKey:
    return (labels, name)


def test_what_is_set_is_got_by_sync_and_async_code(memory: Memory) -> None:
    cache = MnemonCache(memory)
    cache.set({key("a"): ({"x": [1, None]}, None), key("a", name="none"): (None, 60)})

    wanted = [key("a"), key("a", name="none"), key("b"), key("a", name="K")]

    assert cache.get(wanted) == {key("a"): {"x": [1, None]}, key("a", name="none"): None}
    assert asyncio.run(cache.aget(wanted)) == cache.get(wanted)
    assert cache.get([]) == {}


def test_a_result_is_over_after_its_seconds() -> None:
    now = [datetime(2026, 3, 1, tzinfo=UTC)]
    with Memory(store=InMemoryStore(), embedder=None, clock=lambda: now[0]) as memory:
        cache = MnemonCache(memory)
        cache.set({key("a"): (1, 60), key("b"): (2, None)})

        now[0] += timedelta(seconds=61)

        assert cache.get([key("a"), key("b")]) == {key("b"): 2}


def test_namespaces_are_cleared_whole_and_alone(memory: Memory) -> None:
    cache = MnemonCache(memory)
    every = [key("a"), key("a", "b"), key("a-b"), key("*")]
    cache.set(dict.fromkeys(every, (1, None)))

    cache.clear([("a",)])
    left = cache.get(every)
    asyncio.run(cache.aclear())

    assert set(left) == {key("a", "b"), key("a-b"), key("*")}
    assert cache.get(every) == {}


def test_a_node_is_not_run_again_for_the_same_input(memory: Memory) -> None:
    ran: list[str] = []

    def work(state: dict[str, list[str]]) -> dict[str, list[str]]:
        ran.append(state["items"][0])
        return {"items": ["done"]}

    builder: Any = graphs.Builder(graphs.Items)
    builder.add_node("work", work, cache_policy=CachePolicy(ttl=60))
    builder.add_edge("__start__", "work")
    graph = builder.compile(cache=MnemonCache(memory))

    answers = [graph.invoke({"items": [word]})["items"] for word in ("a", "a", "b")]

    assert answers == [["a", "done"], ["a", "done"], ["b", "done"]]
    assert ran == ["a", "b"]


def test_what_langgraph_caches_is_nobodys_and_forget_counts_it_as_left(memory: Memory) -> None:
    def work(state: dict[str, list[str]]) -> dict[str, list[str]]:
        return {"items": [f"a secret of {state['items'][0]}"]}

    builder: Any = graphs.Builder(graphs.Items)
    builder.add_node("work", work, cache_policy=CachePolicy(ttl=60))
    builder.add_edge("__start__", "work")
    cache = MnemonCache(memory)
    graph = builder.compile(cache=cache)
    graph.invoke({"items": ["ana"]}, graphs.config(user_id="ana"))
    cache.set({key("a"): (1, None)})

    left = memory.forget(user_id="ana").left

    assert left["langgraph_cache"] == 2
    assert cache.get([key("a")]) == {key("a"): 1}
    cache.clear()
    assert "langgraph_cache" not in memory.forget(user_id="ana").left
