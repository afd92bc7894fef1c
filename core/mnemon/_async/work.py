"""Reading, deciding and writing as one piece of work, where a store can."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from mnemon.protocols.async_store import AsyncSupportsExclusive

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from mnemon.protocols.async_store import AsyncStore

__all__ = ["unit_of_work"]


@asynccontextmanager
async def unit_of_work(store: AsyncStore) -> AsyncGenerator[AsyncStore]:
    """Return a store in which nobody else writes until the block ends, or the store itself where it has none."""
    if isinstance(store, AsyncSupportsExclusive):
        async with store.exclusive() as unit:
            yield unit
    else:
        yield store
