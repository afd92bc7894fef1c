"""A version that a deletion did not see is closed by `doctor`, and brings no deleted memory back.

It is left where nobody is kept out: by an update that a deletion overtook, and by one that died.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

import pytest

from mnemon import ConflictError, NotFoundError, StoreConflictError
from mnemon.logic.memories import MEMORIES
from mnemon.logic.mending import OUTLIVED
from mnemon.types.storage import Patch
from tests.core.upkeep.crowded import STEPS, check_deleted, die, die_within, lose, two_memories, versions
from tests.core.versions.fixtures import DELETIONS, Clock, add, last_operation, numbered, open_memory, texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from mnemon import Memory
    from mnemon.protocols.store import Store
    from mnemon.types.results import Deleted


LATER = range(1, 5)
"""After how many steps more an update dies that a deletion overtook."""


@pytest.mark.parametrize("later", LATER)
@pytest.mark.parametrize("step", STEPS)
def test_of_an_update_that_a_deletion_overtook_nothing_comes_back(step: int, later: int, clock: Clock) -> None:
    store, memory, other = two_memories(clock)
    memory_id = add(memory, "tea")
    update, deletion = (lambda: memory.update(memory_id, "milk")), (lambda: other.delete(memory_id))
    if not lose(store, update, deletion, step=step, later=later):
        with suppress(NotFoundError):
            deletion()
    outlived = texts(memory)
    clock.move(hours=1)

    seen, mended, left = memory.doctor().findings, memory.doctor(repair=True).findings, memory.doctor().findings

    wanted = [(OUTLIVED, (memory_id,))] if outlived else []
    assert [(one.kind, one.ids) for one in seen] == [(one.kind, one.ids) for one in mended] == wanted
    assert all(one.repaired for one in mended)
    assert left == ()
    check_deleted(memory, memory_id)


def test_a_deletion_can_overtake_an_update(clock: Clock) -> None:
    left: list[str] = []
    for step, later in product(STEPS, LATER):
        store, memory, other = two_memories(clock)
        memory_id = add(memory, "tea")
        update, deletion = partial(memory.update, memory_id, "milk"), partial(other.delete, memory_id)
        if lose(store, update, deletion, step=step, later=later):
            left += texts(memory)

    assert "milk" in left  # or the test above has nothing to show


@pytest.mark.parametrize("step", STEPS)
def test_of_an_update_that_was_refused_nothing_is_left(step: int, clock: Clock) -> None:
    store, memory, other = two_memories(clock)
    memory_id = add(memory, "tea")
    store.after(step, lambda: other.delete(memory_id))
    with suppress(NotFoundError):
        memory.update(memory_id, "milk")
    if not store.acted:
        store.after(0, die)
        other.delete(memory_id)

    check_deleted(memory, memory_id)
    clock.move(hours=1)
    assert memory.doctor().findings == ()


@pytest.mark.parametrize("step", STEPS)
def test_of_an_update_that_died_before_the_deletion_nothing_comes_back(step: int, clock: Clock) -> None:
    store, memory, other = two_memories(clock)
    memory_id = add(memory, "tea")
    die_within(store, step, lambda: memory.update(memory_id, "milk"))
    other.delete(memory_id)
    hidden = texts(memory)
    clock.move(hours=1)

    memory.doctor(repair=True)

    assert hidden == []
    assert memory.doctor().findings == ()
    check_deleted(memory, memory_id)


@pytest.mark.parametrize("step", STEPS)
def test_a_deletion_beside_a_dead_update_is_undone_without_force(step: int, clock: Clock) -> None:
    store, memory, other = two_memories(clock)
    memory_id = add(memory, "tea")
    die_within(store, step, lambda: memory.update(memory_id, "milk"))
    read = memory.get(memory_id).text
    operation = other.delete(memory_id).op_id

    memory.undo(str(operation))

    assert memory.get(memory_id).text == read
    assert texts(memory) == [read]


@pytest.mark.parametrize("step", STEPS)
def test_an_add_is_undone_with_what_a_dead_update_left(step: int, clock: Clock) -> None:
    store, memory, other = two_memories(clock)
    added = memory.add("tea", user_id="alice", kind="semantic")
    die_within(store, step, lambda: memory.update(added.ids[0], "milk"))

    other.undo(str(added.op_id), force=True)

    check_deleted(memory, added.ids[0])


def test_of_three_racers_none_brings_the_deleted_memory_back(clock: Clock) -> None:
    store, memory, other = two_memories(clock)
    third = open_memory(store, clock, new_id=numbered("third"))
    memory_id = add(memory, "tea")

    def win_and_delete() -> None:
        other.update(memory_id, "coffee")
        other.delete(memory_id)

    def race_too() -> None:
        lose(store, lambda: third.update(memory_id, "water"), win_and_delete)

    lose(store, lambda: memory.update(memory_id, "milk"), race_too)
    assert texts(memory) == ["milk", "water"]
    clock.move(hours=1)

    (mended,) = memory.doctor(repair=True).findings

    assert (mended.kind, mended.ids, mended.repaired) == (OUTLIVED, (memory_id,), True)
    assert memory.doctor().findings == ()
    check_deleted(memory, memory_id)


@pytest.mark.parametrize("step", STEPS)
def test_what_an_undo_that_died_brought_back_stays(step: int, clock: Clock) -> None:
    store, memory, other = two_memories(clock)
    memory_id = add(memory, "tea")
    operation = memory.delete(memory_id).op_id
    die_within(store, step, lambda: other.undo(str(operation)))
    written = texts(memory)
    clock.move(hours=1)

    memory.doctor(repair=True)

    assert memory.doctor().findings == ()
    assert texts(memory) == written
    if written:
        assert memory.get(memory_id).text == "tea"
    else:
        check_deleted(memory, memory_id)


@pytest.mark.parametrize("call", DELETIONS)
@pytest.mark.parametrize("step", STEPS)
def test_a_deletion_closes_no_update_that_it_did_not_read(
    step: int, call: Callable[[Memory, str], Deleted], clock: Clock
) -> None:
    store, memory, other = two_memories(clock)
    memory_id = add(memory, "tea")
    updated: list[str] = []

    def update() -> None:
        with suppress(NotFoundError):
            updated.append(other.update(memory_id, "milk").text)

    store.after(step, update)
    with suppress(StoreConflictError):  # of delete_all, which goes on when it is called again
        call(memory, memory_id)
    store.after(0, die)
    if texts(memory):
        call(memory, memory_id)
    check_deleted(memory, memory_id)
    deleted = str(memory.history(memory_id)[-1].closed_by)

    memory.undo(deleted)

    assert texts(memory) == [memory.get(memory_id).text] == (updated or ["tea"])


@pytest.mark.parametrize("step", STEPS)
def test_what_an_undo_that_died_left_is_deleted_with_the_others(step: int, clock: Clock) -> None:
    store, memory, other = two_memories(clock)
    memory_id = add(memory, "tea")
    operation = memory.delete(memory_id).op_id
    die_within(store, step, lambda: other.undo(str(operation)))
    listed = texts(memory)

    deleted = memory.delete_all(user_id="alice")
    clock.move(hours=1)
    memory.doctor(repair=True)

    assert deleted.count == len(listed)
    assert memory.doctor().findings == ()
    check_deleted(memory, memory_id)


def test_what_is_read_is_no_version_that_outlived_a_deletion(clock: Clock) -> None:
    store, memory, other = two_memories(clock)
    memory_id = add(memory, "tea")
    die_within(store, 5, lambda: memory.update(memory_id, "milk"))
    assert lose(store, lambda: other.update(memory_id, "water"), lambda: memory.delete(memory_id), step=5)
    assert memory.get(memory_id).text == "water"
    clock.move(hours=1)

    memory.doctor(repair=True)

    assert texts(memory) == [memory.get(memory_id).text] == ["water"]
    assert memory.doctor().findings == ()


@pytest.mark.parametrize("step", STEPS)
def test_purging_keeps_what_the_deletion_of_a_memory_closed_first(step: int, clock: Clock) -> None:
    store, memory, other = two_memories(clock)
    memory_id = add(memory, "tea")
    die_within(store, step, lambda: other.update(memory_id, "milk"))
    read = memory.get(memory_id).text
    operation = memory.delete(memory_id).op_id
    clock.move(hours=1)

    memory.purge(keep_versions=1)
    memory.undo(str(operation))

    assert texts(memory) == [memory.get(memory_id).text] == [read]


def test_what_may_still_be_in_work_is_left_alone(clock: Clock) -> None:
    store, memory, other = two_memories(clock)
    memory_id = add(memory, "tea")
    lose(store, lambda: memory.update(memory_id, "milk"), lambda: other.delete(memory_id))

    assert memory.doctor(repair=True).findings == ()
    assert texts(memory) == ["milk"]


def test_an_undo_closes_what_was_left_current_beside_it(clock: Clock) -> None:
    store, memory, other = two_memories(clock)
    memory_id = add(memory, "tea")
    die_within(store, 4, lambda: other.update(memory_id, "milk"))
    die_within(store, 5, lambda: memory.delete(memory_id))
    assert texts(memory) == ["milk"]  # the deletion died between the two versions
    (deleted,) = (one for one in memory.operations(user_id="alice") if one.kind == "delete")

    memory.undo(deleted.op_id, force=True)

    assert texts(memory) == [memory.get(memory_id).text] == ["tea"]


def test_an_undo_by_force_takes_the_place_of_what_outlived_the_deletion(clock: Clock) -> None:
    store, memory, other = two_memories(clock)
    memory_id = add(memory, "tea")
    operations: list[str | None] = []
    lose(
        store,
        lambda: memory.update(memory_id, "milk"),
        lambda: operations.append(other.delete(memory_id).op_id),
    )
    assert texts(memory) == ["milk"]

    memory.undo(str(operations[0]), force=True)

    assert texts(memory) == [memory.get(memory_id).text] == ["tea"]
    clock.move(hours=1)
    assert memory.doctor().findings == ()


def test_a_first_version_that_was_not_closed_goes_with_the_deleted_one(
    memory: Memory, store: Store, clock: Clock
) -> None:
    memory_id = add(memory, "tea")
    memory.update(memory_id, "coffee")
    memory.delete(memory_id)
    fields = {"recorded_to": None, "closed_by": None}
    store.apply("default", [Patch(collection=MEMORIES.name, id=memory_id, fields=fields)])
    clock.move(hours=1)
    assert texts(memory) == ["tea"]

    (mended,) = memory.doctor(repair=True).findings

    assert (mended.kind, mended.ids, mended.repaired) == (OUTLIVED, (memory_id,), True)
    assert memory.doctor().findings == ()
    check_deleted(memory, memory_id)


def test_a_version_of_a_clock_that_is_ahead_is_closed_no_sooner_than_it_was_made(clock: Clock) -> None:
    store, memory, other = two_memories(clock)
    ahead = open_memory(store, Clock(clock() + timedelta(hours=1)), new_id=numbered("ahead"))
    memory_id = add(memory, "tea")
    lose(store, lambda: ahead.update(memory_id, "milk"), lambda: other.delete(memory_id))
    assert texts(memory) == ["milk"]
    clock.move(hours=3)

    memory.doctor(repair=True)

    times = [(str(row.fields["recorded_from"]), str(row.fields["recorded_to"])) for row in versions(store)]
    assert len(times) == 2
    assert all(made <= closed for made, closed in times)
    assert memory.doctor().findings == ()


@pytest.mark.parametrize("step", STEPS)
def test_an_undo_of_an_update_that_a_deletion_overtook_brings_nothing_back(step: int, clock: Clock) -> None:
    store, memory, other = two_memories(clock)
    memory_id = add(memory, "tea")
    memory.update(memory_id, "milk")
    updated = last_operation(memory)
    store.after(step, lambda: other.delete(memory_id))
    with suppress(ConflictError, StoreConflictError):
        memory.undo(updated)
    if not store.acted:
        store.after(0, die)
        other.delete(memory_id)
    clock.move(hours=1)

    memory.doctor(repair=True)

    assert memory.doctor().findings == ()
    check_deleted(memory, memory_id)
