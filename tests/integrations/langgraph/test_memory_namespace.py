"""Items under a person's memory namespace are that person's memories."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from langgraph.store.base import GetOp, InvalidNamespaceError, PutOp, SearchOp

from mnemon import InvalidInputError, Memory, ScopeError
from mnemon_langgraph import MnemonStore, memory_namespace
from tests.integrations.langgraph.test_store import index, keys

IDS = [
    "alice",
    "alice-2",
    "a@b.com",
    "a-b.com",
    "a%2Eb",
    "a.b",
    "1",
    "10",
    "José",
    "Jose",
    "*",
    "%",
    "_",
    "a'b",
    "n\0l",
]
ANA = memory_namespace("ana@example.com")


@pytest.fixture(params=["without index", "with index"])
def store(request: pytest.FixtureRequest, memory: Memory) -> MnemonStore:
    return MnemonStore(memory, index=index("content") if request.param == "with index" else None)


def test_every_user_id_has_a_namespace_of_its_own_that_is_legal(store: MnemonStore, memory: Memory) -> None:
    for user_id in IDS:
        store.put(memory_namespace(user_id), "k", {"content": f"tea of {IDS.index(user_id)}"})

    for user_id in IDS:
        found = store.search(memory_namespace(user_id), query="tea", limit=100)
        assert [item.value for item in found] == [{"content": f"tea of {IDS.index(user_id)}"}]
        assert [hit.memory.text for hit in memory.search("tea", user_id=user_id)] == [f"tea of {IDS.index(user_id)}"]
    with pytest.raises(ScopeError):
        memory_namespace("")


@pytest.mark.parametrize("unseen", [" ", "\u200b"])
def test_a_value_whose_text_nobody_sees_is_found_by_all_of_it(store: MnemonStore, memory: Memory, unseen: str) -> None:
    store.put(memory_namespace("alice"), "k", {"content": unseen, "note": "tea"})

    assert store.get(memory_namespace("alice"), "k").value == {"content": unseen, "note": "tea"}  # type: ignore[union-attr]
    assert "tea" in memory.search("tea", user_id="alice")[0].memory.text


@pytest.mark.parametrize("label", ["50%", "a%zz", "%", "ana%2ecom"])
def test_a_persons_memories_have_one_namespace_and_no_other(store: MnemonStore, memory: Memory, label: str) -> None:
    memory.add("a secret", user_id=label)
    labels = ("memories", label)

    for op in (GetOp(labels, "k"), PutOp(labels, "k", {"content": "b"}), SearchOp(labels, query="secret")):
        with pytest.raises(InvalidNamespaceError, match=re.escape("memory_namespace(user_id)")):
            store.batch([op])

    assert [item.value["content"] for item in store.search(memory_namespace(label))] == ["a secret"]


def test_the_versions_of_a_memory_are_not_said_to_be_none(memory: Memory) -> None:
    store = MnemonStore(memory, history=True)
    mine = memory_namespace("ana")
    for text in ("green tea", "black tea"):
        store.put(mine, "tea", {"content": text})

    with pytest.raises(InvalidInputError, match=re.escape("Memory.history")):
        store.history(mine, "tea")

    (record,) = memory.get_all(user_id="ana")
    assert [one.memory.text for one in memory.history(record.id, user_id="ana")] == ["green tea", "black tea"]


def test_what_an_agent_stores_is_found_by_recall_and_the_reverse(store: MnemonStore, memory: Memory) -> None:
    store.put(ANA, "drink", {"content": "Ana likes green tea.", "topic": "food"})
    memory.add("Ana has a green bicycle.", user_id="ana@example.com", metadata={"topic": "things"})

    hits = memory.search("green tea", user_id="ana@example.com", filters={"metadata.topic": "food"})
    found = store.search(ANA, query="green bicycle", limit=5)
    afound = asyncio.run(store.asearch(ANA, query="green", filter={"topic": "things"}))

    assert [hit.memory.text for hit in hits] == ["Ana likes green tea."]
    assert {item.value["content"] for item in found} == {"Ana likes green tea.", "Ana has a green bicycle."}
    assert found[0].score is not None
    assert [item.value for item in afound] == [{"content": "Ana has a green bicycle.", "topic": "things"}]
    assert store.get(ANA, afound[0].key) is not None


def test_a_key_is_kept_and_unique_and_equal_texts_are_two_memories(store: MnemonStore, memory: Memory) -> None:
    for key in ("1", "2", "1"):
        store.put(ANA, key, {"content": "Tea, please."})
    store.put(ANA, "1", {"content": "Coffee, please.", "n": 1})

    got = store.get(ANA, "1")

    assert got is not None
    assert got.value == {"content": "Coffee, please.", "n": 1}
    assert sorted(keys(store.search(ANA))) == ["1", "2"]
    assert memory.count(user_id="ana@example.com") == 2
    (hit,) = memory.search("coffee", user_id="ana@example.com", limit=1)
    assert [version.memory.text for version in memory.history(hit.memory.id)] == ["Tea, please.", "Coffee, please."]


def test_a_value_without_text_is_stored_whole(store: MnemonStore) -> None:
    value: dict[str, Any] = {"likes": ["tea", "walks"], "n": {"deep": None}}
    store.put(ANA, "k", value)

    got = store.get(ANA, "k")

    assert got is not None
    assert got.value == value
    assert keys(store.search(ANA, filter={"n": {"deep": None}})) == ["k"]


def test_changes_and_deletions_of_the_memory_are_those_of_the_item_and_the_reverse(
    store: MnemonStore, memory: Memory
) -> None:
    store.put(ANA, "k", {"content": "Ana lives in Rome."})
    (record,) = memory.get_all(user_id="ana@example.com").items
    store.search(ANA, query="Rome")

    memory.update(record.id, "Ana lives in Paris.")
    changed = store.get(ANA, "k")
    found = store.search(ANA, query="paris", limit=1)
    memory.delete(record.id)
    deleted = store.get(ANA, "k")
    store.put(ANA, "k", {"content": "Ana lives in Oslo."})
    again = [item.value["content"] for item in store.search(ANA, query="Oslo")]
    store.delete(ANA, "k")

    assert changed is not None
    assert changed.value == {"content": "Ana lives in Paris."}
    assert [item.value["content"] for item in found] == ["Ana lives in Paris."]
    assert deleted is None
    assert again == ["Ana lives in Oslo."]
    assert memory.count(user_id="ana@example.com") == 0
    assert store.search(ANA, query="Oslo") == []


def test_one_key_put_by_many_at_once_is_one_memory(memory: Memory) -> None:
    store = MnemonStore(memory)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda n: store.put(ANA, "k", {"content": f"number {n}"}), range(8)))  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]

    assert keys(store.search(ANA)) == ["k"]
    assert memory.count(user_id="ana@example.com") == 1


def test_the_score_in_the_store_is_the_cosine_of_its_own_index(memory: Memory) -> None:
    store = MnemonStore(memory, index=index("content"))
    store.put(ANA, "k", {"content": "aab"})

    (found,) = store.search(ANA, query="aaa")

    assert found.score == pytest.approx(0.8944, abs=1e-3)


def test_memories_without_a_text_that_the_index_knows_come_last_and_not_never(memory: Memory) -> None:
    store = MnemonStore(memory, index=index("title"))
    for place in range(3):
        memory.add(f"aab {place}", user_id="ana@example.com")
    store.put(ANA, "k", {"content": "aab", "title": "aaa"})

    first, *others = store.search(ANA, query="aaa", limit=3)
    rest = store.search(ANA, query="aaa", limit=3, offset=3)

    assert first.key == "k"
    assert first.score == pytest.approx(1)
    assert [(item.value["content"], item.score) for item in [*others, *rest]] == [
        ("aab 2", None),
        ("aab 1", None),
        ("aab 0", None),
    ]


def test_other_namespaces_are_no_memories(store: MnemonStore, memory: Memory) -> None:
    store.put(("memories",), "k", {"content": "tea"})
    store.put((*ANA, "notes"), "k", {"content": "tea"})

    assert memory.count(project_wide=True) == 0
    assert keys(store.search(("memories",), limit=10)) == ["k", "k"]


def test_a_key_of_ours_in_a_value_is_refused(store: MnemonStore) -> None:
    with pytest.raises(InvalidInputError, match="'langgraph'"):
        store.put(ANA, "k", {"content": "x", "langgraph": 1})


@pytest.mark.parametrize("query", [None, "tea"])
def test_a_memory_lives_on_when_it_is_read_or_found(query: str | None) -> None:
    now = datetime(2026, 5, 1, tzinfo=UTC)
    with Memory(":memory:", embedder=None, clock=lambda: now) as memory:
        store = MnemonStore(memory, ttl={"default_ttl": 10, "refresh_on_read": True})
        for key in ("read", "found", "peeked"):
            store.put(memory_namespace(key), key, {"content": "tea"})

        for _ in range(3):
            now += timedelta(minutes=8)
            store.get(memory_namespace("read"), "read")
            store.search(memory_namespace("found"), query=query)
            store.search(memory_namespace("peeked"), query=query, refresh_ttl=False)

        assert [memory.count(user_id=key) for key in ("read", "found", "peeked")] == [1, 1, 0]


@pytest.mark.parametrize("name", ["ana", "a.b"])
def test_a_memory_namespace_is_listed_while_something_is_found_in_it(memory: Memory, name: str) -> None:
    store = MnemonStore(memory)
    mine, notes = memory_namespace(name), (*memory_namespace(name), "notes")
    memory.add("Bob plays chess.", user_id="bob")
    memory.add("A rule of the house.", agent_id="butler")
    store.put(mine, "k", {"content": "tea"})
    store.put(notes, "k", {"content": "tea"})
    both = store.list_namespaces(prefix=mine)

    memory.delete_all(user_id=name)

    assert both == [mine, notes]
    assert store.list_namespaces() == asyncio.run(store.alist_namespaces()) == [notes, memory_namespace("bob")]
    assert store.list_namespaces(prefix=("memories", "*"), max_depth=2) == [mine, memory_namespace("bob")]
    assert store.list_namespaces(prefix=mine, max_depth=2) == [mine]
    assert store.list_namespaces(suffix=("bob",)) == [memory_namespace("bob")]
    assert store.list_namespaces(prefix=("users",)) == []


def test_a_memory_namespace_whose_memories_are_over_is_not_listed() -> None:
    now = datetime(2026, 5, 1, tzinfo=UTC)
    with Memory(":memory:", embedder=None, clock=lambda: now) as memory:
        store = MnemonStore(memory)
        store.put(ANA, "k", {"content": "tea"}, ttl=10)
        listed = store.list_namespaces()
        now += timedelta(minutes=11)

        assert listed == [ANA]
        assert store.list_namespaces() == []


def test_a_deleted_memory_that_is_had_back_has_its_key_again(store: MnemonStore, memory: Memory) -> None:
    store.put(ANA, "k", {"content": "green tea"})
    store.delete(ANA, "k")
    store.sweep_ttl()
    (deletion, *_) = memory.operations(user_id="ana@example.com").items

    memory.undo(deletion.op_id)

    got = store.get(ANA, "k")
    assert got is not None
    assert got.value == {"content": "green tea"}
    store.put(ANA, "k", {"content": "black tea"})
    assert [(item.key, item.value["content"]) for item in store.search(ANA, query="tea")] == [("k", "black tea")]


def test_a_key_that_was_put_anew_stays_one_items_when_the_deletion_is_undone(memory: Memory) -> None:
    store = MnemonStore(memory, index=index("content"))
    store.put(ANA, "k", {"content": "green tea"})
    store.delete(ANA, "k")
    (deletion, *_) = memory.operations(user_id="ana@example.com").items
    store.put(ANA, "k", {"content": "black tea"}, ttl=60)

    memory.undo(deletion.op_id)

    found = {item.key: item.value["content"] for item in store.search(ANA, query="tea")}
    (restored,) = found.keys() - {"k"}
    assert found == {"k": "black tea", restored: "green tea"}
    assert {item.key: item.value["content"] for item in store.search(ANA)} == found
    got = [store.get(ANA, key, refresh_ttl=True) for key in ("k", restored)]
    assert [item and item.value["content"] for item in got] == ["black tea", "green tea"]
    store.put(ANA, restored, {"content": "white tea"})
    (change, *_) = memory.operations(user_id="ana@example.com").items
    store.delete(ANA, "k")
    assert contents(store) == {restored: "white tea"}
    memory.undo(change.op_id)
    assert contents(store) == {restored: "green tea"}
    store.delete(ANA, restored)
    assert contents(store) == {}


def contents(store: MnemonStore) -> dict[str, str]:
    """Return what a search lists, each of which must be read by its key too."""
    listed = {item.key: item.value["content"] for item in store.search(ANA)}
    read = {key: store.get(ANA, key) for key in listed}
    assert {key: item and item.value["content"] for key, item in read.items()} == listed
    return listed


def test_an_item_that_had_its_key_taken_is_read_and_lives_on_by_its_id_when_the_other_is_gone() -> None:
    now = datetime(2026, 5, 1, tzinfo=UTC)
    with Memory(":memory:", embedder=None, clock=lambda: now) as memory:
        store = MnemonStore(memory)
        store.put(ANA, "k", {"content": "green tea"}, ttl=10)
        store.delete(ANA, "k")
        (deletion, *_) = memory.operations(user_id="ana@example.com").items
        store.put(ANA, "k", {"content": "black tea"}, ttl=1)
        memory.undo(deletion.op_id)
        now += timedelta(minutes=6)
        store.sweep_ttl()
        ((restored, text),) = contents(store).items()
        store.get(ANA, restored, refresh_ttl=True)
        now += timedelta(minutes=6)

        assert (text, contents(store)) == ("green tea", {restored: "green tea"})
        assert store.get(ANA, "k") is None
        store.put(ANA, "k", {"content": "new tea"})
        assert contents(store) == {restored: "green tea", "k": "new tea"}


def test_a_search_among_memories_leaves_the_vectors_of_items_below_them(memory: Memory) -> None:
    store = MnemonStore(memory, index=index("content"))
    store.put((*ANA, "notes"), "k", {"content": "tea"})
    store.put(ANA, "k", {"content": "tea"})

    found = store.search(ANA, query="tea")

    assert keys(found) == ["k"]
    assert [item.score for item in store.search((*ANA, "notes"), query="tea")] == [pytest.approx(1)]
