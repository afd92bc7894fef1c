"""What the tests share in which several write to one memory, or die while they do."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from mnemon import NotFoundError
from mnemon.logic.memories import MEMORIES
from mnemon.types.filters import where
from tests.core.fakes import FakeCrowdedStore
from tests.core.versions.fixtures import Clock, numbered, open_memory, texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from mnemon import Memory
    from mnemon.types.filters import Filter
    from mnemon.types.storage import Row

STEPS = range(1, 11)
"""More than the steps of an update, a deletion and an undo."""


class DiedError(Exception):
    """What a fake raises where a process would end."""


def die() -> None:
    raise DiedError


def die_within(store: FakeCrowdedStore, step: int, call: Callable[[], object]) -> None:
    """Make a call that ends after so many reads and writes, if it has so many."""
    store.after(step, die)
    with suppress(DiedError):
        call()
    store.after(0, die)


def two_memories(clock: Clock) -> tuple[FakeCrowdedStore, Memory, Memory]:
    """Return a store, and two who write to it."""
    store = FakeCrowdedStore()
    return store, open_memory(store, clock), open_memory(store, clock, new_id=numbered("other"))


def check_deleted(memory: Memory, memory_id: str) -> None:
    assert texts(memory) == []
    with pytest.raises(NotFoundError):
        memory.get(memory_id)


def leave_two_current(store: FakeCrowdedStore, memory: Memory, memory_id: str, **parts: object) -> Row:
    """Let an update die that has written its version and closed none; return what it wrote."""
    die_within(store, 4, lambda: memory.update(memory_id, "milk", **parts))  # pyright: ignore[reportArgumentType] - parts of any type
    assert texts(memory) == ["milk", "tea"]
    assert memory.get(memory_id).text == "tea"
    (left,) = versions(store, where("version").eq(2))
    return left


def lose(
    store: FakeCrowdedStore,
    update: Callable[[], object],
    win: Callable[[], object],
    *,
    step: int = 2,
    later: int = 2,
) -> bool:
    """Make an update beside which somebody else acts after a step, and which dies so many steps later.

    As it stands it has read the memory, and dies when its own version is written. Return whether it has so many steps.
    """
    died: list[bool] = []

    def end() -> None:
        died.append(True)
        die()

    def act() -> None:
        win()
        store.after(later, end)

    store.after(step, act)
    with suppress(DiedError, NotFoundError):
        update()
    store.after(0, die)
    return bool(died)


def versions(store: FakeCrowdedStore, condition: Filter | None = None) -> list[Row]:
    return list(store.scan("default", MEMORIES.name, condition).rows)
