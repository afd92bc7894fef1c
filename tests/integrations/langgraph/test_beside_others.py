"""A saver while others prune, or while its store does not answer."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from mnemon import AsyncMemory, InMemoryStore, Memory, StoreUnavailableError
from mnemon_langgraph import CheckpointIncompleteError, MnemonCache, MnemonSaver, MnemonStore
from mnemon_langgraph.checkpoints import BLOBS, CHECKPOINTS
from tests.core.fakes import FakeAsyncStore
from tests.integrations.failing import FailingStore
from tests.integrations.langgraph import graphs, rows
from tests.integrations.langgraph.graphs import config
from tests.integrations.langgraph.test_saver import put

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from langchain_core.runnables import RunnableConfig


def test_readers_find_a_whole_checkpoint_while_another_saver_prunes(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    with Memory(path, embedder=None) as writing, Memory(path, embedder=None) as reading:
        saver, reader = MnemonSaver(writing), MnemonSaver(reading)
        at = put(saver, config(), {"a": ["x"]})

        def read(_: int) -> int:
            found = reader.get_tuple(config())
            assert found is not None
            assert found.checkpoint["channel_values"] == {"a": ["x"]}
            return len(list(reader.list(config())))

        def write(_: int) -> None:
            nonlocal at
            at = put(saver, at, {"a": ["x"]})
            saver.prune(["1"])

        with ThreadPoolExecutor(3) as threads:
            done = [threads.submit(read, n) for n in range(120)]
            for number in range(60):
                write(number)
            counts = [one.result() for one in done]

    assert min(counts) >= 1


class Interrupted(FakeAsyncStore):
    """A store that lets something happen once, before the values of a checkpoint are read; it has no snapshots."""

    snapshot: Any = None  # as on Weaviate, where each read sees its own moment
    meanwhile: Callable[[], object] | None = None

    async def get(self, project: str, collection: str, *arguments: Any, **named: Any) -> Any:
        if collection == BLOBS.name and self.meanwhile is not None:
            happening, self.meanwhile = self.meanwhile, None
            happening()
        return await super().get(project, collection, *arguments, **named)


@pytest.mark.anyio
async def test_a_checkpoint_that_is_pruned_while_it_is_read_gives_way_to_the_newest() -> None:
    inner = InMemoryStore()
    with Memory(store=inner, embedder=None) as memory:
        writer = MnemonSaver(memory)
        first = put(writer, config(), {"a": ["first"]})
        store = Interrupted(inner)
        reader = MnemonSaver(AsyncMemory(store=store, embedder=None))

        def go_on() -> None:
            put(writer, first, {"a": ["second"]})
            writer.prune(["1"])

        store.meanwhile = go_on
        newest = await reader.aget_tuple(config())
        store.meanwhile = lambda: writer.delete_thread("1")
        listed = [one async for one in reader.alist(config())]

    assert newest is not None
    assert newest.checkpoint["channel_values"] == {"a": ["second"]}
    assert listed == []


@pytest.mark.anyio
async def test_a_value_that_is_gone_though_its_checkpoint_is_there_is_still_an_error() -> None:
    inner = InMemoryStore()
    with Memory(store=inner, embedder=None) as memory:
        put(MnemonSaver(memory), config(), {"a": ["x"]})
        rows.delete_all(memory, BLOBS.name)
        reader = MnemonSaver(AsyncMemory(store=Interrupted(inner), embedder=None))

        with pytest.raises(CheckpointIncompleteError, match="no value for a"):
            await reader.aget_tuple(config())
        with pytest.raises(CheckpointIncompleteError, match="no value for a"):
            _ = [one async for one in reader.alist(config())]


class Scanned(InMemoryStore):
    """A store that counts its pages."""

    scans = 0

    def scan(self, *arguments: Any, **named: Any) -> Any:
        self.scans += 1
        return super().scan(*arguments, **named)

    snapshot: Any = None


def test_a_list_by_what_no_store_looks_for_reads_whole_pages() -> None:
    store = Scanned()
    with Memory(store=store, embedder=None) as memory:
        saver = MnemonSaver(memory)
        at: RunnableConfig = config()
        for step in range(40):
            at = put(saver, at, {}, step=step)
        store.scans = 0

        found = list(saver.list(config(), filter={"step": 0}, limit=1))

    assert [one.metadata.get("step") for one in found] == [0]
    assert store.scans <= 4


def test_without_its_store_every_call_fails_and_nothing_is_empty() -> None:
    store = FailingStore()
    with Memory(store=store, embedder=None) as memory:
        saver, items, cache = MnemonSaver(memory), MnemonStore(memory), MnemonCache(memory)
        graph = graphs.noting(saver)
        graph.invoke({"notes": ["a"]}, config())
        items.put(("a",), "k", {})
        cache.set({(("a",), "k"): (1, None)})
        store.down = True

        calls: list[Callable[[], object]] = [
            lambda: graph.invoke({"notes": ["b"]}, config()),
            lambda: asyncio.run(graph.ainvoke({"notes": ["b"]}, config())),
            lambda: saver.get_tuple(config()),
            lambda: list(saver.list(None)),
            saver.list_threads,
            lambda: saver.delete_thread("1"),
            lambda: saver.prune(["1"]),
            lambda: saver.copy_thread("1", "2"),
            saver.sweep,
            lambda: items.get(("a",), "k"),
            lambda: items.search(("a",)),
            items.list_namespaces,
            items.sweep_ttl,
            lambda: cache.get([(("a",), "k")]),
            cache.clear,
        ]
        for call in calls:
            with pytest.raises(StoreUnavailableError, match="down"):
                call()
        store.down = False

        assert graph.invoke({"notes": ["b"]}, config())["notes"] == ["a", "1", "b", "3"]
        assert rows.count(memory, CHECKPOINTS.name) == 6
