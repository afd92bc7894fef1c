"""What an import has not brought yet is no half-done work: `doctor` tells of it, and puts nothing in its place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mnemon import InMemoryStore
from mnemon.logic.exports import UNFINISHED
from mnemon.logic.memories import MEMORIES
from mnemon.logic.mending import IMPORT_BROKEN_OFF, IMPORT_ON_ITS_WAY
from mnemon.logic.spaces import SETTINGS
from mnemon.types.storage import Delete, Put, Row
from tests.core.fakes import FakeCrowdedStore
from tests.core.versions.fixtures import Clock, add, break_off, exported, numbered, open_memory, rows_of, texts

if TYPE_CHECKING:
    from mnemon import Memory
    from mnemon.protocols.store import Store
    from mnemon.types.results import Imported


def broken_off(memory: Memory, lines: list[str], clock: Clock) -> None:
    break_off(memory, lines)
    clock.move(hours=2)


@pytest.fixture
def source(clock: Clock) -> Memory:
    """Memories with two versions and operations, more than come at once; some are deleted."""
    memory = open_memory(InMemoryStore(), clock)
    for number in range(300):
        memory_id = add(memory, f"{number}")
        memory.update(memory_id, f"{number} again")
        if number % 3 == 0:
            memory.delete(memory_id)
    clock.move(hours=1)
    return memory


def test_a_doctor_between_the_parts_leaves_the_import_whole(memory: Memory, source: Memory) -> None:
    kinds: list[set[str]] = []

    def mend(_: Imported) -> None:
        findings = memory.doctor(repair=True).findings
        assert not any(one.repaired for one in findings)
        kinds.append({one.kind for one in findings})

    memory.import_(exported(source), progress=mend)

    assert len(kinds) > 2
    assert all({IMPORT_ON_ITS_WAY, "operation missing"} <= found for found in kinds[:-1])
    assert rows_of(memory) == rows_of(source)
    assert memory.doctor().findings == ()


def test_an_import_that_broke_off_is_told_and_goes_on(memory: Memory, source: Memory, clock: Clock) -> None:
    broken_off(memory, exported(source), clock)

    seen = {one.kind: one.repaired for one in memory.doctor().findings}
    assert {one.kind: one.repaired for one in memory.doctor().findings} == seen  # looking gives nothing up
    memory.import_(exported(source))

    assert seen[IMPORT_BROKEN_OFF] is False
    assert rows_of(memory) == rows_of(source)
    assert memory.doctor().findings == ()


def test_a_second_repair_does_without_the_rest_of_an_import(memory: Memory, source: Memory, clock: Clock) -> None:
    broken_off(memory, exported(source), clock)

    first, second = memory.doctor(repair=True).findings, memory.doctor(repair=True).findings

    given_up = {one.kind: one.repaired for one in first}
    mended = {one.kind: one.repaired for one in second}
    assert given_up == {IMPORT_BROKEN_OFF: True, **dict.fromkeys(mended, False)}
    assert mended
    assert all(mended.values())
    assert memory.doctor().findings == ()


def test_an_import_that_begins_between_any_two_steps_of_a_doctor_is_left_whole(source: Memory) -> None:
    lines, wanted = exported(source), set(rows_of(source))
    step, acted = 0, True
    while acted:
        step += 1
        clock, store = Clock(), FakeCrowdedStore()
        memory = open_memory(store, clock, new_id=numbered("other"))
        other = add(memory, "another one's", user_id="ben")
        memory.update(other, "another one's again")
        store.apply("default", [Delete(collection=MEMORIES.name, ids=[other])])
        clock.move(hours=2)

        def begin(memory: Memory = memory) -> None:
            break_off(memory, lines)

        store.after(step, begin)
        memory.doctor(repair=True)
        acted = store.acted
        store.after(0, begin)
        memory.import_(lines)

        assert wanted - set(rows_of(memory)) == set(), step
    assert step > 5


def test_another_import_does_not_end_one_that_broke_off(memory: Memory, source: Memory, clock: Clock) -> None:
    other = open_memory(InMemoryStore(), clock, new_id=numbered("other"))
    add(other, "of an earlier export of the same project")
    earlier = exported(other)
    clock.move(hours=1)
    broken_off(memory, exported(source), clock)

    memory.import_(earlier)
    memory.scoped(user_id="alice").import_(exported(source)[:1])
    mended = memory.doctor(repair=True).findings
    memory.import_(exported(source))

    assert {one.repaired for one in mended if one.kind != IMPORT_BROKEN_OFF} == {False}
    assert set(rows_of(source)) - set(rows_of(memory)) == set()


def test_an_import_that_waits_long_for_its_next_rows_is_on_its_way(
    memory: Memory, source: Memory, clock: Clock
) -> None:
    def wait(_: Imported) -> None:
        clock.move(minutes=50)
        assert not any(one.repaired for one in memory.doctor(repair=True).findings)

    memory.import_(exported(source), progress=wait)

    assert rows_of(memory) == rows_of(source)
    assert memory.doctor().findings == ()


@pytest.mark.parametrize("payload", [b"", b"{}", b"[]", b"not JSON"])
def test_a_note_that_cannot_be_read_is_of_an_import_that_broke_off(
    memory: Memory, store: Store, payload: bytes
) -> None:
    add(memory, "tea")
    store.apply("default", [Put(collection=SETTINGS.name, row=Row(id=UNFINISHED + "x", payload=payload))])

    (seen,) = memory.doctor(repair=True).findings

    assert (seen.kind, seen.ids, seen.repaired) == (IMPORT_BROKEN_OFF, (UNFINISHED + "x",), True)
    assert memory.doctor().findings == ()


def test_an_import_that_goes_on_between_any_two_steps_of_a_doctor_is_not_given_up(clock: Clock) -> None:
    there = open_memory(InMemoryStore(), clock, new_id=numbered("there"))
    add(there, "tea")
    lines = exported(there)
    step, acted = 0, True
    while acted:
        step += 1
        store = FakeCrowdedStore()
        memory = open_memory(store, clock)
        broken_off(memory, lines, clock)

        def go_on(memory: Memory = memory) -> None:
            break_off(memory, lines)  # where it waits for its next rows

        store.after(step, go_on)
        memory.doctor(repair=True)
        acted = store.acted
        store.after(0, go_on)

        assert (IMPORT_ON_ITS_WAY in {one.kind for one in memory.doctor().findings}) is acted, step
    assert step > 5


def test_an_import_ends_its_own_note_that_lacks_when_the_export_was_made(
    memory: Memory, store: Store, source: Memory, clock: Clock
) -> None:
    broken_off(memory, exported(source), clock)
    (note,) = (row for row in store.scan("default", SETTINGS.name).rows if row.id.startswith(UNFINISHED))
    origin = json.loads(note.payload)["origin"]
    damaged = Row(id=note.id, payload=json.dumps({"origin": origin}).encode())
    store.apply("default", [Put(collection=SETTINGS.name, row=damaged)])

    memory.import_(exported(source))

    assert memory.doctor().findings == ()


def test_an_import_leaves_nothing_current_of_what_was_deleted_here(memory: Memory, clock: Clock) -> None:
    there = open_memory(InMemoryStore(), clock, new_id=numbered("there"))
    memory_id = add(there, "tea")
    memory.import_(exported(there))
    memory.update(memory_id, "coffee")
    memory.delete(memory_id)
    clock.move(hours=1)
    there.update(memory_id, "milk")

    memory.import_(exported(there))

    assert texts(memory) == []
    assert [one.memory.text for one in memory.history(memory_id)] == ["tea", "coffee", "milk"]
    assert memory.doctor().findings == ()
