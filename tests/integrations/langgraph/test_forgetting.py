"""What the adapter keeps of a person is erased with the person, in every collection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mnemon_langgraph import MnemonCache, MnemonSaver, MnemonStore, memory_namespace
from mnemon_langgraph.checkpoints import COLLECTIONS
from mnemon_langgraph.entries import CACHE
from mnemon_langgraph.items import ITEMS, VECTORS, VERSIONS
from tests.integrations.langgraph import graphs, rows
from tests.integrations.langgraph.test_store import index, keys

if TYPE_CHECKING:
    from mnemon import Memory

OURS = (*COLLECTIONS, ITEMS, VECTORS, VERSIONS, CACHE)


def live(memory: Memory, user_id: str) -> Any:
    """Let a person leave something in every collection, inside of a graph and outside of one."""
    saver, cache = MnemonSaver(memory), MnemonCache(memory)
    store = MnemonStore(memory, index=index("t"), person_label=1, history=True)

    def note(state: dict[str, list[str]]) -> dict[str, list[str]]:
        store.put(("notes",), f"of {user_id}", {"t": "inside"})
        cache.set({(("sums",), f"of {user_id}"): (1, None)})
        return {"items": state["items"][:1]}

    builder = graphs.Builder(graphs.Items)
    builder.add_node("note", note)
    builder.add_edge("__start__", "note")
    graph = builder.compile(checkpointer=saver, store=store)
    graph.invoke({"items": [user_id]}, graphs.config(f"thread of {user_id}", user_id=user_id))
    # What a call without a user_id adds to a thread is the person's whose thread it is.
    graph.update_state(graphs.config(f"thread of {user_id}"), {"items": ["added"]})
    for text in ("first", "second"):
        store.put(("users", memory_namespace(user_id)[1]), "k", {"t": text})
        store.put(memory_namespace(user_id), "k", {"content": text})
    store.search(memory_namespace(user_id), query="x")
    return saver, store, cache


def test_forgetting_a_person_reaches_every_collection_and_nobody_else(memory: Memory) -> None:
    live(memory, "ana")
    before = {one.name: rows.count(memory, one.name) for one in OURS}
    saver, store, cache = live(memory, "ana@example.com")

    receipt = memory.forget(user_id="ana@example.com")

    assert {one.name for one in OURS if not receipt.rows.get(one.name)} == set()
    assert {one.name: receipt.left.get(one.name, 0) for one in OURS} == dict.fromkeys((one.name for one in OURS), 0)
    assert {one.name: rows.count(memory, one.name) for one in OURS} == before
    assert [thread.user_id for thread in saver.list_threads()] == ["ana"]
    assert keys(store.search(("notes",))) == ["of ana"]
    assert store.search(memory_namespace("ana@example.com")) == []
    assert list(cache.get([(("sums",), "of ana"), (("sums",), "of ana@example.com")])) == [(("sums",), "of ana")]


def test_every_collection_names_a_person() -> None:
    assert {one.person for one in OURS} == {"user_id"}
