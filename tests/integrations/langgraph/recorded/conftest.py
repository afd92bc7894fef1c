"""Tests over Weaviate that run twice, as those of tests/cassettes, with what LangGraph's suites draw pinned."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, tzinfo
from itertools import count
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from mnemon import AsyncMemory, Memory
from mnemon_langgraph import MnemonSaver, MnemonStore
from tests.cassettes.conftest import PREFIX, cassette, empty_server, place, weaviate_binary, weaviate_node
from tests.core.memory.sources import SetClock, counting
from tests.live.conftest import Place

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from mnemon.testing.cassettes import RecordedServer

__all__ = ["cassette", "empty_server", "place", "weaviate_binary", "weaviate_node"]

SUITE = "langgraph.checkpoint.conformance"


@pytest.fixture
def cassette_server(empty_server: RecordedServer) -> RecordedServer:
    """A server that has our collections: how they are made is recorded elsewhere, and would be most of a cassette."""
    there = Place(f"http://{empty_server.host}:{empty_server.port}", empty_server.grpc_port, PREFIX)
    with there.open() as store:
        memory = Memory(store=store, embedder=None)
        for adapter in (MnemonSaver(memory), MnemonStore(memory)):
            adapter.setup()
    return empty_server


class FixedTime(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> FixedTime:
        return cls(2026, 3, 1, tzinfo=tz or UTC)


@pytest.fixture
def pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let LangGraph's suite draw the same ids and times in every run: its requests hold them."""
    numbers = count(1)

    def uuid4() -> UUID:
        return UUID(int=next(numbers), version=4)

    def uuid6(**_: object) -> UUID:
        return UUID(f"1f1e0000-0000-6000-8000-{next(numbers):012x}")

    for name, module in list(sys.modules.items()):
        if name.startswith(SUITE):
            for drawn, fixed in (("uuid4", uuid4), ("uuid6", uuid6), ("datetime", FixedTime)):
                if hasattr(module, drawn):
                    monkeypatch.setattr(module, drawn, fixed)


@pytest.fixture
def memory(place: Place) -> Generator[Memory]:
    with place.open() as store:
        yield Memory(store=store, embedder=None, clock=SetClock(), new_id=counting())


@pytest.fixture
async def async_memory(place: Place) -> AsyncGenerator[AsyncMemory]:
    async with place.open_async() as store:
        yield AsyncMemory(store=store, embedder=None, clock=SetClock(), new_id=counting())
