"""An import of what was changed there and here, which breaks off, or beside which others change the same memory."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from mnemon import ConflictError, InMemoryStore, NotFoundError, SQLiteStore
from tests.core.fakes import FakeCrowdedStore
from tests.core.upkeep.crowded import STEPS, check_deleted, die, die_within, lose
from tests.core.versions.fixtures import (
    DELETIONS,
    Clock,
    add,
    break_off,
    exported,
    last_operation,
    numbered,
    open_memory,
    texts,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mnemon import Memory
    from mnemon.protocols.store import Store
    from mnemon.types.results import Deleted, Imported


@dataclass(frozen=True)
class Branches:
    """One memory as it went on elsewhere: to another version, to a deleted one, and to two later ones."""

    memory_id: str
    base: list[str]
    updated: list[str]
    deleted: list[str]
    twice: list[str]


@pytest.fixture
def branches(clock: Clock) -> Branches:
    here = open_memory(InMemoryStore(), clock, new_id=numbered("base"))
    memory_id = add(here, "tea")
    base = exported(here)
    clock.move(seconds=1)
    one = open_memory(InMemoryStore(), clock, new_id=numbered("one"))
    one.import_(base)
    one.update(memory_id, "milk")
    updated = exported(one)
    one.delete(memory_id)
    other = open_memory(InMemoryStore(), clock, new_id=numbered("other"))
    other.import_(base)
    other.update(memory_id, "water")
    other.update(memory_id, "juice")
    return Branches(memory_id, base, updated, exported(one), exported(other))


def opened(store: Store, branches: Branches, clock: Clock) -> Memory:
    """Return a memory that has what all branches begin with, an hour after they were made."""
    memory = open_memory(store, clock, new_id=numbered("here"))
    memory.import_(branches.base)
    clock.move(hours=1)
    return memory


def repair_twice(memory: Memory, clock: Clock) -> None:
    """Do without the rest of what broke off, and finish what it left; then all is sound."""
    clock.move(hours=3)
    memory.doctor(repair=True)
    memory.doctor(repair=True)
    assert memory.doctor().findings == ()


@pytest.fixture(params=["sqlite", "in memory", "crowded"])
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "sqlite":
        with SQLiteStore(tmp_path / "store.db") as opened:
            yield opened
    else:
        yield FakeCrowdedStore() if request.param == "crowded" else InMemoryStore()


@pytest.mark.parametrize("call", DELETIONS)
def test_a_deletion_holds_for_what_an_import_that_broke_off_has_brought(
    anywhere: Store, branches: Branches, clock: Clock, call: Callable[[Memory, str], Deleted]
) -> None:
    memory = opened(anywhere, branches, clock)
    break_off(memory, branches.twice)
    assert texts(memory) == ["juice", "tea"]

    deleted = call(memory, branches.memory_id)

    assert deleted.count == 1
    check_deleted(memory, branches.memory_id)
    repair_twice(memory, clock)
    check_deleted(memory, branches.memory_id)


def test_an_undo_of_the_add_holds_for_what_an_import_that_broke_off_has_brought(
    anywhere: Store, branches: Branches, clock: Clock
) -> None:
    memory = opened(anywhere, branches, clock)
    added = last_operation(memory)
    break_off(memory, branches.deleted)
    assert memory.get(branches.memory_id).text == "tea"

    memory.undo(added, force=True)

    check_deleted(memory, branches.memory_id)
    repair_twice(memory, clock)
    check_deleted(memory, branches.memory_id)


def test_after_imports_that_broke_off_two_repairs_leave_one_version_that_is_current(
    anywhere: Store, branches: Branches, clock: Clock
) -> None:
    memory = opened(anywhere, branches, clock)
    memory.update(branches.memory_id, "coffee")
    break_off(memory, branches.twice)
    break_off(memory, branches.deleted)

    repair_twice(memory, clock)

    assert texts(memory) == [memory.get(branches.memory_id).text]


def test_after_a_deletion_and_imports_that_broke_off_two_repairs_are_enough(
    anywhere: Store, branches: Branches, clock: Clock
) -> None:
    memory = opened(anywhere, branches, clock)
    memory.delete(branches.memory_id)
    break_off(memory, branches.twice)
    break_off(memory, branches.updated)

    repair_twice(memory, clock)

    check_deleted(memory, branches.memory_id)


def test_an_import_leaves_nothing_current_of_what_was_deleted_here_a_moment_ago(
    anywhere: Store, branches: Branches, clock: Clock
) -> None:
    memory = open_memory(anywhere, clock, new_id=numbered("here"))
    memory.import_(branches.base)
    memory.update(branches.memory_id, "coffee")
    memory.delete(branches.memory_id)

    memory.import_(branches.updated)

    check_deleted(memory, branches.memory_id)


@pytest.mark.parametrize(("branch", "left"), [("deleted", []), ("twice", ["juice"])])
def test_a_purge_of_old_versions_beside_an_import_takes_none_that_it_brings(
    anywhere: Store, branches: Branches, clock: Clock, branch: str, left: list[str]
) -> None:
    memory = opened(anywhere, branches, clock)

    def purge(_: Imported) -> None:
        memory.purge(keep_versions=1)

    memory.import_(getattr(branches, branch), progress=purge)

    assert texts(memory) == left
    assert memory.doctor().findings == ()
    assert [one.memory.text for one in memory.history(branches.memory_id)][-1] == (left or ["milk"])[0]


@pytest.mark.parametrize("step", STEPS)
def test_an_update_that_was_acknowledged_beside_an_import_is_read(branches: Branches, clock: Clock, step: int) -> None:
    store = FakeCrowdedStore()
    memory = opened(store, branches, clock)
    importer = open_memory(store, clock, new_id=numbered("importer"))
    memory.update(branches.memory_id, "coffee")
    clock.move(hours=1)
    store.after(step, lambda: importer.import_(branches.deleted))

    memory.update(branches.memory_id, "espresso")

    assert memory.get(branches.memory_id).text == "espresso"
    store.after(0, die)
    repair_twice(memory, clock)
    assert texts(memory) == [memory.get(branches.memory_id).text] == ["espresso"]


@pytest.mark.parametrize("step", STEPS)
def test_of_an_update_and_an_import_at_once_one_version_stays(branches: Branches, clock: Clock, step: int) -> None:
    store = FakeCrowdedStore()
    memory = opened(store, branches, clock)
    importer = open_memory(store, clock, new_id=numbered("importer"))
    store.after(step, lambda: importer.import_(branches.updated))

    with suppress(ConflictError):
        memory.update(branches.memory_id, "espresso")

    store.after(0, die)
    assert texts(memory) == [memory.get(branches.memory_id).text]
    repair_twice(memory, clock)
    assert texts(memory) == [memory.get(branches.memory_id).text]


def test_of_two_imports_at_once_each_closes_what_its_export_closed(branches: Branches, clock: Clock) -> None:
    step, acted = 0, True
    while acted:
        step += 1
        store = FakeCrowdedStore()
        memory = opened(store, branches, clock)
        other = open_memory(store, clock, new_id=numbered("importer"))
        store.after(step, lambda other=other: other.import_(branches.updated))
        memory.import_(branches.deleted)
        acted = store.acted
        store.after(0, die)

        assert texts(memory) == [], step
    assert step > 5


def test_a_doctor_beside_an_import_that_begins_and_ends_points_to_nothing_older(
    branches: Branches, clock: Clock
) -> None:
    step, acted = 0, True
    while acted:
        step += 1
        store = FakeCrowdedStore()
        memory = opened(store, branches, clock)
        other = open_memory(store, clock, new_id=numbered("importer"))
        lose(
            store, lambda m=memory: m.update(branches.memory_id, "coffee"), lambda o=other: o.delete(branches.memory_id)
        )
        clock.move(hours=1)
        read: list[object] = []

        def bring(other: Memory = other, read: list[object] = read) -> None:
            other.import_(branches.updated)
            read.append(is_read(other, branches.memory_id))

        store.after(step, bring)
        memory.doctor(repair=True)
        acted = store.acted
        store.after(0, die)

        memory.doctor(repair=True)
        if acted:
            assert [is_read(memory, branches.memory_id)] == read, step
        assert memory.doctor().findings == ()
    assert step > 5


def test_a_doctor_beside_an_import_that_begins_and_ends_leaves_named_what_it_names(
    branches: Branches, clock: Clock
) -> None:
    step, acted = 0, True
    while acted:
        step += 1
        store = FakeCrowdedStore()
        memory = opened(store, branches, clock)
        other = open_memory(store, clock, new_id=numbered("importer"))
        die_within(store, 5, lambda memory=memory: memory.update(branches.memory_id, "coffee"))
        clock.move(hours=1)
        store.after(step, lambda other=other: other.import_(branches.twice))
        memory.doctor(repair=True)
        acted = store.acted
        store.after(0, die)
        if not acted:
            memory.import_(branches.twice)

        assert memory.doctor().findings == (), step
        assert texts(memory) == [is_read(memory, branches.memory_id)] == ["juice"], step
    assert step > 5


def is_read(memory: Memory, memory_id: str) -> str | None:
    try:
        return memory.get(memory_id).text
    except NotFoundError:
        return None
