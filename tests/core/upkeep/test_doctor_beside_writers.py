"""`doctor` on a store that can keep nobody out: whatever others do between its steps, nothing erased comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from mnemon.logic.memories import MEMORIES
from mnemon.logic.messages import MESSAGES
from mnemon.logic.operations import OPERATIONS
from mnemon.types.filters import where
from mnemon.types.storage import Delete, Patch
from tests.core.fakes import FakeCrowdedStore
from tests.core.versions.fixtures import Clock, open_memory

if TYPE_CHECKING:
    from collections.abc import Callable

    from mnemon import Memory
    from mnemon.stores.in_memory import InMemoryStore
    from mnemon.types.storage import Row, Write

NUMBER = "my number is X4471"
KINDS = {
    "first version missing",
    "two versions current",
    "newest version missing",
    "memory missing",
    "operation missing",
}


def half_done(memory: Memory, store: InMemoryStore, user: str) -> None:
    """Add memories and take rows of them away, so that there is half-done work of each kind."""
    made = {kind: memory.add(f"{NUMBER} {kind}", user_id=user).ids[0] for kind in sorted(KINDS)}
    for memory_id in made.values():
        memory.update(memory_id, f"{NUMBER} now")
    rows: dict[str, list[Row]] = {}
    for row in store.scan("default", MEMORIES.name, where("user_id").eq(user)).rows:
        rows.setdefault(str(row.fields["memory_id"]), []).append(row)
    first, twice, newest, lost, nameless = (
        sorted(rows[made[kind]], key=lambda row: cast("float", row.fields["version"]))
        for kind in (
            "first version missing",
            "two versions current",
            "newest version missing",
            "memory missing",
            "operation missing",
        )
    )
    gone = [first[0].id, *(row.id for row in lost)]
    writes: list[Write] = [
        Delete(collection=MEMORIES.name, ids=gone),
        Patch(collection=MEMORIES.name, id=newest[0].id, fields={"newest": None, "newest_version": None}),
        Patch(collection=MEMORIES.name, id=twice[0].id, fields={"recorded_to": None, "closed_by": None}),
        Delete(collection=OPERATIONS.name, ids=[str(nameless[0].fields["op_id"])]),
    ]
    store.apply("default", writes)


def forget(memory: Memory) -> None:
    memory.forget(user_id="ana")


def erase(memory: Memory) -> None:
    memory.delete_all(user_id="ana", erase=True)


def rows_of(store: InMemoryStore, collection: str, user: str = "ana") -> list[Row]:
    return list(store.scan("default", collection, where("user_id").eq(user), limit=1_000).rows)


@pytest.mark.parametrize("damaged", [True, False], ids=["of half-done work", "of whole memories"])
@pytest.mark.parametrize("take", [forget, erase])
@pytest.mark.parametrize("first", ["doctor", "eraser"])
def test_what_is_erased_between_any_two_steps_of_a_doctor_does_not_come_back(
    first: str, take: Callable[[Memory], None], *, damaged: bool
) -> None:
    steps, acted = 0, True
    while acted:
        steps += 1
        clock, store = Clock(), FakeCrowdedStore()
        memory = open_memory(store, clock)
        half_done(memory, store, "ana" if damaged else "ben")
        whole = memory.add(NUMBER, user_id="ana").ids[0]
        memory.update(whole, f"{NUMBER} of ana")
        clock.move(hours=1)

        def mend(memory: Memory = memory) -> None:
            memory.doctor(repair=True)

        def gone(memory: Memory = memory) -> None:
            take(memory)

        one, other = (mend, gone) if first == "doctor" else (gone, mend)
        store.after(steps, other)
        one()
        acted = store.acted

        left = [row for row in rows_of(store, MEMORIES.name) if NUMBER.encode() in row.payload]
        if acted:
            assert left == [] or (take is erase and damaged), steps
        if acted and take is forget:
            kept = [rows_of(store, name) for name in (MEMORIES.name, MESSAGES.name, OPERATIONS.name)]
            assert kept == [[], [], []], steps
    assert steps > 5


def test_half_done_work_is_found_and_mended_once_nobody_can_be_at_it() -> None:
    clock, store = Clock(), FakeCrowdedStore()
    memory = open_memory(store, clock)
    half_done(memory, store, "ben")

    young = memory.doctor(repair=True)
    clock.move(minutes=11)
    old = memory.doctor(repair=True)

    assert young.findings == ()
    assert {(one.kind, one.repaired) for one in old.findings} == {(kind, True) for kind in KINDS}
    assert memory.doctor().findings == ()


def test_an_add_that_is_at_work_beside_a_doctor_is_left_to_its_writer() -> None:
    steps, acted = 0, True
    while acted:
        steps += 1
        store = FakeCrowdedStore()
        memory, doctor = open_memory(store), open_memory(store)
        found: list[object] = []
        store.after(steps, lambda doctor=doctor, found=found: found.append(doctor.doctor(repair=True).findings))

        memory.add("tea", user_id="ana", metadata={"number": 1})
        acted = store.acted

        assert found == ([()] if acted else [])
        assert [one.metadata for one in memory.get_all(user_id="ana")] == [{"number": 1}]
    assert steps > 2
