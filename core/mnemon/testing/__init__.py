"""What a backend is tested with; needs the extra `mnemon[testing]`.

`AsyncStoreSuite` and `StoreSuite` hold one test for each promise of a store; `store_machine` compares
a store with the reference over random histories. `isolated_user_store` keeps tests away from the user's own store.
"""

from __future__ import annotations

from mnemon.errors import MissingExtraError

try:
    import hypothesis
    import pytest
except ImportError as error:
    feature = "mnemon.testing"
    raise MissingExtraError(feature, "testing") from error

from mnemon.testing.async_store_suite import AsyncStoreSuite
from mnemon.testing.isolation import guard_user_store, isolate_user_store, isolated_user_store
from mnemon.testing.stateful import store_machine
from mnemon.testing.store_suite import StoreSuite

del hypothesis, pytest

__all__ = [
    "AsyncStoreSuite",
    "StoreSuite",
    "guard_user_store",
    "isolate_user_store",
    "isolated_user_store",
    "store_machine",
]
