"""The server that a store starts for itself; its program is the one that the live tests run on."""

from __future__ import annotations

import hashlib
import socket
from typing import TYPE_CHECKING

import pytest

from mnemon import AsyncMemory, ConfigError, Memory, StoreUnavailableError
from mnemon.stores.weaviate import AsyncWeaviateStore, WeaviateStore
from mnemon.stores.weaviate.embedded import DEFAULT_VERSION
from tests.servers.weaviate_server import binary, free_ports

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def programs(weaviate_binary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which weaviate-client finds the program, so that it downloads nothing."""

    def refuse(url: str, _: object) -> None:
        msg = f"a test wanted to download {url}"
        raise AssertionError(msg)

    monkeypatch.setattr("urllib.request.urlretrieve", refuse)
    tag = f"v{DEFAULT_VERSION}"
    folder = tmp_path / "programs"
    folder.mkdir()
    (folder / f"weaviate-{tag}-{hashlib.sha256(tag.encode()).hexdigest()}").symlink_to(binary())
    return folder


@pytest.fixture
def ports() -> tuple[int, int]:
    (first,) = free_ports(1, wide=2)
    return first, first + 1


def test_an_embedded_server_starts_when_needed_ends_with_the_store_and_keeps_what_it_was_given(
    programs: Path, ports: tuple[int, int], tmp_path: Path
) -> None:
    def store() -> WeaviateStore:
        return WeaviateStore.embedded(tmp_path / "data", port=ports[0], grpc_port=ports[1], binary_folder=programs)

    with store() as unused:
        assert str(tmp_path / "data") in repr(unused)
        assert not listens(ports[0])
    with store() as one, Memory(store=one, embedder=None) as memory:
        memory.add("I moved to Lisbon.", user_id="ana")
        assert listens(ports[0])
    ended = not listens(ports[0])
    with store() as other, Memory(store=other, embedder=None) as memory:
        found = memory.search("Lisbon", user_id="ana")

    assert ended
    assert [hit.memory.text for hit in found] == ["I moved to Lisbon."]


@pytest.mark.anyio
async def test_an_embedded_server_serves_an_async_memory(
    programs: Path, ports: tuple[int, int], tmp_path: Path, anyio_backend: str
) -> None:
    folder = tmp_path / "data"
    store = AsyncWeaviateStore.embedded(folder, port=ports[0], grpc_port=ports[1], binary_folder=programs)

    async with store, AsyncMemory(store=store, embedder=None) as memory:
        await memory.add("I moved to Lisbon.", user_id="ana")
        found = await memory.search("Lisbon", user_id="ana")

    assert [hit.memory.text for hit in found] == ["I moved to Lisbon."]
    assert not listens(ports[0])


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def test_a_port_that_is_taken_is_an_error_that_names_it(programs: Path, ports: tuple[int, int], tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", ports[0])),
        WeaviateStore.embedded(tmp_path / "data", port=ports[0], grpc_port=ports[1], binary_folder=programs) as store,
        pytest.raises(StoreUnavailableError, match=f"{ports[0]} and {ports[1]}.*free"),
    ):
        store.collections()


def test_a_version_that_is_none_is_an_error_that_names_it(tmp_path: Path) -> None:
    with (
        WeaviateStore.embedded(tmp_path, binary_folder=tmp_path, version="newest") as store,
        pytest.raises(ConfigError, match="'newest'"),
    ):
        store.collections()


def listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0
