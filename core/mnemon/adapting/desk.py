# Generated from core/mnemon/adapting/async_desk.py by tests/contracts/unasync.py; edit that file.
"""What an adapter's own pieces of work are written with.

A piece is an async function of a desk (`from mnemon.adapting.desk import Desk`) and whatever
else it needs. It stands in a module of a package named `_sync`, and its generated twin in the module
of the same name beside it, in `_sync`. `mnemon.adapting.storage` runs both.
"""

from __future__ import annotations

from mnemon._sync.desk import Desk, in_chunks, newest_rows, pages
from mnemon._sync.work import one_moment, unit_of_work
from mnemon.adapting._sync.people import groups_of, people
from mnemon.protocols.store import Store
from mnemon.wrappers.threads import think

__all__ = [
    "Desk",
    "Store",
    "groups_of",
    "in_chunks",
    "newest_rows",
    "one_moment",
    "pages",
    "people",
    "think",
    "unit_of_work",
]
