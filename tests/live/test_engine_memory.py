"""Adding, searching, listing, sessions and repeats over Weaviate: the engine's own tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.core.memory.conftest import clock, memory
from tests.core.memory.test_sessions import places
from tests.live.borrowed import borrowed_from

if TYPE_CHECKING:
    from mnemon.protocols.store import Store
    from mnemon.stores.weaviate import WeaviateStore

__all__ = ["clock", "memory", "places"]

NAMES = ("add_many", "adding", "idempotency", "listing", "repeats", "scopes", "search", "sessions")
globals().update(borrowed_from(f"tests.core.memory.test_{name}" for name in NAMES))


@pytest.fixture
def store(shared_store: WeaviateStore) -> Store:
    return shared_store
