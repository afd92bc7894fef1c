"""What an adapter keeps beside a memory's own rows."""

from __future__ import annotations

import asyncio
import copy
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from mnemon import AsyncMemory, ClosedError, ConfigError, InMemoryStore, Memory
from mnemon.adapting.storage import Storage
from mnemon.types.storage import Collection
from tests.core.adapting._async.notes import write as awrite
from tests.core.adapting._sync.notes import write
from tests.core.fakes import FakeAsyncStore

if TYPE_CHECKING:
    from pathlib import Path

NOTES = Collection(name="notes", keys=("user_id",), person="user_id")


def test_what_was_built_outside_of_a_loop_serves_two_loops_and_sync_code(tmp_path: Path) -> None:
    with Memory(tmp_path / "m.db", embedder=None) as memory:
        storage = Storage(memory, NOTES)

        counts = [
            asyncio.run(storage.arun(awrite, "alice", number=1))[0],
            storage.run(write, "alice", number=2)[0],
            asyncio.run(storage.arun(awrite, "alice", number=3))[0],
        ]

        assert counts == [1, 2, 3]


def test_an_async_memory_serves_sync_code_too(tmp_path: Path) -> None:
    async def both() -> list[int]:
        async with AsyncMemory(tmp_path / "m.db", embedder=None) as memory:
            storage = Storage(memory, NOTES)
            return [
                (await storage.arun(awrite, "alice", number=1))[0],
                storage.run(write, "alice", number=2)[0],
            ]

    assert asyncio.run(both()) == [1, 2]


def test_over_an_embedded_store_a_piece_is_one_hop_into_a_thread(tmp_path: Path) -> None:
    with Memory(tmp_path / "m.db", embedder=None) as memory:
        storage = Storage(memory, NOTES)

        _, thread = asyncio.run(storage.arun(awrite, "alice", number=1))

        assert thread != threading.get_ident()


def test_over_an_async_store_a_piece_is_awaited_and_sync_code_is_told_so() -> None:
    storage = Storage(AsyncMemory(store=FakeAsyncStore(), embedder=None), NOTES)

    _, thread = asyncio.run(storage.arun(awrite, "alice", number=1))

    assert thread == threading.get_ident()
    with pytest.raises(ConfigError, match="over an async store"):
        storage.run(write, "alice", number=2)


def test_without_a_memory_the_default_one_is_opened_once_and_when_it_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNEMON_STORE", str(tmp_path / "default.db"))
    storage = Storage(None, NOTES)
    before = list(tmp_path.iterdir())

    with ThreadPoolExecutor(4) as threads:
        opened = {id(future.result()) for future in [threads.submit(storage.memory) for _ in range(8)]}
    counts = {asyncio.run(storage.arun(awrite, "alice", number=1))[0], storage.run(write, "alice", number=2)[0]}
    storage.close()

    assert before == []
    assert len(opened) == 1
    assert counts == {1, 2}
    for call in (lambda: storage.run(write, "alice", number=3), storage.memory):
        with pytest.raises(ClosedError):
            call()


def test_a_memory_that_was_given_is_left_open() -> None:
    with Memory(store=InMemoryStore(), embedder=None) as memory:
        storage = Storage(memory, NOTES)
        storage.close()

        asyncio.run(storage.aclose())

        assert storage.run(write, "alice", number=1)[0] == 1
        assert memory.add("I like tea.", user_id="alice").ids


def test_a_shallow_copy_of_what_holds_it_works_on_the_same_rows() -> None:
    with Memory(store=InMemoryStore(), embedder=None) as memory:
        storage = Storage(memory, NOTES)
        storage.run(write, "alice", number=1)

        assert copy.copy(storage).run(write, "alice", number=2)[0] == 2


def test_what_is_kept_is_forgotten_with_the_person() -> None:
    with Memory(store=InMemoryStore(), embedder=None) as memory:
        storage = Storage(memory, NOTES)
        storage.run(write, "alice", number=1)
        storage.run(write, "alice-2", number=1)

        assert memory.forget(user_id="alice").rows["notes"] == 1
        assert storage.run(write, "alice-2", number=2)[0] == 2


def test_a_collection_that_names_no_person_is_refused() -> None:
    with pytest.raises(ConfigError, match="'log' names no person"):
        Storage(None, Collection(name="log"))


def test_a_view_is_refused() -> None:
    with Memory(store=InMemoryStore(), embedder=None) as memory, pytest.raises(ConfigError, match="'user_id': 'ana'"):
        Storage(memory.scoped(user_id="ana"), NOTES)
