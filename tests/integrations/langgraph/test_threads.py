"""Threads as they are listed and as they expire."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from mnemon import InMemoryStore, Memory
from mnemon_langgraph import MnemonSaver, copy_threads
from tests.integrations.langgraph import graphs
from tests.integrations.langgraph.graphs import config
from tests.integrations.langgraph.test_saver import put

if TYPE_CHECKING:
    from mnemon_langgraph import Thread


def test_pages_hold_every_thread_once_also_those_of_one_time(saver: MnemonSaver) -> None:
    put(saver, config("0"), {"a": ["x"]})
    for number in range(1, 6):
        saver.copy_thread("0", str(number))

    listed: list[Thread] = []
    while page := saver.list_threads(limit=2, before=listed[-1] if listed else None):
        listed += page

    assert len({one.updated_at for one in listed}) == 1
    assert sorted(one.thread_id for one in listed) == list("012345")


@pytest.mark.parametrize("first", ["writes", "subgraph"])
def test_a_thread_that_did_not_begin_with_a_checkpoint_of_its_root_is_listed(memory: Memory, first: str) -> None:
    saver = MnemonSaver(memory, ttl=timedelta(days=1))
    if first == "writes":
        saver.put_writes(config(checkpoint_ns="", checkpoint_id="c"), [("a", 1)], "task")
    else:
        put(saver, config(checkpoint_ns="inner:1"), {"a": ["x"]})

    put(saver, config(), {"a": ["x"]})
    (listed,) = saver.list_threads()

    assert listed.thread_id == "1"
    assert listed.created_at <= listed.updated_at <= datetime.now(UTC)


def test_a_thread_that_was_moved_here_is_as_old_as_it_was(saver: MnemonSaver) -> None:
    old = InMemorySaver()
    graphs.noting(old).invoke({"notes": ["a"]}, config())
    times = sorted(datetime.fromisoformat(one.checkpoint["ts"]) for one in old.list(config()))

    copy_threads(old, saver)
    (moved,) = saver.list_threads()

    assert (moved.created_at, moved.updated_at) == (times[0], times[-1])


class CountingSaver(InMemorySaver):
    """A fake of savers that count their versions, as the base class does."""

    def get_next_version(self, current: Any, channel: None) -> Any:
        return 1 if current is None else current + 1


def test_a_thread_whose_versions_are_numbers_goes_on_here_and_forks(saver: MnemonSaver) -> None:
    old = CountingSaver()
    graphs.noting(old).invoke({"notes": ["a"]}, config())
    copy_threads(old, saver)
    graph = graphs.noting(saver)
    fork = graph.get_state(config()).config

    first = graph.invoke({"notes": ["b"]}, fork)
    there = graph.get_state(config()).config
    second = graph.invoke({"notes": ["other"]}, fork)

    assert first["notes"] == ["a", "1", "b", "3"]
    assert second["notes"] == ["a", "1", "other", "3"]
    assert graph.get_state(there).values["notes"] == ["a", "1", "b", "3"]


def test_a_thread_lives_on_by_every_way_of_writing_to_it() -> None:
    now = [datetime(2026, 3, 1, tzinfo=UTC)]
    with Memory(store=InMemoryStore(), embedder=None, clock=lambda: now[0]) as memory:
        saver = MnemonSaver(memory, ttl=timedelta(hours=1))
        at = put(saver, config("put"), {"a": ["x"]})
        for thread in ("writes", "copied"):
            put(saver, config(thread), {"a": ["x"]})
        named = put(saver, config("late"), {"a": ["x"]})
        now[0] += timedelta(minutes=50)

        put(saver, at, {"a": ["y"]})
        saver.put_writes(config("writes", checkpoint_ns="", checkpoint_id="c"), [("a", 1)], "task")
        saver.copy_thread("put", "copied")
        put(saver, {"configurable": {**graphs.place(named), "checkpoint_ns": "inner:1"}}, {"a": ["x"]})
        now[0] += timedelta(minutes=50)
        kept = asyncio.run(saver.asweep())
        now[0] += timedelta(minutes=20)

        assert kept == 0
        assert saver.sweep() == 4
        assert list(saver.list(None)) == []
