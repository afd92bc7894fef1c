"""What the tests of versions and of upkeep share: a clock to set, ids that repeat, and a memory on each store."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

import pytest

from mnemon import InMemoryStore, Memory, SQLiteStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mnemon.protocols.clock import NewId
    from mnemon.protocols.store import Store
    from mnemon.types.results import Deleted, Imported

NOON = datetime(2026, 5, 8, 12, 0, tzinfo=UTC)


@dataclass
class Clock:
    """Tells a time that stands until it is moved."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def move(self, **parts: float) -> datetime:
        """Move on, or back, and return the time that it is then."""
        self.now += timedelta(**parts)
        return self.now


def numbered(prefix: str = "id") -> NewId:
    numbers = count()
    return lambda: f"{prefix}-{next(numbers):04}"


def open_memory(store: Store, clock: Clock | None = None, **parts: object) -> Memory:
    return Memory(store=store, **{"embedder": None, "clock": clock or Clock(), "new_id": numbered(), **parts})  # pyright: ignore[reportArgumentType] - parts of any type


@pytest.fixture(params=["sqlite", "in memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with SQLiteStore(tmp_path / "store.db") if request.param == "sqlite" else InMemoryStore() as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def memory(store: Store, clock: Clock) -> Memory:
    return open_memory(store, clock)


def add(memory: Memory, text: str, **parts: object) -> str:
    """Add a fact of Alice's; return its id."""
    given = {"user_id": "alice", "kind": "semantic", **parts}
    return memory.add(text, **given).ids[0]  # pyright: ignore[reportArgumentType] - parts of any type


def texts(memory: Memory, **parts: object) -> list[str]:
    """Return what Alice's memories say, by text."""
    given = {"user_id": "alice", **parts}
    return sorted(one.text for one in memory.get_all(**given))  # pyright: ignore[reportArgumentType] - parts of any type


def last_operation(memory: Memory, **parts: object) -> str:
    given = {"user_id": "alice", "limit": 1, **parts}
    return memory.operations(**given)[0].op_id  # pyright: ignore[reportArgumentType] - parts of any type


def delete(memory: Memory, memory_id: str) -> Deleted:
    return memory.delete(memory_id)


def delete_all(memory: Memory, _: str) -> Deleted:
    return memory.delete_all(user_id="alice")


DELETIONS = (delete, delete_all)
"""The calls that delete a memory of Alice's, who has no other one."""


def exported(memory: Memory) -> list[str]:
    target = io.StringIO()
    memory.export(target)
    return target.getvalue().splitlines(keepends=True)


class BrokenOffError(Exception):
    """What a progress callback raises where an import is to end."""


def break_off(memory: Memory, lines: list[str]) -> None:
    """Import a first part of an export, and end there."""

    def end(_: Imported) -> None:
        raise BrokenOffError

    with pytest.raises(BrokenOffError):
        memory.import_(lines, progress=end)


def rows_of(memory: Memory) -> list[str]:
    """Return the rows of an export, which the time of its making does not change."""
    return exported(memory)[1:]
