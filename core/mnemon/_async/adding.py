"""Adding: what was said becomes messages of the log, memories, and one operation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon._async.desk import in_chunks, newest_rows
from mnemon._async.work import unit_of_work
from mnemon.errors import ConflictError
from mnemon.logic.adding import add_result, add_writes, plan_add
from mnemon.logic.memories import MEMORIES, record_of
from mnemon.logic.messages import MESSAGES, message_row_id, thread_of
from mnemon.logic.operations import OPERATIONS, operation_of
from mnemon.logic.turns import Log, logged
from mnemon.types.filters import where
from mnemon.types.results import Added, AddResult
from mnemon.wrappers.threads import athink

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from mnemon._async.desk import AsyncDesk
    from mnemon.logic.adding import AddPlan, AddRequest, Embedded
    from mnemon.logic.turns import Logged
    from mnemon.protocols.async_store import AsyncStore
    from mnemon.types.message import Message
    from mnemon.types.scope import Scope
    from mnemon.types.storage import Cursor, Row

__all__ = ["add", "read_log"]

_PAGE = 1_000


async def add(desk: AsyncDesk, request: AddRequest, embedded: Embedded) -> AddResult | list[str]:
    """Store what is new of a request, as one; or return the texts that need a vector first, and store nothing."""
    async with unit_of_work(desk.store) as store:
        if request.op_id is not None:
            done = await _done_before(desk, store, request)
            if done is not None:
                return done
        plan, there = await _plan(desk, store, request)
        missing = embedded.missing(plan.texts)
        if missing:
            return missing
        retried = request.op_id is not None
        writes = await athink(add_writes, plan, embedded, actor=request.actor, language=desk.language, retried=retried)
        if writes:
            await store.apply(desk.project, writes)
    records = {key: record_of(row) for key, row in there.items() if "recorded_to" not in row.fields}
    return add_result(plan, records)


async def _plan(desk: AsyncDesk, store: AsyncStore, request: AddRequest) -> tuple[AddPlan, dict[str, Row]]:
    """Return the plan, and the memories that entries are in already.

    A text that was given alone and is found to be a repeat of a deleted memory is added anew: whoever
    writes it by hand means it, while a history that is sent again must not bring back what was deleted.
    """
    now = desk.clock()
    logs = {scope: await read_log(desk, store, scope, messages, now) for scope, messages in request.scopes.items()}
    plan = plan_add(request, logs, now=now, gap=desk.session_gap, new_id=desk.new_id)
    there = await newest_rows(store, desk.project, plan.repeated) if plan.repeated else {}
    alone = len(request.entries) == 1 and request.entries[0].plain
    if alone and plan.repeated and all("recorded_to" in row.fields for row in there.values()):
        return plan_add(request, logs, now=now, gap=desk.session_gap, new_id=desk.new_id, align=False), {}
    return plan, there


async def _done_before(desk: AsyncDesk, store: AsyncStore, request: AddRequest) -> AddResult | None:
    """Return what the first call with this idempotency key did, or None when there was none.

    Raises:
        ConflictError: that call added something else.
    """
    op_id = request.op_id or ""
    found = await store.get(desk.project, OPERATIONS.name, [op_id], decisive=True)
    if op_id not in found:
        return None
    touched = [one.memory_id for one in operation_of(found[op_id]).touched]
    firsts = await store.get(desk.project, MEMORIES.name, touched, decisive=True)
    texts = {entry.said if isinstance(entry.said, str) else entry.said.text for entry in request.entries}
    added = {key: record_of(row) for key, row in firsts.items() if row.payload}
    if not all(record.text in texts for record in added.values()):
        msg = "this idempotency_key was used to add something else in this scope; use a new key for new content"
        raise ConflictError(msg, memory_ids=touched, operations=[op_id])
    items = tuple(Added(event="REPEAT", memory=added.get(memory_id)) for memory_id in touched)
    return AddResult(items=items, op_id=op_id)


async def read_log(
    desk: AsyncDesk,
    store: AsyncStore,
    scope: Scope,
    messages: Sequence[Message],
    now: datetime,
    *,
    ids: Sequence[str | None] | None = None,
) -> Log:
    """Return what of a scope's log decides about these messages; `ids` where more may be known than `messages` has."""
    thread = where("thread").eq(thread_of(scope))
    tail: list[Logged] = []
    after: Cursor | None = None
    while len(tail) < max(1, len(messages)):
        page = await store.scan(
            desk.project,
            MESSAGES.name,
            thread,
            order="position",
            descending=True,
            after=after,
            limit=min(_PAGE, max(1, len(messages)) - len(tail)),
            include=("payload",),
        )
        tail += map(logged, page.rows)
        after = page.after
        if after is None:
            break
    named = [message.id for message in messages] if ids is None else ids
    rows = [message_row_id(scope, message_id) for message_id in named if message_id is not None]
    known: dict[str, Logged] = {}
    for chunk in in_chunks(rows):
        found = await store.get(desk.project, MESSAGES.name, chunk, include=("payload",), decisive=True)
        known |= {key: logged(row) for key, row in found.items()}
    times = [message.time or now for message in messages]
    near: list[Logged] = []
    if tail and scope.run_id is None and min(times) < tail[0].said_at - desk.session_gap:
        around = where("said_at").gte(min(times) - desk.session_gap) & where("said_at").lte(
            max(times) + desk.session_gap
        )
        page = await store.scan(
            desk.project, MESSAGES.name, thread & around, order="said_at", limit=_PAGE, include=("payload",)
        )
        near = [logged(row) for row in page.rows]
    return Log(tail=tail[::-1], known=known, near=near)
