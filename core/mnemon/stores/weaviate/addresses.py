"""Where a server is, and how its client is made."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from weaviate import WeaviateAsyncClient, WeaviateClient
from weaviate.classes.init import AdditionalConfig, Auth, Timeout
from weaviate.config import GrpcConfig
from weaviate.connect.base import ConnectionParams, ProtocolParams

from mnemon.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Address", "address_of", "attempt_s", "client_arguments"]

Client = TypeVar("Client", WeaviateClient, WeaviateAsyncClient)

_REST, _GRPC, _TLS = 8080, 50051, 443
_MOST_PORT = 65_535

_REPEATED = ("Search", "Aggregate", "TenantsGet", "BatchObjects")
"""Calls of gRPC that do no harm when they are carried out twice: deletions would count wrongly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A server's two ports and what it has to be told; keys stay out of `repr`."""

    host: str
    port: int
    secure: bool
    grpc_host: str
    grpc_port: int
    api_key: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)

    def __str__(self) -> str:
        """The address as messages name it."""
        return f"{'https' if self.secure else 'http'}://{self.host}:{self.port} (gRPC {self.grpc_port})"

    def client(self, kind: type[Client], timeout_s: float) -> Client:
        """Return a client, not yet connected."""
        return kind(**client_arguments(self, timeout_s))


def address_of(
    url: str,
    *,
    grpc_port: int | None = None,
    grpc_host: str | None = None,
    api_key: str | None = None,
    secure: bool | None = None,
    headers: Mapping[str, str] | None = None,
) -> Address:
    """Return the address of `http(s)://host:port`, or of `host:port`.

    Raises:
        ConfigError: the URL is none, or holds a password or settings; a port is none.
    """
    parts = urlsplit(url if "://" in url else f"http://{url}")
    if parts.username or parts.password:
        msg = "the address of a Weaviate holds a name or password; give api_key=... or set WEAVIATE_API_KEY"
        raise ConfigError(msg)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.query or parts.fragment:
        msg = (
            "the address of a Weaviate is http://host:port and holds nothing behind it: give grpc_port=..., secure=... "
            "and the like as arguments, or open Memory('weaviate://host:port?grpc_port=...')"
        )
        raise ConfigError(msg)
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == -1 or parts.path not in {"", "/"}:
        msg = "the address of a Weaviate is http://host:port, https://host or host:port, without a path"
        raise ConfigError(msg)
    for given in (port, grpc_port):
        if given is not None and not 0 < given <= _MOST_PORT:
            msg = f"a port of a Weaviate is a number from 1 to {_MOST_PORT}, not {given}"
            raise ConfigError(msg)
    tls = parts.scheme == "https" if secure is None else secure
    default = _TLS if tls and "://" in url else _REST
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname  # IPv6: clients want its brackets
    return Address(
        host=host,
        port=port or default,
        secure=tls,
        grpc_host=grpc_host or host,
        grpc_port=grpc_port or (_TLS if grpc_host and tls else _GRPC),
        api_key=api_key,
        headers=dict(headers or {}),
    )


def attempt_s(timeout_s: object) -> float:
    """Return how long one attempt of a request is waited for.

    Half of the limit, so that there is time for another: what asks a cluster's leader for the schema
    in the moment in which that node dies is never answered, and what comes later asks the new leader.

    Raises:
        ConfigError: the limit is no number of seconds.
    """
    if isinstance(timeout_s, bool) or not isinstance(timeout_s, int | float) or not 0 < timeout_s < math.inf:
        msg = f"timeout_s must be a number of seconds above 0, not {timeout_s!r}; the default is 20"
        raise ConfigError(msg)
    return timeout_s / 2


def client_arguments(address: Address, timeout_s: float) -> dict[str, Any]:
    """Return what the client, sync or async, is made with.

    gRPC waits for a server that is away instead of failing at once, no longer than one attempt may take,
    and repeats itself what may be repeated: the client's own repetitions sleep up to a minute.
    """
    attempt = attempt_s(timeout_s)
    service = "weaviate.v1.Weaviate"
    waiting = {"waitForReady": True, "timeout": f"{attempt:g}s"}
    retries = {
        "maxAttempts": 4,
        "initialBackoff": "0.1s",
        "maxBackoff": "2s",
        "backoffMultiplier": 2,
        "retryableStatusCodes": ["UNAVAILABLE"],
    }
    methods = [
        {"name": [{"service": service, "method": name} for name in _REPEATED], "retryPolicy": retries, **waiting},
        {"name": [{"service": service}], **waiting},
    ]
    return {
        "connection_params": ConnectionParams(
            http=ProtocolParams(host=address.host, port=address.port, secure=address.secure),
            grpc=ProtocolParams(host=address.grpc_host, port=address.grpc_port, secure=address.secure),
        ),
        "auth_client_secret": None if address.api_key is None else Auth.api_key(address.api_key),
        "additional_headers": dict(address.headers) or None,
        "additional_config": AdditionalConfig(
            timeout=Timeout(init=attempt, query=attempt, insert=attempt),
            grpc_config=GrpcConfig(channel_options=[("grpc.service_config", json.dumps({"methodConfig": methods}))]),
        ),
        # The checks ask PyPI for a newer client, among others; the store asks the server itself.
        "skip_init_checks": True,
    }
