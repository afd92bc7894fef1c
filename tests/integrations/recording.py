"""What the tests of every adapter over Weaviate begin with: they run twice, as those of tests/cassettes.

The conftest of a `recorded` folder takes these fixtures, and says which `collections` its adapter adds.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from mnemon import AsyncMemory, Memory
from mnemon.adapting.storage import Storage
from mnemon.testing.cassettes import cassette_problems
from tests.cassettes.conftest import PREFIX, cassette, empty_server, place, weaviate_binary, weaviate_node
from tests.core.memory.sources import SetClock, counting
from tests.live.conftest import Place

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from mnemon.testing.cassettes import RecordedServer
    from mnemon.types.storage import Collection

__all__ = [
    "ALIKE",
    "async_memory",
    "cassette",
    "cassette_server",
    "collections",
    "counted_ids",
    "empty_server",
    "memory",
    "no_network",
    "place",
    "test_every_recorded_test_has_its_cassette_and_none_holds_a_secret",
    "weaviate_binary",
    "weaviate_node",
]

ALIKE = {"1": "10", "a@b.com": "a-b.com", "José": "Jose\u0301", "alice": "Alice", "*": "%"}
"""Users, with another one each whom careless code takes for the same."""


@pytest.fixture
def collections() -> tuple[Collection, ...]:
    """What the adapter keeps beside memories and messages; a conftest says so in its place."""
    return ()


@pytest.fixture
def cassette_server(empty_server: RecordedServer, collections: tuple[Collection, ...]) -> RecordedServer:
    """A server that has our collections: how they are made is recorded elsewhere, and would be most of a cassette."""
    there = Place(f"http://{empty_server.host}:{empty_server.port}", empty_server.grpc_port, PREFIX)
    with there.open() as store:
        Storage(Memory(store=store, embedder=None), *collections).memory()
    return empty_server


@pytest.fixture
def memory(place: Place) -> Generator[Memory]:
    with place.open() as store:
        yield Memory(store=store, embedder=None, clock=SetClock(), new_id=counting())


@pytest.fixture
async def async_memory(place: Place) -> AsyncGenerator[AsyncMemory]:
    async with place.open_async() as store:
        yield AsyncMemory(store=store, embedder=None, clock=SetClock(), new_id=counting())


@pytest.fixture(autouse=True)
def counted_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let adapters name what has no id of its own the same in every run: their requests hold it."""
    counted = counting()
    for name, module in list(sys.modules.items()):
        if name.startswith("mnemon") and hasattr(module, "random_id"):
            monkeypatch.setattr(module, "random_id", counted)


@pytest.fixture(autouse=True)
def no_network() -> None:
    """Leave it to the cassette, which blocks the network when it is replayed."""


def test_every_recorded_test_has_its_cassette_and_none_holds_a_secret(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Plugins that come with langchain-tests warn of what is not theirs; the collection runs in a process of its own.
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:asyncio -W ignore::pytest.PytestAssertRewriteWarning")

    assert cassette_problems(request.path.parent) == []
