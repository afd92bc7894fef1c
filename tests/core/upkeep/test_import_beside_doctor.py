"""What an import has not brought yet is no half-done work: `doctor` tells of it, and puts nothing in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mnemon import InMemoryStore
from mnemon.logic.memories import MEMORIES
from mnemon.logic.mending import IMPORT_BROKEN_OFF, IMPORT_ON_ITS_WAY
from mnemon.types.storage import Delete
from tests.core.fakes import FakeCrowdedStore
from tests.core.versions.fixtures import Clock, add, exported, numbered, open_memory, rows_of

if TYPE_CHECKING:
    from mnemon import Memory
    from mnemon.types.results import Imported


class BrokenOffError(Exception):
    """What a progress callback raises where an import is to end."""


def break_off(_: Imported) -> None:
    raise BrokenOffError


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
    with pytest.raises(BrokenOffError):
        memory.import_(exported(source), progress=break_off)
    clock.move(hours=1)

    seen = {one.kind: one.repaired for one in memory.doctor().findings}
    memory.import_(exported(source))

    assert seen[IMPORT_BROKEN_OFF] is False
    assert rows_of(memory) == rows_of(source)
    assert memory.doctor().findings == ()


def test_a_second_repair_does_without_the_rest_of_an_import(memory: Memory, source: Memory, clock: Clock) -> None:
    with pytest.raises(BrokenOffError):
        memory.import_(exported(source), progress=break_off)
    clock.move(hours=1)

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
            with pytest.raises(BrokenOffError):
                memory.import_(lines, progress=break_off)

        store.after(step, begin)
        memory.doctor(repair=True)
        acted = store.acted
        store.after(0, begin)
        memory.import_(lines)

        assert wanted - set(rows_of(memory)) == set(), step
    assert step > 5
