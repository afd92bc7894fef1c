# Generated from tests/core/adapting/_async/notes.py by tests/contracts/unasync.py; edit that file.
"""A piece of work of an adapter that there could be: it keeps notes."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from mnemon.adapting.desk import unit_of_work
from mnemon.types.storage import Put, Row

if TYPE_CHECKING:
    from mnemon.adapting.desk import Desk


def write(desk: Desk, user_id: str, *, number: int) -> tuple[int, int]:
    """Write a note in one unit of work; return how many there are, and the thread that wrote it."""
    with unit_of_work(desk.store) as store:
        row = Row(id=f"{user_id} {number}", fields={"user_id": user_id})
        store.apply(desk.project, [Put(collection="notes", row=row)])
        return (store.count(desk.project, "notes")).rows, threading.get_ident()
