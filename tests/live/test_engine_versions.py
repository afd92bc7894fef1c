"""Versions, undo, deletion, erasure and expiry over Weaviate: the engine's own tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.core.versions.fixtures import clock, memory
from tests.live.borrowed import borrowed_from

if TYPE_CHECKING:
    from mnemon.protocols.store import Store
    from mnemon.stores.weaviate import WeaviateStore

__all__ = ["clock", "memory"]

NOT_PROMISED = {
    # Eight threads that all expect nothing decide anew five times; without transactions that is not
    # enough for all of them, and who gives up gets a ConflictError. test_faults.py looks at such races.
    "test_threads_that_expect_nothing_are_all_in_the_history__test_update",
}

BORROWED = borrowed_from(
    [
        *(f"tests.core.versions.test_{name}" for name in ("history", "life", "undo", "update")),
        *(f"tests.core.upkeep.test_{name}" for name in ("delete", "erase", "expiry", "forget", "purge")),
    ]
)
globals().update({name: test for name, test in BORROWED.items() if name not in NOT_PROMISED})


@pytest.fixture
def store(shared_store: WeaviateStore) -> Store:
    return shared_store
