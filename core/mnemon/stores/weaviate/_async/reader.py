"""Reading rows: by id, all that match, in pages, counted."""

from __future__ import annotations

from contextlib import aclosing
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from weaviate.classes.aggregate import GroupByAggregate
from weaviate.classes.query import Filter as Asked
from weaviate.classes.query import Metrics, Sort

from mnemon.errors import StoreCorruptError, StoreError
from mnemon.logic.answers import trimmed
from mnemon.logic.filters import METADATA, fields_of, matcher
from mnemon.logic.requests import MAX_LIMIT
from mnemon.stores.weaviate import naming
from mnemon.stores.weaviate.concurrency import atogether, aworked
from mnemon.stores.weaviate.conditions import WITH_PARTS, Compiled, compile_filter, in_slots, with_ids
from mnemon.stores.weaviate.failures import is_missing_tenant, is_too_large
from mnemon.stores.weaviate.rows import parts_of, places_of, properties_read, row_read

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
    from collections.abc import Collection as Container
    from uuid import UUID

    from mnemon.stores.weaviate._async.server import AsyncServer
    from mnemon.stores.weaviate.concurrency import AsyncCall, AsyncRows
    from mnemon.stores.weaviate.conditions import Question
    from mnemon.types.filters import Filter
    from mnemon.types.storage import Collection, Part, Row

__all__ = ["AsyncReader"]

_AT_ONCE = 1_000
"""Rows of one request by id."""

_MOST_NOTED = 10_000
"""Fields of projects that are known to have many groups; beyond so many they are found out anew."""

_RANGE = 5_000
"""Rows that a range of slots is meant to hold; more than 10,000 would not be answered."""


class AsyncReader:
    """Reads rows of one server.

    A project that has no rows is no tenant yet, which the server calls an error: here it is empty.
    """

    def __init__(self, server: AsyncServer) -> None:
        """Read from a server."""
        self._server = server
        self._crowded: set[tuple[str, str, str]] = set()

    async def by_ids(
        self,
        project: str,
        collection: Collection,
        ids: Sequence[str],
        include: Container[Part],
        fields: Container[str] | None,
    ) -> dict[str, Row]:
        """Return the rows of these ids that a query finds."""
        found: dict[str, Row] = {}
        for start in range(0, len(ids), _AT_ONCE):
            objects = await self._by_ids(project, collection, ids[start : start + _AT_ONCE], include, fields)
            rows = await self.rows_of(project, collection, objects)
            found |= {row.id: row for row in rows}
        return found

    async def _by_ids(
        self,
        project: str,
        collection: Collection,
        ids: Sequence[str],
        include: Container[Part],
        fields: Container[str] | None,
    ) -> list[Any]:
        try:
            return await self.fetch(project, collection, with_ids(ids), include, fields, limit=len(ids))
        except StoreError as error:
            if len(ids) == 1 or not is_too_large(error.__cause__):
                raise
        half = len(ids) // 2
        first = await self._by_ids(project, collection, ids[:half], include, fields)
        return first + await self._by_ids(project, collection, ids[half:], include, fields)

    async def decisive(
        self, project: str, collection: Collection, ids: Sequence[str], include: Container[Part]
    ) -> dict[str, Row]:
        """Return the rows of these ids as most of their replicas have them, each by a request of its own.

        Metadata and payload are left out where they are not included.
        """
        objects = await self.objects_now(project, collection, [naming.object_id(row_id) for row_id in ids])
        return {row.id: row for row in await self.rows_now(project, collection, objects, include)}

    async def objects_now(self, project: str, collection: Collection, uuids: Sequence[UUID]) -> list[dict[str, Any]]:
        """Return those objects that are there, as most of their replicas have them."""

        def reading(uuid: UUID) -> AsyncCall[dict[str, Any] | None]:
            return lambda: self._server.object_now(collection.name, project, uuid)

        return [one for one in await atogether([reading(uuid) for uuid in uuids]) if one is not None]

    async def rows_now(
        self, project: str, collection: Collection, objects: Sequence[dict[str, Any]], include: Container[Part]
    ) -> list[Row]:
        """Return the rows of such objects, with the parts that are included."""
        names = properties_read(collection, {*include, "terms"}, None)
        rows: list[Row] = []
        for one in objects:
            asked = {name: one["properties"].get(name) for name in names}
            row = await self._row(project, collection, asked, one.get("vectors") or {}, now=True)
            rows += [] if row is None else [row]
        return rows

    async def references(
        self, project: str, collection: Collection, ids: Sequence[str]
    ) -> dict[str, dict[str, list[UUID]]]:
        """Return which parts the rows of these ids name, and by which property; rows without parts are left out."""
        found: dict[str, dict[str, list[UUID]]] = {}
        for start in range(0, len(ids), _AT_ONCE):
            question = Asked.all_of([with_ids(ids[start : start + _AT_ONCE]), WITH_PARTS])
            objects = await self.fetch(project, collection, question, (), (), limit=_AT_ONCE)
            large = [naming.text_of_ordered(str(one.properties[naming.ID])) for one in objects]
            for one in await self._by_ids(project, collection, large, ("metadata", "payload"), ()) if large else []:
                row_id = naming.text_of_ordered(str(one.properties[naming.ID]))
                found[row_id] = places_of(one.properties, collection.name, row_id)
        return found

    async def fetch(
        self,
        project: str,
        collection: Collection,
        question: Question | None,
        include: Container[Part],
        fields: Container[str] | None,
        *,
        limit: int,
        sort: Sequence[tuple[str, bool]] = (),
        always: Container[str] = (),
        extra: Iterable[str] = (),
    ) -> list[Any]:
        """Return objects that match; `sort` names properties and whether they ascend."""
        rows = await self._server.rows(collection.name, project)
        order = None
        for name, ascending in sort:
            order = (
                Sort.by_property(name, ascending=ascending)
                if order is None
                else order.by_property(name, ascending=ascending)
            )
        return await self.found(
            lambda: rows.query.fetch_objects(
                filters=question,
                limit=limit,
                sort=order,
                include_vector=self.spaces(collection, include),
                return_properties=[*properties_read(collection, include, fields, always=always), *extra],
            )
        )

    def spaces(self, collection: Collection, include: Container[Part]) -> list[str] | bool:
        """Return the vectors that a read asks for, in the client's form."""
        return [space.name for space in collection.vectors if space.name in include] or False

    async def found(self, call: AsyncCall[Any]) -> list[Any]:
        """Return the objects of a query; none where the project has no rows."""
        try:
            answer = await self._server.ask_again("read rows", call)
        except StoreError as error:
            if is_missing_tenant(error.__cause__):
                return []
            raise
        return list(answer.objects)

    async def rows_of(self, project: str, collection: Collection, objects: Sequence[Any]) -> list[Row]:
        """Return the rows of objects, with the parts that lie elsewhere; one that went meanwhile is left out."""
        rows = [await self._row(project, collection, one.properties, one.vector, now=False) for one in objects]
        return [row for row in rows if row is not None]

    async def _row(
        self,
        project: str,
        collection: Collection,
        properties: Mapping[str, Any],
        vectors: Mapping[str, Any],
        *,
        now: bool,
    ) -> Row | None:
        """Return the row of an object; where parts of it are missing, as most of the replicas have it by then.

        Who replaces a row deletes the parts that it had, and a node that was away may not have got a part. So only a
        row that still names what most of the replicas lack has lost it.
        """
        while True:
            wanted = parts_of(properties, collection)
            found = {uuid: await self._part(project, uuid, now=now) for uuid in wanted}
            parts = {uuid: text for uuid, text in found.items() if text is not None}
            if len(parts) == len(found):
                size = sum(map(len, parts.values())) + _inline(properties)
                return await aworked(size, partial(row_read, properties, vectors, collection, parts))
            one = await self._server.object_now(
                collection.name, project, naming.object_id(naming.text_of_ordered(str(properties[naming.ID])))
            )
            if one is None:
                return None
            # What the read did not ask for stays out of its answer.
            properties = {name: one["properties"].get(name) for name in properties}
            known: dict[str, Any] = one.get("vectors") or {}
            vectors = {name: vector for name, vector in known.items() if now or name in vectors}
            if now and parts_of(properties, collection) == wanted:
                return row_read(properties, vectors, collection, parts)  # raises
            now = True

    async def missing(self, project: str, collection: Collection, ids: Sequence[str]) -> list[str]:
        """Return those of some rows that name parts which most of the replicas do not have."""
        lost: list[str] = []
        for row_id in ids:
            try:
                await self.decisive(project, collection, [row_id], ("metadata", "payload"))
            except StoreCorruptError:
                lost.append(row_id)
        return lost

    async def _part(self, project: str, uuid: UUID, *, now: bool) -> str | None:
        if now:
            one = await self._server.part_now(project, uuid)
            return None if one is None else str(one["properties"]["text_"])
        parts = await self._server.parts(project)
        objects = await self.found(
            lambda: parts.query.fetch_objects(filters=Asked.by_id().equal(uuid), limit=1, return_properties=["text_"])
        )
        return str(objects[0].properties["text_"]) if objects else None

    async def number(self, project: str, collection: str, question: Question) -> int:
        """Return how many rows match what the server is asked."""
        return await self.counted(await self._server.rows(collection, project), question)

    async def counted(self, rows: AsyncRows, question: Question) -> int:
        """Return how many objects of a project match what the server is asked."""
        try:
            answer = await self._server.ask_again(
                "count rows", lambda: rows.aggregate.over_all(filters=question, total_count=True)
            )
        except StoreError as error:
            if is_missing_tenant(error.__cause__):
                return 0
            raise
        return answer.total_count or 0

    async def grouped(
        self, project: str, collection: str, question: Question, group: str, of: str | None, *, most: int
    ) -> list[tuple[str, int, tuple[float, ...]]] | None:
        """Return the groups of rows by a property: its value, how many, and the bounds of another one.

        None where there are `most` or more, and where there were at an earlier time: to find that out takes as
        long as to read half of the rows.
        """
        place = project, collection, group
        if place in self._crowded:
            return None
        rows = await self._server.rows(collection, project)
        metrics = None if of is None else Metrics(of).number(count=True, minimum=True, maximum=True)
        try:
            answer = await self._server.ask_again(
                "group rows",
                lambda: rows.aggregate.over_all(
                    filters=question,
                    group_by=GroupByAggregate(prop=group, limit=most),
                    return_metrics=metrics,
                    total_count=True,
                ),
            )
        except StoreError as error:
            if is_missing_tenant(error.__cause__):
                return []
            raise
        if len(answer.groups) >= most:
            if len(self._crowded) >= _MOST_NOTED:
                self._crowded.clear()
            self._crowded.add(place)
            return None
        found: list[tuple[str, int, tuple[float, ...]]] = []
        for one in answer.groups:
            known: Any = None if of is None else one.properties.get(of)
            bounds = (known.minimum, known.maximum) if known is not None and known.count else ()
            found.append((str(one.grouped_by.value), one.total_count or 0, bounds))
        return found

    async def ranges(self, project: str, collection: str, question: Question) -> list[tuple[int, int]]:
        """Return ranges of slots that each hold a few thousand of the rows that match."""
        number = await self.number(project, collection, question)
        count = -(-number // _RANGE)
        edges = [naming.SLOTS * place // max(count, 1) for place in range(count + 1)]
        return list(pairwise(edges))

    async def in_ranges(
        self,
        project: str,
        collection: Collection,
        question: Question,
        include: Container[Part] = (),
        fields: Container[str] | None = (),
        always: Container[str] = (),
    ) -> AsyncGenerator[tuple[Question, list[Any]]]:
        """Yield all objects that match, in no order, each time with a question that holds of these.

        A query answers 10,000 rows and no more, and the server's own cursor takes no filter. So rows
        are read in ranges of their slots, and a range that is too full is halved.
        """
        waiting = await self.ranges(project, collection.name, question)
        while waiting:
            first, end = waiting.pop()
            part = Asked.all_of([question, in_slots(first, end)])
            objects: list[Any] | None = None
            try:
                objects = await self.fetch(project, collection, part, include, fields, limit=MAX_LIMIT, always=always)
            except StoreError as error:
                if end - first == 1 or not is_too_large(error.__cause__):
                    raise
            if objects is None or (len(objects) >= MAX_LIMIT and end - first > 1):
                middle = (first + end) // 2
                waiting += [(first, middle), (middle, end)]
                continue
            yield part, objects

    async def batches(
        self,
        project: str,
        collection: Collection,
        where: Filter,
        include: Container[Part],
        fields: Container[str] | None,
    ) -> AsyncGenerator[list[Row]]:
        """Yield all rows that match a bound filter, in no order."""
        asked = compile_filter(where, collection)
        always = () if asked.exact else asked_for(where)
        test = None if asked.exact else matcher(where)
        ranges = self.in_ranges(project, collection, asked.question, include, fields, always)
        async with aclosing(ranges) as found:
            async for _, objects in found:
                rows = await self.rows_of(project, collection, objects)
                yield [trimmed(row, frozenset(include), fields) for row in rows if test is None or test(row)]

    async def ids(self, project: str, collection: Collection, where: Filter, *, most: int | None = None) -> list[str]:
        """Return the ids of all rows that match, sorted; where there are more than `most`, more than that."""
        found: list[str] = []
        async with aclosing(self.batches(project, collection, where, (), ())) as batches:
            async for rows in batches:
                found += [row.id for row in rows]
                if most is not None and len(found) > most:
                    break
        return sorted(found)

    async def narrowed(self, project: str, collection: Collection, where: Filter, most: int) -> Question | int:
        """Return a question that holds of exactly the rows that match, or how many there are where that is not asked.

        What the server cannot be asked is decided here, row by row, and asked as a list of ids.
        """
        asked: Compiled = compile_filter(where, collection)
        if asked.exact:
            return asked.question
        ids = await self.ids(project, collection, where, most=most)
        return len(ids) if len(ids) > most else with_ids(ids) if ids else in_slots(0, 0)


def asked_for(where: Filter) -> set[str]:
    """Return the fields and parts that the evaluator needs to decide a filter."""
    return {"metadata" if name.startswith(METADATA) else name for name in fields_of(where)}


def _inline(properties: Mapping[str, Any]) -> int:
    """Return how many characters of metadata and payload stand in an object itself."""
    return sum(len(properties.get(place) or "") for place in (naming.METADATA, naming.PAYLOAD))
