"""The end of a memory: for itself, its views, its conversation log and its twin."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING

import pytest

from mnemon import AsyncMemory, ClosedError, InMemoryStore, Memory

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

USES: dict[str, Callable[[Memory], object]] = {
    "add": lambda memory: memory.add("Tea at five.", user_id="alice"),
    "search": lambda memory: memory.search("tea", user_id="alice"),
    "stats": lambda memory: memory.stats(user_id="alice"),
    "log": lambda memory: memory.conversations.read(user_id="alice", run_id="r"),
}
ASYNC_USES: dict[str, Callable[[AsyncMemory], Awaitable[object]]] = {
    "add": lambda memory: memory.add("Tea at five.", user_id="alice"),
    "search": lambda memory: memory.search("tea", user_id="alice"),
    "stats": lambda memory: memory.stats(user_id="alice"),
    "log": lambda memory: memory.conversations.read(user_id="alice", run_id="r"),
}


@pytest.fixture(params=["sqlite", "injected"])
def memory(request: pytest.FixtureRequest, tmp_path: Path) -> Memory:
    """Give a memory over a file of its own, or over a store that stays open after it."""
    if request.param == "sqlite":
        return Memory(tmp_path / "notes.db", embedder=None)
    return Memory(store=InMemoryStore(), embedder=None)


@pytest.mark.parametrize("use", USES)
def test_a_closed_memory_and_its_views_refuse_every_call(memory: Memory, use: str) -> None:
    view = memory.scoped(user_id="alice")
    memory.close()

    with pytest.raises(ClosedError):
        USES[use](memory)
    with pytest.raises(ClosedError):
        USES[use](view)


def test_a_conversation_log_ends_with_its_memory(memory: Memory) -> None:
    log = memory.conversations
    memory.close()

    with pytest.raises(ClosedError):
        log.append("Hello", user_id="alice", run_id="r")


@pytest.mark.parametrize("use", ASYNC_USES)
def test_the_async_twin_ends_with_its_memory(memory: Memory, use: str) -> None:
    twin = memory.aio
    memory.close()

    with pytest.raises(ClosedError):
        asyncio.run(_call(ASYNC_USES[use], twin))


@pytest.mark.parametrize("use", USES)
def test_the_sync_twin_ends_with_its_memory(memory: Memory, tmp_path: Path, use: str) -> None:
    owner = AsyncMemory(tmp_path / "other.db", embedder=None)
    twin = owner.sync
    asyncio.run(owner.aclose())

    with pytest.raises(ClosedError):
        USES[use](twin)
    memory.close()


def test_closing_twice_is_closing_once(memory: Memory) -> None:
    memory.close()
    memory.close()


def test_closing_an_async_memory_twice_is_closing_once(tmp_path: Path) -> None:
    async def run() -> None:
        memory = AsyncMemory(tmp_path / "notes.db", embedder=None)
        await memory.aclose()
        await memory.aclose()
        with pytest.raises(ClosedError):
            await memory.stats()

    asyncio.run(run())


def test_closing_a_view_or_a_twin_leaves_the_memory_open(memory: Memory) -> None:
    memory.scoped(user_id="alice").close()
    with memory.scoped(user_id="alice") as view:
        view.add("Tea at five.")
    asyncio.run(memory.aio.aclose())
    asyncio.run(memory.scoped(user_id="alice").aio.aclose())

    assert memory.count(user_id="alice") == 1
    memory.close()


def test_leaving_the_block_closes(tmp_path: Path) -> None:
    with Memory(tmp_path / "notes.db", embedder=None) as memory:
        pass
    with pytest.raises(ClosedError):
        memory.stats()

    async def run() -> None:
        async with AsyncMemory(tmp_path / "notes.db", embedder=None) as memory:
            pass
        with pytest.raises(ClosedError):
            await memory.stats()

    asyncio.run(run())


async def _call(use: Callable[[AsyncMemory], Awaitable[object]], memory: AsyncMemory) -> object:
    return await use(memory)


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_memory_closes_on_a_file_that_a_newer_version_has_brought_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    path = tmp_path / "notes.db"
    memory = Memory(path, embedder=None) if kind == "sync" else AsyncMemory(path, embedder=None)
    file = sqlite3.connect(path)
    file.execute("PRAGMA user_version = 99")
    file.close()

    memory.close() if isinstance(memory, Memory) else asyncio.run(memory.aclose())

    assert "version 99" in caplog.text
    assert not path.with_name("notes.db-wal").exists()  # which goes with the last connection
