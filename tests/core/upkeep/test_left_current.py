"""What deletions and undos do with a version that a race or a dead writer left current beside the one that is read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mnemon.logic.memories import MEMORIES
from mnemon.types.filters import where
from mnemon.types.storage import Patch, Put
from mnemon.types.times import format_time
from tests.core.upkeep.crowded import STEPS, check_deleted, leave_two_current, two_memories, versions
from tests.core.versions.fixtures import DELETIONS, Clock, add, texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from mnemon import Memory
    from mnemon.protocols.store import Store
    from mnemon.types.results import Deleted
    from mnemon.types.storage import Row


def close(store: Store, row: Row, clock: Clock) -> None:
    """Close a version as superseded, as a doctor does."""
    fields = {"recorded_to": format_time(clock()), "closed_by": "somebody"}
    store.apply("default", [Patch(collection=MEMORIES.name, id=row.id, fields=fields)])


@pytest.mark.parametrize("call", DELETIONS)
@pytest.mark.parametrize("step", STEPS)
def test_a_deletion_is_done_where_somebody_else_closes_what_was_left_beside_it(
    step: int, call: Callable[[Memory, str], Deleted], clock: Clock
) -> None:
    store, memory, other = two_memories(clock)
    memory_id = add(memory, "tea")
    left = leave_two_current(store, other, memory_id)
    store.after(step, lambda: close(store, left, clock))

    deleted = call(memory, memory_id)

    assert deleted.count == 1
    check_deleted(memory, memory_id)


@pytest.mark.parametrize("step", STEPS)
def test_an_undo_is_done_where_somebody_else_closes_what_was_left_beside_it(step: int, clock: Clock) -> None:
    store, memory, other = two_memories(clock)
    added = memory.add("tea", user_id="alice", kind="semantic")
    leave_two_current(store, other, added.ids[0])
    (first,) = versions(store, where("version").eq(1))
    store.after(step, lambda: close(store, first, clock))

    memory.undo(str(added.op_id), force=True)

    check_deleted(memory, added.ids[0])


@pytest.mark.parametrize("call", DELETIONS)
def test_a_deletion_closes_no_row_of_somebody_else_that_names_the_memory(
    call: Callable[[Memory, str], Deleted], clock: Clock
) -> None:
    store, memory, _ = two_memories(clock)
    memory_id = add(memory, "tea")
    (row,) = versions(store)
    forged = replace(row, id="forged", fields={**row.fields, "user_id": "ben", "version": 2})
    store.apply("default", [Put(collection=MEMORIES.name, row=forged)])

    call(memory, memory_id)

    assert texts(memory) == []
    assert texts(memory, user_id="ben") == ["tea"]


def test_what_only_a_version_that_is_not_read_matches_is_not_deleted(clock: Clock) -> None:
    store, memory, other = two_memories(clock)
    memory_id = add(memory, "tea")
    leave_two_current(store, other, memory_id, metadata={"cold": True})

    deleted = memory.delete_all(user_id="alice", filters={"cold": True})

    assert deleted.count == 0
    assert memory.get(memory_id).text == "tea"
