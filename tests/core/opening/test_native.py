"""The whole engine over a store that speaks async only gives the answers that it gives over the reference store."""

from __future__ import annotations

import asyncio
import io
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from mnemon import AsyncMemory, ConfigError, InMemoryStore, Memory, MissingExtraError, NotFoundError
from tests.core.fakes import FakeAsyncStore, WordEmbedder, counted_ids, ticking_clock

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

TALK = [
    {"role": "user", "content": "I moved to Lisbon last spring.", "name": "Alice"},
    {"role": "assistant", "content": "How is the weather there?"},
    {"role": "user", "content": "Warm, and I learn Portuguese.", "name": "Alice"},
]


def calls() -> Generator[tuple[str, tuple[object, ...], dict[str, object]], Any, None]:
    """Yield calls of a memory's methods, each made of what the ones before answered."""
    alice: dict[str, object] = {"user_id": "alice"}
    talk = yield "add", (TALK,), {**alice, "run_id": "r1"}
    fact = yield "add", ("Alice likes tea.",), {**alice, "metadata": {"a": 1}, "categories": ["food"], "actor": "me"}
    yield "add", ("Alice likes tea.",), {**alice, "idempotency_key": "k"}
    yield "add", ("Alice likes tea.",), {**alice, "idempotency_key": "k"}
    yield (
        "add_many",
        (["Bob has a dog.", {"content": "Bob has a cat.", "expires_at": 2_000_000_000}],),
        {"user_id": "bob"},
    )
    yield from _finding(fact.ids[0])
    memory_id = fact.ids[0]
    changed = yield "update", (memory_id, "Alice likes coffee."), {"metadata": {"b": 2}, "expected_version": 1}
    yield "update", (memory_id,), {"pinned": True}
    yield "get", (memory_id,), alice
    yield "get_all", (), {**alice, "limit": 2}
    yield "history", (memory_id,), {}
    yield "count", (), alice
    yield "scopes", ("user",), {}
    operations = yield "operations", (), alice
    yield "undo", (next(one.op_id for one in operations if one.kind == "update"),), {"force": True}
    deleted = yield "delete", (talk.ids[0],), {}
    yield "search", ("Lisbon",), alice
    yield "undo", (deleted.op_id,), {}
    yield "get_all", (), {**alice, "as_of": changed.updated_at}
    yield "delete_all", (), {"user_id": "bob", "dry_run": True}
    yield "delete_all", (), {"user_id": "bob"}
    yield "stats", (), {}
    yield "doctor", (), {}
    yield "reembed", (), {"embedder": WordEmbedder("other", 16)}
    yield "search", ("coffee",), alice
    out = io.StringIO()
    yield "export", (out,), {}
    yield "delete", (memory_id,), {"erase": True}
    yield "import_", (out.getvalue().splitlines(),), {}
    yield "forget", (), {"user_id": "bob", "dry_run": True}
    yield "forget", (), {"user_id": "alice"}
    yield "purge", (), {"retention": timedelta(0), "keep_versions": 1}
    yield "reset", (), {}
    yield "stats", (), {}
    yield "doctor", (), {}


def _finding(memory_id: str) -> Generator[tuple[str, tuple[object, ...], dict[str, object]], Any, None]:
    alice: dict[str, object] = {"user_id": "alice"}
    yield "search", ("Where does Alice live?",), {**alice, "explain": True}
    yield "search", ("dog",), {"project_wide": True, "filters": {"kind": "semantic"}}
    yield "context", ("Where does Alice live?",), alice
    yield "why_not", ("Where does Alice live?", memory_id), alice


def log_calls() -> Generator[tuple[str, tuple[object, ...], dict[str, object]], Any, None]:
    """Yield calls of a conversation log's methods."""
    run: dict[str, object] = {"user_id": "alice", "run_id": "r1"}
    appended = yield "append", (TALK,), run
    yield "append", ("More.",), run
    first = appended.messages[0]
    yield "read", (), run
    yield "read", (), {**run, "after": first.id, "last": 1}
    yield "replace", (first,), run
    yield "delete", ([first.id],), run
    yield "runs", (), {"user_id": "alice"}
    yield "delete_all", (), run


@pytest.fixture
def sync_memory() -> Memory:
    return Memory(store=InMemoryStore(), embedder=WordEmbedder(), clock=ticking_clock(), new_id=counted_ids())


@pytest.fixture
def native() -> AsyncMemory:
    return AsyncMemory(store=FakeAsyncStore(), embedder=WordEmbedder(), clock=ticking_clock(), new_id=counted_ids())


@pytest.fixture
def threaded() -> AsyncMemory:
    return AsyncMemory(store=InMemoryStore(), embedder=WordEmbedder(), clock=ticking_clock(), new_id=counted_ids())


def _answers(memory: Any, script: Generator[Any, Any, None]) -> list[tuple[str, object]]:  # noqa: ANN401 - either face
    answers: list[tuple[str, object]] = []
    answer: object = None
    try:
        while True:
            name, arguments, named = script.send(answer)
            answer = getattr(memory, name)(*arguments, **named)
            answers.append((name, answer))
    except StopIteration:
        return answers


async def _awaited(memory: Any, script: Generator[Any, Any, None]) -> list[tuple[str, object]]:  # noqa: ANN401 - either face
    answers: list[tuple[str, object]] = []
    async for name, arguments, named in _sent(script, answers):
        answers.append((name, await getattr(memory, name)(*arguments, **named)))
    return answers


async def _sent(
    script: Generator[Any, Any, None], answers: list[tuple[str, object]]
) -> AsyncGenerator[tuple[str, tuple[object, ...], dict[str, object]]]:
    try:
        while True:
            yield script.send(answers[-1][1] if answers else None)
    except StopIteration:
        return


@pytest.mark.parametrize("kind", ["native", "threaded"])
def test_every_method_answers_alike_on_both_faces(
    sync_memory: Memory, kind: str, request: pytest.FixtureRequest
) -> None:
    memory: AsyncMemory = request.getfixturevalue(kind)

    answers = asyncio.run(_awaited(memory, calls()))

    assert answers == _answers(sync_memory, calls())


@pytest.mark.parametrize("kind", ["native", "threaded"])
def test_every_method_of_the_log_answers_alike_on_both_faces(
    sync_memory: Memory, kind: str, request: pytest.FixtureRequest
) -> None:
    memory: AsyncMemory = request.getfixturevalue(kind)

    answers = asyncio.run(_awaited(memory.conversations, log_calls()))

    assert answers == _answers(sync_memory.conversations, log_calls())


def test_the_scripts_call_every_method() -> None:
    memory = Memory(store=InMemoryStore(), embedder=WordEmbedder())
    called = {name for name, _ in _answers(memory, calls())}
    of_log = {name for name, _ in _answers(memory.conversations, log_calls())}

    own = {"close", "scoped", "scope", "aio", "conversations", "backup"}  # only a store that is a file can be copied
    assert {name for name in dir(Memory) if not name.startswith("_")} - own == called
    assert {name for name in dir(type(memory.conversations)) if not name.startswith("_")} - own == of_log


def test_a_view_of_a_native_memory_is_bound(native: AsyncMemory) -> None:
    async def run() -> None:
        added = await native.add("Tea at five.", user_id="alice")
        with pytest.raises(NotFoundError):
            await native.scoped(user_id="bob").get(added.ids[0])

    asyncio.run(run())


def test_the_first_calls_of_many_tasks_open_a_native_store_once(native: AsyncMemory) -> None:
    async def run() -> int:
        await asyncio.gather(*(native.add(f"Text {number}.", user_id="alice") for number in range(50)))
        return await native.count(user_id="alice")

    assert asyncio.run(run()) == 50


def test_a_native_store_with_vectors_is_searched_by_meaning_at_once() -> None:
    store = FakeAsyncStore()
    asyncio.run(AsyncMemory(store=store, embedder=WordEmbedder()).add("Tea at five.", user_id="alice"))
    embedder = WordEmbedder()
    memory = AsyncMemory(store=store, embedder=embedder)

    found = asyncio.run(memory.search("tea", user_id="alice", explain=True))

    assert embedder.queries
    assert (found[0].signals or {})["meaning"] > 0


def test_a_native_store_refuses_another_embedder_at_its_first_use() -> None:
    store = FakeAsyncStore()
    asyncio.run(AsyncMemory(store=store, embedder=WordEmbedder("first")).add("Tea at five.", user_id="alice"))
    memory = AsyncMemory(store=store, embedder=WordEmbedder("second"))

    for _ in range(2):
        with pytest.raises(ConfigError, match=r"'first'.*'second'"):
            asyncio.run(memory.search("tea", user_id="alice"))


def test_a_native_store_written_with_local_is_not_silently_read_by_words(monkeypatch: pytest.MonkeyPatch) -> None:
    store = FakeAsyncStore()
    local = WordEmbedder("local:all-MiniLM-L6-v2-int8", 384)
    asyncio.run(AsyncMemory(store=store, embedder=local).add("Tea at five.", user_id="alice"))
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    memory = AsyncMemory(store=store, embedder="auto")

    with pytest.raises(MissingExtraError, match=r'pip install "mnemon\[local\]"'):
        asyncio.run(memory.search("tea", user_id="alice"))


def test_a_native_memory_serves_one_loop_after_another(native: AsyncMemory) -> None:
    asyncio.run(native.add("Tea at five.", user_id="alice"))

    assert asyncio.run(native.count(user_id="alice")) == 1
