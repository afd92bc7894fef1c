"""A cancelled call wrote everything or nothing, at whatever moment it was cancelled."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from mnemon import AsyncMemory, ConflictError, InMemoryStore, NotFoundError, SQLiteStore
from tests.core.fakes import FakeAsyncStore, WordEmbedder

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from pathlib import Path

    from mnemon.types.memory import Operation

CALLS = 150


@pytest.fixture(params=["native", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FakeAsyncStore | SQLiteStore:
    return FakeAsyncStore() if request.param == "native" else SQLiteStore(tmp_path / "notes.db")


async def _changes(memory: AsyncMemory, chance: random.Random, number: int) -> None:
    """Make one change, of a kind that chance chooses."""
    known = (await memory.get_all(user_id="alice", limit=1_000)).items
    kind = chance.choice(["add", "add_many", "update", "delete", "undo"])
    with suppress(NotFoundError, ConflictError):
        if kind == "add" or not known:
            await memory.add(f"Text {number}.", user_id="alice", run_id=f"run-{number}")
        elif kind == "add_many":
            items = [f"Text {number} part {part}." for part in range(5)]
            await memory.add_many(items, user_id="alice", run_id=f"run-{number}")
        elif kind == "update":
            await memory.update(chance.choice(known).id, f"Text {number} changed.")
        elif kind == "delete":
            await memory.delete(chance.choice(known).id)
        else:
            done = await memory.operations(user_id="alice", limit=1_000)
            await memory.undo(chance.choice(done.items).op_id)


async def _cancelled(call: Awaitable[None], chance: random.Random) -> bool:
    """Begin a call, let the loop turn a few times, and cancel it; return whether it was not done yet."""
    task = asyncio.ensure_future(call)
    for _ in range(chance.choice([0, 1, 2, 3, 5, 8, 13, 20, 40])):
        await asyncio.sleep(chance.choice([0, 0, 0.001]))
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return task.cancelled()


async def _all_operations(memory: AsyncMemory) -> list[Operation]:
    found: list[Operation] = []
    cursor: str | None = None
    while True:
        page = await memory.operations(user_id="alice", limit=1_000, cursor=cursor)
        found += page.items
        cursor = page.cursor
        if cursor is None:
            return found


async def _check_whole(memory: AsyncMemory) -> None:
    """Fail unless operations, versions and messages tell one and the same story."""
    operations = {one.op_id: one for one in await _all_operations(memory)}
    made = {(touched.memory_id, touched.made): op for op in operations.values() for touched in op.touched}
    made = {key: op for key, op in made.items() if key[1] is not None}
    versions: set[tuple[str, int | None]] = set()
    said: set[str] = set()
    for memory_id in {memory_id for memory_id, _ in made}:
        history = await memory.history(memory_id)
        assert [one.memory.version for one in history] == list(range(1, len(history) + 1))
        assert all(one.recorded_to is not None for one in history[:-1])
        assert all(one.op_id in operations for one in history)
        assert all(one.closed_by is None or one.closed_by in operations for one in history)
        versions |= {(memory_id, one.memory.version) for one in history}
        said |= set(history[0].memory.source_ids)
    assert versions == made.keys()
    assert {message.id for message in await memory.conversations.read(user_id="alice")} == said
    for op in operations.values():
        if op.kind == "add":
            assert len(op.touched) in {1, 5}


@pytest.mark.parametrize("seed", [1, 2])
def test_cancelling_at_random_moments_leaves_no_half_write(store: FakeAsyncStore | SQLiteStore, seed: int) -> None:
    async def run() -> tuple[int, list[object]]:
        chance = random.Random(seed)  # noqa: S311 - moments, not secrets
        memory = AsyncMemory(store=store, embedder=WordEmbedder())
        await memory.add("The first one.", user_id="alice", run_id="first")
        cancelled = 0
        for number in range(CALLS):
            cancelled += await _cancelled(_changes(memory, chance, number), chance)
        await memory.add("The last one.", user_id="alice", run_id="last")  # waits for what threads still do
        await _check_whole(memory)
        assert (await memory.stats()).waiting == 0
        found = await store.check() if isinstance(store, FakeAsyncStore) else store.check()
        return cancelled, list[object](found)

    cancelled, findings = asyncio.run(run())

    assert findings == []
    assert CALLS // 4 < cancelled < CALLS  # both kinds came


def test_a_first_call_that_is_cancelled_leaves_a_native_store_usable() -> None:
    async def run() -> int:
        store = FakeAsyncStore(InMemoryStore())
        for turns in range(12):
            memory = AsyncMemory(store=store, embedder=WordEmbedder())
            first = asyncio.ensure_future(memory.add(f"Text {turns}.", user_id="alice"))
            second = asyncio.ensure_future(memory.add(f"Other {turns}.", user_id="alice"))
            for _ in range(turns):
                await asyncio.sleep(0)
            first.cancel()
            with suppress(asyncio.CancelledError):
                await first
            await second
        found = await AsyncMemory(store=store, embedder=WordEmbedder()).get_all(user_id="alice")
        return len([one for one in found if one.text.startswith("Other")])

    assert asyncio.run(run()) == 12
