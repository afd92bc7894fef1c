"""Purging erases what has expired, what was deleted long ago, and old versions; what stays is still right."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from mnemon import InvalidInputError, NotFoundError, ScopeError
from tests.core.versions.fixtures import NOON, Clock, add, last_operation, texts

if TYPE_CHECKING:
    from mnemon import Memory


def test_what_has_expired_is_erased(memory: Memory, clock: Clock) -> None:
    expired = add(memory, "a", expires_at=NOON + timedelta(hours=1))
    add(memory, "b", expires_at=NOON + timedelta(hours=2))
    added = memory.add("said", user_id="alice", expires_at=NOON)
    clock.move(hours=1)

    receipt = memory.purge()

    assert dict(receipt.rows) == {"memories": 2}
    assert texts(memory, include_expired=True) == ["b"]
    assert [one.text for one in memory.conversations.read(user_id="alice")] == ["[erased]"]
    for memory_id in (expired, added.ids[0]):
        with pytest.raises(NotFoundError):
            memory.history(memory_id)
    assert dict(memory.purge().rows) == {}


def test_what_was_deleted_can_be_had_back_for_thirty_days_unless_told_otherwise(memory: Memory, clock: Clock) -> None:
    memory_id = add(memory, "a")
    deleted = memory.delete(memory_id)

    clock.move(days=30)
    assert dict(memory.purge().rows) == {}
    memory.undo(memory.undo(str(deleted.op_id)).op_id)
    clock.move(days=29)
    assert dict(memory.purge().rows) == {}  # it was deleted anew since
    assert memory.history(memory_id)[-1].deleted

    assert dict(memory.purge(retention=timedelta(days=1)).rows) == {"memories": 2}
    with pytest.raises(NotFoundError, match="erased"):
        memory.undo(str(deleted.op_id), force=True)


def test_what_was_deleted_long_ago_and_brought_back_stays(memory: Memory, clock: Clock) -> None:
    memory_id = add(memory, "a")
    memory.undo(str(memory.delete(memory_id).op_id))
    clock.move(days=99)

    assert dict(memory.purge(retention=timedelta(0)).rows) == {}
    assert texts(memory) == ["a"]


def test_only_the_newest_versions_are_kept(memory: Memory, clock: Clock) -> None:
    memory_id = add(memory, "1")
    operations: list[str] = []
    for number in range(2, 6):
        clock.move(hours=1)
        memory.update(memory_id, f"{number}")
        operations.append(last_operation(memory))
    young = add(memory, "young")

    receipt = memory.purge(keep_versions=2)

    assert dict(receipt.rows) == {"memories": 3}
    assert [one.memory.text for one in memory.history(memory_id)] == ["4", "5"]
    assert (memory.get(memory_id).text, memory.get(young).text) == ("5", "young")
    assert texts(memory, as_of=NOON + timedelta(hours=3)) == ["4"]
    assert texts(memory, as_of=NOON) == []
    assert memory.search("1", user_id="alice", as_of=NOON).items == ()
    assert memory.search("1", user_id="alice", threshold=0.5).items == ()
    assert dict(memory.purge(keep_versions=2).rows) == {"memories": 0}
    with pytest.raises(NotFoundError, match="erased"):
        memory.undo(operations[0], force=True)
    memory.undo(operations[3])
    assert [one.memory.version for one in memory.history(memory_id)] == [4, 5, 6]
    assert memory.update(memory_id, "7").version == 7
    memory.undo(str(memory.delete(memory_id).op_id))
    assert texts(memory) == ["7", "young"]


def test_a_stub_of_a_first_version_is_erased_and_forgotten_like_the_rest(memory: Memory) -> None:
    memory_id = add(memory, "1")
    memory.update(memory_id, "2")
    memory.purge(keep_versions=1)

    assert memory.delete(memory_id, erase=True).receipt is not None
    assert memory.stats().versions == 0


def test_a_view_cannot_purge_and_values_that_mean_nothing_are_refused(memory: Memory) -> None:
    with pytest.raises(ScopeError):
        memory.scoped(user_id="alice").purge()
    for parts in ({"retention": timedelta(-1)}, {"retention": 30}, {"keep_versions": 0}, {"keep_versions": True}):
        with pytest.raises(InvalidInputError):
            memory.purge(**parts)  # pyright: ignore[reportArgumentType] - wrong on purpose


def test_a_reset_leaves_nothing_and_the_memory_goes_on(memory: Memory) -> None:
    memory.add(["a", "b"], user_id="alice", run_id="1")
    memory.delete(add(memory, "c"))

    with pytest.raises(ScopeError):
        memory.scoped(user_id="alice").reset()
    receipt = memory.reset()

    # On a server that tests share, others have declared collections too.
    gone = {name: count for name, count in receipt.rows.items() if count}
    assert gone == {"memories": 3, "messages": 2, "operations": 3}
    stats = memory.stats()
    assert (stats.versions, stats.messages, stats.operations) == (0, 0, 0)
    add(memory, "new")
    assert texts(memory) == ["new"]
