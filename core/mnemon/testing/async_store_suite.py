"""The promises of a store, one test a promise; every backend inherits them all.

Write a class, give it a `store` fixture that yields an empty store, and run pytest:

    class TestMyStore(AsyncStoreSuite):
        @pytest.fixture
        async def store(self): ...

        async def reopen(self, store): ...  # where what is stored outlives the store
"""

from __future__ import annotations

from mnemon.testing._async.changes import AsyncChangePromises
from mnemon.testing._async.conditions import AsyncConditionPromises
from mnemon.testing._async.declarations import AsyncDeclarationPromises
from mnemon.testing._async.rows import AsyncRowPromises
from mnemon.testing._async.scenarios import AsyncScenarioPromises
from mnemon.testing._async.searches import AsyncSearchPromises
from mnemon.testing._async.units import AsyncUnitPromises
from mnemon.testing._async.writes import AsyncWritePromises

__all__ = ["AsyncStoreSuite"]


class AsyncStoreSuite(
    AsyncDeclarationPromises,
    AsyncRowPromises,
    AsyncWritePromises,
    AsyncConditionPromises,
    AsyncSearchPromises,
    AsyncUnitPromises,
    AsyncChangePromises,
    AsyncScenarioPromises,
):
    """Every promise that a store makes."""
