"""What the adapter keeps and finds over Weaviate, from a real server and from a recording of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mnemon import AsyncMemory, Memory
from mnemon_langchain import MnemonByteStore
from tests.cassettes.conftest import PREFIX, cassette, empty_server, place, weaviate_binary, weaviate_node
from tests.core.memory.sources import SetClock, counting
from tests.live.conftest import Place

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from mnemon.testing.cassettes import RecordedServer

__all__ = ["cassette", "empty_server", "place", "weaviate_binary", "weaviate_node"]


@pytest.fixture
def cassette_server(empty_server: RecordedServer) -> RecordedServer:
    """A server that has our collections: how they are made is recorded elsewhere, and would be most of a cassette."""
    there = Place(f"http://{empty_server.host}:{empty_server.port}", empty_server.grpc_port, PREFIX)
    with there.open() as store:
        MnemonByteStore(Memory(store=store, embedder=None)).mget([])
    return empty_server


@pytest.fixture
def memory(place: Place) -> Generator[Memory]:
    with place.open() as store:
        yield Memory(store=store, embedder=None, clock=SetClock(), new_id=counting())


@pytest.fixture
async def async_memory(place: Place) -> AsyncGenerator[AsyncMemory]:
    async with place.open_async() as store:
        yield AsyncMemory(store=store, embedder=None, clock=SetClock(), new_id=counting())
