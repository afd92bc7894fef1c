"""One memory used from many threads and many tasks: nothing lost, nothing crossed."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import pytest

from mnemon import AsyncMemory, ConflictError, InMemoryStore, Memory
from tests.core.fakes import FakeAsyncStore, WordEmbedder

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from mnemon.protocols.async_store import AsyncStore
    from mnemon.protocols.store import Store

THREADS = 16
ROUNDS = 6

Answer = TypeVar("Answer")


@pytest.fixture(params=["memory", "sqlite"])
def memory(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Memory]:
    target = ":memory:" if request.param == "memory" else tmp_path / "notes.db"
    with Memory(target, embedder=WordEmbedder()) as memory:
        yield memory


def _at_once(function: Callable[[int], Answer], times: int) -> list[Answer]:
    """Return what a function returns for each number, asked from sixteen threads."""
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(function, range(times)))


def _live(memory: Memory, user: str) -> list[str]:
    """Do what a user does, each change in turn; return the texts that must be there at the end."""
    view = memory.scoped(user_id=user)
    kept: list[str] = []
    for number in range(ROUNDS):
        (memory_id,) = view.add(f"{user} said number{number}.").ids
        (gone,) = view.add(f"{user} took back number{number}.").ids
        view.update(memory_id, f"{user} meant number{number}.", expected_version=1)
        deleted = view.delete(gone)
        if number % 2:
            view.undo(deleted.op_id or "")
            kept.append(f"{user} took back number{number}.")
        kept.append(f"{user} meant number{number}.")
        hits = view.search(f"number{number} meant")
        assert hits[0].memory.text == f"{user} meant number{number}."
        assert all(hit.memory.scope.user_id == user for hit in hits)
        view.conversations.append(f"turn {number}", run_id="talk")
    return kept


def test_sixteen_threads_lose_and_cross_nothing(memory: Memory) -> None:
    users = [f"user-{number}" for number in range(THREADS)]

    kept = dict(zip(users, _at_once(lambda number: _live(memory, users[number]), THREADS), strict=True))

    for user, texts in kept.items():
        assert sorted(one.text for one in memory.get_all(user_id=user)) == sorted(texts)
        turns = [message.text for message in memory.conversations.read(user_id=user, run_id="talk")]
        assert turns == [f"turn {number}" for number in range(ROUNDS)]
        assert len(memory.operations(user_id=user, limit=1_000)) == ROUNDS * 4 + ROUNDS // 2
    assert memory.stats().waiting == 0


def test_threads_that_add_to_one_scope_all_find_their_words(memory: Memory) -> None:
    _at_once(lambda number: memory.add(f"Thing{number} happened.", user_id="alice", run_id="r"), 64)

    assert memory.count(user_id="alice") == 64
    log = memory.conversations.read(user_id="alice", run_id="r")
    assert sorted(message.text for message in log) == sorted(f"Thing{number} happened." for number in range(64))
    chain = memory.get_all(user_id="alice", limit=100, sort="created_at")
    assert {one.source_ids[0] for one in chain} == {message.id for message in log}


def test_updates_of_one_memory_from_many_threads_are_all_in_its_history(memory: Memory) -> None:
    (memory_id,) = memory.add("Start.", user_id="alice").ids

    _at_once(lambda number: memory.update(memory_id, f"Text {number}."), 32)

    history = memory.history(memory_id)
    assert [one.memory.version for one in history] == list(range(1, 34))
    assert {one.memory.text for one in history} == {"Start.", *(f"Text {number}." for number in range(32))}
    assert [one.recorded_to is None for one in history] == [False] * 32 + [True]


def test_of_updates_that_expect_one_version_one_wins(memory: Memory) -> None:
    (memory_id,) = memory.add("Start.", user_id="alice").ids

    def change(number: int) -> bool:
        try:
            memory.update(memory_id, f"Text {number}.", expected_version=1)
        except ConflictError:
            return False
        return True

    won = _at_once(change, THREADS)

    assert sum(won) == 1
    assert len(memory.history(memory_id)) == 2


def test_one_idempotency_key_from_many_threads_adds_once(memory: Memory) -> None:
    results = _at_once(lambda _: memory.add("Once.", user_id="alice", idempotency_key="k"), THREADS)

    assert memory.count(user_id="alice") == 1
    assert sum(len(result.ids) for result in results) == 1


@pytest.mark.parametrize("kind", ["sqlite", "native"])
def test_two_hundred_tasks_lose_and_cross_nothing(tmp_path: Path, kind: str) -> None:
    async def run() -> None:
        embedder = WordEmbedder()
        store: Store | AsyncStore | None = FakeAsyncStore() if kind == "native" else None
        target = None if kind == "native" else tmp_path / "notes.db"
        async with AsyncMemory(target, store=store, embedder=embedder) as memory:

            async def live(number: int) -> None:
                view = memory.scoped(user_id=f"user-{number % 20}")
                (memory_id,) = (await view.add(f"Task{number} began.", run_id=f"run-{number}")).ids
                await view.update(memory_id, f"Task{number} ended.")
                hits = await view.search(f"task{number} ended")
                assert hits[0].memory.id == memory_id

            await asyncio.gather(*(live(number) for number in range(200)))
            for user in range(20):
                texts = {one.text for one in await memory.get_all(user_id=f"user-{user}")}
                assert texts == {f"Task{number} ended." for number in range(user, 200, 20)}
            assert (await memory.stats()).operations == 400

    asyncio.run(run())


def test_an_async_memory_serves_one_loop_after_another(tmp_path: Path) -> None:
    memory = AsyncMemory(tmp_path / "notes.db", embedder=WordEmbedder())

    asyncio.run(_add(memory, 1))
    asyncio.run(_add(memory, 2))

    assert memory.sync.count(user_id="alice") == 2
    asyncio.run(memory.aclose())


async def _add(memory: AsyncMemory, number: int) -> None:
    await memory.add(f"Text {number}.", user_id="alice")
    await memory.search("text", user_id="alice")


def test_a_memory_over_a_given_store_is_shared_by_a_second_one() -> None:
    store = InMemoryStore()
    memories = [Memory(store=store, embedder=WordEmbedder()) for _ in range(4)]

    _at_once(lambda number: memories[number % 4].add(f"Text {number}.", user_id="alice"), 40)

    assert memories[0].count(user_id="alice") == 40
    assert memories[3].stats().waiting == 0
