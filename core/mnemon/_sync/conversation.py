# Generated from core/mnemon/_async/conversation.py by tests/contracts/unasync.py; edit that file.
"""The conversation log: what was said in each run, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon._sync.adding import read_log
from mnemon._sync.work import unit_of_work
from mnemon.errors import InvalidInputError, NotFoundError
from mnemon.logic.adding import message_writes
from mnemon.logic.messages import MESSAGES, identified, message_from_row, message_row, message_row_id
from mnemon.logic.scopes import scope_condition
from mnemon.logic.turns import plan_turns
from mnemon.types.filters import where
from mnemon.types.results import Appended, Run
from mnemon.types.storage import Delete, DeleteWhere, Patch
from mnemon.types.times import format_time, parse_time, to_datetime

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from mnemon._sync.desk import Desk
    from mnemon.types.filters import Filter
    from mnemon.types.message import Message
    from mnemon.types.scope import Scope
    from mnemon.types.storage import Cursor, Page, Row
    from mnemon.types.times import Time

__all__ = ["append", "delete", "delete_some", "read", "replace", "runs"]

_PAGE = 1_000


def append(desk: Desk, messages: Sequence[Message], scope: Scope) -> Appended:
    """Add messages at the end of a run; a message whose id is there already is left as it is."""
    with unit_of_work(desk.store) as store:
        now = desk.clock()
        times = [message.time or now for message in messages]
        log = read_log(desk, store, scope, messages, times, align=False)
        turns = plan_turns(
            messages,
            times,
            log,
            scope=scope,
            roles=(),
            gap=desk.session_gap,
            new_id=desk.new_id,
            align=False,
        )
        writes = list(message_writes(turns, log, now))
        if writes:
            store.apply(desk.project, writes)
    unique = {turn.row: turn for turn in turns[::-1]}
    given = {turn.row: unique[turn.row] for turn in turns}.values()
    new = {turn.row for turn in turns if turn.new}
    return Appended(
        messages=tuple(turn.message for turn in given),
        stored=tuple(turn.message.id or "" for turn in given if turn.row in new),
        repeated=tuple(turn.message.id or "" for turn in given if turn.row not in new),
    )


def read(
    desk: Desk,
    scope: Scope,
    *,
    last: int | None = None,
    before: str | None = None,
    after: str | None = None,
    since: Time | None = None,
    until: Time | None = None,
) -> list[Message]:
    """Return messages of a scope in order: all of them, or a part."""
    condition: Filter = scope_condition(scope)
    if before is not None:
        condition &= where("position").lt(_position(desk, scope, before))
    if after is not None:
        condition &= where("position").gt(_position(desk, scope, after))
    if since is not None:
        condition &= where("said_at").gte(parse_time(since, "since"))
    if until is not None:
        condition &= where("said_at").lt(parse_time(until, "until"))
    rows = _scan(desk, condition, last)
    return [message_from_row(row) for row in rows]


def replace(desk: Desk, message: Message, scope: Scope) -> None:
    """Put another message in the place of the one that has its id; without a time it keeps that one's."""
    if message.id is None:
        msg = "a message that replaces another needs its id"
        raise InvalidInputError(msg)
    found = _row(desk, scope, message.id)
    said_at = to_datetime(found.fields["said_at"], "said_at")
    row = message_row(identified(message, desk.new_id, said_at), scope, "", said_at, session="")
    fields = {name: row.fields[name] for name in ("role", "said_at")}
    patch = Patch(collection=MESSAGES.name, id=row.id, fields=fields, payload=row.payload, otherwise="skip")
    applied = desk.store.apply(desk.project, [patch])
    if applied.counts == (0,):
        raise _not_found(message.id)


def delete(desk: Desk, message_ids: Sequence[str], scope: Scope) -> int:
    """Take messages out of a run; return how many were there."""
    rows = [message_row_id(scope, message_id) for message_id in message_ids]
    return (desk.store.apply(desk.project, [Delete(collection=MESSAGES.name, ids=rows)])).counts[0]


def delete_some(desk: Desk, scope: Scope, until: datetime, limit: int) -> int:
    """Take out up to so many messages of a scope that were there at a time; return how many."""
    condition = scope_condition(scope) & where("recorded_at").lte(format_time(until))
    batch = [DeleteWhere(collection=MESSAGES.name, where=condition, limit=limit)]
    return (desk.store.apply(desk.project, batch)).counts[0]


def runs(desk: Desk, scope: Scope, *, after: str | None = None, limit: int = 100) -> list[Run]:
    """Return the runs that have messages in a scope, by `run_id`."""
    page = desk.store.groups(
        desk.project, MESSAGES.name, "run_id", scope_condition(scope), of="position", after=after, limit=limit
    )
    return [
        Run(run_id=group.value, messages=group.rows, first_at=_moment(group.least), last_at=_moment(group.most))
        for group in page.groups
    ]


def _position(desk: Desk, scope: Scope, message_id: str) -> str:
    return str((_row(desk, scope, message_id)).fields["position"])


def _row(desk: Desk, scope: Scope, message_id: str) -> Row:
    row = message_row_id(scope, message_id)
    found = desk.store.get(desk.project, MESSAGES.name, [row], include=(), decisive=True)
    if row not in found:
        raise _not_found(message_id)
    return found[row]


def _scan(desk: Desk, condition: Filter, last: int | None) -> list[Row]:
    rows: list[Row] = []
    cursor: Cursor | None = None
    while last is None or len(rows) < last:
        page: Page = desk.store.scan(
            desk.project,
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


def _moment(position: str | float | None) -> datetime:
    return to_datetime(str(position).partition("#")[0], "position")


def _not_found(message_id: str) -> NotFoundError:
    return NotFoundError(f"there is no message {message_id!r} in this run; read it to see its ids")
