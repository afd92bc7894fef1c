"""Weaviate keeps every promise of a store, through both clients, and answers as the reference does."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from mnemon.stores.weaviate import AsyncWeaviateStore, WeaviateStore
from mnemon.testing import AsyncStoreSuite, StoreSuite

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from mnemon.protocols.async_store import AsyncStore
    from mnemon.protocols.store import Store
    from tests.live.conftest import Place


def same_place(store: WeaviateStore | AsyncWeaviateStore) -> dict[str, object]:
    address = store._server._address
    assert address is not None
    return {
        "url": f"http://{address.host}:{address.port}",
        "grpc_port": address.grpc_port,
        "prefix": store._server.prefix,
    }


class TestWeaviateStore(StoreSuite):
    @pytest.fixture
    def store(self, place: Place) -> Generator[Store]:
        with place.open() as store:
            yield store

    def reopen(self, store: Store) -> Store:
        known = same_place(cast("WeaviateStore", store))
        store.close()
        return WeaviateStore.connect(**known)  # pyright: ignore[reportArgumentType]


@pytest.mark.anyio
class TestAsyncWeaviateStore(AsyncStoreSuite):
    @pytest.fixture
    def anyio_backend(self) -> str:
        return "asyncio"

    @pytest.fixture
    async def store(self, place: Place) -> AsyncGenerator[AsyncStore]:
        async with place.open_async() as store:
            yield store

    async def reopen(self, store: AsyncStore) -> AsyncStore:
        known = same_place(cast("AsyncWeaviateStore", store))
        await store.aclose()
        return AsyncWeaviateStore.connect(**known)  # pyright: ignore[reportArgumentType]
