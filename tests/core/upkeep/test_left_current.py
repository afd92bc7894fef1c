"""What deletions, undos and erasures do with a version that a race or a dead writer left beside what is read."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mnemon import ConflictError, NotFoundError, StoreConflictError
from mnemon.logic.memories import MEMORIES
from mnemon.types.filters import where
from mnemon.types.storage import Patch, Put
from mnemon.types.times import format_time
from tests.core.upkeep.crowded import STEPS, check_deleted, die, die_within, leave_two_current, two_memories, versions
from tests.core.versions.fixtures import DELETIONS, Clock, add, last_operation, texts

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
@pytest.mark.parametrize("number", [1, 2])
def test_an_undo_is_done_or_refused_where_somebody_else_closes_one_of_two(step: int, number: int, clock: Clock) -> None:
    store, memory, other = two_memories(clock)
    added = memory.add("tea", user_id="alice", kind="semantic")
    leave_two_current(store, other, added.ids[0])
    (one,) = versions(store, where("version").eq(number))
    store.after(step, lambda: close(store, one, clock))

    try:
        memory.undo(str(added.op_id), force=True)
    except StoreConflictError:
        assert (number, texts(memory)) == (1, ["milk"])  # what it had read was closed, and it has closed nothing
    except ConflictError:
        assert (number, texts(memory)) == (2, ["tea"])
    else:
        check_deleted(memory, added.ids[0])


@pytest.mark.parametrize("step", STEPS)
def test_an_undo_of_an_add_beside_a_dead_update_closes_no_update_that_it_did_not_read(step: int, clock: Clock) -> None:
    store, memory, other = two_memories(clock)
    added = memory.add("tea", user_id="alice", kind="semantic")
    leave_two_current(store, other, added.ids[0])
    updated: list[str] = []

    def update() -> None:
        with suppress(NotFoundError):
            updated.append(other.update(added.ids[0], "coffee").text)

    store.after(step, update)
    try:
        memory.undo(str(added.op_id), force=True)
    except (ConflictError, StoreConflictError):
        assert memory.get(added.ids[0]).text == "coffee"
    else:
        check_deleted(memory, added.ids[0])


@pytest.mark.parametrize("step", STEPS)
def test_an_undo_of_an_update_beside_a_dead_one_is_refused_where_another_one_came_between(
    step: int, clock: Clock
) -> None:
    store, memory, other = two_memories(clock)
    memory_id = add(memory, "tea")
    memory.update(memory_id, "coffee")
    operation = last_operation(memory)
    die_within(store, 5, lambda: memory.update(memory_id, "milk"))
    assert texts(memory) == ["coffee", "milk"]
    store.after(step, lambda: other.update(memory_id, "water"))

    with suppress(ConflictError, StoreConflictError):
        memory.undo(operation, force=True)
        store.after(0, die)
        assert texts(memory) == [memory.get(memory_id).text]


@pytest.mark.parametrize("step", STEPS)
def test_an_undo_of_an_add_beside_an_update_is_done_or_refused(step: int, clock: Clock) -> None:
    store, memory, other = two_memories(clock)
    added = memory.add("tea", user_id="alice", kind="semantic")
    texts_after: list[str] = []

    def update() -> None:
        with suppress(NotFoundError):
            other.update(added.ids[0], "milk")
        texts_after[:] = texts(other)

    store.after(step, update)
    try:
        memory.undo(str(added.op_id), force=True)
    except (ConflictError, StoreConflictError):
        assert texts(memory) == texts_after == ["milk"]
    else:
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


def test_an_erasure_takes_no_row_of_somebody_else_that_names_the_memory(clock: Clock) -> None:
    store, memory, _ = two_memories(clock)
    memory_id = add(memory, "tea")
    (row,) = versions(store)
    forged = replace(row, id="forged", fields={**row.fields, "user_id": "ben", "version": 2})
    store.apply("default", [Put(collection=MEMORIES.name, row=forged)])

    memory.scoped(user_id="alice").delete(memory_id, erase=True)

    assert [row.id for row in versions(store)] == ["forged"]


def test_what_only_a_version_that_is_not_read_matches_is_not_deleted(clock: Clock) -> None:
    store, memory, other = two_memories(clock)
    memory_id = add(memory, "tea")
    leave_two_current(store, other, memory_id, metadata={"cold": True})

    deleted = memory.delete_all(user_id="alice", filters={"cold": True})

    assert deleted.count == 0
    assert memory.get(memory_id).text == "tea"


ERASURES: dict[str, Callable[[Memory, str], object]] = {
    "delete": lambda memory, memory_id: memory.delete(memory_id, erase=True),
    "delete_all": lambda memory, _: memory.delete_all(user_id="alice", erase=True),
    "forget": lambda memory, _: memory.forget(user_id="alice"),
}


@pytest.mark.parametrize("call", ERASURES)
@pytest.mark.parametrize("step", STEPS)
def test_an_update_that_an_erasure_refused_leaves_nothing_of_the_memory(step: int, call: str, clock: Clock) -> None:
    store, memory, other = two_memories(clock)
    memory_id = add(memory, "tea")
    store.after(step, lambda: ERASURES[call](other, memory_id))

    with suppress(NotFoundError):
        memory.update(memory_id, metadata={"cold": True})
    if not store.acted:
        store.after(0, die)
        ERASURES[call](other, memory_id)

    assert versions(store) == []
    clock.move(hours=1)
    memory.doctor(repair=True)
    assert versions(store) == []


@pytest.mark.parametrize("call", ERASURES)
@pytest.mark.parametrize("step", STEPS)
def test_what_an_undo_brings_back_beside_an_erasure_is_erased(step: int, call: str, clock: Clock) -> None:
    store, memory, other = two_memories(clock)
    memory_id = add(memory, "tea")
    operation = memory.delete(memory_id).op_id

    def undo() -> None:
        with suppress(NotFoundError):
            other.undo(str(operation))

    store.after(step, undo)

    ERASURES[call](memory, memory_id)

    assert versions(store) == []
