"""A version that nobody names, or that was closed too early, leaves its memory in reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mnemon import ConflictError, NotFoundError
from mnemon.logic.conditions import CURRENT
from mnemon.logic.memories import MEMORIES
from mnemon.logic.mending import NEWEST_LOST
from mnemon.types.storage import Delete, Patch
from mnemon.types.times import format_time
from tests.core.versions.fixtures import NOON, add, last_operation, texts

if TYPE_CHECKING:
    from mnemon import Memory
    from mnemon.protocols.store import Store


def unname(store: Store, memory_id: str) -> None:
    """Take away what the last request of an update, or of an undo, writes."""
    fields = {"newest": None, "newest_version": None}
    store.apply("default", [Patch(collection=MEMORIES.name, id=memory_id, fields=fields)])


@pytest.fixture
def unnamed(memory: Memory, store: Store) -> str:
    memory_id = add(memory, "tea")
    memory.update(memory_id, "coffee")
    unname(store, memory_id)
    return memory_id


def test_it_is_read_and_changed_and_deleted_as_before(memory: Memory, unnamed: str) -> None:
    assert memory.get(unnamed).text == "coffee"
    assert memory.update(unnamed, "water").version == 3
    assert memory.delete_all(user_id="alice").count == 1
    assert texts(memory) == []


def test_it_is_found_when_its_first_version_is_emptied(memory: Memory, unnamed: str) -> None:
    memory.purge(keep_versions=1)

    assert memory.get(unnamed).text == "coffee"
    assert memory.delete_all(user_id="alice").count == 1
    assert texts(memory) == []


def test_doctor_names_the_memory_and_lets_its_first_version_name_the_newest(memory: Memory, unnamed: str) -> None:
    (seen,) = memory.doctor().findings
    (mended,) = memory.doctor(repair=True).findings

    assert (seen.kind, seen.ids, seen.repaired) == ("newest version missing", (unnamed,), False)
    assert (mended.ids, mended.repaired) == ((unnamed,), True)
    assert memory.doctor().findings == ()
    assert memory.get(unnamed).text == "coffee"


def test_doctor_finishes_the_undoing_of_a_deletion(memory: Memory, store: Store) -> None:
    memory_id = add(memory, "tea")
    memory.delete(memory_id)
    memory.undo(last_operation(memory))
    unname(store, memory_id)
    with pytest.raises(NotFoundError):
        memory.get(memory_id)

    (mended,) = memory.doctor(repair=True).findings

    assert (mended.ids, mended.repaired) == ((memory_id,), True)
    assert memory.get(memory_id).text == "tea"
    assert memory.doctor().findings == ()


@pytest.mark.parametrize("versions", [1, 2], ids=["the first version", "a later one"])
def test_doctor_names_a_memory_whose_last_version_was_closed_for_one_that_never_came(
    memory: Memory, store: Store, versions: int
) -> None:
    memory_id = add(memory, "tea 1")
    for number in range(1, versions):
        memory.update(memory_id, f"tea {number + 1}")
    fields = {"recorded_to": format_time(NOON), "closed_by": last_operation(memory)}
    (last,) = store.list_ids("default", MEMORIES.name, CURRENT)
    store.apply("default", [Patch(collection=MEMORIES.name, id=last, fields=fields)])

    for repair in (False, True):
        (seen,) = memory.doctor(repair=repair).findings
        assert (seen.kind, seen.ids, seen.repaired) == (NEWEST_LOST, (memory_id,), False)
    with pytest.raises(ConflictError, match="no version of memory"):
        memory.get(memory_id)
    assert [one.memory.text for one in memory.history(memory_id)] == [f"tea {n + 1}" for n in range(versions)]
    assert memory.delete_all(user_id="alice", erase=True).count == 1
    assert store.list_ids("default", MEMORIES.name) == []
    assert memory.doctor().findings == ()


def test_doctor_lets_a_first_version_alone_of_which_only_its_marker_is_left(memory: Memory, store: Store) -> None:
    memory_id = add(memory, "tea")
    memory.update(memory_id, "coffee")
    memory.purge(keep_versions=1)
    later = [row for row in store.list_ids("default", MEMORIES.name) if row != memory_id]
    store.apply("default", [Delete(collection=MEMORIES.name, ids=later)])

    assert [one.kind for one in memory.doctor(repair=True).findings] == ["newest version missing"]
    assert memory.doctor().findings == ()
