"""The fixture of tests that run twice: against a real server, and from a cassette without one.

The variable `CASSETTES` of the environment says which: `replay`, as when it is not set, `live` or `record`.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast, get_args

import pytest

from mnemon.testing.cassettes.errors import CassetteError
from mnemon.testing.cassettes.recorder import recording, replaying

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

__all__ = ["Cassette", "RecordedServer", "cassette", "cassette_path"]

Mode = Literal["replay", "live", "record"]

_NOWHERE = (1, 2)
"""Ports at which nobody listens: what is not answered by the cassette fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedServer:
    """The real server that a test runs against; what a fixture called `cassette_server` gives.

    Attributes:
        name: what it is, with its version, as the cassette's head says: "weaviate 1.39.0".
        host: where it is.
        port: its REST port.
        grpc_port: its gRPC port.
    """

    name: str
    host: str
    port: int
    grpc_port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cassette:
    """Where a test finds the server, real or recorded.

    Attributes:
        path: the file, `cassettes/<module>/<test>.yaml` beside the test's module.
        mode: how the test runs: `replay`, `live` or `record`.
        host: the server's.
        port: its REST port.
        grpc_port: its gRPC port.
    """

    path: Path
    mode: Mode
    host: str
    port: int
    grpc_port: int


@pytest.fixture
def cassette(request: pytest.FixtureRequest) -> Generator[Cassette]:
    """Give a test marked `cassette` its server; ask for it before anything that connects.

    When it is not replayed, a fixture `cassette_server` of yours is asked for a `RecordedServer` on which
    nothing is left of other tests; what that fixture asks of the server is not recorded.
    """
    mode, path = _mode(), cassette_path(request.node)
    if request.node.get_closest_marker("cassette") is None:
        msg = f"{request.node.nodeid} asks for a cassette and is not marked so: @pytest.mark.cassette"
        raise CassetteError(msg)
    if mode == "replay":
        with replaying(path):
            rest, grpc = _NOWHERE
            yield Cassette(path=path, mode=mode, host="127.0.0.1", port=rest, grpc_port=grpc)
        return
    server: RecordedServer = request.getfixturevalue("cassette_server")
    found = Cassette(path=path, mode=mode, host=server.host, port=server.port, grpc_port=server.grpc_port)
    if mode == "live":
        yield found
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with recording(path, server=server.name):
        yield found


def cassette_path(item: pytest.Item) -> Path:
    """Return where a test's cassette stands; the inventory tells when two tests would share one."""
    name = (
        item.name if not isinstance(item, pytest.Function) or item.cls is None else f"{item.cls.__name__}.{item.name}"
    )
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-")
    return item.path.parent / "cassettes" / item.path.stem / f"{plain}.yaml"


def _mode() -> Mode:
    mode = os.environ.get("CASSETTES", "replay")
    if mode not in get_args(Mode):
        msg = f"CASSETTES is {mode!r}; it is one of {', '.join(get_args(Mode))}"
        raise CassetteError(msg)
    return cast("Mode", mode)
