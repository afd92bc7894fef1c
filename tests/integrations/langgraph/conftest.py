from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mnemon import InMemoryStore, Memory
from mnemon.testing import guard_user_store, isolated_user_store
from mnemon_langgraph import MnemonSaver

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["guard_user_store", "isolated_user_store"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=["sqlite", "in memory"])
def memory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Memory]:
    on_disk = request.param == "sqlite"
    with (
        Memory(tmp_path / "memory.db", embedder=None)
        if on_disk
        else Memory(store=InMemoryStore(), embedder=None) as memory
    ):
        yield memory


@pytest.fixture
def saver(memory: Memory) -> MnemonSaver:
    return MnemonSaver(memory)
