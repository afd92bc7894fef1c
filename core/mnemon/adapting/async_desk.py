"""What an adapter's own pieces of work are written with.

A piece is an async function of a desk (`from mnemon.adapting.async_desk import AsyncDesk`) and whatever
else it needs. It stands in a module of a package named `_async`, and its generated twin in the module
of the same name beside it, in `_sync`. `mnemon.adapting.storage` runs both.
"""

from __future__ import annotations

from mnemon._async.desk import AsyncDesk, in_chunks, newest_rows, pages
from mnemon._async.work import one_moment, unit_of_work
from mnemon.adapting._async.people import groups_of, people
from mnemon.protocols.async_store import AsyncStore
from mnemon.wrappers.threads import athink

__all__ = [
    "AsyncDesk",
    "AsyncStore",
    "athink",
    "groups_of",
    "in_chunks",
    "newest_rows",
    "one_moment",
    "pages",
    "people",
    "unit_of_work",
]
