# Generated from core/mnemon/testing/async_store_suite.py by tests/contracts/unasync.py; edit that file.
"""The promises of a store, one test a promise; every backend inherits them all.

Write a class, give it a `store` fixture that yields an empty store, and run pytest:

    class TestMyStore(StoreSuite):
        @pytest.fixture
        def store(self): ...

        def reopen(self, store): ...  # where what is stored outlives the store
"""

from __future__ import annotations

from mnemon.testing._sync.changes import ChangePromises
from mnemon.testing._sync.conditions import ConditionPromises
from mnemon.testing._sync.declarations import DeclarationPromises
from mnemon.testing._sync.rows import RowPromises
from mnemon.testing._sync.scenarios import ScenarioPromises
from mnemon.testing._sync.searches import SearchPromises
from mnemon.testing._sync.units import UnitPromises
from mnemon.testing._sync.writes import WritePromises

__all__ = ["StoreSuite"]


class StoreSuite(
    DeclarationPromises,
    RowPromises,
    WritePromises,
    ConditionPromises,
    SearchPromises,
    UnitPromises,
    ChangePromises,
    ScenarioPromises,
):
    """Every promise that a store makes."""
