"""What stands in the store beneath an adapter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon.adapting.storage import Storage
from mnemon.types.storage import Delete

if TYPE_CHECKING:
    from mnemon import Memory
    from mnemon.adapting.desk import Desk


def count(memory: Memory, collection: str) -> int:
    return Storage(memory).run(_count, collection)


def delete_all(memory: Memory, collection: str) -> None:
    Storage(memory).run(_delete_all, collection)


def payloads(memory: Memory, *collections: str) -> list[bytes]:
    return Storage(memory).run(_payloads, collections)


def volume(memory: Memory, collection: str) -> int:
    """Return the bytes of all payloads of at most a thousand rows."""
    return Storage(memory).run(_volume, collection)


def _count(desk: Desk, collection: str) -> int:
    return desk.store.count(desk.project, collection).rows


def _delete_all(desk: Desk, collection: str) -> None:
    ids = desk.store.list_ids(desk.project, collection)
    desk.store.apply(desk.project, [Delete(collection=collection, ids=ids)])


def _payloads(desk: Desk, collections: tuple[str, ...]) -> list[bytes]:
    return [row.payload for name in collections for row in desk.store.scan(desk.project, name).rows]


def _volume(desk: Desk, collection: str) -> int:
    ids = desk.store.list_ids(desk.project, collection)
    return sum(len(row.payload) for row in desk.store.get(desk.project, collection, ids).values())
