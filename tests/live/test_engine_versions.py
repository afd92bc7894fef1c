"""Versions, undo, deletion, erasure and expiry over Weaviate: the engine's own tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.core.versions.fixtures import clock, memory
from tests.live.borrowed import tests_of

if TYPE_CHECKING:
    from mnemon.protocols.store import Store
    from mnemon.stores.weaviate import WeaviateStore

__all__ = ["clock", "memory"]

globals().update(
    tests_of(
        [
            *(f"tests.core.versions.test_{name}" for name in ("history", "life", "undo", "update")),
            *(f"tests.core.upkeep.test_{name}" for name in ("delete", "erase", "expiry", "forget", "purge")),
        ]
    )
)


@pytest.fixture
def store(shared_store: WeaviateStore) -> Store:
    return shared_store
