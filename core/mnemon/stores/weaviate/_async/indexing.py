"""Rows whose vectors no search finds, and how the server is made to index them anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weaviate.classes.query import Filter as Asked

from mnemon.errors import StoreError
from mnemon.logic.requests import MAX_LIMIT
from mnemon.stores.weaviate import naming
from mnemon.stores.weaviate._async.announcing import AsyncAnnouncer
from mnemon.stores.weaviate.conditions import EVERY_ROW, with_ids, with_vector
from mnemon.stores.weaviate.failures import is_missing_row
from mnemon.stores.weaviate.log import is_told, of_rows
from mnemon.stores.weaviate.sizes import chunks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from threading import Event
    from uuid import UUID

    from mnemon.stores.weaviate._async.reader import AsyncReader
    from mnemon.stores.weaviate._async.server import AsyncServer
    from mnemon.stores.weaviate.conditions import Question
    from mnemon.types.storage import Collection, VectorSpace

__all__ = ["index_again", "lost_among", "lost_vectors", "mark_vectors", "unmarked_vectors"]

_AT_ONCE = 1_000
"""Rows of one request by id."""


async def lost_vectors(
    server: AsyncServer, reader: AsyncReader, project: str, collection: Collection, space: VectorSpace
) -> list[str]:
    """Return the rows that have a vector and that a search among few thousand rows by any vector does not name."""
    seeming: list[str] = []
    question = Asked.all_of([EVERY_ROW, with_vector(space.name)])
    async for part, there in reader.in_ranges(project, collection, question):
        named = await _named(server, reader, project, collection, space, part)
        seeming += [naming.text_of_ordered(str(one.properties[naming.ID])) for one in there if one.uuid not in named]
    return await lost_among(server, reader, project, collection, space, seeming)  # or were they written meanwhile?


async def lost_among(
    server: AsyncServer,
    reader: AsyncReader,
    project: str,
    collection: Collection,
    space: VectorSpace,
    ids: Sequence[str],
) -> list[str]:
    """Return those of some rows that have a vector and that no search by it names."""
    lost: list[str] = []
    for chunk in chunks(ids, _AT_ONCE):
        named = await _named(server, reader, project, collection, space, with_ids(chunk))
        rest = [row_id for row_id in chunk if naming.object_id(row_id) not in named]
        if rest:
            question = Asked.all_of([with_ids(rest), with_vector(space.name)])
            there = await reader.fetch(project, collection, question, (), (), limit=len(rest))
            lost += [naming.text_of_ordered(str(one.properties[naming.ID])) for one in there]
    return sorted(lost)


async def _named(
    server: AsyncServer, reader: AsyncReader, project: str, collection: Collection, space: VectorSpace, part: Question
) -> set[UUID]:
    """Return those of some rows that a search by vector names."""
    rows = await server.rows(collection.name, project)
    anywhere = [1.0, *(0.0 for _ in range(space.dimensions - 1))]
    near = await reader.found(
        lambda: rows.query.near_vector(
            near_vector=anywhere,
            target_vector=space.name,
            filters=part,
            limit=MAX_LIMIT,
            return_properties=[naming.ID],
        )
    )
    return {one.uuid for one in near}


async def index_again(
    server: AsyncServer, reader: AsyncReader, project: str, collection: Collection, ids: Sequence[str]
) -> None:
    """Make the server index the vectors of rows anew.

    While it does, a search may miss a row, so that this is announced as any other change.
    """
    rows = await reader.by_ids(project, collection, ids, (), {*collection.scopes})
    change = of_rows(server.log_key(project), collection, rows.values())
    announcer = AsyncAnnouncer(server, reader, project)
    async with announcer.announced([change] if is_told(collection) else []):
        for row_id in rows:
            await _index_again(server, project, collection.name, row_id, announcer.silence)


async def _index_again(server: AsyncServer, project: str, collection: str, row_id: str, silence: Event) -> None:
    """Change the vector of a row that nobody asks for: with any other vector it gets another place in every index.

    Nothing that was read is written back, so that nothing is undone that others write meanwhile.
    """
    rows: Any = await server.rows(collection, project)
    uuid = naming.object_id(row_id)
    doing = f"index row {row_id!r} anew"
    try:
        await server.ask_again(doing, lambda: rows.data.update(uuid=uuid, vector=_another(server)), silence)
    except StoreError as error:
        if not is_missing_row(error.__cause__):  # others deleted it
            raise


def _another(server: AsyncServer) -> dict[str, list[float]]:
    """Return a vector that is another one each time: the server changes no place for one that it has already."""
    return {naming.NO_VECTOR: [float(1 + naming.object_id(server.new_id()).int % 2**24)]}


async def unmarked_vectors(reader: AsyncReader, project: str, collection: Collection, space: VectorSpace) -> list[str]:
    """Return the rows that have a vector and lack the mark that says so, by which the others are looked at."""
    unmarked: list[str] = []
    question = Asked.all_of([EVERY_ROW, Asked.not_(with_vector(space.name))])
    async for _, there in reader.in_ranges(project, collection, question, (space.name,)):
        unmarked += [
            naming.text_of_ordered(str(one.properties[naming.ID])) for one in there if one.vector.get(space.name)
        ]
    return sorted(unmarked)


async def mark_vectors(
    server: AsyncServer, project: str, collection: Collection, space: VectorSpace, ids: Sequence[str]
) -> None:
    """Let rows say that they have a vector, unless others took it away meanwhile."""
    for row_id in ids:
        if await _has_vector(server, project, collection, space, row_id):
            await _mark(server, project, collection, space, row_id, mark=True)
            if not await _has_vector(server, project, collection, space, row_id):
                await _mark(server, project, collection, space, row_id, mark=None)


async def _has_vector(
    server: AsyncServer, project: str, collection: Collection, space: VectorSpace, row_id: str
) -> bool:
    one = await server.object_now(collection.name, project, naming.object_id(row_id))
    vectors: dict[str, Any] = {} if one is None else one.get("vectors") or {}
    return bool(vectors.get(space.name))


async def _mark(
    server: AsyncServer, project: str, collection: Collection, space: VectorSpace, row_id: str, *, mark: bool | None
) -> None:
    rows = await server.rows(collection.name, project)
    uuid, properties = naming.object_id(row_id), {naming.space_property(space.name): mark}
    try:
        await server.ask_again(f"mark row {row_id!r}", lambda: rows.data.update(uuid=uuid, properties=properties))
    except StoreError as error:
        if not is_missing_row(error.__cause__):  # others deleted it
            raise
