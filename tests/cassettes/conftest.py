"""Tests that run twice: against a real Weaviate, and from what it said when they were recorded."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from mnemon.testing import guard_user_store, isolated_user_store
from mnemon.testing.cassettes import Cassette, RecordedServer, cassette
from tests.core.memory.sources import SetClock, counting
from tests.live.conftest import Place, clear, place_on, pytest_runtest_setup, weaviate_binary, weaviate_node

if TYPE_CHECKING:
    from collections.abc import Generator

    from mnemon.protocols.clock import Clock, NewId
    from mnemon.stores.weaviate import AsyncWeaviateStore, WeaviateStore
    from tests.servers.weaviate_server import Node

__all__ = [
    "cassette",
    "guard_user_store",
    "isolated_user_store",
    "pytest_runtest_setup",
    "weaviate_binary",
    "weaviate_node",
]

PREFIX = "Recorded"
"""What the names of collections begin with: the same in every run, as requests hold it."""


@pytest.fixture
def empty_server(weaviate_node: Node | str) -> Generator[RecordedServer]:
    """A server without our collections."""
    url = place_on(weaviate_node).url
    place = Place(url, place_on(weaviate_node).grpc_port, PREFIX)
    clear(place)
    with urllib.request.urlopen(f"{url}/v1/meta") as answer:  # noqa: S310 - http, as it was given
        version = json.load(answer)["version"]
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    yield RecordedServer(name=f"weaviate {version}", host=parts.hostname, port=parts.port, grpc_port=place.grpc_port)
    clear(place)


@pytest.fixture
def cassette_server(empty_server: RecordedServer) -> RecordedServer:
    return empty_server


@dataclass(frozen=True)
class RecordedPlace(Place):
    """Room whose stores write the same log of changes in every run."""

    clock: Clock = field(default_factory=SetClock)
    new_id: NewId = field(default_factory=counting)

    def open(self, **options: object) -> WeaviateStore:
        return super().open(new_id=self.new_id, **options)

    def open_async(self, **options: object) -> AsyncWeaviateStore:
        return super().open_async(new_id=self.new_id, **options)


@pytest.fixture
def place(cassette: Cassette) -> Place:
    """Room on the server, or on the recording of one."""
    return RecordedPlace(f"http://{cassette.host}:{cassette.port}", cassette.grpc_port, PREFIX)
