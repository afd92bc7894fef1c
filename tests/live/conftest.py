"""A real server for every test here; each test has collections of its own on it."""

from __future__ import annotations

import itertools
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from weaviate import connect_to_local

from mnemon.stores.weaviate import AsyncWeaviateStore, WeaviateStore
from mnemon.testing import guard_user_store, isolated_user_store
from tests.servers.weaviate_server import Node, NoServerError, cluster

if TYPE_CHECKING:
    from collections.abc import Generator

    from weaviate import WeaviateClient

__all__ = ["guard_user_store", "isolated_user_store"]

_NUMBERS = itertools.count()


@dataclass(frozen=True)
class Place:
    """Room on a server that nobody else uses.

    Attributes:
        url: the server's REST port.
        grpc_port: its gRPC port.
        prefix: what the names of its collections begin with.
    """

    url: str
    grpc_port: int
    prefix: str

    def open(self, **options: object) -> WeaviateStore:
        return WeaviateStore.connect(self.url, grpc_port=self.grpc_port, prefix=self.prefix, **options)  # pyright: ignore[reportArgumentType]

    def open_async(self, **options: object) -> AsyncWeaviateStore:
        return AsyncWeaviateStore.connect(self.url, grpc_port=self.grpc_port, prefix=self.prefix, **options)  # pyright: ignore[reportArgumentType]

    @property
    def address(self) -> str:
        """What a memory is opened by."""
        return f"weaviate://{self.url.removeprefix('http://')}?grpc_port={self.grpc_port}&prefix={self.prefix}"


@pytest.fixture(scope="session")
def weaviate_node() -> Generator[Node | str]:
    """The server of WEAVIATE_URL, or one of our own."""
    if given := os.environ.get("WEAVIATE_URL"):
        yield given
        return
    try:
        with cluster() as (node,):
            yield node
    except NoServerError as error:
        if shutil.which("go") is not None or os.environ.get("WEAVIATE_BIN"):
            pytest.fail(f"the live tests were to run, and there is no server: {error}")
        pytest.skip(f"NO LIVE TESTS: {error}")


@pytest.fixture
def place(weaviate_node: Node | str) -> Generator[Place]:
    found = place_on(weaviate_node)
    yield found
    clear(found)


@pytest.fixture(scope="module")
def shared_place(weaviate_node: Node | str) -> Generator[Place]:
    """Room that the tests of a module share; each takes away what it stored."""
    found = place_on(weaviate_node)
    yield found
    clear(found)


@pytest.fixture
def shared_store(shared_place: Place) -> Generator[WeaviateStore]:
    """An empty store in the room that the tests of a module share: making collections takes a second."""
    empty(shared_place)
    with shared_place.open() as store:
        yield store


def place_on(node: Node | str) -> Place:
    """Return a new place on a server."""
    parts = urlsplit(node if isinstance(node, str) else node.address)
    prefix = f"T{os.getpid()}x{next(_NUMBERS)}"
    return Place(f"http://{parts.netloc}", int(parse_qs(parts.query).get("grpc_port", ["50051"])[0]), prefix)


def empty(place: Place) -> None:
    """Take away all rows of a place."""
    with client_of(place) as client:
        for name in ours(place, client):
            if not name.endswith("Probe"):
                tenants = client.collections.use(name).tenants
                tenants.remove(list(tenants.get()))


def clear(place: Place) -> None:
    """Take away everything of a place."""
    with client_of(place) as client:
        for name in ours(place, client):
            client.collections.delete(name)


def client_of(place: Place) -> WeaviateClient:
    """Return a bare client of a place's server."""
    host, port = place.url.removeprefix("http://").split(":")
    return connect_to_local(host=host, port=int(port), grpc_port=place.grpc_port, skip_init_checks=True)


def ours(place: Place, client: WeaviateClient) -> list[str]:
    """Return the collections of a place."""
    own = {f"{place.prefix}Parts", f"{place.prefix}Probe"}
    return [name for name in client.collections.list_all() if name in own or name.startswith(f"{place.prefix}_")]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests a real server saw."""
    stats = terminalreporter.stats
    passed, failed = len(stats.get("passed", ())), len(stats.get("failed", ())) + len(stats.get("error", ()))
    for report in stats.get("passed", ()):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{report.nodeid.split('::')[-1]}: {name}: {value}")
    terminalreporter.write_line(f"live tests against a real Weaviate: {passed + failed} ran, {failed} failed")
