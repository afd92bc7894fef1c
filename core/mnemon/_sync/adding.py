# Generated from core/mnemon/_async/adding.py by tests/contracts/unasync.py; edit that file.
"""Adding: what was said becomes messages of the log, memories, and one operation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon._sync.desk import in_chunks, newest_rows, pages
from mnemon._sync.work import unit_of_work
from mnemon.errors import ConflictError
from mnemon.logic.adding import add_result, add_writes, plan_add, repeated_result
from mnemon.logic.memories import MEMORIES, record_of
from mnemon.logic.messages import MESSAGES, message_row_id, thread_condition
from mnemon.logic.operations import OPERATIONS, digest_of, operation_of, repeated_of
from mnemon.logic.sessions import spot_of, unknown_times
from mnemon.logic.turns import Log, Logged, unremembered
from mnemon.logic.versions import inside
from mnemon.types.filters import where
from mnemon.types.storage import Put
from mnemon.wrappers.threads import think

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from mnemon._sync.desk import Desk
    from mnemon.logic.adding import AddPlan, AddRequest, Embedded, IdempotencyKey
    from mnemon.logic.sessions import Spot
    from mnemon.protocols.store import Store
    from mnemon.types.message import Message
    from mnemon.types.results import AddResult
    from mnemon.types.scope import Scope
    from mnemon.types.storage import Cursor, Row, Write

__all__ = ["add", "read_log", "texts_to_embed"]

_PAGE = 1_000
_HEAD = 10
"""First messages of a thread that are read to see whether a system message is among them."""


def add(desk: Desk, request: AddRequest, embedded: Embedded) -> AddResult | list[str]:
    """Store what is new of a request, as one; or return the texts that need a vector first, and store nothing."""
    with unit_of_work(desk.store) as store:
        if request.key is not None:
            done = _done_before(desk, store, request, request.key)
            if done is not None:
                return done
        plan, there = _plan(desk, store, request)
        missing = embedded.missing(plan.texts)
        if missing:
            return missing
        retried = request.key is not None
        writes = think(add_writes, plan, embedded, actor=request.actor, language=desk.language, retried=retried)
        if writes:
            counts = (store.apply(desk.project, writes)).counts
            if request.key is not None:
                there_before = [write for write, count in zip(writes, counts, strict=True) if not count]
                _check_made(desk, store, request.key, there_before)
    records = {key: record_of(row) for key, row in there.items() if "recorded_to" not in row.fields}
    return add_result(plan, records)


def texts_to_embed(desk: Desk, request: AddRequest) -> AddResult | list[str]:
    """Return the texts of a request that seem to be new; or what it did, where it was carried out before.

    This keeps nobody from writing. What others write meanwhile is seen when the request is carried out.
    """
    if request.key is not None:
        done = _done_before(desk, desk.store, request, request.key)
        if done is not None:
            return done
    texts = [entry.said for entry in request.entries if isinstance(entry.said, str)]
    for scope, thread in request.threads(desk.clock()).items():
        log = read_log(desk, desk.store, scope, thread.messages, thread.times)
        texts += think(
            unremembered,
            thread.messages,
            thread.times,
            log,
            scope=scope,
            roles=request.roles,
            gap=desk.session_gap,
        )
    return texts


def _plan(desk: Desk, store: Store, request: AddRequest) -> tuple[AddPlan, dict[str, Row]]:
    """Return the plan, and the memories that entries are in already.

    A text that was given alone and is found to be a repeat of a deleted memory is added anew: whoever
    writes it by hand means it, while a history that is sent again must not bring back what was deleted.
    """
    now = desk.clock()
    threads = request.threads(now)
    logs = {scope: read_log(desk, store, scope, thread.messages, thread.times) for scope, thread in threads.items()}
    plan = plan_add(request, threads.values(), logs, now=now, gap=desk.session_gap, new_id=desk.new_id)
    repeated = plan.repeated
    if not repeated:
        return plan, {}
    owners = {turn.memory_id: turn.scope for turn in plan.turns if turn is not None and turn.memory_id is not None}
    found = newest_rows(store, desk.project, repeated)
    there = {key: row for key, row in found.items() if inside(row, owners[key])}
    alone = len(request.entries) == 1 and request.entries[0].plain
    if alone and all("recorded_to" in row.fields for row in there.values()):
        gap = desk.session_gap
        anew = plan_add(request, threads.values(), logs, now=now, gap=gap, new_id=desk.new_id, align=False)
        return anew, {}
    return plan, there


def _done_before(desk: Desk, store: Store, request: AddRequest, key: IdempotencyKey) -> AddResult | None:
    """Return what the first call with this idempotency key did, or None when there was none.

    Raises:
        ConflictError: that call added something else, or somebody else's operation stands under this name.
    """
    found = store.get(desk.project, OPERATIONS.name, [key.op_id], decisive=True)
    if key.op_id not in found:
        return None
    row = found[key.op_id]
    _check_own(key, [row])
    made = [one.memory_id for one in operation_of(row).touched]
    if digest_of(row) != request.digest:
        msg = "this idempotency_key was used to add something else in this scope; use a new key for new content"
        raise ConflictError(msg, memory_ids=made, operations=[key.op_id])
    memories = [*made, *repeated_of(row)]
    firsts: dict[str, Row] = {}
    for chunk in in_chunks(memories):
        firsts |= store.get(desk.project, MEMORIES.name, chunk, decisive=True)
    newest = newest_rows(store, desk.project, memories)
    _check_own(key, [*firsts.values(), *newest.values()])
    return repeated_result(request, key.op_id if made else None, firsts, newest)


def _check_made(desk: Desk, store: Store, key: IdempotencyKey, writes: Sequence[Write]) -> None:
    """Refuse memories that were there before under the ids that a key gives, and are somebody else's."""
    ids = [write.row.id for write in writes if isinstance(write, Put) and write.collection == MEMORIES.name]
    for chunk in in_chunks(ids):
        _check_own(key, (store.get(desk.project, MEMORIES.name, chunk, include=(), decisive=True)).values())


def _check_own(key: IdempotencyKey, rows: Iterable[Row]) -> None:
    """Refuse what somebody else has under an id that a key gives; only an import can bring it.

    Raises:
        ConflictError: a row is somebody else's.
    """
    if not all(inside(row, key.scope) for row in rows):
        msg = "another scope has what this idempotency_key names, by an import; use a new key"
        raise ConflictError(msg, memory_ids=[], operations=[key.op_id])


def read_log(
    desk: Desk,
    store: Store,
    scope: Scope,
    messages: Sequence[Message],
    times: Sequence[datetime],
    *,
    align: bool = True,
) -> Log:
    """Return what of a scope's log decides about these messages; `align` says whether their words may, too."""
    tail = _tail(desk, store, scope, len(messages) if align else 1)
    rows = [message_row_id(scope, message.id) for message in messages if message.id is not None]
    known: dict[str, Logged] = {}
    for chunk in in_chunks(rows):
        found = store.get(desk.project, MESSAGES.name, chunk, include=("payload",), decisive=True)
        known |= {key: Logged(row) for key, row in found.items()}
    head: list[Logged] = []
    if align and tail and any(message.role == "system" and message.id is None for message in messages):
        page = store.scan(
            desk.project, MESSAGES.name, thread_condition(scope), order="position", limit=_HEAD, include=("payload",)
        )
        head = [Logged(row) for row in page.rows]
    return Log(tail=tail, head=head, known=known, near=_near(desk, store, scope, times, tail))


def _tail(desk: Desk, store: Store, scope: Scope, turns: int) -> list[Logged]:
    """Return the newest messages of a log in order: so many that are no system messages, and what stands between."""
    tail: list[Logged] = []
    after: Cursor | None = None
    missing = turns
    while missing > 0:
        page = store.scan(
            desk.project,
            MESSAGES.name,
            thread_condition(scope),
            order="position",
            descending=True,
            after=after,
            limit=min(_PAGE, missing),
            include=("payload",),
        )
        tail += map(Logged, page.rows)
        missing -= sum(row.fields["role"] != "system" for row in page.rows)
        after = page.after
        if after is None:
            break
    return tail[::-1]


def _near(desk: Desk, store: Store, scope: Scope, times: Sequence[datetime], tail: Sequence[Logged]) -> list[Spot]:
    """Return where messages stand whose session the new ones may join, beyond the tail."""
    spans = [] if scope.run_id is not None else unknown_times(times, [one.spot for one in tail], desk.session_gap)
    near: list[Spot] = []
    for start, end in spans:
        around = thread_condition(scope) & where("said_at").gte(start) & where("said_at").lte(end)
        for rows in pages(store, desk.project, MESSAGES.name, around, order="said_at", include=()):
            near += map(spot_of, rows)
    return near
