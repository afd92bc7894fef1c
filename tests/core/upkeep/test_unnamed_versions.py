"""A writer who dies after a new version was put, and before the first one names it, leaves the memory in reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mnemon import NotFoundError
from mnemon.logic.memories import MEMORIES
from mnemon.types.storage import Patch
from tests.core.versions.fixtures import add, last_operation, texts

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
