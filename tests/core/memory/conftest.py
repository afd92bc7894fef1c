from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mnemon import InMemoryStore, Memory, SQLiteStore
from tests.core.memory.sources import SetClock, counting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mnemon.protocols.store import Store


@pytest.fixture(params=["sqlite", "in memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with SQLiteStore(tmp_path / "store.db") if request.param == "sqlite" else InMemoryStore() as opened:
        yield opened


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def memory(store: Store, clock: SetClock) -> Memory:
    return Memory(store=store, embedder=None, clock=clock, new_id=counting())
