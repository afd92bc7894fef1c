"""A real server for every test here; each test has collections of its own on it."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.servers.weaviate_server import Node, NoServerError, cluster

if TYPE_CHECKING:
    from collections.abc import Generator

    from mnemon.stores.weaviate import AsyncWeaviateStore, WeaviateStore

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
        from mnemon.stores.weaviate import WeaviateStore

        return WeaviateStore.connect(self.url, grpc_port=self.grpc_port, prefix=self.prefix, **options)  # pyright: ignore[reportArgumentType]

    def open_async(self, **options: object) -> AsyncWeaviateStore:
        from mnemon.stores.weaviate import AsyncWeaviateStore

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
        pytest.skip(str(error))


@pytest.fixture
def place(weaviate_node: Node | str) -> Generator[Place]:
    found = place_on(weaviate_node)
    yield found
    clear(found)


def place_on(node: Node | str) -> Place:
    """Return a new place on a server."""
    from urllib.parse import parse_qs, urlsplit

    parts = urlsplit(node if isinstance(node, str) else node.address)
    prefix = f"T{os.getpid()}x{next(_NUMBERS)}"
    return Place(f"http://{parts.netloc}", int(parse_qs(parts.query).get("grpc_port", ["50051"])[0]), prefix)


def clear(place: Place) -> None:
    """Take away everything of a place."""
    from weaviate import connect_to_local

    host, port = place.url.removeprefix("http://").split(":")
    with connect_to_local(host=host, port=int(port), grpc_port=place.grpc_port, skip_init_checks=True) as client:
        for name in client.collections.list_all():
            if name in {f"{place.prefix}Parts", f"{place.prefix}Probe"} or name.startswith(f"{place.prefix}_"):
                client.collections.delete(name)
