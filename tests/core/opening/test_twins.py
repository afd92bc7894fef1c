"""The same memory for code of the other kind."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING

import pytest

from mnemon import AsyncMemory, ConfigError, InMemoryStore, Memory, ScopeError
from mnemon._async.conversations import AsyncConversations
from mnemon._sync.conversations import Conversations
from tests.core.fakes import FakeAsyncStore, WordEmbedder

if TYPE_CHECKING:
    from pathlib import Path

RENAMED = {"aclose": "close", "__aenter__": "__enter__", "__aexit__": "__exit__", "sync": "aio"}


def _methods(kind: type) -> dict[str, str]:
    """Return the public methods of a class by the names of the sync one, with their signatures."""
    found: dict[str, str] = {}
    for name, member in inspect.getmembers(kind, inspect.isfunction):
        if not name.startswith("_") or name in {"__init__", *RENAMED, *RENAMED.values()}:
            found[RENAMED.get(name, name)] = str(inspect.signature(member)).replace("AsyncStore", "Store")
    found["__init__"] = found.get("__init__", "").replace("Store | Store", "Store")
    return found


@pytest.mark.parametrize(("one", "other"), [(Memory, AsyncMemory), (Conversations, AsyncConversations)])
def test_both_faces_have_the_same_methods_and_arguments(one: type, other: type) -> None:
    sync, awaited = _methods(one), _methods(other)
    sync["__init__"] = sync["__init__"].replace("Core", "AsyncCore")

    assert len(sync) > 6
    assert sync == awaited


@pytest.mark.parametrize(("one", "other"), [(Memory, AsyncMemory), (Conversations, AsyncConversations)])
def test_what_is_awaited_is_what_does_work(one: type, other: type) -> None:
    plain = {name for name, _ in inspect.getmembers(other, inspect.isfunction) if not name.startswith("_")}
    plain -= {name for name in plain if inspect.iscoroutinefunction(getattr(other, name))}

    assert plain == {"scoped"}
    assert not any(inspect.iscoroutinefunction(member) for _, member in inspect.getmembers(one, inspect.isfunction))


def test_twins_see_each_others_writes(tmp_path: Path) -> None:
    async def run(memory: Memory) -> None:
        await memory.aio.add("Tea at five.", user_id="alice")
        assert memory.aio.sync.count(user_id="alice") == 1

    with Memory(tmp_path / "notes.db", embedder=None) as memory:
        asyncio.run(run(memory))

        assert memory.count(user_id="alice") == 1


def test_the_twin_of_a_view_is_bound_as_the_view_is() -> None:
    async def run(memory: Memory) -> None:
        view = memory.scoped(user_id="alice", run_id="r", actor="assistant")
        twin = view.aio
        added = await twin.add("Tea at five.")
        with pytest.raises(ScopeError):
            await twin.count(user_id="bob")
        with pytest.raises(ScopeError):
            twin.sync.count(user_id="bob")
        assert twin.scope == twin.sync.scope == view.scope
        assert (await twin.history(added.ids[0]))[0].actor == "assistant"

    with Memory(":memory:", embedder=None) as memory:
        asyncio.run(run(memory))

        assert memory.count(user_id="alice", run_id="r") == 1


def test_a_twin_needs_no_new_opening_and_has_the_embedder_of_now() -> None:
    memory = Memory(store=InMemoryStore(), embedder=WordEmbedder("old"))
    before = memory.aio
    memory.add("Tea at five.", user_id="alice")
    memory.reembed(embedder=WordEmbedder("new"))

    async def run() -> tuple[str | None, str | None]:
        return (await before.stats()).embedder, (await memory.aio.stats()).embedder

    assert asyncio.run(run()) == ("new", "new")
    assert memory.stats().waiting == 0


def test_an_async_store_has_no_sync_twin() -> None:
    memory = AsyncMemory(store=FakeAsyncStore(), embedder=None)

    with pytest.raises(ConfigError, match="sync twin"):
        _ = memory.sync
    with pytest.raises(ConfigError, match="sync twin"):
        _ = memory.scoped(user_id="alice").sync
