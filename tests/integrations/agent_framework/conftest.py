from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mnemon import Memory
from mnemon.testing import guard_user_store, isolated_user_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["guard_user_store", "isolated_user_store"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    with Memory(tmp_path / "memory.db", embedder=None) as memory:
        yield memory


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        msg = "a test asked for the network"
        raise PermissionError(msg)

    monkeypatch.setattr("socket.getaddrinfo", refuse)
