from __future__ import annotations

import pytest

import mnemon
from mnemon import Memory
from mnemon_crewai import MemoryAbortedError, MnemonMemory
from tests.integrations.failing import FailingStore


def test_reset_all_clears_only_who_is_bound_and_nobody_reads_another() -> None:
    memory = MnemonMemory(Memory(":memory:", embedder=None))
    for user in ("1", "10", "José", "Jose"):
        with mnemon.scope(user_id=user):
            memory.remember(f"The code word is tulip-{user}.", scope="/a")

    with mnemon.scope(user_id="1"):
        memory.reset_all()
        assert memory.list_records() == []
    with mnemon.scope(user_id="10"):
        assert [one.content for one in memory.list_records()] == ["The code word is tulip-10."]


def test_a_path_is_matched_by_whole_labels_and_what_is_private_stays_private() -> None:
    memory = MnemonMemory(Memory(":memory:", embedder=None), user_id="ana")
    memory.remember("Ana lives in Lisbon.", scope="/user/10", private=True, source="s1")
    (record,) = memory.list_records("/user/10")
    memory.update(record.id, "Ana lives in Porto.")

    assert memory.list_records("/user/1") == []
    assert memory.recall("Where does Ana live?") == []
    assert [one.record.content for one in memory.recall("Where does Ana live?", source="s1")] == ["Ana lives in Porto."]


def test_without_a_scope_or_a_store_that_answers_crewai_is_made_to_stop() -> None:
    store = FailingStore()
    memory = MnemonMemory(Memory(store=store, embedder=None))

    with pytest.raises(MemoryAbortedError, match="scope_from_inputs"):
        memory.recall("anything")
    store.down = True
    with mnemon.scope(user_id="ana"), pytest.raises(MemoryAbortedError, match="down"):
        memory.recall("anything")


def test_a_result_is_kept_without_the_task_around_it() -> None:
    memory = MnemonMemory(Memory(":memory:", embedder=None), user_id="ana")
    told = memory.extract_memories("Task: a\nAgent: Writer\nExpected result: b\nResult: The sky is blue.")

    assert told == ["The sky is blue."]
