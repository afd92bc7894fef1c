"""What expires is hidden to the second at every read, and what is pinned never is."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from mnemon import NotFoundError
from tests.core.versions.fixtures import NOON, Clock, add, texts

if TYPE_CHECKING:
    from mnemon import Memory

MINUTE = timedelta(minutes=1)


def shown(memory: Memory, memory_id: str, *, include_expired: bool = False) -> list[bool]:
    """Return whether get, get_all, search and count show Alice's only memory, which is about gardens."""
    try:
        found = memory.get(memory_id, include_expired=include_expired).id == memory_id
    except NotFoundError:
        found = False
    parts = {"user_id": "alice", "include_expired": include_expired}
    return [
        found,
        bool(memory.get_all(**parts)),  # pyright: ignore[reportArgumentType]
        bool(memory.search("gardens", **parts)),  # pyright: ignore[reportArgumentType]
        bool(memory.count(**parts)),  # pyright: ignore[reportArgumentType]
    ]


def test_it_is_hidden_from_the_very_second_on(memory: Memory, clock: Clock) -> None:
    memory_id = add(memory, "gardens", expires_at=NOON + MINUTE)

    clock.now = NOON + MINUTE - timedelta(microseconds=1)
    assert shown(memory, memory_id) == [True] * 4
    clock.now = NOON + MINUTE
    assert shown(memory, memory_id) == [False] * 4
    assert shown(memory, memory_id, include_expired=True) == [True] * 4
    clock.now = NOON + MINUTE - timedelta(seconds=1)
    assert shown(memory, memory_id) == [True] * 4


def test_what_is_pinned_never_expires_until_the_pin_is_taken_off(memory: Memory, clock: Clock) -> None:
    memory_id = add(memory, "gardens", expires_at=NOON + MINUTE, pinned=True)

    clock.move(days=9_999)
    assert shown(memory, memory_id) == [True] * 4
    memory.purge()
    assert shown(memory, memory_id) == [True] * 4
    memory.update(memory_id, pinned=False)
    assert shown(memory, memory_id) == [False] * 4


def test_as_of_a_time_what_had_not_expired_is_there(memory: Memory, clock: Clock) -> None:
    add(memory, "gardens", expires_at=NOON + MINUTE)
    clock.move(days=1)

    assert texts(memory) == texts(memory, as_of=NOON + MINUTE) == []
    assert texts(memory, as_of=NOON + MINUTE - timedelta(seconds=1)) == ["gardens"]
    assert texts(memory, as_of=NOON + MINUTE, include_expired=True) == ["gardens"]


def test_a_neighbour_that_expired_does_not_come_along(memory: Memory, clock: Clock) -> None:
    memory.add("where is the garden?", user_id="alice", run_id="1", expires_at=NOON + MINUTE)
    memory.add({"role": "assistant", "content": "behind the house"}, user_id="alice", run_id="1")

    clock.move(hours=1)

    assert [hit.memory.text for hit in memory.search("the house", user_id="alice")] == ["behind the house"]


def test_a_new_expiry_brings_it_back(memory: Memory, clock: Clock) -> None:
    memory_id = add(memory, "gardens", expires_at=NOON + MINUTE)
    clock.move(hours=1)

    with pytest.raises(NotFoundError):
        memory.get(memory_id)
    memory.update(memory_id, expires_at=None)

    assert shown(memory, memory_id) == [True] * 4
