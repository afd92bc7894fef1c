"""A process that adds the same with one idempotency key as others do at the same moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon import Memory

if TYPE_CHECKING:
    from threading import Barrier

__all__ = ["add_with_keys"]


def add_with_keys(path: str, together: Barrier, rounds: int) -> list[str]:
    """Add rounds of turns, each at the same moment as the other processes; return what became of them."""
    found: list[str] = []
    with Memory(path, embedder=None) as memory:
        for number in range(rounds):
            together.wait(60)
            added = memory.add(
                [f"turn {number}", f"answer {number}"], user_id="alice", run_id="r", idempotency_key=f"key {number}"
            )
            found += [item.event for item in added.items]
    return found
