"""An update adds a version; what expires changes in place; what changes nothing writes nothing."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

import pytest

from mnemon import ConflictError, InvalidInputError, Memory, NotFoundError
from mnemon.logic.memories import MEMORIES
from mnemon.types.storage import Patch
from tests.core.fakes import FakeCrowdedStore
from tests.core.versions.fixtures import NOON, Clock, add, last_operation, open_memory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mnemon.protocols.store import Store
    from mnemon.types.memory import MemoryRecord

YEAR = timedelta(days=365)


def test_a_new_text_is_a_new_version_that_keeps_the_rest(memory: Memory, clock: Clock) -> None:
    memory_id = add(memory, "lives in Porto", metadata={"k": 1}, categories=["home"], valid_from=NOON - YEAR)
    before = memory.get(memory_id)

    clock.move(hours=1)
    after = memory.update(memory_id, "lives in Lisbon")

    assert memory.get(memory_id) == after
    assert (after.text, after.version, after.updated_at) == ("lives in Lisbon", 2, clock.now)
    assert (after.metadata, after.categories, after.valid_from) == ({"k": 1}, ("home",), NOON - YEAR)
    assert (after.created_at, after.said_at, after.scope) == (before.created_at, before.said_at, before.scope)
    assert [hit.memory.text for hit in memory.search("Porto Lisbon", user_id="alice")] == ["lives in Lisbon"]


def test_metadata_is_merged_by_its_keys_or_replaced(memory: Memory) -> None:
    memory_id = add(memory, "a", metadata={"kept": {"deep": 1}, "changed": {"old": 1}})

    merged = memory.update(memory_id, metadata={"changed": {"new": 2}, "added": None})
    replaced = memory.update(memory_id, metadata={"only": 1}, replace_metadata=True)
    emptied = memory.update(memory_id, metadata={}, replace_metadata=True)

    assert merged.metadata == {"kept": {"deep": 1}, "changed": {"new": 2}, "added": None}
    assert (replaced.metadata, emptied.metadata) == ({"only": 1}, {})
    assert [one.memory.version for one in memory.history(memory_id)] == [1, 2, 3, 4]


def test_what_would_be_true_until_before_it_is_is_refused(memory: Memory) -> None:
    with pytest.raises(InvalidInputError, match="exchange the two"):
        add(memory, "a", valid_from=NOON + YEAR, valid_to=NOON)
    memory_id = add(memory, "a", valid_from=NOON, valid_to=NOON)

    with pytest.raises(InvalidInputError, match="exchange the two"):
        memory.update(memory_id, valid_to=NOON - YEAR)

    assert memory.get(memory_id).version == 1
    assert memory.update(memory_id, valid_from=None, valid_to=NOON - YEAR).valid_to == NOON - YEAR


def test_categories_and_validity_make_versions_and_can_be_taken_away(memory: Memory) -> None:
    memory_id = add(memory, "a", categories=["one", "two"], valid_from=NOON, valid_to=NOON + YEAR)

    memory.update(memory_id, categories=["two", "three"])
    memory.update(memory_id, categories=[])
    memory.update(memory_id, valid_from=NOON - YEAR)
    last = memory.update(memory_id, valid_to=None)

    versions = [one.memory for one in memory.history(memory_id)]
    assert [one.categories for one in versions] == [("one", "two"), ("two", "three"), (), (), ()]
    assert [one.valid_from for one in versions] == [NOON, NOON, NOON, NOON - YEAR, NOON - YEAR]
    assert (last.valid_to, last.version) == (None, 5)


def test_expiry_and_pin_change_in_place_as_an_operation(memory: Memory) -> None:
    memory_id = add(memory, "a")

    changed = memory.update(memory_id, expires_at=NOON + YEAR, pinned=True)

    assert (changed.expires_at, changed.pinned, changed.version) == (NOON + YEAR, True, 1)
    assert memory.get(memory_id) == changed
    assert len(memory.history(memory_id)) == 1
    (touched,) = memory.operations(user_id="alice")[0].touched
    assert set(touched.patched) == {"expires_at", "pinned"}
    assert (touched.made, touched.closed) == (None, None)


def test_a_text_and_an_expiry_at_once_are_one_version_and_one_operation(memory: Memory) -> None:
    memory_id = add(memory, "a", expires_at=NOON + YEAR)

    changed = memory.update(memory_id, "b", expires_at=None, pinned=True)
    undone = last_operation(memory)
    memory.undo(undone)

    assert (changed.text, changed.expires_at, changed.pinned, changed.version) == ("b", None, True, 2)
    back = memory.get(memory_id)
    assert (back.text, back.expires_at, back.pinned, back.version) == ("a", NOON + YEAR, False, 3)


def test_an_update_that_changes_nothing_writes_nothing(memory: Memory) -> None:
    memory_id = add(memory, "a", metadata={"k": 1, "l": 2}, categories=["c"], expires_at=NOON + YEAR)
    before = memory.get(memory_id), memory.stats(user_id="alice")

    memory.update(memory_id, "a")
    memory.update(memory_id, metadata={"l": 2})
    memory.update(memory_id, metadata={"l": 2, "k": 1}, replace_metadata=True)
    memory.update(memory_id, categories=["c"], expires_at=NOON + YEAR, pinned=False, valid_to=None)

    assert (memory.get(memory_id), memory.stats(user_id="alice")) == before


def test_a_number_that_becomes_true_is_a_change(memory: Memory) -> None:
    memory_id = add(memory, "a", metadata={"k": 1, "l": [0]})

    memory.update(memory_id, metadata={"k": True})
    memory.update(memory_id, metadata={"l": [False]})
    last = memory.update(memory_id, metadata={"k": 1.0})

    assert last.version == 4
    assert json.dumps(memory.get(memory_id).metadata, sort_keys=True) == '{"k": 1.0, "l": [false]}'


def test_nothing_to_change_and_what_cannot_be_stored_are_refused(memory: Memory) -> None:
    memory_id = add(memory, "a")

    for parts in ({}, {"text": " "}, {"expected_version": 0, "text": "b"}, {"pinned": "yes"}, {"metadata": [1]}):
        with pytest.raises(InvalidInputError):
            memory.update(memory_id, **parts)  # pyright: ignore[reportArgumentType] - wrong on purpose

    assert memory.get(memory_id).version == 1


def test_what_is_deleted_cannot_be_updated_and_what_expired_can(memory: Memory, clock: Clock) -> None:
    deleted, expired = add(memory, "a"), add(memory, "b", expires_at=NOON + timedelta(seconds=1))
    memory.delete(deleted)
    clock.move(seconds=1)

    memory.update(expired, expires_at=NOON + YEAR)

    assert memory.get(expired).text == "b"
    with pytest.raises(NotFoundError):
        memory.update(deleted, "c")


def test_another_version_than_the_expected_one_is_a_conflict_that_names_who_made_it(memory: Memory) -> None:
    memory_id = add(memory, "a")
    memory.update(memory_id, "b", expected_version=1)
    changed_by = last_operation(memory)

    with pytest.raises(ConflictError, match="version 2, not 1") as caught:
        memory.update(memory_id, "c", expected_version=1)

    assert (caught.value.memory_ids, caught.value.operations) == ((memory_id,), (changed_by,))
    assert memory.get(memory_id).text == "b"


def test_of_threads_that_expect_one_version_one_wins(store: Store) -> None:
    memory = open_memory(store)
    memory_id = add(memory, "a")
    outcomes = race(memory, memory_id, expected=1)

    won = [one for one in outcomes if one is not None]
    assert len(won) == 1
    assert [one.memory.text for one in memory.history(memory_id)] == ["a", won[0].text]


def test_threads_that_expect_nothing_are_all_in_the_history(store: Store) -> None:
    memory = open_memory(store)
    memory_id = add(memory, "a")
    outcomes = race(memory, memory_id, expected=None)

    versions = memory.history(memory_id)
    assert [one.memory.version for one in versions] == list(range(1, 10))
    assert sorted(one.memory.text for one in versions) == sorted(["a", *(one.text for one in outcomes if one)])
    assert [one.recorded_to is None for one in versions] == [False] * 8 + [True]
    assert len(memory.get_all(user_id="alice")) == 1


def race(memory: Memory, memory_id: str, *, expected: int | None) -> list[MemoryRecord | None]:
    """Return what eight updates at once gave, None for a conflict."""
    barrier = threading.Barrier(8)

    def change(number: int) -> MemoryRecord | None:
        barrier.wait()
        try:
            return memory.update(memory_id, f"text {number}", expected_version=expected)
        except ConflictError:
            return None

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(change, range(8)))


WRITER = """
import sys
from mnemon import ConflictError, Memory
path, memory_id, name, expected = sys.argv[1:]
with Memory(path, embedder=None) as memory:
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        memory.update(memory_id, "by " + name, expected_version=int(expected) or None)
        print("won")
    except ConflictError:
        print("lost")
"""


@pytest.mark.parametrize(("expected", "outcomes"), [(1, ["lost", "won"]), (0, ["won", "won"])])
def test_two_processes_that_update_one_memory_lose_nothing(tmp_path: Path, expected: int, outcomes: list[str]) -> None:
    path = tmp_path / "shared.db"
    with Memory(path, embedder=None) as memory:
        memory_id = add(memory, "a")
        arguments = [sys.executable, "-c", WRITER, str(path), memory_id]
        writers = [
            subprocess.Popen([*arguments, name, str(expected)], stdin=-1, stdout=-1, text=True) for name in ("x", "y")
        ]
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
        for writer in writers:
            assert writer.stdin is not None
            writer.stdin.write("\n")
            writer.stdin.flush()
        said = sorted(writer.communicate()[0].strip() for writer in writers)

        assert said == outcomes
        assert len(memory.history(memory_id)) == 1 + said.count("won")


@pytest.mark.parametrize("earlier", [0, 1], ids=["of the first version", "of a later one"])
def test_a_memory_is_there_after_each_step_of_an_update_from_which_nobody_is_kept(earlier: int) -> None:
    steps, acted = 0, True
    while acted:
        steps += 1
        store = FakeCrowdedStore()
        memory, reader = open_memory(store), open_memory(store)
        memory_id = add(memory, "tea 0")
        for number in range(earlier):
            memory.update(memory_id, f"tea {number + 1}")
        found: list[str] = []
        store.after(steps, lambda reader=reader, found=found, of=memory_id: found.append(reader.get(of).text))

        memory.update(memory_id, "coffee")
        acted = store.acted

        assert found in ([["coffee"], [f"tea {earlier}"]] if acted else [[]])
        assert memory.get(memory_id).text == "coffee"
    assert steps > 4


CALLS: dict[str, Callable[[Memory, str], object]] = {
    "read": lambda memory, memory_id: memory.get(memory_id),
    "delete": lambda memory, _: memory.delete_all(user_id="alice"),
    "erase": lambda memory, _: memory.delete_all(user_id="alice", erase=True),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_memory_that_others_update_without_a_pause_is_not_said_to_be_none(
    call: str,
) -> None:
    store = FakeCrowdedStore()
    writer, reader = open_memory(store), open_memory(store)
    memory_id = add(writer, "tea 0")
    writer.update(memory_id, "tea 1")
    unnamed = Patch(collection=MEMORIES.name, id=memory_id, fields={"newest": None, "newest_version": None})
    store.apply("default", [unnamed])  # as long as the first of these updates is on its way
    numbers = count(2)
    store.after_each(lambda: writer.update(memory_id, f"tea {next(numbers)}"))

    with pytest.raises(ConflictError, match=f"no version of memory '{memory_id}' is the current") as caught:
        CALLS[call](reader, memory_id)

    assert caught.value.memory_ids == (memory_id,)
