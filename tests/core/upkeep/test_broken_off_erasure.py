"""An erasure that a killed process or server left by half: what it took does not come back, a repeat takes the rest.

A store without transactions deletes the rows of one request in any order, so any of them may be left.
"""

from __future__ import annotations

from itertools import chain, combinations
from typing import TYPE_CHECKING

import pytest

from mnemon import ConflictError, NotFoundError
from mnemon.logic.memories import MEMORIES
from mnemon.types.storage import Applied, Delete
from tests.core.fakes import FakeCrowdedStore
from tests.core.versions.fixtures import Clock, open_memory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mnemon import Memory
    from mnemon.types.storage import Write

VERSIONS = (1, 2, 3)
SOME = tuple(chain.from_iterable(combinations(VERSIONS, number) for number in (1, 2, 3)))


class FakeDyingStore(FakeCrowdedStore):
    """A fake: a store that deletes some memory rows of a batch and is gone then."""

    dies_after: tuple[int, ...] = ()

    def _apply(self, project: str, batch: Sequence[Write]) -> Applied:
        deleted = [row_id for write in batch if isinstance(write, Delete) for row_id in write.ids]
        rows = self.get(project, MEMORIES.name, deleted, include=()) if self.dies_after else {}
        if not rows:
            return super()._apply(project, batch)
        ids = [row_id for row_id, row in rows.items() if row.fields["version"] in self.dies_after]
        self.dies_after = ()
        before = [write for write in batch if not isinstance(write, Delete)]
        super()._apply(project, [*before, Delete(collection=MEMORIES.name, ids=ids)])
        msg = "the server was killed"
        raise OSError(msg)


def texts(memory: Memory) -> list[str]:
    return [one.text for one in memory.get_all(user_id="alice")]


@pytest.mark.parametrize("gone", SOME, ids=str)
@pytest.mark.parametrize("deleted", [True, False], ids=["deleted before", "current"])
def test_doctor_brings_nothing_back_and_a_repeat_takes_the_rest(gone: tuple[int, ...], *, deleted: bool) -> None:
    store, clock = FakeDyingStore(), Clock()
    memory = open_memory(store, clock)
    memory_id = memory.add("secret 1", user_id="alice").ids[0]
    for version in VERSIONS[1:]:
        memory.update(memory_id, f"secret {version}")
    if deleted:
        memory.delete(memory_id)
    store.dies_after = gone
    with pytest.raises(OSError, match="was killed"):
        memory.delete(memory_id, erase=True)
    clock.move(hours=1)

    memory.doctor(repair=True)

    if deleted or VERSIONS[-1] in gone:
        assert texts(memory) == []
        with pytest.raises((NotFoundError, ConflictError)):
            memory.get(memory_id)
    if gone == VERSIONS:
        return
    memory.delete(memory_id, erase=True)
    assert store.list_ids("default", MEMORIES.name) == []
    assert memory.doctor().findings == ()


@pytest.mark.parametrize("deleted", [True, False], ids=["deleted before", "current"])
def test_the_newest_version_goes_last_so_that_all_of_a_person_can_be_erased_once_more(*, deleted: bool) -> None:
    store, clock = FakeDyingStore(), Clock()
    memory = open_memory(store, clock)
    memory_id = memory.add("secret 1", user_id="alice").ids[0]
    memory.update(memory_id, "secret 2")
    if deleted:
        memory.delete(memory_id)
    batches: list[Sequence[str]] = []
    store.after_each(lambda: batches.append(store.list_ids("default", MEMORIES.name)))

    memory.delete_all(user_id="alice", erase=True)

    left = [ids for number, ids in enumerate(batches) if ids != batches[number - 1]]
    assert [len(ids) for ids in left if memory_id not in ids] == [1, 0]
