# Generated from core/mnemon/stores/weaviate/_async/upkeep.py by tests/contracts/unasync.py; edit that file.
"""Looking after the server: rows that lost their place in an index, parts that nobody names, health."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon.stores.weaviate.health import Health
from mnemon.types.storage import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mnemon.stores.weaviate._sync.reader import Reader
    from mnemon.stores.weaviate._sync.server import Server
    from mnemon.types.storage import Collection

__all__ = ["examine", "probe"]


def examine(server: Server, reader: Reader, collections: Sequence[Collection], *, repair: bool) -> list[Finding]:
    """Return what does not fit."""
    return []


def probe(server: Server) -> Health:
    """Return the server's health."""
    return Health()
