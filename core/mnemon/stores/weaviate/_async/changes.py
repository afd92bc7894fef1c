"""What changed since somebody looked: the log of changes is counted, and only what is new in it is read."""

from __future__ import annotations

import logging
import math
import os
from collections import defaultdict
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING

from weaviate.classes.query import Filter as Asked

from mnemon.errors import InvalidInputError, StoreError
from mnemon.logic.answers import trimmed
from mnemon.logic.filters import matcher
from mnemon.logic.requests import MAX_LIMIT
from mnemon.stores.weaviate import naming
from mnemon.stores.weaviate._async.entries import AsyncEntries, past
from mnemon.stores.weaviate._async.reader import asked_for
from mnemon.stores.weaviate.concurrency import AsyncLock
from mnemon.stores.weaviate.conditions import compile_filter, in_slots
from mnemon.stores.weaviate.failures import is_too_large
from mnemon.stores.weaviate.log import token_of
from mnemon.stores.weaviate.numbers import instant
from mnemon.stores.weaviate.watches import Slack, Watch, Watches
from mnemon.types.changes import Changes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from mnemon.stores.weaviate._async.reader import AsyncReader
    from mnemon.stores.weaviate._async.server import AsyncServer
    from mnemon.stores.weaviate.conditions import Compiled
    from mnemon.types.changes import Mark
    from mnemon.types.requests import ChangesRequest
    from mnemon.types.storage import Row

__all__ = ["AsyncChangesReader"]

_MARK_LENGTH = 4
_TURNS = 64
"""Locks by the numbers of watches, each of which is used by one at a time."""
_TIRED_S = 300.0
"""For how long a reader who could not end what others left leaves it, and only looks at its rows."""
_NEAR_US = 2e6
"""Entries from so long before the latest one on are listed at first; more where that are not all."""
_logger = logging.getLogger(__name__)


class AsyncChangesReader:
    """Tells followers what changed.

    A mark is the number of this object, that of a watch, a place on its trail, and the slot up to which
    the rows were read at first. What it keeps is only for speed: one who comes with a mark that is not
    known any more begins anew.
    """

    def __init__(self, server: AsyncServer, reader: AsyncReader) -> None:
        """Read the log of a server."""
        self._server = server
        self._reader = reader
        self._watches = Watches()
        self._stamp = int.from_bytes(os.urandom(7))
        self._time: tuple[datetime, float] | None = None
        self._slack = defaultdict[str, Slack](Slack)
        self._tired_until = -math.inf
        self._turns = [AsyncLock() for _ in range(_TURNS)]

    async def since(self, request: ChangesRequest) -> Changes:
        """Return what changed since a mark.

        Raises:
            InvalidInputError: a mark that no Weaviate store gives.
        """
        if request.since is None:
            return await self._begin(request)
        if len(request.since) != _MARK_LENGTH:
            msg = f"`since` must be the mark that an earlier call of this store returned, not {request.since!r}"
            raise InvalidInputError(msg)
        stamp, number, place, slot = request.since
        watch = self._watches.find(number) if stamp == self._stamp else None
        same = request.project, request.collection.name, request.where
        if watch is None or (watch.project, watch.collection, watch.where) != same or not watch.remembers(place):
            return await self._begin(request)
        turn = self._turns[number % _TURNS]
        if slot < naming.SLOTS:
            async with turn:
                return await self._load(watch, request, request.since)
        entries = await self._entries(watch.project).number(watch.token, first=watch.horizon)
        if watch.is_still(entries, place) and not watch.is_due(monotonic()):
            return Changes(rows={}, gone=(), mark=request.since, more=False, anew=False)
        async with turn:
            # Looked at again: somebody else may have come first and shortened the trail.
            told = await self._follow(watch, request, request.since) if watch.remembers(place) else None
        return told or await self._begin(request)

    async def _begin(self, request: ChangesRequest) -> Changes:
        """Return the first rows that match; what of the log is known is looked up before they are read."""
        token = token_of(self._server.log_key(request.project), request.where, request.collection)
        log = self._entries(request.project)
        slack, now = self._slack[request.project], monotonic()
        horizon = await self._present(log, token) - slack.microseconds(now)
        older, unended = await log.unended(token, horizon)
        watch = Watch(request.project, request.collection.name, request.where, token, horizon, older, slack, now)
        watch.open |= {entry.uuid: entry for entry in unended}
        entries = await log.since(token, horizon)
        watch.learn(entries)
        watch.forget_ends(await self._end_past(watch, {entry.uuid for entry in entries if entry.ends}))
        question = compile_filter(request.where, request.collection).question
        rows = await self._reader.number(request.project, request.collection.name, question)
        watch.width = naming.SLOTS if rows < request.limit else max(naming.SLOTS // rows * request.limit // 2, 1)
        mark = (self._stamp, self._watches.add(watch), 0, 0)
        if request.since is not None:
            return Changes(rows={}, gone=(), mark=mark, more=True, anew=True)
        return await self._load(watch, request, mark)

    async def _load(self, watch: Watch, request: ChangesRequest, mark: Mark) -> Changes:
        """Return the next of the rows that match, in the order of their slots; what changed meanwhile comes last."""
        stamp, number, place, first = mark
        asked = compile_filter(request.where, request.collection)
        meets = None if asked.exact else matcher(request.where)
        end = first
        rows: list[Row] = []
        while end < naming.SLOTS and not rows:
            first, end = end, min(end + watch.width, naming.SLOTS)
            while (found := await self._in_slots(request, asked, first, end)) is None:
                watch.width = (end - first) // 2
                end = first + watch.width
            rows = [row for row in found if meets is None or meets(row)]
        rows.sort(key=lambda row: naming.slot_of(row.id))
        numbered = {watch.number(row.id): trimmed(row, request.include, request.fields) for row in rows}
        mark = (stamp, number, place, end)
        return Changes(rows=dict(sorted(numbered.items())), gone=(), mark=mark, more=True, anew=False)

    async def _in_slots(self, request: ChangesRequest, asked: Compiled, first: int, end: int) -> list[Row] | None:
        """Return the rows in a range of slots that the server finds, or None where they are too many."""
        limit = min(request.limit + 1, MAX_LIMIT)
        try:
            objects = await self._reader.fetch(
                request.project,
                request.collection,
                Asked.all_of([asked.question, in_slots(first, end)]),
                request.include,
                request.fields,
                limit=limit,
                always=() if asked.exact else asked_for(request.where),
            )
        except StoreError as error:
            if end - first > 1 and is_too_large(error.__cause__):
                return None
            raise
        if len(objects) >= limit and end - first > 1:
            return None
        return await self._reader.rows_of(request.project, request.collection, objects)

    async def _follow(self, watch: Watch, request: ChangesRequest, mark: Mark) -> Changes | None:
        """Return what changed after a place on a watch's trail, or None where it has to begin anew."""
        ends = await self._learn(watch)  # before the rows are read
        if ends is None:
            return None
        ends = await self._end_past(watch, ends)
        stamp, number, place, slot = mark
        unfinished = watch.unfinished()
        rows = await self._now(request, unfinished)
        watch.look(rows)
        watch.forget_ends(ends)
        stop = min(place + request.limit, watch.end)
        # What was looked at is not read again: the trail would not know of what is told of it.
        seen = frozenset(unfinished)
        rows |= await self._now(request, [row_id for row_id in watch.ahead(place, stop - place) if row_id not in seen])
        told = watch.walk(place, stop, rows)
        mark = (stamp, number, stop, slot)
        return Changes(rows=told.rows, gone=told.gone, mark=mark, more=stop < watch.end, anew=False)

    async def _learn(self, watch: Watch) -> set[UUID] | None:
        """Read what is new in the log; return which ends there are, or None where it cannot be told what is new.

        The count decides. What is found near the latest entry is usually all; where that is not so, because
        entries came in another order or one was repeated, all that are not older are listed.
        """
        log, now = self._entries(watch.project), monotonic()
        due = watch.is_due(now)
        if due and not await self._no_more_older(watch, log, now):
            return None
        first = watch.horizon if due else max(watch.horizon, watch.latest - _NEAR_US)
        found = await log.since(watch.token, first)
        watch.learn(found)
        number = await log.number(watch.token, first=watch.horizon)
        if number != len(watch.recent):
            found = await log.since(watch.token, watch.horizon)
            watch.learn(found)
            listed = sum(not entry.ends for entry in found)
            if len(watch.recent) != listed or number > listed:
                return None  # somebody took entries away
        if due and watch.is_long and not await self._stepped(watch, log, now):  # all are listed, with their times now
            return None
        ends = {entry.uuid for entry in found if entry.ends}
        return ends | await log.ends([uuid for uuid in watch.open if naming.end_id(uuid) not in ends])

    async def _no_more_older(self, watch: Watch, log: AsyncEntries, now: float) -> bool:
        """Whether there are as many older entries as there were when they were counted.

        Counted for themselves: in one number with the others, a newer one would stand for one that is missing.
        """
        older = await log.number(watch.token, before=watch.horizon)
        slack = self._slack[watch.project]
        if older > watch.older and watch.slack is slack:  # of many watches that find a clock behind one says so
            self._slack[watch.project] = slack.wider(now)
        if older == watch.older:
            watch.counted = now
        return older == watch.older

    async def _stepped(self, watch: Watch, log: AsyncEntries, now: float) -> bool:
        """Move the horizon on, where the server counts as many before the later one as are known; else another time.

        Where it counts fewer, one that was sent again was counted on both sides of the old horizon: return False.
        Then one that is missing would not be noticed later.
        """
        slack = self._slack[watch.project]
        horizon = await self._present(log, watch.token) - slack.microseconds(now)
        if horizon <= watch.horizon:
            return True
        known = watch.older + watch.before(horizon)
        number = await log.number(watch.token, before=horizon)
        if number == known:
            watch.step_back(horizon, slack)
        return number >= known

    async def _present(self, log: AsyncEntries, token: str) -> float:
        """Return the server's time, or where it does not tell that, when it got the newest entry: more is counted then.

        Somebody may have written much before that, and nothing since.
        """
        try:
            return instant(await self._server.now())
        except StoreError as error:
            _logger.warning("searches count more of the log of changes than they need: %s", error)
            return await log.newest(token)

    async def _now(self, request: ChangesRequest, ids: Sequence[str]) -> dict[str, Row]:
        """Return those of some rows that match, as they are now."""
        needed = asked_for(request.where)
        fields = None if request.fields is None else request.fields | needed
        found = await self._reader.by_ids(request.project, request.collection, ids, request.include | needed, fields)
        meets = matcher(request.where)
        return {row_id: trimmed(row, request.include, request.fields) for row_id, row in found.items() if meets(row)}

    def _entries(self, project: str) -> AsyncEntries:
        return AsyncEntries(self._server, self._reader, project)

    async def _end_past(self, watch: Watch, ends: set[UUID]) -> set[UUID]:
        """End those open entries that were begun so long ago that their writers must be dead; return all ends.

        What they name is looked at after that, for the last time. A writer that lives looks, after its last row
        is written, whether its entry was ended: either it finds that out and announces again, or its rows are there.
        """
        unended = [entry for entry in watch.open.values() if naming.end_id(entry.uuid) not in ends]
        if not unended or monotonic() < self._tired_until:
            return ends
        try:
            if self._time is None:
                self._time = await self._server.now(), monotonic()
            now, asked = self._time
            old = past(unended, now + timedelta(seconds=monotonic() - asked))
            log = self._entries(watch.project)
            begun, _ = await log.state([one.uuid for one in old])
            return ends | await log.end(begun)
        except StoreError as error:  # whoever may only read goes on looking
            self._tired_until = monotonic() + _TIRED_S
            _logger.warning("changes that were begun long ago could not be ended: %s", error)
            return ends
