"""SQLite answers as the reference does, whatever the history."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from mnemon.stores.sqlite import pending
from mnemon.stores.sqlite.store import SQLiteStore
from mnemon.testing import store_machine


class OwnFolderStore(SQLiteStore):
    """A store in a folder of its own, which goes when the store is closed."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="mnemon-")
        super().__init__(Path(self._folder.name) / "store.db")

    def close(self) -> None:
        super().close()
        self._folder.cleanup()


TestSQLiteMachine = store_machine(OwnFolderStore).TestCase


class TestSQLiteMachineThatIndexesOften(store_machine(OwnFolderStore).TestCase):
    @pytest.fixture(autouse=True)
    def few_pending(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let rows of one history be in the index and beside it."""
        monkeypatch.setattr(pending, "MOST_PENDING", 3)
