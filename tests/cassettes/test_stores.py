"""The central promises of a store, kept by Weaviate: what is stored, found, changed and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mnemon.testing import AsyncStoreSuite, StoreSuite

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from mnemon.protocols.async_store import AsyncStore
    from mnemon.protocols.store import Store
    from tests.live.conftest import Place

pytestmark = pytest.mark.cassette

CENTRAL = {
    "test_get_returns_what_exists_in_the_order_asked",
    "test_a_put_replaces_the_whole_row",
    "test_a_put_can_skip_or_abort_where_the_row_is_there",
    "test_writes_of_a_batch_are_carried_out_in_order",
    "test_a_patch_changes_what_it_names_and_nothing_else",
    "test_a_superseded_row_leaves_current_searches_and_stays_in_the_others",
    "test_deleted_rows_are_gone_from_every_read",
    "test_a_limited_delete_is_repeated_until_it_counts_nothing",
    "test_the_last_page_says_that_there_is_no_more",
    "test_groups_come_by_value_with_counts_and_bounds",
    "test_text_search_goes_by_the_summed_weight_of_the_terms",
    "test_a_vector_search_can_be_asked_about_given_ids",
}
"""Those whose requests say most about the store: all others run against the real server only."""


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
    place: Place

    @pytest.fixture
    def anyio_backend(self) -> str:
        return "asyncio"

    @pytest.fixture
    async def store(self, place: Place) -> AsyncGenerator[AsyncStore]:
        self.place = place
        async with place.open_async() as store:
            yield store

    async def reopen(self, store: AsyncStore) -> AsyncStore:
        await store.aclose()
        return self.place.open_async()


def keep_central(suite: type) -> None:
    """Leave a suite the central tests; pytest passes over a name that stands for nothing."""
    names = {name for name in dir(suite) if name.startswith("test_")}
    assert names >= CENTRAL, f"the suite has no {CENTRAL - names}"
    for name in names - CENTRAL:
        setattr(suite, name, None)


keep_central(TestWeaviateStore)
keep_central(TestAsyncWeaviateStore)
