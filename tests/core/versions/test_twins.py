"""Two versions of one number, which a race leaves where nobody is kept out: a deletion of the memory holds for both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mnemon import NotFoundError
from mnemon.logic.memories import MEMORIES
from tests.core.fakes import FakeCrowdedStore
from tests.core.upkeep.crowded import lose
from tests.core.versions.fixtures import DELETIONS, Clock, last_operation, numbered, open_memory, texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from mnemon import Memory
    from mnemon.types.results import Deleted

Race = tuple["Memory", Clock, str]


@pytest.fixture(params=range(6))
def race(request: pytest.FixtureRequest) -> Race:
    """A memory with two versions of number 2, the ids of which sort in many ways."""
    store, clock = FakeCrowdedStore(), Clock()
    ids = numbered()
    one = open_memory(store, clock, new_id=lambda: f"a{request.param}{ids()}")
    other = open_memory(store, clock, new_id=lambda: f"b{request.param}{ids()}")
    memory_id = one.add("tea", user_id="alice", kind="semantic").ids[0]
    lose(store, lambda: one.update(memory_id, "milk"), lambda: other.update(memory_id, "coffee"))
    rows = store.get("default", MEMORIES.name, store.list_ids("default", MEMORIES.name), include=())
    assert sorted(str(row.fields["version"]) for row in rows.values()) == ["1", "2", "2"]
    return one, clock, memory_id


def is_there(memory: Memory, memory_id: str) -> bool:
    try:
        memory.get(memory_id)
    except NotFoundError:
        return False
    return True


def test_doctor_does_not_bring_a_deleted_memory_back_by_the_other_version(race: Race) -> None:
    memory, clock, memory_id = race
    memory.delete(memory_id)
    clock.move(hours=1)

    memory.doctor(repair=True)

    assert not is_there(memory, memory_id)


def test_purging_old_versions_keeps_the_one_that_was_deleted(race: Race) -> None:
    memory, clock, memory_id = race
    clock.move(hours=1)
    memory.doctor(repair=True)
    memory.delete(memory_id)

    memory.purge(keep_versions=1)
    clock.move(hours=1)

    assert not is_there(memory, memory_id)
    assert memory.doctor(repair=True).findings == ()
    assert not is_there(memory, memory_id)


@pytest.mark.parametrize("call", DELETIONS)
def test_deleting_the_memory_hides_both_of_them(race: Race, call: Callable[[Memory, str], Deleted]) -> None:
    memory, _, memory_id = race
    assert len(texts(memory)) == 2

    call(memory, memory_id)

    assert texts(memory) == []
    assert not is_there(memory, memory_id)


@pytest.mark.parametrize("call", DELETIONS)
def test_undoing_the_deletion_brings_back_the_one_that_was_read(
    race: Race, call: Callable[[Memory, str], Deleted]
) -> None:
    memory, _, memory_id = race
    read = memory.get(memory_id).text
    operation = call(memory, memory_id).op_id

    memory.undo(str(operation))

    assert memory.get(memory_id).text == read
    assert texts(memory) == [read]


def test_doctor_keeps_the_one_that_was_read(race: Race) -> None:
    memory, clock, memory_id = race
    read = memory.get(memory_id).text
    clock.move(hours=1)

    memory.doctor(repair=True)

    assert texts(memory) == [memory.get(memory_id).text] == [read]


def test_undoing_an_update_brings_back_the_one_that_it_took_the_place_of(race: Race) -> None:
    memory, clock, memory_id = race
    read = memory.get(memory_id).text
    clock.move(minutes=1)
    memory.update(memory_id, "water")

    memory.undo(last_operation(memory))

    assert memory.get(memory_id).text == read
    assert texts(memory) == [read]
