"""Looking after the server: rows that lost their place in an index, parts that nobody names, health."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon.stores.weaviate.health import Health
from mnemon.types.storage import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mnemon.stores.weaviate._async.reader import AsyncReader
    from mnemon.stores.weaviate._async.server import AsyncServer
    from mnemon.types.storage import Collection

__all__ = ["examine", "probe"]


async def examine(
    server: AsyncServer, reader: AsyncReader, collections: Sequence[Collection], *, repair: bool
) -> list[Finding]:
    """Return what does not fit."""
    return []


async def probe(server: AsyncServer) -> Health:
    """Return the server's health."""
    return Health()
