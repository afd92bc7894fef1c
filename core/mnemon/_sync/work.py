# Generated from core/mnemon/_async/work.py by tests/contracts/unasync.py; edit that file.
"""Reading, deciding and writing as one piece of work, where a store can."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from mnemon.protocols.store import SupportsExclusive

if TYPE_CHECKING:
    from collections.abc import Generator

    from mnemon.protocols.store import Store

__all__ = ["unit_of_work"]


@contextmanager
def unit_of_work(store: Store) -> Generator[Store]:
    """Return a store in which nobody else writes until the block ends, or the store itself where it has none."""
    if isinstance(store, SupportsExclusive):
        with store.exclusive() as unit:
            yield unit
    else:
        yield store
