"""The history tells every version with who and when, and what ended it; operations tell what was done."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from mnemon import Memory, NotFoundError
from mnemon.types.storage import Put
from tests.core.versions.fixtures import NOON, Clock, add, open_memory, texts

if TYPE_CHECKING:
    from mnemon.protocols.store import Store

HOUR = timedelta(hours=1)


def test_versions_tell_who_made_them_and_when_they_were_current(memory: Memory, clock: Clock) -> None:
    memory_id = add(memory, "a", actor="ann")
    clock.move(hours=1)
    memory.scoped(user_id="alice", actor="ben").update(memory_id, "b")
    clock.move(hours=1)
    deleted = memory.delete(memory_id, actor="cleo")

    first, second = memory.history(memory_id)

    assert (first.memory.text, first.actor, first.recorded_from, first.recorded_to) == ("a", "ann", NOON, NOON + HOUR)
    assert (second.memory.text, second.actor, second.recorded_from) == ("b", "ben", NOON + HOUR)
    assert (second.recorded_to, second.closed_by) == (NOON + 2 * HOUR, deleted.op_id)
    assert (first.deleted, second.deleted) == (False, True)
    assert first.closed_by == second.op_id
    assert second.to_dict()["actor"] == "ben"


def test_histories_of_others_are_not_found(memory: Memory) -> None:
    memory_id = add(memory, "a", agent_id="helper")

    assert len(memory.history(memory_id, user_id="alice", agent_id="helper")) == 1
    for ids in ({"user_id": "bob"}, {"user_id": "alice", "agent_id": "other"}, {"run_id": "1"}):
        with pytest.raises(NotFoundError):
            memory.history(memory_id, **ids)
        with pytest.raises(NotFoundError):
            memory.scoped(**ids).history(memory_id)
    with pytest.raises(NotFoundError):
        memory.history("nobody's")


def test_operations_come_newest_first_in_pages_without_words(memory: Memory, clock: Clock) -> None:
    ids = [add(memory, f"secret {number}", actor="ann") for number in range(3)]
    clock.move(hours=1)
    memory.update(ids[0], "secret again")
    clock.move(hours=1)
    memory.delete(ids[1])
    add(memory, "bob's", user_id="bob")

    first = memory.operations(user_id="alice", limit=2)
    rest = memory.operations(user_id="alice", cursor=first.cursor)

    kinds = [one.kind for one in (*first, *rest)]
    assert kinds == ["delete", "update", "add", "add", "add"]
    assert len({one.op_id for one in (*first, *rest)}) == 5
    assert [one.at for one in first] == [NOON + 2 * HOUR, NOON + HOUR]
    assert rest[0].actor == "ann"
    assert "secret" not in str([one.to_dict() for one in (*first, *rest)])
    assert [one.kind for one in memory.operations(user_id="alice", since=NOON + HOUR)] == ["delete", "update"]
    assert len(memory.operations(project_wide=True)) == 6
    assert (rest.cursor, memory.operations(user_id="carol").items) == (None, ())


def test_an_operation_has_the_time_of_what_it_made(store: Store) -> None:
    seconds = iter(range(1_000))
    memory = Memory(store=store, embedder=None, clock=lambda: NOON + timedelta(seconds=next(seconds)))
    memory_id = add(memory, "a")
    memory.update(memory_id, "b")
    memory.delete(memory_id)

    deleted, updated, added = memory.operations(user_id="alice")
    first, second = memory.history(memory_id)

    assert (added.at, updated.at, deleted.at) == (first.recorded_from, second.recorded_from, second.recorded_to)


def test_history_holds_when_the_clock_goes_back(memory: Memory, clock: Clock) -> None:
    memory_id = add(memory, "a")
    clock.move(days=-1)
    memory.update(memory_id, "b")
    deleted = memory.delete(memory_id)
    clock.move(days=-1)
    memory.undo(str(deleted.op_id))
    clock.move(days=3)
    memory.update(memory_id, "c")

    versions = memory.history(memory_id)

    assert [one.memory.version for one in versions] == list(range(1, len(versions) + 1))
    assert [one.memory.text for one in versions][:2] == ["a", "b"]
    for one, following in pairwise(versions):
        assert one.recorded_to is not None
        assert one.recorded_from <= one.recorded_to <= following.recorded_from
    assert texts(memory) == ["c"]
    assert texts(memory, as_of=clock.now) == ["c"]


def test_all_of_a_scope_is_deleted_though_it_was_added_at_a_later_hour(store: Store) -> None:
    clock = Clock()
    memory = open_memory(store, clock)
    add(memory, "a")
    clock.move(days=-1)

    deleted = memory.delete_all(user_id="alice")

    assert (deleted.count, texts(memory)) == (1, [])


def test_a_version_that_says_to_be_of_anothers_memory_changes_nothing_for_its_owner(
    memory: Memory, store: Store
) -> None:
    memory_id = add(memory, "bob's", user_id="bob")
    whole = store.get("default", "memories", [memory_id], include=("terms", "metadata", "payload"))[memory_id]
    forged = replace(whole, id="forged", fields={**whole.fields, "user_id": "mallory"})
    store.apply("default", [Put(collection="memories", row=forged)])  # an import would refuse it

    assert [one.memory.text for one in memory.scoped(user_id="bob").history(memory_id)] == ["bob's"]
    assert memory.get(memory_id).text == "bob's"
    assert memory.scoped(user_id="bob").delete(memory_id, erase=True).count == 1
