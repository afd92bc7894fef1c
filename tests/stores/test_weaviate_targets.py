"""Addresses of Weaviate, read without a server."""

from __future__ import annotations

from importlib import import_module

import pytest

from mnemon import ConfigError, StoreUnavailableError
from mnemon.config.targets import WeaviateTarget, parse_target
from mnemon.types.storage import Collection


def test_an_address_says_host_ports_and_options() -> None:
    whole = "weaviate://db.example:8081?grpc_port=50052&secure=true&prefix=Shop&timeout_s=5&replicas=3"

    target = parse_target(whole)

    assert target == WeaviateTarget(
        "https://db.example:8081", {"grpc_port": 50052, "prefix": "Shop", "timeout_s": 5.0, "replication_factor": 3}
    )
    assert parse_target("weaviate://localhost") == WeaviateTarget("http://localhost:8080", {})
    assert parse_target("WEAVIATE://localhost?secure=true") == WeaviateTarget("https://localhost:443", {})
    assert parse_target("weaviate://[::1]:8080") == WeaviateTarget("http://[::1]:8080", {})


@pytest.mark.parametrize(
    "address",
    [
        "weaviate://user:sesame@host:8080",
        "weaviate://sesame@host:8080",
        "weaviate://host:8080?api_key=sesame",
        "weaviate://host:8080?grpc_port=sesame",
        "weaviate://host:8080?grpc_port=0",
        "weaviate://host:8080?grpc_port=1&grpc_port=2",
        "weaviate://host:8080?secure=sesame",
        "weaviate://host:8080?prefix=sesame",
        "weaviate://host:8080?timeout_s=0",
        "weaviate://host:8080?replicas=0",
        "weaviate://host:8080/sesame",
        "weaviate://host:8080#sesame",
        "weaviate://host:sesame",
        "weaviate://:8080",
        "weaviate:host",
        "weaviate://",
    ],
)
def test_an_address_that_is_none_is_refused_and_nothing_of_it_is_shown(address: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_target(address)

    assert "sesame" not in str(caught.value)


def test_a_store_is_opened_without_asking_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("weaviate")
    weaviate = import_module("mnemon.stores.weaviate")
    monkeypatch.setenv("WEAVIATE_API_KEY", "sesame")

    with weaviate.WeaviateStore.connect("http://localhost:9", api_key="sesame", timeout_s=1.0) as store:
        shown = repr(store)

    assert "localhost:9" in shown
    assert "sesame" not in shown


@pytest.mark.parametrize(
    ("url", "options", "told"),
    [
        ("http://h:1?grpc_port=50052&api_key=sesame", {}, "arguments"),
        ("http://h:1#sesame", {}, "arguments"),
        ("http://h:0", {}, "from 1 to 65535, not 0"),
        ("http://h:1", {"grpc_port": 99_999}, "from 1 to 65535, not 99999"),
        ("http://h:1", {"timeout_s": -1}, "not -1"),
        ("http://h:1", {"timeout_s": 0}, "not 0"),
        ("http://h:1", {"timeout_s": float("nan")}, "not nan"),
        ("http://h:1", {"timeout_s": "5"}, "not '5'"),
    ],
)
def test_what_a_store_cannot_be_connected_with_is_refused_at_once(
    url: str, options: dict[str, object], told: str
) -> None:
    pytest.importorskip("weaviate")
    weaviate = import_module("mnemon.stores.weaviate")

    with pytest.raises(ConfigError, match=told) as caught:
        weaviate.WeaviateStore.connect(url, **options)

    assert "sesame" not in str(caught.value)


def test_an_address_of_numbers_keeps_its_brackets() -> None:
    pytest.importorskip("weaviate")
    weaviate = import_module("mnemon.stores.weaviate")

    with weaviate.WeaviateStore.connect("http://[::1]:9", timeout_s=1.0) as store:
        assert "http://[::1]:9" in repr(store)
        with pytest.raises(StoreUnavailableError):  # the client takes it for an address, and nobody answers there
            store.declare(Collection(name="notes"))
