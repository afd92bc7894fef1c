"""A real server for every test here; each test has collections of its own on it."""

from __future__ import annotations

import itertools
import os
import shutil
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from weaviate import connect_to_local

from mnemon.stores.weaviate import AsyncWeaviateStore, WeaviateStore
from mnemon.testing import guard_user_store, isolated_user_store
from tests.live.between import Between
from tests.servers.weaviate_server import Node, NoServerError, binary, cluster

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from weaviate import WeaviateClient

__all__ = ["guard_user_store", "isolated_user_store"]

_NUMBERS = itertools.count()

LIVE = "a real server"
"""The property of a report by which tests of a real server are counted."""


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
def weaviate_node(request: pytest.FixtureRequest) -> Generator[Node | str]:
    """The server of WEAVIATE_URL, or one of our own."""
    if given := os.environ.get("WEAVIATE_URL"):
        yield given
        return
    request.getfixturevalue("weaviate_binary")
    with cluster() as (node,):
        yield node


@pytest.fixture(scope="session")
def weaviate_binary() -> Path:
    """The server's program, for tests that start servers of their own."""
    try:
        return binary()
    except NoServerError as error:
        if shutil.which("go") is not None or os.environ.get("WEAVIATE_BIN"):
            pytest.fail(f"the live tests were to run, and there is no server: {error}")
        pytest.skip(f"NO LIVE TESTS: {error}")


@pytest.fixture
def node(weaviate_binary: Path) -> Generator[Node]:
    """A server of the test's own, which it may kill."""
    with cluster() as (node,):
        yield node


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


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch) -> Between:
    return Between(monkeypatch)


@pytest.fixture
def an_hour_later(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let what was announced until now be old enough to be ended."""
    return lambda: monkeypatch.setattr("mnemon.stores.weaviate._sync.entries._IN_FLIGHT", timedelta(seconds=-2))


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
    own = {f"{place.prefix}{name}" for name in ("Parts", "Probe", "Changes")}
    return [name for name in client.collections.list_all() if name in own or name.startswith(f"{place.prefix}_")]


def parts_of(place: Place) -> set[Any]:
    """Return the objects that hold what is too large for its row."""
    with client_of(place) as client:
        parts = client.collections.use(f"{place.prefix}Parts")
        return {one.uuid for tenant in parts.tenants.get() for one in parts.with_tenant(tenant).iterator()}


SERVED = {"weaviate_binary", "weaviate_node", "suite_place", "cassette"}
"""The fixtures of which a test of a real server asks for one."""


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Mark what a real server sees, in the report that also comes from another process."""
    if SERVED & set(getattr(item, "fixturenames", ())):
        item.user_properties.append((LIVE, ""))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests a real server saw, and what they measured."""
    stats = terminalreporter.stats
    reports = [
        report
        for kind in ("passed", "failed", "error")
        for report in stats.get(kind, ())
        if isinstance(report, pytest.TestReport)  # and not of a module that cannot be imported
    ]
    served = {report.nodeid for report in reports if (LIVE, "") in map(tuple, report.user_properties)}
    wrong = {report.nodeid for report in reports if report.outcome == "failed"} & served
    for report in reports:
        for name, value in report.user_properties:
            if name != LIVE:
                terminalreporter.write_line(f"{report.nodeid.split('::')[-1]}: {name}: {value}")
    terminalreporter.write_line(f"live tests against a real Weaviate: {len(served)} ran, {len(wrong)} failed")
