"""Weaviate keeps every promise of a store, through both clients, and answers as the reference does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mnemon.testing import AsyncStoreSuite, StoreSuite
from tests.live.conftest import empty

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from mnemon.protocols.async_store import AsyncStore
    from mnemon.protocols.store import Store
    from tests.live.conftest import Place


@pytest.fixture
def suite_place(request: pytest.FixtureRequest) -> Place:
    """A place without rows; without collections for the tests that are about those: making them takes a second."""
    promises = request.function.__qualname__.split(".")[0]
    if promises in {"DeclarationPromises", "AsyncDeclarationPromises"}:
        return request.getfixturevalue("place")
    shared: Place = request.getfixturevalue("shared_place")
    empty(shared)
    return shared


class TestWeaviateStore(StoreSuite):
    place: Place

    @pytest.fixture
    def store(self, suite_place: Place) -> Generator[Store]:
        self.place = suite_place
        with suite_place.open() as store:
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
    async def store(self, suite_place: Place) -> AsyncGenerator[AsyncStore]:
        self.place = suite_place
        async with suite_place.open_async() as store:
            yield store

    async def reopen(self, store: AsyncStore) -> AsyncStore:
        await store.aclose()
        return self.place.open_async()
