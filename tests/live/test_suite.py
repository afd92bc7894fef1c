"""Weaviate keeps every promise of a store, through both clients, and answers as the reference does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mnemon.testing import AsyncStoreSuite, StoreSuite

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from mnemon.protocols.async_store import AsyncStore
    from mnemon.protocols.store import Store
    from tests.live.conftest import Place


class TestWeaviateStore(StoreSuite):
    place: Place

    @pytest.fixture
    def store(self, place: Place) -> Generator[Store]:
        self.place = place
        with place.open() as store:
            yield store

    def reopen(self, store: Store) -> Store:
        store.close()
        return self.place.open()


@pytest.mark.anyio
class TestAsyncWeaviateStore(AsyncStoreSuite):
    @pytest.fixture
    def anyio_backend(self) -> str:
        return "asyncio"

    place: Place

    @pytest.fixture
    async def store(self, place: Place) -> AsyncGenerator[AsyncStore]:
        self.place = place
        async with place.open_async() as store:
            yield store

    async def reopen(self, store: AsyncStore) -> AsyncStore:
        await store.aclose()
        return self.place.open_async()
