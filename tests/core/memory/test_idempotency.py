"""Adding twice with one idempotency key is adding once."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

import pytest

from mnemon import ConflictError, EmbeddingError, Memory
from tests.core.memory.adders import add_with_keys
from tests.core.memory.sources import FakeEmbedder, counting, events

if TYPE_CHECKING:
    from pathlib import Path

    from mnemon.protocols.store import Store
    from tests.core.memory.sources import SetClock


def test_the_same_key_again_adds_nothing_and_answers_with_what_is_there(memory: Memory) -> None:
    first = memory.add(["a", "b"], user_id="alice", idempotency_key="k")
    memory.add("c", user_id="alice")

    again = memory.add(["a", "b"], user_id="alice", idempotency_key="k")

    assert (events(first), events(again)) == (["ADD", "ADD"], ["REPEAT", "REPEAT"])
    assert again.op_id == first.op_id
    assert [item.memory for item in again.items] == list(first.memories)
    assert memory.count(user_id="alice") == 3


def test_a_fact_with_a_key_is_added_once(memory: Memory) -> None:
    for _ in range(2):
        memory.add("Alice is allergic to nuts.", user_id="alice", kind="semantic", idempotency_key="k")

    assert memory.count(user_id="alice") == 1


def test_the_same_words_with_another_key_are_judged_as_without_one(memory: Memory) -> None:
    memory.add("Yes", user_id="alice", kind="semantic", idempotency_key="1")

    assert events(memory.add("Yes", user_id="alice", kind="semantic", idempotency_key="2")) == ["ADD"]


def test_a_key_belongs_to_its_scope(memory: Memory) -> None:
    memory.add("hello", user_id="alice", idempotency_key="k")

    for user_id, run_id in (("bob", None), ("alice", "r")):
        assert events(memory.add("other", user_id=user_id, run_id=run_id, idempotency_key="k")) == ["ADD"]


@pytest.mark.parametrize(
    "other",
    [["other"], ["a"], ["b", "a"], ["a", "b", "c"], ["a", {"role": "assistant", "content": "b"}]],
)
def test_a_key_that_was_used_for_something_else_is_a_conflict(
    memory: Memory, other: list[str | dict[str, str]]
) -> None:
    first = memory.add(["a", "b"], user_id="alice", idempotency_key="k")

    with pytest.raises(ConflictError, match="use a new key") as refused:
        memory.add(other, user_id="alice", idempotency_key="k")

    assert refused.value.operations == (first.op_id,)
    assert memory.count(user_id="alice") == 2


def test_a_key_works_again_after_other_turns_where_only_the_end_of_a_list_was_new(memory: Memory) -> None:
    memory.add(["a", "b"], user_id="alice")
    first = memory.add(["a", "b", "c"], user_id="alice", idempotency_key="k")
    memory.add(["d", "e"], user_id="alice")

    again = memory.add(["a", "b", "c"], user_id="alice", idempotency_key="k")

    assert (events(first), again.op_id) == (["REPEAT", "REPEAT", "ADD"], first.op_id)
    assert events(again) == ["REPEAT"] * 3
    assert again.items[2].memory == first.memories[0]
    assert memory.count(user_id="alice") == 5


def test_a_key_brings_no_deleted_memory_back(memory: Memory) -> None:
    first = memory.add("hello", user_id="alice", idempotency_key="k")
    memory.delete(first.ids[0])

    again = memory.add("hello", user_id="alice", idempotency_key="k")

    assert events(again) == ["REPEAT"]
    assert memory.count(user_id="alice") == 0


def test_a_key_is_known_although_the_memory_was_changed(memory: Memory) -> None:
    first = memory.add("hello", user_id="alice", idempotency_key="k")
    memory.update(first.ids[0], "goodbye")

    again = memory.add("hello", user_id="alice", idempotency_key="k")

    assert events(again) == ["REPEAT"]
    assert again.items[0].memory == memory.get(first.ids[0])
    assert [one.text for one in memory.get_all(user_id="alice")] == ["goodbye"]


def test_a_key_is_known_after_an_embedder_failed(store: Store, clock: SetClock) -> None:
    failing = FakeEmbedder({"hello": [float("nan")]})
    memory = Memory(store=store, embedder=failing, clock=clock, new_id=counting())
    with pytest.raises(EmbeddingError):
        memory.add("hello", user_id="alice", idempotency_key="k")
    assert memory.stats().messages == 0

    memory = Memory(store=store, embedder=FakeEmbedder(), clock=clock, new_id=counting())
    assert events(memory.add("hello", user_id="alice", idempotency_key="k")) == ["ADD"]


def test_add_many_with_a_key_adds_once(memory: Memory) -> None:
    items = ["a", {"content": "fact", "kind": "semantic"}, {"content": "of a run", "run_id": "r"}]
    first = memory.add_many(items, user_id="alice", idempotency_key="k")

    again = memory.add_many(items, user_id="alice", idempotency_key="k")

    assert (events(first), events(again)) == (["ADD"] * 3, ["REPEAT"] * 3)
    assert memory.count(user_id="alice") == 3


def test_the_same_words_of_several_people_are_answered_with_each_ones_own(memory: Memory) -> None:
    items = [{"content": "Yes", "user_id": name} for name in ("alice", "bob", "carol")]
    first = memory.add_many(items, app_id="poll", idempotency_key="k")

    again = memory.add_many(items, app_id="poll", idempotency_key="k")

    assert [item.memory for item in again.items] == list(first.memories)


def test_the_same_words_again_and_again_are_answered_with_each_turn(memory: Memory) -> None:
    talk = [
        *({"role": "user", "content": "Tea?"}, {"role": "assistant", "content": "Yes"}),
        *({"role": "user", "content": "Milk?"}, {"role": "assistant", "content": "Yes"}),
        {"role": "user", "content": "Yes"},
    ]
    first = memory.add(talk, user_id="alice", idempotency_key="k")

    again = memory.add(talk, user_id="alice", idempotency_key="k")

    assert [item.memory for item in again.items] == list(first.memories)


def test_processes_that_add_the_same_key_at_once_add_it_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    path, rounds = str(tmp_path / "store.db"), 10
    Memory(path, embedder=None).close()
    with context.Manager() as manager, ProcessPoolExecutor(2, mp_context=context) as pool:
        together = manager.Barrier(2)
        working = [pool.submit(add_with_keys, path, together, rounds) for _ in range(2)]
        found = [future.result(120) for future in working]

    for one, other in zip(*found, strict=True):
        assert {one, other} == {"ADD", "REPEAT"}
    with Memory(path, embedder=None) as memory:
        assert memory.count(user_id="alice") == 2 * rounds
        assert memory.stats().messages == 2 * rounds
        assert memory.stats().operations == rounds


def test_a_key_that_was_used_with_other_metadata_is_a_conflict(memory: Memory) -> None:
    memory.add("tea", user_id="alice", metadata={"cups": 1}, idempotency_key="k")

    with pytest.raises(ConflictError):
        memory.add("tea", user_id="alice", metadata={"cups": 2}, idempotency_key="k")
    assert memory.add("tea", user_id="alice", metadata={"cups": 1}, idempotency_key="k").ids == ()


def test_a_key_is_remembered_where_nothing_was_new(memory: Memory) -> None:
    memory.add("hello", user_id="alice")
    memory.add("hello", user_id="alice", idempotency_key="k")

    with pytest.raises(ConflictError):
        memory.add("other", user_id="alice", idempotency_key="k")

    assert [record.text for record in memory.get_all(user_id="alice")] == ["hello"]


def test_a_key_that_found_nothing_new_answers_with_the_same_memory_again(memory: Memory) -> None:
    there = memory.add("hello", user_id="alice").items[0].memory
    first = memory.add("hello", user_id="alice", idempotency_key="k")
    memory.add("other", user_id="alice")

    again = memory.add("hello", user_id="alice", idempotency_key="k")

    assert (events(first), events(again)) == (["REPEAT"], ["REPEAT"])
    assert there is not None
    assert [item.memory.id for item in (*first.items, *again.items) if item.memory] == [there.id, there.id]
    assert (first.op_id, again.op_id) == (None, None)
    assert [record.text for record in memory.get_all(user_id="alice")] == ["other", "hello"]


def test_a_key_that_found_a_part_of_it_there_answers_with_all_of_it_again(memory: Memory) -> None:
    memory.add(["a", "b"], user_id="alice", run_id="r")
    first = memory.add(["a", "b", "c"], user_id="alice", run_id="r", idempotency_key="k")

    again = memory.add(["a", "b", "c"], user_id="alice", run_id="r", idempotency_key="k")

    assert events(first) == ["REPEAT", "REPEAT", "ADD"]
    assert [item.memory and item.memory.text for item in again.items] == ["a", "b", "c"]
    assert again.op_id == first.op_id


def test_a_key_that_found_nothing_new_does_not_bring_back_what_was_deleted_since(memory: Memory) -> None:
    there = memory.add("hello", user_id="alice").items[0].memory
    memory.add("hello", user_id="alice", idempotency_key="k")
    assert there is not None
    memory.delete(there.id)

    again = memory.add("hello", user_id="alice", idempotency_key="k")

    assert (events(again), again.items[0].memory) == (["REPEAT"], None)
    assert list(memory.get_all(user_id="alice")) == []


def test_an_operation_that_found_nothing_new_can_be_undone_and_changes_nothing(memory: Memory) -> None:
    memory.add("hello", user_id="alice")
    memory.add("hello", user_id="alice", idempotency_key="k")
    (empty,) = [one for one in memory.operations(user_id="alice") if not one.touched]

    memory.undo(empty.op_id)

    assert [record.text for record in memory.get_all(user_id="alice")] == ["hello"]
