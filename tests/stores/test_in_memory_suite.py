"""The reference store keeps every promise of a store, through either face of the suite."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mnemon.stores.in_memory import InMemoryStore
from mnemon.testing.store_suite import StoreSuite

if TYPE_CHECKING:
    from collections.abc import Iterator


class TestInMemoryStore(StoreSuite):
    @pytest.fixture
    def store(self) -> Iterator[InMemoryStore]:
        with InMemoryStore() as store:
            yield store
