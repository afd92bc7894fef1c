"""Carrying out the steps of a batch, in order and looked at object by object."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from weaviate.classes.data import DataObject
from weaviate.classes.query import Filter as Asked

from mnemon.errors import StoreConflictError, StoreError
from mnemon.logic.filters import METADATA, fields_of
from mnemon.logic.requests import MAX_LIMIT
from mnemon.stores.weaviate import naming
from mnemon.stores.weaviate._async.announcing import AsyncAnnouncer
from mnemon.stores.weaviate._async.choosing import decisive_batches, matching
from mnemon.stores.weaviate._async.growing import check_growth
from mnemon.stores.weaviate._async.indexing import index_again, lost_among
from mnemon.stores.weaviate.concurrency import abegun, atogether, aworked
from mnemon.stores.weaviate.conditions import WITH_PARTS, Compiled, compile_filter, with_ids
from mnemon.stores.weaviate.failures import is_missing_row, is_missing_tenant, refuse_passing
from mnemon.stores.weaviate.log import of_rows, touched
from mnemon.stores.weaviate.plans import Known, Step, needs_of, plan_steps
from mnemon.stores.weaviate.rows import changed, places_of, stored
from mnemon.stores.weaviate.sizes import chunks, messages, weight
from mnemon.types.filters import And
from mnemon.types.storage import Applied, DeleteWhere, Patch, Put

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
    from uuid import UUID

    from weaviate.collections.classes.batch import BatchObjectReturn

    from mnemon.stores.weaviate._async.reader import AsyncReader
    from mnemon.stores.weaviate._async.server import AsyncServer
    from mnemon.stores.weaviate.concurrency import AsyncCall, AsyncRows
    from mnemon.stores.weaviate.conditions import Question
    from mnemon.stores.weaviate.plans import Needs
    from mnemon.stores.weaviate.rows import Stored
    from mnemon.types.filters import Filter
    from mnemon.types.storage import Collection, Part, Row, Write

__all__ = ["AsyncWriter"]

_PIECE = 100
"""Rows that one of several requests at once holds: five of these take .74 to .85 of the time of one of 500, since the
client makes one while the server reads another."""

_PLACES = {naming.METADATA, naming.PAYLOAD}
"""The properties that may lie in parts."""


class AsyncWriter:
    """Writes one batch into a project of a server."""

    def __init__(
        self,
        server: AsyncServer,
        reader: AsyncReader,
        project: str,
        declared: Mapping[str, Collection],
        is_told: Callable[[Collection], bool],
    ) -> None:
        """Write into a project's declared collections; each batch takes a writer of its own."""
        self._server = server
        self._reader = reader
        self._project = project
        self._declared = declared
        self._told = {name: one for name, one in declared.items() if is_told(one)}
        self._announcer = AsyncAnnouncer(server, reader, project)
        self._silence = self._announcer.silence
        self._key = server.log_key(project)
        self._in_doubt = server.broken_off()  # now: the first answer makes it a matter of time
        self._decisive = False
        self._asked: tuple[Part, ...] = ()
        self._named: dict[tuple[str, str], dict[str, list[UUID]]] = {}
        self._encoded: dict[int, Stored] = {}

    async def apply(self, batch: Sequence[Write], *, decisive: bool) -> Applied:
        """Plan a batch and carry it out; `decisive` reads what it depends on from most of the replicas.

        Raises:
            StoreConflictError: a precondition does not hold.
            StoreError: a write failed; those before it in the batch were carried out.
        """
        self._decisive = decisive
        # Large metadata is read where a condition asks about it, and no large payload ever: a row that lost its
        # parts can be replaced and deleted.
        self._asked = ("metadata",) if any(map(_asks_metadata, batch)) else ()
        needs = needs_of(batch)
        known = await self._known(needs)
        watched = {place: await self._watched(batch[place]) for place in needs.watched}
        counts = [0] * len(batch)
        steps = plan_steps(batch, known, watched)
        written = list(_written(steps))
        size = sum(weight(write) for _, write in written)
        self._encoded = await aworked(size, lambda: {index: self._encode(write) for index, write in written})
        await check_growth(self._server, self._project, written, self._encoded)
        # What a filter will take is named by id in the steps, where a later write depends on it.
        listed = {(batch[place].collection, one.row.id): one for place, rows in watched.items() for one in rows}
        async with self._announcer.announced(touched(self._key, steps, listed | known, self._told)):
            for step in steps:
                if step.puts:
                    await self._put(step, counts)
                elif step.patches:
                    await self._patch(step, counts)
                elif step.where is not None:
                    counts[step.index] = await self._delete_where(step)
                else:
                    counts[step.index] = await self._delete(step.collection, step.ids, step.large)
        await self._find_again(batch, known)
        return Applied(tuple(counts))

    async def _find_again(self, batch: Sequence[Write], known: Container[tuple[str, str]]) -> None:
        """Let searches find by their vectors what an earlier request may have written by half.

        A request that is broken off, by its end of time too, leaves vectors out of the index, where writing the same
        rows once more changes nothing. So all are looked at where one was there before, or a request is in doubt.
        """
        puts = [write for write in batch if isinstance(write, Put) and write.row.vectors]
        in_doubt = self._in_doubt or self._silence.is_set() or self._server.broken_off()
        if not in_doubt and not any((put.collection, put.row.id) in known for put in puts):
            return
        doubtful: dict[str, list[str]] = {}
        for put in puts:
            doubtful.setdefault(put.collection, []).append(put.row.id)
        for name, ids in doubtful.items():
            collection = self._declared[name]
            for space in collection.vectors:
                lost = await lost_among(self._server, self._reader, self._project, collection, space, ids)
                if lost:
                    await index_again(self._server, self._reader, self._project, collection, lost)

    def _encode(self, write: Put | Patch) -> Stored:
        collection, new_id = self._declared[write.collection], self._server.new_id
        if isinstance(write, Put):
            return stored(write.row, collection, new_id)
        return changed(write, collection, new_id)

    async def _known(self, needs: Needs) -> dict[tuple[str, str], Known]:
        known: dict[tuple[str, str], Known] = {}
        for name, ids in needs.ids.items():
            collection = self._declared[name]
            if self._decisive:
                objects = await self._reader.objects_now(self._project, collection, list(map(naming.object_id, ids)))
                rows = await self._reader.rows_now(self._project, collection, objects, self._asked)
                known |= {(name, row.id): Known(row, large=True) for row in rows}
                self._note(name, [one["properties"] for one in objects])
                continue
            fields = None if needs.fields is None else needs.fields & collection.fields.keys() | {*collection.scopes}
            for chunk in chunks(list(ids), MAX_LIMIT // 10):
                known |= await self._found(collection, with_ids(chunk), fields)
        return known

    def _note(self, collection: str, found: Iterable[Mapping[str, Any]]) -> None:
        """Note which parts rows name: these, and no others, go when the rows are replaced or deleted."""
        for properties in found:
            row_id = naming.text_of_ordered(str(properties[naming.ID]))
            self._named[collection, row_id] = places_of(properties, collection, row_id)

    async def _found(
        self, collection: Collection, question: Question, fields: set[str] | None
    ) -> dict[tuple[str, str], Known]:
        objects = await self._reader.fetch(
            self._project, collection, question, self._asked, fields, limit=MAX_LIMIT, extra=[naming.LARGE]
        )
        large = {one.uuid for one in objects if one.properties.get(naming.LARGE)}
        rows = await self._reader.rows_of(self._project, collection, objects)
        known = {(collection.name, row.id): Known(row, large=naming.object_id(row.id) in large) for row in rows}
        await self._look(collection, [row.id for row in rows if naming.object_id(row.id) in large])
        return known

    async def _look(self, collection: Collection, ids: Iterable[str]) -> None:
        """Find out which parts rows name of which that is not known."""
        unknown = [row_id for row_id in ids if (collection.name, row_id) not in self._named]
        if unknown:
            found = await self._reader.references(self._project, collection, unknown)
            self._named |= {(collection.name, row_id): places for row_id, places in found.items()}

    async def _watched(self, write: Write) -> list[Known]:
        """Return the rows that a deletion will take, as far as they are there already."""
        if not isinstance(write, DeleteWhere):
            return []
        collection = self._declared[write.collection]
        found: list[Known] = []
        if self._decisive:
            async for objects, rows in decisive_batches(
                self._server, self._reader, self._project, collection, write.where
            ):
                self._note(collection.name, [one["properties"] for one in objects])
                found += [Known(row, large=True) for row in rows]
            return found
        async for rows in self._reader.batches(self._project, collection, write.where, self._asked, None):
            found += [Known(row, large=True) for row in rows]
        return found

    async def _put(self, step: Step, counts: list[int]) -> None:
        collection = self._declared[step.collection]
        objects = [self._encoded[index] for index, _ in step.puts.values()]
        for chunk in messages(objects):
            await self._put_parts(collection.name, chunk)
            await self._insert(collection.name, chunk)
            await self._drop_parts(
                [part for one in chunk for part in self._replaced(collection.name, one, places=_PLACES)]
            )
        for index, _ in step.puts.values():
            counts[index] = 1

    async def _insert(self, collection: str, objects: Sequence[Stored]) -> None:
        """Write rows, as many as one message may hold: in no order, as the server writes those of one request."""
        rows = await self._server.rows(collection, self._project)

        def inserting(piece: Sequence[Stored]) -> AsyncCall[None]:
            data = [DataObject(uuid=one.uuid, properties=one.properties, vector=one.vectors or None) for one in piece]
            size = sum(one.size for one in piece)
            return lambda: self._insert_many(rows, data, collection, [one.id for one in piece], size)

        await atogether([inserting(piece) for piece in chunks(objects, _PIECE)])

    async def _insert_many(
        self, rows: AsyncRows, data: Sequence[Any], collection: str, ids: Sequence[str], size: int
    ) -> None:
        doing = f"write row {ids[0]!r} of {collection!r} and {len(ids) - 1} more"

        async def inserting() -> BatchObjectReturn:
            answer: BatchObjectReturn = await abegun(size, rows.data.insert_many, data)
            refuse_passing(error.message for error in answer.errors.values())
            return answer

        answer = await self._server.ask_again(doing, inserting, self._silence)
        if answer.has_errors:
            self._server.doubt(self._silence)  # a node that had the row to write may do so yet
            failed = [ids[place] for place in sorted(answer.errors)]
            msg = (
                f"Weaviate at {self._server.where} did not write {len(failed)} of {len(ids)} rows of {collection!r}, "
                f"row {failed[0]!r} the first of them; the same call may be repeated"
            )
            raise StoreError(msg)

    async def _put_parts(self, collection: str, objects: Sequence[Stored]) -> None:
        """Write what is too large for its row before the row, which names it."""
        parts = await self._server.parts(self._project)
        for one in objects:
            owner = naming.wrapped(f"{collection} {one.id}")
            for uuid, text in one.parts.items():
                data = [DataObject(uuid=uuid, properties={"owner_": owner, "text_": text})]
                await self._insert_many(parts, data, collection, [one.id], len(text))

    def _replaced(self, collection: str, now: Stored, *, places: Iterable[str]) -> list[UUID]:
        """Note which parts a row names that was written, and return those that it does not name any more.

        Another one may have replaced the row meanwhile: its parts are not among these. What they leave of ours, or
        we of theirs, belongs to no row, and goes with the next repair.
        """
        named = self._named.setdefault((collection, now.id), {})
        gone = [part for place in places for part in named.pop(place, ())]
        named |= places_of(now.properties, collection, now.id)
        return gone

    async def _drop_parts(self, uuids: Sequence[UUID]) -> None:
        parts = await self._server.parts(self._project)
        for chunk in chunks(uuids, MAX_LIMIT // 10):
            await self._delete_many(parts, Asked.by_id().contains_any(chunk))

    async def _patch(self, step: Step, counts: list[int]) -> None:
        """Patch rows, several at once: the patches of a step are alike, so that no reader can tell their order."""
        places = list(step.patches.values())

        def patching(index: int, write: Patch) -> AsyncCall[int]:
            return lambda: self._patch_one(index, write)

        written = await atogether([patching(index, write) for index, write in places])
        for (index, _), count in zip(places, written, strict=True):
            counts[index] = count

    async def _patch_one(self, index: int, write: Patch) -> int:
        change = self._encoded[index]
        await self._put_parts(write.collection, [change])
        rows = await self._server.rows(write.collection, self._project)
        if change.properties and not await self._update(rows, change):
            await self._drop_parts(list(change.parts))
            if write.otherwise == "abort":
                raise StoreConflictError(write.collection, write.id, index, "there is no such row")
            return 0
        await self._drop_parts(self._replaced(write.collection, change, places=_PLACES & change.properties.keys()))
        return 1

    async def _update(self, rows: AsyncRows, change: Stored) -> bool:
        """Change an object; return False where it went meanwhile."""
        try:
            await self._server.ask_again(
                f"change row {change.id!r}",
                lambda: rows.data.update(uuid=change.uuid, properties=change.properties),
                self._silence,
            )
        except StoreError as error:
            if not is_missing_row(error.__cause__):
                raise
            return False
        return True

    async def _delete(
        self, collection: str, ids: Sequence[str], large: set[str], *, among: Question | None = None
    ) -> int:
        """Delete rows by id, those that still match, the last of them after all others; return how many there were."""
        rows = await self._server.rows(collection, self._project)
        deleted = 0
        for chunk in (*chunks(ids[:-1], MAX_LIMIT // 10), ids[-1:]):
            named = with_ids(chunk)
            await self._look(self._declared[collection], sorted(large.intersection(chunk)))
            deleted += await self._delete_many(rows, named if among is None else Asked.all_of([named, among]))
            gone = {row_id for row_id in chunk if any(self._named.get((collection, row_id), {}).values())}
            if gone and among is not None:
                gone -= await self._there(self._declared[collection], sorted(gone))
            for row_id in gone:
                places = self._named.pop((collection, row_id))
                await self._drop_parts([part for parts in places.values() for part in parts])
        return deleted

    async def _there(self, collection: Collection, ids: Sequence[str]) -> set[str]:
        """Return those of some rows that are still there."""
        if not self._decisive:
            return {*await self._reader.by_ids(self._project, collection, ids, (), ())}
        return {*await self._reader.decisive(self._project, collection, ids, ())}

    async def _delete_where(self, step: Step) -> int:
        collection = self._declared[step.collection]
        where = step.where
        if where is None:
            return 0
        asked: Compiled = compile_filter(where, collection)
        if self._decisive:
            return await self._delete_decisively(collection, where, asked, step.limit)
        large = Asked.all_of([asked.question, WITH_PARTS])
        has_parts = await self._reader.number(self._project, collection.name, large) > 0
        if step.limit is None and asked.exact and not has_parts and collection.name not in self._told:
            rows = await self._server.rows(collection.name, self._project)
            return await self._delete_many(rows, asked.question)
        deleted = 0
        async with aclosing(matching(self._reader, self._project, collection, where, step.limit)) as pages:
            async for page in pages:
                deleted += await self._delete_page(collection, page, asked, large=has_parts)
        return deleted

    async def _delete_decisively(
        self, collection: Collection, where: Filter, asked: Compiled, limit: int | None
    ) -> int:
        """Delete what matches as most of the replicas have it, all or any so many.

        A filter would also take what matches only on a node that was away, and a query there misses rows and
        whether they have parts.
        """
        deleted = 0
        found = decisive_batches(self._server, self._reader, self._project, collection, where)
        async with aclosing(found) as batches:
            async for objects, rows in batches:
                self._note(collection.name, [one["properties"] for one in objects])
                page = rows if limit is None else rows[: limit - deleted]
                if page:
                    deleted += await self._delete_page(collection, page, asked, large=True)
                if deleted == limit:
                    break
        return deleted

    async def _delete_page(self, collection: Collection, page: Sequence[Row], asked: Compiled, *, large: bool) -> int:
        """Delete those of some rows that still match."""
        change = of_rows(self._key, collection, page)
        ids = [row.id for row in page]
        async with self._announcer.announced([change] if collection.name in self._told else []):
            return await self._delete(collection.name, ids, {*ids} if large else set(), among=asked.question)

    async def _delete_many(self, rows: AsyncRows, question: Question) -> int:
        """Delete what matches, 10,000 at a time; return how many there were."""
        deleted = 0
        while True:
            try:
                answer = await self._server.ask("delete rows", lambda: rows.data.delete_many(question), self._silence)
            except StoreError as error:
                if is_missing_tenant(error.__cause__):
                    return deleted
                raise
            deleted += answer.successful
            if answer.failed:
                self._server.doubt(self._silence)
                msg = f"Weaviate at {self._server.where} did not delete {answer.failed} rows; repeat the call"
                raise StoreError(msg)
            if answer.matches <= answer.successful:
                return deleted


def _written(steps: Iterable[Step]) -> Iterator[tuple[int, Put | Patch]]:
    for step in steps:
        yield from step.puts.values()
        yield from step.patches.values()


def _asks_metadata(write: Write) -> bool:
    where = write.expect if isinstance(write, Patch) else write.where if isinstance(write, DeleteWhere) else And()
    return any(name.startswith(METADATA) for name in fields_of(where))
