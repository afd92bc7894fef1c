"""SQLite keeps every promise of a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mnemon.stores.sqlite import pending
from mnemon.stores.sqlite.store import SQLiteStore
from mnemon.testing.store_suite import StoreSuite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mnemon.protocols.store import Store


class TestSQLiteStore(StoreSuite):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[SQLiteStore]:
        with SQLiteStore(tmp_path / "store.db") as store:
            yield store

    def reopen(self, store: Store) -> SQLiteStore:
        assert isinstance(store, SQLiteStore)
        store.close()
        return SQLiteStore(store.path)


class TestSQLiteStoreThatIndexesAtOnce(TestSQLiteStore):
    @pytest.fixture(autouse=True)
    def nothing_pending(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Add each batch's text to the index, as only longer histories than the suite's do."""
        monkeypatch.setattr(pending, "MOST_PENDING", 1)
