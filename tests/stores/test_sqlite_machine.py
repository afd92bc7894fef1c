"""SQLite answers as the reference does, whatever the history."""

from __future__ import annotations

import tempfile
from pathlib import Path

from mnemon.stores.sqlite.store import SQLiteStore
from mnemon.testing import store_machine


def open_store() -> SQLiteStore:
    return SQLiteStore(Path(tempfile.mkdtemp(prefix="mnemon-")) / "store.db")


TestSQLiteMachine = store_machine(open_store).TestCase
