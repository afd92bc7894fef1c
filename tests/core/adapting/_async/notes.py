"""A piece of work of an adapter that there could be: it keeps notes."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from mnemon.adapting.async_desk import unit_of_work
from mnemon.types.storage import Put, Row

if TYPE_CHECKING:
    from mnemon.adapting.async_desk import AsyncDesk


async def write(desk: AsyncDesk, user_id: str, *, number: int) -> tuple[int, int]:
    """Write a note in one unit of work; return how many there are, and the thread that wrote it."""
    async with unit_of_work(desk.store) as store:
        row = Row(id=f"{user_id} {number}", fields={"user_id": user_id})
        await store.apply(desk.project, [Put(collection="notes", row=row)])
        return (await store.count(desk.project, "notes")).rows, threading.get_ident()
