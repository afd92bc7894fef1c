"""Three nodes on this machine, each row on all of them."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest
from weaviate import connect_to_local

from mnemon.stores.weaviate import WeaviateStore
from mnemon.testing import guard_user_store, isolated_user_store
from tests.live.conftest import pytest_runtest_setup, pytest_terminal_summary, weaviate_binary
from tests.servers.weaviate_server import cluster

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from tests.servers.weaviate_server import Node

__all__ = [
    "guard_user_store",
    "isolated_user_store",
    "pytest_runtest_setup",
    "pytest_terminal_summary",
    "weaviate_binary",
]

TIMEOUT_S = 60.0
"""Of a request: an election takes up to fifteen seconds on a machine that does other things, too."""


CATCH_UP_S = 300.0
"""How long a node that was away may take until its own queries are right, on such a machine."""


def within(seconds: float, holds: Callable[[], bool]) -> bool:
    """Return whether something comes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(1.0)
    return holds()


@dataclass(frozen=True)
class Nodes:
    """The three of them, and which is down."""

    nodes: list[Node]

    def open(self, place: int, *, timeout_s: float = TIMEOUT_S) -> WeaviateStore:
        """Return a store that asks one of them."""
        node = self.nodes[place]
        url = f"http://127.0.0.1:{node.rest}"
        return WeaviateStore.connect(url, grpc_port=node.grpc, replication_factor=3, timeout_s=timeout_s)

    def leader(self) -> int:
        """Return the place of the one that decides about the schema, as any that is up says."""
        with urlopen(f"http://127.0.0.1:{self.nodes[0].rest}/v1/cluster/statistics") as answer:
            leader: str = json.load(answer)["statistics"][0]["leaderId"]
        return int(leader.removeprefix("node"))


def parts_in(nodes: Nodes, place: int) -> int:
    """Return how many parts of large rows a node has."""
    node = nodes.nodes[place]
    with connect_to_local(port=node.rest, grpc_port=node.grpc, skip_init_checks=True) as client:
        parts = client.collections.use("MnemonParts")
        tenants = [parts.with_tenant(tenant) for tenant in parts.tenants.get()]
        return sum(one.aggregate.over_all(total_count=True).total_count or 0 for one in tenants)


@pytest.fixture(scope="module")
def started(weaviate_binary: Path) -> Generator[list[Node]]:
    with cluster(3) as nodes:
        yield nodes


@pytest.fixture
def nodes(started: list[Node]) -> Generator[Nodes]:
    """All three, and those that a test killed are up again afterwards."""
    yield Nodes(started)
    for node in started:
        if node.process is None or node.process.poll() is not None:
            node.start()
            node.wait()
