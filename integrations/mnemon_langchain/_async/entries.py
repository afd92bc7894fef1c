"""Reading and writing entries: values under a key, of a person or of nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon.adapting.async_desk import in_chunks
from mnemon.types.storage import Delete, DeleteWhere
from mnemon_langchain.entries import ENTRIES, entry_id, entry_put, matching

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mnemon.adapting.async_desk import AsyncDesk
    from mnemon.types.storage import Cursor
    from mnemon_langchain.entries import Place

__all__ = ["clear", "keys", "read", "remove", "write"]

_PAGE = 1_000


async def read(desk: AsyncDesk, place: Place, names: Sequence[str]) -> list[bytes | None]:
    """Return the value of each name, in their order; None where there is none."""
    ids = [entry_id(place, name) for name in names]
    found: dict[str, bytes] = {}
    for chunk in in_chunks(ids):
        rows = await desk.store.get(desk.project, ENTRIES.name, chunk, include=("payload",))
        found |= {key: row.payload for key, row in rows.items()}
    return [found.get(key) for key in ids]


async def write(desk: AsyncDesk, place: Place, values: Mapping[str, bytes]) -> None:
    """Store values under their names, all of them or none where the store is atomic."""
    if values:
        await desk.store.apply(desk.project, [entry_put(place, *pair) for pair in values.items()])


async def remove(desk: AsyncDesk, place: Place, names: Sequence[str]) -> None:
    """Take values away; names that there are not count nothing."""
    if names:
        ids = [entry_id(place, name) for name in names]
        await desk.store.apply(desk.project, [Delete(collection=ENTRIES.name, ids=ids)])


async def clear(desk: AsyncDesk, place: Place, everybody: bool) -> None:  # noqa: FBT001 - passed on
    """Take away all values of a place, or of that place for everybody, in parts."""
    part = DeleteWhere(collection=ENTRIES.name, where=matching(place, everybody=everybody), limit=_PAGE)
    while (await desk.store.apply(desk.project, [part])).counts[0]:
        pass


async def keys(desk: AsyncDesk, place: Place, prefix: str, after: Cursor | None) -> tuple[list[str], Cursor | None]:
    """Return a page of the names that begin with a prefix, in order, and where the next page starts."""
    page = await desk.store.scan(
        desk.project,
        ENTRIES.name,
        matching(place, prefix=prefix),
        order="name",
        after=after,
        limit=_PAGE,
        include=(),
        fields=("name",),
    )
    names = [str(row.fields.get("name", "")) for row in page.rows]
    begun = [name for name in names if name.startswith(prefix)]
    return begun, None if len(begun) < len(names) else page.after  # in order: none that begins so comes later
