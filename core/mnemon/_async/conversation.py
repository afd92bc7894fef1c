"""The conversation log: what was said in each run, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mnemon._async.work import unit_of_work
from mnemon.errors import InvalidInputError, NotFoundError, ScopeError
from mnemon.logic.messages import (
    MESSAGES,
    identified,
    message_from_row,
    message_row,
    message_row_id,
    positions,
)
from mnemon.logic.scopes import scope_condition
from mnemon.protocols.clock import random_id, system_clock
from mnemon.types.filters import where
from mnemon.types.storage import Delete, DeleteWhere, Patch, Put
from mnemon.types.times import parse_time, to_datetime

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from mnemon.protocols.async_store import AsyncStore
    from mnemon.protocols.clock import Clock, NewId
    from mnemon.types.filters import Filter
    from mnemon.types.message import Message
    from mnemon.types.scope import Scope
    from mnemon.types.storage import Cursor, Page, Row
    from mnemon.types.times import Time

__all__ = ["AsyncConversationLog"]

_PAGE = 1_000
_CHUNK = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run that has messages.

    Attributes:
        run_id: its id.
        messages: how many it has.
        first_at: when the first one was appended, in UTC.
        last_at: when the last one was appended, in UTC.
    """

    run_id: str
    messages: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """What an append did.

    Attributes:
        messages: the messages as they are stored, each with its id and time, in order.
        stored: ids of those that are new.
        repeated: ids of those that were there already, and were left as they are.
    """

    messages: tuple[Message, ...]
    stored: tuple[str, ...]
    repeated: tuple[str, ...]


class AsyncConversationLog:
    """Messages of runs in one project of a store, kept word by word.

    A run is named by a scope with a `run_id`; the other ids of the scope must match too, so the same
    `run_id` of two users is two runs. Order is the order of appending.
    """

    def __init__(
        self, store: AsyncStore, *, project: str = "default", clock: Clock = system_clock, new_id: NewId = random_id
    ) -> None:
        """Work on a store in which `MESSAGES` is declared; `setup` declares it."""
        self._store = store
        self._project = project
        self._clock = clock
        self._new_id = new_id

    async def setup(self) -> None:
        """Declare what the log needs; calling it again changes nothing."""
        await self._store.declare(MESSAGES)

    async def append(self, messages: Sequence[Message], scope: Scope) -> Appended:
        """Add messages at the end of a run; a message whose id is there already is left as it is.

        Messages without an id or a time get them. Nothing is stored if one of them cannot be.

        Raises:
            ScopeError: the scope names no run.
        """
        _check_run(scope)
        now = self._clock()
        unique: dict[str | None, Message] = {}
        for message in (identified(item, self._new_id, now) for item in messages):
            unique.setdefault(message.id, message)
        given = tuple(unique.values())
        rows = {message_row_id(scope, message.id or ""): message for message in given}
        async with unit_of_work(self._store) as store:
            there = set(await self._existing(store, list(rows)))
            newest = await self._newest(store, scope)
            new = [message for row, message in rows.items() if row not in there]
            places = positions(newest, now, len(new))
            batch = [
                Put(collection=MESSAGES.name, row=message_row(message, scope, place, now), existing="skip")
                for message, place in zip(new, places, strict=True)
            ]
            await store.apply(self._project, batch)
        return Appended(
            messages=given,
            stored=tuple(message.id or "" for message in new),
            repeated=tuple(message.id or "" for row, message in rows.items() if row in there),
        )

    async def read(
        self,
        scope: Scope,
        *,
        last: int | None = None,
        before: str | None = None,
        after: str | None = None,
        since: Time | None = None,
        until: Time | None = None,
    ) -> list[Message]:
        """Return messages of a scope in order: all of them, or a part.

        Args:
            scope: a run, or any other scope; then its runs' messages come in order of appending.
            last: at most so many, the newest ones.
            before: id of a message; only what stands before it.
            after: id of a message; only what stands after it.
            since: only what was said at this time or later.
            until: only what was said before this time.

        Raises:
            NotFoundError: the scope has no message `before` or `after`.
            InvalidInputError: `last` is not a number from 0.
        """
        if last is not None and (isinstance(last, bool) or last < 0):
            msg = f"last must be a whole number from 0, not {last!r}"
            raise InvalidInputError(msg)
        condition: Filter = scope_condition(scope)
        if before is not None:
            condition &= where("position").lt(await self._position(scope, before))
        if after is not None:
            condition &= where("position").gt(await self._position(scope, after))
        if since is not None:
            condition &= where("said_at").gte(parse_time(since, "since"))
        if until is not None:
            condition &= where("said_at").lt(parse_time(until, "until"))
        rows = await self._scan(condition, last)
        return [message_from_row(row) for row in rows]

    async def replace(self, message: Message, scope: Scope) -> None:
        """Put another message in the place of the one that has its id; without a time it keeps that one's.

        Raises:
            NotFoundError: the run has no message of that id.
            InvalidInputError: the message has no id.
        """
        _check_run(scope)
        if message.id is None:
            msg = "a message that replaces another needs its id"
            raise InvalidInputError(msg)
        found = await self._row(scope, message.id)
        said_at = to_datetime(found.fields["said_at"], "said_at")
        row = message_row(identified(message, self._new_id, said_at), scope, "", said_at)
        fields = {name: row.fields[name] for name in ("role", "said_at")}
        patch = Patch(collection=MESSAGES.name, id=row.id, fields=fields, payload=row.payload, otherwise="skip")
        applied = await self._store.apply(self._project, [patch])
        if applied.counts == (0,):
            raise _not_found(message.id)

    async def delete(self, message_ids: Sequence[str], scope: Scope) -> int:
        """Take messages out of a run; return how many were there."""
        _check_run(scope)
        if isinstance(message_ids, str):
            msg = "delete takes a list of message ids, not one text; write [id]"
            raise InvalidInputError(msg)
        rows = [message_row_id(scope, message_id) for message_id in message_ids]
        return (await self._store.apply(self._project, [Delete(collection=MESSAGES.name, ids=rows)])).counts[0]

    async def delete_all(self, scope: Scope) -> int:
        """Take out all messages of a scope that are there now; return how many.

        They go in parts of 2,000, so that other writers come between.
        """
        condition = scope_condition(scope) & where("recorded_at").lte(self._clock())
        batch = [DeleteWhere(collection=MESSAGES.name, where=condition, limit=_CHUNK)]
        deleted = 0
        while count := (await self._store.apply(self._project, batch)).counts[0]:
            deleted += count
        return deleted

    async def runs(self, scope: Scope, *, after: str | None = None, limit: int = 100) -> list[Run]:
        """Return the runs that have messages in a scope, by `run_id`; go on with `after` the last one."""
        page = await self._store.groups(
            self._project, MESSAGES.name, "run_id", scope_condition(scope), of="position", after=after, limit=limit
        )
        return [
            Run(run_id=group.value, messages=group.rows, first_at=_moment(group.least), last_at=_moment(group.most))
            for group in page.groups
        ]

    async def _existing(self, store: AsyncStore, rows: list[str]) -> list[str]:
        return list(await store.get(self._project, MESSAGES.name, rows, include=(), decisive=True))

    async def _newest(self, store: AsyncStore, scope: Scope) -> str | None:
        page = await store.scan(
            self._project,
            MESSAGES.name,
            where("run_id").eq(scope.run_id),
            order="position",
            descending=True,
            limit=1,
            include=(),
        )
        return str(page.rows[0].fields["position"]) if page.rows else None

    async def _position(self, scope: Scope, message_id: str) -> str:
        return str((await self._row(scope, message_id)).fields["position"])

    async def _row(self, scope: Scope, message_id: str) -> Row:
        row = message_row_id(scope, message_id)
        found = await self._store.get(self._project, MESSAGES.name, [row], include=(), decisive=True)
        if row not in found:
            raise _not_found(message_id)
        return found[row]

    async def _scan(self, condition: Filter, last: int | None) -> list[Row]:
        rows: list[Row] = []
        cursor: Cursor | None = None
        while last is None or len(rows) < last:
            page: Page = await self._store.scan(
                self._project,
                MESSAGES.name,
                condition,
                order="position",
                descending=last is not None,
                after=cursor,
                limit=_PAGE if last is None else min(_PAGE, last - len(rows)),
                include=("payload",),
            )
            rows += page.rows
            cursor = page.after
            if cursor is None:
                break
        return rows if last is None else rows[::-1]


def _check_run(scope: Scope) -> None:
    if scope.run_id is None:
        msg = "a conversation is one run's: give run_id"
        raise ScopeError(msg)


def _moment(position: str | float | None) -> datetime:
    return to_datetime(str(position).partition("#")[0], "position")


def _not_found(message_id: str) -> NotFoundError:
    return NotFoundError(f"there is no message {message_id!r} in this run; read it to see its ids")
