"""The entries of the log of changes: added, counted, listed, and ended where their writers did not come to it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from weaviate.classes.data import DataObject
from weaviate.classes.query import Filter as Asked
from weaviate.classes.query import MetadataQuery, Sort

from mnemon.errors import StoreError
from mnemon.logic.requests import MAX_LIMIT
from mnemon.stores.weaviate import naming
from mnemon.stores.weaviate.failures import is_too_large, refuse_passing
from mnemon.stores.weaviate.log import end_of, entry_read
from mnemon.stores.weaviate.numbers import instant, moment_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from weaviate.collections.classes.batch import BatchObjectReturn

    from mnemon.stores.weaviate._async.reader import AsyncReader
    from mnemon.stores.weaviate._async.server import AsyncServer
    from mnemon.stores.weaviate.conditions import Question
    from mnemon.stores.weaviate.log import Entry

__all__ = ["AsyncEntries", "past"]

_AT_ONCE = 1_000
"""Entries of one request by id, or of one that adds some."""
_IDS = 2**128
_YOUNG_US, _OLDER = 3600e6, 8
"""Entries without an end are looked for among those of the last hour first, then of eight, and so on."""
_IN_FLIGHT = timedelta(hours=1)
"""For how long a request that had no answer may still be carried out: far longer than any server works at one."""


class AsyncEntries:
    """The log of changes of one project."""

    def __init__(self, server: AsyncServer, reader: AsyncReader, project: str) -> None:
        """Use the log of a server."""
        self._server = server
        self._reader = reader
        self._project = project

    async def number(self, token: str, *, first: float | None = None, before: float | None = None) -> int:
        """Return how many changes were announced, between two times by the server's clock."""
        return await self._counted(_between(_begun(token), first, before))

    async def since(self, token: str, first: float) -> list[Entry]:
        """Return the entries that the server got at a time or later, ends among them."""
        either = Asked.any_of([_begun(token), _ended(token)])
        found = await self._found(_between(either, first, None), [naming.NOTE])
        return [entry_read(one) for one in found]

    async def ends(self, entries: Iterable[UUID]) -> set[UUID]:
        """Return those ends of some entries that are there."""
        return {one.uuid for one in await self._by_id([naming.end_id(uuid) for uuid in entries], [])}

    async def unended(self, token: str, before: float | None = None) -> tuple[int, list[Entry]]:
        """Return how many changes were announced, before a time or ever, and those of them that have no end.

        These are looked for among older and older ones, until all that are older still have ended. Ends are counted
        by the times of what they end.
        """
        now = await self.newest(token) if before is None else before
        age, without, number = _YOUNG_US, list[UUID](), None
        while True:
            # Ends first: if there are as many beginnings afterwards, each of them had ended.
            ended = await self._counted(_ends_of(token, None, before))
            begun = await self.number(token, before=before)
            number = begun if number is None else number
            if ended == begun:
                ends = await self.ends(without)
                without = [uuid for uuid in without if naming.end_id(uuid) not in ends]
                # What they name is long, and read of few.
                return number, [entry_read(one) for one in await self._by_id(without, [naming.NOTE])]
            known = {one.uuid for one in await self._found(_ends_of(token, now - age, before), [])}
            begins = [one.uuid for one in await self._found(_between(_begun(token), now - age, before), [])]
            without += [uuid for uuid in begins if naming.end_id(uuid) not in known]
            before, age = now - age, age * _OLDER

    async def state(self, entries: Sequence[UUID]) -> tuple[list[Any], set[UUID]]:
        """Return those of some entries that are there, as `end` takes them, and those ends of them that are there."""
        ends = {naming.end_id(uuid) for uuid in entries}
        found = await self._by_id([*entries, *ends], [naming.BEGUN])
        return [one for one in found if one.uuid not in ends], {one.uuid for one in found} & ends

    async def end(self, begun: Iterable[Any]) -> set[UUID]:
        """Write the ends of entries, whoever began them, and return their ids."""
        ends = {naming.end_id(one.uuid): end_of(one) for one in begun}
        await self.add([DataObject(uuid=uuid, properties=end) for uuid, end in ends.items()])
        return {*ends}

    async def add(self, objects: Sequence[DataObject[Any, None]]) -> None:
        """Add entries, all of them, or raise `StoreError`; twice the same one is one."""
        log = await self._server.changes(self._project)
        for start in range(0, len(objects), _AT_ONCE):
            chunk = objects[start : start + _AT_ONCE]

            async def inserting(chunk: Sequence[DataObject[Any, None]] = chunk) -> BatchObjectReturn:
                answer = await log.data.insert_many(chunk)
                refuse_passing(error.message for error in answer.errors.values())
                return answer

            answer = await self._server.ask_again("add to the log of changes", inserting)
            if answer.has_errors:
                msg = (
                    f"Weaviate at {self._server.where} did not take {len(answer.errors)} of {len(chunk)} entries of "
                    f"the log of changes; the same call may be repeated"
                )
                raise StoreError(msg)

    async def newest(self, token: str) -> float:
        """Return when the server got the newest announcement, in microseconds; 0 where there is none."""
        log = await self._server.changes(self._project)
        found = await self._reader.found(
            lambda: log.query.fetch_objects(
                filters=_begun(token),
                sort=Sort.by_creation_time(ascending=False),
                limit=1,
                return_properties=[],
                return_metadata=MetadataQuery(creation_time=True),
            )
        )
        return instant(found[0].metadata.creation_time) if found else 0.0

    async def _counted(self, question: Question) -> int:
        return await self._reader.counted(await self._server.changes(self._project), question)

    async def _by_id(self, ids: Sequence[UUID], properties: Sequence[str]) -> list[Any]:
        found: list[Any] = []
        for start in range(0, len(ids), _AT_ONCE):
            found += await self._found(Asked.by_id().contains_any(ids[start : start + _AT_ONCE]), properties)
        return found

    async def _found(self, question: Question, properties: Sequence[str]) -> list[Any]:
        """Return what matches, all of it: ids are spread evenly, so a range of them that is too full is halved.

        Times are not: with a clock that stands still, every entry has the same.
        """
        found: list[Any] = []
        waiting = [(0, _IDS)]
        while waiting:
            first, end = waiting.pop()
            objects = await self._in_range(question, properties, first, end)
            if objects is None:
                middle = (first + end) // 2
                waiting += [(first, middle), (middle, end)]
            else:
                found += objects
        return found

    async def _in_range(self, question: Question, properties: Sequence[str], first: int, end: int) -> list[Any] | None:
        """Return what matches in a range of ids, or None where that is too much for one answer."""
        log = await self._server.changes(self._project)
        asked = question if (first, end) == (0, _IDS) else Asked.all_of([question, *_with_ids(first, end)])
        try:
            objects = await self._reader.found(
                lambda: log.query.fetch_objects(
                    filters=asked,
                    limit=MAX_LIMIT,
                    return_properties=list(properties),
                    return_metadata=MetadataQuery(creation_time=True),
                )
            )
        except StoreError as error:
            if end - first > 1 and is_too_large(error.__cause__):
                return None
            raise
        return None if len(objects) >= MAX_LIMIT and end - first > 1 else objects


def past(entries: Iterable[Entry], now: datetime) -> list[Entry]:
    """Return those entries of which nothing can happen any more, by the server's time alone."""
    return [entry for entry in entries if entry.at < instant(now - _IN_FLIGHT)]


def _begun(token: str) -> Question:
    return Asked.by_property(naming.BEGUN).contains_any([token])


def _ended(token: str) -> Question:
    return Asked.by_property(naming.ENDED).contains_any([token])


def _ends_of(token: str, first: float | None, before: float | None) -> Question:
    """Return what asks for the ends of the entries between two times."""
    at = Asked.by_property(naming.AT)
    parts = [_ended(token)]
    if first is not None:
        parts.append(at.greater_or_equal(first))
    if before is not None:
        parts.append(at.less_than(before))
    return Asked.all_of(parts)


def _between(question: Question, first: float | None, before: float | None) -> Question:
    created = Asked.by_creation_time()
    parts = [question]
    if first is not None:
        parts.append(created.greater_or_equal(moment_of(max(first, 0.0))))
    if before is not None:
        parts.append(created.less_than(moment_of(max(before, 0.0))))
    return Asked.all_of(parts)


def _with_ids(first: int, end: int) -> list[Question]:
    """Return the conditions of objects whose ids are in a range, the end not included."""
    place = Asked.by_property("_id")  # what the client's own filter by id asks, which cannot compare
    above = place.greater_or_equal(str(UUID(int=first)))
    return [above] if end == _IDS else [above, place.less_than(str(UUID(int=end)))]
