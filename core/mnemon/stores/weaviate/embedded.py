"""A server that weaviate-client starts beside this process, and ends with it."""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from weaviate import WeaviateAsyncClient, WeaviateClient
from weaviate.classes.init import AdditionalConfig, Timeout
from weaviate.embedded import EmbeddedOptions
from weaviate.exceptions import WeaviateEmbeddedInvalidVersionError, WeaviateStartUpError

from mnemon.errors import ConfigError, StoreUnavailableError
from mnemon.stores.weaviate.addresses import attempt_s

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["DEFAULT_VERSION", "Embedded"]

DEFAULT_VERSION = "1.39.0"
"""The newest under one open licence, and what the tests run on; older clients would start one that is too old."""

Client = TypeVar("Client", WeaviateClient, WeaviateAsyncClient)

_FIRST, _LAST = 20_000, 32_000
"""Ports that are given to nobody who connects somewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """A server of our own.

    Attributes:
        folder: where it keeps its data.
        port: its REST port.
        grpc_port: its gRPC port.
        version: which server.
        binary_folder: where its program lies, or is downloaded to; None for weaviate-client's own cache.
    """

    folder: Path
    port: int
    grpc_port: int
    version: str
    binary_folder: Path | None

    def __str__(self) -> str:
        """The server as messages name it."""
        return f"{self.folder} (embedded, ports {self.port} and {self.grpc_port})"

    def client(self, kind: type[Client], timeout_s: float) -> Client:
        """Start the server and return a client of it, not yet connected; it may take half a minute.

        Raises:
            ConfigError: no server has this version.
            StoreUnavailableError: it did not start.
        """
        options = EmbeddedOptions(
            persistence_data_path=str(self.folder.absolute()),
            version=self.version,
            port=self.port,
            grpc_port=self.grpc_port,
            additional_env_vars=self._environment(),
        )
        if self.binary_folder is not None:
            options.binary_path = str(self.binary_folder)
        attempt = attempt_s(timeout_s)
        timeout = Timeout(init=attempt, query=attempt, insert=attempt)
        try:
            return kind(
                embedded_options=options,
                additional_config=AdditionalConfig(timeout=timeout),
                skip_init_checks=True,
            )
        except WeaviateEmbeddedInvalidVersionError as error:
            msg = f"version is {self.version!r}, which no Weaviate has; give one such as {DEFAULT_VERSION!r}"
            raise ConfigError(msg) from error
        except (WeaviateStartUpError, OSError) as error:
            msg = (
                f"the Weaviate in {self} could not be started ({error}); are its ports free, is its folder used by "
                f"nobody else, and is its program there or the network to download it?"
            )
            raise StoreUnavailableError(msg) from error

    def _environment(self) -> dict[str, str]:
        gossip = _four_free_ports()
        return {
            "PERSISTENCE_DATA_PATH": str(self.folder.absolute()),
            # The data belongs to this name: the client would draw it from the port.
            "CLUSTER_HOSTNAME": "embedded",
            "CLUSTER_IN_LOCALHOST": "true",
            "CLUSTER_ADVERTISE_ADDR": "127.0.0.1",
            "CLUSTER_GOSSIP_BIND_PORT": str(gossip),
            "CLUSTER_DATA_BIND_PORT": str(gossip + 1),
            "RAFT_PORT": str(gossip + 2),
            "RAFT_INTERNAL_RPC_PORT": str(gossip + 3),
            "RAFT_JOIN": f"embedded:{gossip + 2}",
            "DEFAULT_VECTORIZER_MODULE": "none",
            "ENABLE_MODULES": "",
            "API_BASED_MODULES_DISABLED": "true",
            "AUTOSCHEMA_ENABLED": "false",
            "ASYNC_INDEXING": "false",
            "QUERY_MAXIMUM_RESULTS": "10000",
            "DISK_USE_READONLY_PERCENTAGE": "97",
            "DISABLE_TELEMETRY": "true",
            "GO_PROFILING_DISABLE": "true",
            "LOG_LEVEL": os.environ.get("LOG_LEVEL", "error"),
        }


def _four_free_ports() -> int:
    """Return the first of four ports for what the server says to itself."""
    for first in range(_FIRST, _LAST, 4):
        with ExitStack() as stack:
            try:
                for port in range(first, first + 4):
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
    msg = f"no four ports in a row are free between {_FIRST} and {_LAST}; free some"
    raise StoreUnavailableError(msg)
