"""Every call says whose memories it means, and what it is bound to nothing can widen."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, cast

import pytest

import mnemon
from mnemon import AsyncMemory, Memory, NotFoundError, ScopeError, where

if TYPE_CHECKING:
    from collections.abc import Callable

    from mnemon.protocols.store import Store

UNSCOPED: dict[str, Callable[[Memory], object]] = {
    "add": lambda memory: memory.add("x"),
    "add_many": lambda memory: memory.add_many(["x"]),
    "add_many of one item without": lambda memory: memory.add_many([{"content": "x", "user_id": "a"}, "y"]),
    "search": lambda memory: memory.search("x"),
    "get_all": lambda memory: memory.get_all(),
    "count": lambda memory: memory.count(),
    "operations": lambda memory: memory.operations(),
    "delete_all": lambda memory: memory.delete_all(),
    "forget": lambda memory: memory.forget(),
    "scoped": lambda memory: memory.scoped(),
    "append": lambda memory: memory.conversations.append("x"),
    "read": lambda memory: memory.conversations.read(),
    "runs": lambda memory: memory.conversations.runs(),
    "delete messages": lambda memory: memory.conversations.delete(["x"]),
    "delete all messages": lambda memory: memory.conversations.delete_all(),
    "a filter that names nobody": lambda memory: memory.search("x", filters={"user_id": {"ne": "a"}}),
    "a filter of several users": lambda memory: memory.get_all(filters={"user_id": ["a", "b"]}),
    "a filter of one or another": lambda memory: memory.count(filters={"OR": [{"user_id": "a"}, {"user_id": "b"}]}),
    "a filter with a nested user": lambda memory: memory.count(filters={"OR": [{"user_id": "a"}]}),
}

PROJECT_WIDE: dict[str, Callable[[Memory], object]] = {
    "search": lambda memory: memory.search("x", project_wide=True),
    "get_all": lambda memory: memory.get_all(project_wide=True),
    "count": lambda memory: memory.count(project_wide=True),
    "operations": lambda memory: memory.operations(project_wide=True),
    "purge": lambda memory: memory.purge(),
    "reset": lambda memory: memory.reset(),
    "reembed": lambda memory: memory.reembed(),
}


@pytest.fixture
def filled(memory: Memory) -> Memory:
    """Give a memory of two users, and two agents of one of them."""
    memory.add("the cat of alice", user_id="alice")
    memory.add("the cat of alice and x", user_id="alice", agent_id="x")
    memory.add("the cat of alice and y", user_id="alice", agent_id="y")
    memory.add("the cat of bob and x", user_id="bob", agent_id="x", categories=["pets"], metadata={"n": 1})
    return memory


def found(memory: Memory, **call: object) -> set[str]:
    """Return what a search for the cat finds, which is what a list has too."""
    arguments = cast("dict[str, Any]", call)
    texts = {hit.memory.text.removeprefix("the cat of ") for hit in memory.search("cat", **arguments)}
    assert texts == {one.text.removeprefix("the cat of ") for one in memory.get_all(**arguments)}
    assert len(texts) == memory.count(**arguments)
    return texts


@pytest.mark.parametrize("call", UNSCOPED)
def test_a_call_without_scope_is_an_error(memory: Memory, call: str) -> None:
    with pytest.raises(ScopeError, match=r"user_id|scope"):
        UNSCOPED[call](memory)

    assert memory.stats().messages == 0


@pytest.mark.parametrize(
    "value", ["", " ", "\t\n", 5, True, b"alice", ["alice"], "a" * 1_025, "\u00e9" * 513, "\ud800"]
)
@pytest.mark.parametrize("name", ["user_id", "agent_id", "app_id", "run_id"])
def test_an_id_is_a_text_that_is_neither_blank_nor_too_long(memory: Memory, name: str, value: object) -> None:
    ids = cast("dict[str, Any]", {name: value})
    calls: list[Callable[[], object]] = [
        lambda: memory.add("x", **ids),
        lambda: memory.search("x", **ids),
        lambda: memory.get("id", **ids),
        lambda: memory.scoped(**ids),
        lambda: mnemon.scope(**ids).__enter__(),
    ]

    for call in calls:
        with pytest.raises(ScopeError, match=name):
            call()


def test_the_longest_id_can_be_used(memory: Memory) -> None:
    longest = "\u00e9" * 512
    memory.add("the cat", user_id=longest)

    assert memory.count(user_id=longest) == 1


def test_all_ids_that_are_given_must_match(filled: Memory) -> None:
    assert found(filled, user_id="alice") == {"alice", "alice and x", "alice and y"}
    assert found(filled, agent_id="x") == {"alice and x", "bob and x"}
    assert found(filled, user_id="alice", agent_id="x") == {"alice and x"}
    assert found(filled, user_id="bob", agent_id="y") == set()
    assert found(filled, user_id="Alice") == set()


def test_an_id_at_the_top_of_a_filter_is_the_scope(filled: Memory) -> None:
    assert found(filled, filters={"user_id": "alice", "agent_id": "x"}) == {"alice and x"}
    assert found(filled, filters={"AND": [{"user_id": "bob"}, {"categories": "pets"}]}) == {"bob and x"}
    assert found(filled, filters=where("user_id").eq("alice") & where("agent_id").eq("y")) == {"alice and y"}
    assert found(filled, user_id="alice", filters={"agent_id": "x"}) == {"alice and x"}


def test_an_id_that_contradicts_another_is_an_error(filled: Memory) -> None:
    view = filled.scoped(user_id="alice")

    with pytest.raises(ScopeError, match="contradicts"):
        filled.search("cat", user_id="alice", filters={"user_id": "bob"})
    with pytest.raises(ScopeError, match="contradicts"):
        view.search("cat", user_id="bob")
    with pytest.raises(ScopeError, match="contradicts"):
        view.get_all(filters={"user_id": "bob"})
    with pytest.raises(ScopeError, match="contradicts"):
        view.add_many([{"content": "x", "user_id": "bob"}])
    with pytest.raises(ScopeError, match="contradicts"):
        view.scoped(user_id="bob")
    with pytest.raises(ScopeError, match="contradicts"):
        view.conversations.read(user_id="bob")
    with pytest.raises(ScopeError, match="contradicts"):
        view.delete_all(filters={"user_id": "bob"})


WIDER: list[dict[str, object]] = [
    {"OR": [{"user_id": "alice"}, {"user_id": "bob"}]},
    {"OR": [{"user_id": "bob"}, {"categories": "pets"}, {"n": 1}]},
    {"NOT": {"user_id": "alice"}},
    {"NOT": [{"user_id": "alice"}]},
    {"user_id": ["alice", "bob"]},
    {"user_id": {"in": ["bob"]}},
    {"user_id": {"nin": ["alice"]}},
    {"user_id": {"ne": "alice"}},
    {"user_id": {"exists": True}},
    {"user_id": {"contains": "o"}},
    {"user_id": "alice", "OR": [{"agent_id": "x"}, {"user_id": "bob"}]},
    {"AND": [{"OR": [{"user_id": "bob"}, {"user_id": "alice"}]}]},
    {"n": 1},
    {"categories": "pets"},
]


@pytest.mark.parametrize("filters", WIDER)
def test_no_filter_reaches_outside_of_a_scope(filled: Memory, filters: dict[str, object]) -> None:
    view = filled.scoped(user_id="alice")

    assert "bob and x" not in found(view, filters=filters)
    assert "bob and x" not in found(filled, user_id="alice", filters=filters)
    with mnemon.scope(user_id="alice"):
        assert "bob and x" not in found(filled, filters=filters)
    view.delete_all(filters=filters)
    assert found(filled, user_id="bob") == {"bob and x"}


def test_an_or_within_a_scope_still_chooses(filled: Memory) -> None:
    view = filled.scoped(user_id="alice")

    either: dict[str, object] = {"OR": [{"agent_id": "x"}, {"agent_id": "y"}]}
    assert found(view, filters=either) == {"alice and x", "alice and y"}
    assert found(view, filters={"NOT": {"agent_id": "x"}}) == {"alice", "alice and y"}


def test_a_view_of_a_view_has_the_ids_of_both(filled: Memory) -> None:
    view = filled.scoped(user_id="alice").scoped(agent_id="x")

    assert found(view) == {"alice and x"}
    assert view.scope == mnemon.Scope(user_id="alice", agent_id="x")
    assert view.scoped(agent_id="x").scope == view.scope
    assert view.add("new").memories[0].scope == view.scope
    assert view.stats().memories == 2
    assert [one.id for one in view.scopes("user")] == ["alice"]


BY_ID: dict[str, Callable[[Memory, str, str], object]] = {
    "get": lambda memory, memory_id, _: memory.get(memory_id),
    "update": lambda memory, memory_id, _: memory.update(memory_id, "stolen"),
    "expire": lambda memory, memory_id, _: memory.update(memory_id, expires_at=0),
    "delete": lambda memory, memory_id, _: memory.delete(memory_id),
    "erase": lambda memory, memory_id, _: memory.delete(memory_id, erase=True),
    "history": lambda memory, memory_id, _: memory.history(memory_id),
    "undo": lambda memory, _, op_id: memory.undo(op_id),
    "undo by force": lambda memory, _, op_id: memory.undo(op_id, force=True),
}


@pytest.mark.parametrize("call", BY_ID)
def test_what_is_outside_of_a_scope_is_not_there_by_its_id(memory: Memory, call: str) -> None:
    added = memory.add("the cat of bob", user_id="bob", run_id="r")
    ids = (added.ids[0], added.op_id or "")
    views = [
        memory.scoped(user_id="alice"),
        memory.scoped(run_id="q"),
        memory.scoped(user_id="bob", agent_id="x"),
        memory.scoped(run_id="r").scoped(user_id="alice"),
    ]

    for view in views:
        with pytest.raises(NotFoundError):
            BY_ID[call](view, *ids)
    with mnemon.scope(user_id="alice"), pytest.raises(NotFoundError):
        BY_ID[call](memory, *ids)

    assert memory.get(ids[0]).text == "the cat of bob"
    assert len(memory.history(ids[0])) == 1
    BY_ID[call](memory.scoped(user_id="bob"), *ids)


def test_ids_that_a_call_by_id_is_given_must_match(memory: Memory) -> None:
    added = memory.add("the cat of bob", user_id="bob")
    memory_id, op_id = added.ids[0], added.op_id or ""

    for call in (
        lambda: memory.get(memory_id, user_id="alice"),
        lambda: memory.update(memory_id, "stolen", user_id="alice"),
        lambda: memory.delete(memory_id, user_id="alice"),
        lambda: memory.history(memory_id, user_id="alice"),
        lambda: memory.undo(op_id, user_id="alice"),
    ):
        with pytest.raises(NotFoundError):
            call()
    assert memory.get(memory_id, user_id="bob").text == "the cat of bob"


def test_what_is_not_there_and_what_is_another_users_cannot_be_told_apart(memory: Memory) -> None:
    added = memory.add("the cat of bob", user_id="bob")
    view = memory.scoped(user_id="alice")

    messages: list[str] = []
    for memory_id in (added.ids[0], "id-999999"):
        with pytest.raises(NotFoundError) as refused:
            view.get(memory_id)
        messages.append(str(refused.value).replace(memory_id, "ID"))

    assert messages[0] == messages[1]


def test_undoing_a_deletion_in_parts_needs_a_scope_that_holds_all_of_them(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first part may be one user's alone while the others are not."""
    monkeypatch.setattr("mnemon._sync.removals._CHUNK", 1)
    memory.add_many([{"content": f"the cat of {name}", "user_id": name} for name in ("alice", "bob")])
    done = memory.delete_all(filters={"kind": "episodic"})

    for name in ("alice", "bob"):
        with pytest.raises(NotFoundError):
            memory.undo(done.op_id or "", user_id=name, force=True)

    assert memory.count(project_wide=True) == 0


@pytest.mark.parametrize("call", PROJECT_WIDE)
def test_a_call_for_the_whole_project_is_refused_where_a_scope_is_bound(filled: Memory, call: str) -> None:
    with pytest.raises(ScopeError, match="whole project"):
        PROJECT_WIDE[call](filled.scoped(user_id="alice"))
    with mnemon.scope(user_id="alice"), pytest.raises(ScopeError, match="whole project"):
        PROJECT_WIDE[call](filled)

    assert filled.stats().memories == 4


def test_a_call_for_the_whole_project_that_names_somebody_is_refused(filled: Memory) -> None:
    with pytest.raises(ScopeError, match="leave one out"):
        filled.search("cat", user_id="alice", project_wide=True)
    with pytest.raises(ScopeError, match="leave one out"):
        filled.count(filters={"user_id": "alice"}, project_wide=True)

    assert len(found(filled, project_wide=True)) == 4


def test_a_block_binds_calls_and_blocks_inside(filled: Memory) -> None:
    with mnemon.scope(user_id="alice"):
        assert len(found(filled)) == 3
        with mnemon.scope(agent_id="x") as bound:
            assert bound == mnemon.Scope(user_id="alice", agent_id="x")
            assert found(filled) == {"alice and x"}
            assert filled.add("inside").memories[0].scope == bound
        assert len(found(filled)) == 4
        with pytest.raises(ScopeError, match="contradicts"), mnemon.scope(user_id="bob"):
            pass
        with pytest.raises(ScopeError, match="contradicts"):
            filled.search("cat", user_id="bob")
        with pytest.raises(ScopeError, match="contradicts"):
            filled.scoped(user_id="bob").search("cat")

    with pytest.raises(ScopeError):
        filled.search("cat")


def test_a_view_made_elsewhere_that_contradicts_the_block_is_refused(filled: Memory) -> None:
    view = filled.scoped(user_id="bob")

    with mnemon.scope(user_id="alice"), pytest.raises(ScopeError, match="contradicts"):
        view.search("cat")


def test_a_block_ends_with_an_error_too(filled: Memory) -> None:
    with pytest.raises(ZeroDivisionError), mnemon.scope(user_id="alice"):
        raise ZeroDivisionError

    with pytest.raises(ScopeError):
        filled.count()


def test_tasks_and_their_threads_are_bound_to_the_block_they_began_in(store: Store) -> None:
    async def work(memory: AsyncMemory, name: str) -> list[str]:
        with mnemon.scope(user_id=name):
            await memory.add(f"the cat of {name}")
            await asyncio.sleep(0)
            task = asyncio.create_task(memory.get_all())
            page, hits = await task, await memory.search("cat")
            twin = memory.sync
            listed = await asyncio.to_thread(twin.get_all)
        return [*(one.text for one in page), *(hit.memory.text for hit in hits), *(one.text for one in listed)]

    async def everyone() -> list[list[str]]:
        async with AsyncMemory(store=store, embedder=None) as memory:
            return await asyncio.gather(*(work(memory, str(number)) for number in range(20)))

    texts = asyncio.run(everyone())

    assert texts == [[f"the cat of {number}"] * 3 for number in range(20)]


def test_a_bare_thread_is_bound_to_nothing_unless_it_is_given_the_context(filled: Memory) -> None:
    with mnemon.scope(user_id="alice"), ThreadPoolExecutor(1) as pool:
        carried = pool.submit(copy_context().run, filled.count)
        bare = pool.submit(filled.count)
        with pytest.raises(ScopeError):
            bare.result()
        assert carried.result() == 3


def test_blocks_of_two_threads_do_not_see_each_other(filled: Memory) -> None:
    both = threading.Barrier(2)

    def work(name: str) -> set[str]:
        with mnemon.scope(user_id=name):
            both.wait(10)
            return found(filled)

    with ThreadPoolExecutor(2) as pool:
        alice, bob = pool.map(work, ["alice", "bob"])

    assert (len(alice), bob) == (3, {"bob and x"})


def test_nothing_crosses_from_one_project_to_another(store: Store) -> None:
    one, other = (Memory(store=store, embedder=None, project=name) for name in ("one", "other"))
    added = one.add("the cat", user_id="alice", run_id="r", idempotency_key="k")

    assert other.stats().to_dict() == Memory(store=store, embedder=None, project="third").stats().to_dict() | {
        "project": "other"
    }
    assert found(other, user_id="alice") == set()
    assert found(other, project_wide=True) == set()
    assert other.scopes("user") == []
    assert other.conversations.read(user_id="alice", run_id="r") == []
    assert list(other.operations(project_wide=True)) == []
    for call in BY_ID.values():
        with pytest.raises(NotFoundError):
            call(other, added.ids[0], added.op_id or "")
    assert other.add("the cat", user_id="alice", run_id="r", idempotency_key="k").items[0].event == "ADD"
    other.reset()
    assert found(one, user_id="alice") == {"the cat"}
