"""Reading what is there: by id, in pages, in history, in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mnemon._async.desk import every_row, newest_rows, versions_of
from mnemon.errors import NotFoundError
from mnemon.logic.conditions import CURRENT, unexpired
from mnemon.logic.cursors import write_cursor
from mnemon.logic.filters import bind, matcher
from mnemon.logic.memories import MEMORIES, lacks_successor, record_of, version_of
from mnemon.logic.messages import MESSAGES
from mnemon.logic.operations import OPERATIONS, operation_of
from mnemon.logic.scopes import scope_condition
from mnemon.logic.versions import inside, not_found, owned, without_current
from mnemon.types.filters import And, where
from mnemon.types.results import History, MemoryPage, OperationPage, ScopeSummary, Stats
from mnemon.types.times import to_datetime

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mnemon._async.desk import AsyncDesk
    from mnemon.protocols.async_store import AsyncStore
    from mnemon.types.filters import Filter
    from mnemon.types.memory import MemoryRecord, Operation
    from mnemon.types.scope import Scope
    from mnemon.types.storage import Cursor, Page, Row, VectorSpace

__all__ = [
    "ListRequest",
    "chosen",
    "count",
    "current_row",
    "get",
    "get_all",
    "history",
    "no_operation",
    "operation",
    "operations",
    "scopes",
    "stats",
    "still",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRequest:
    """A page of memories or operations, checked.

    Attributes:
        where: which.
        order: the ordered field that they come by.
        descending: whether the greatest comes first.
        after: where the page before ended, or None.
        limit: how many at most.
    """

    where: Filter
    order: str
    descending: bool
    after: Cursor | None
    limit: int


async def current_row(
    store: AsyncStore, project: str, memory_id: str, scope: Scope | None, *, include: tuple[str, ...]
) -> Row:
    """Return the row of a memory's current version.

    Raises:
        NotFoundError: there is none in that scope, or it was deleted.
        ConflictError: it is there, and no version of it is the current one.
    """
    row = owned(await newest_rows(store, project, [memory_id], include), memory_id, scope)
    if lacks_successor(row):
        raise without_current([memory_id])
    if "recorded_to" in row.fields:
        raise not_found(memory_id)
    return row


async def get(desk: AsyncDesk, memory_id: str, scope: Scope | None, include_expired: bool) -> MemoryRecord:  # noqa: FBT001 - passed on
    """Return a memory as it is now."""
    row = await current_row(desk.store, desk.project, memory_id, scope, include=("metadata", "payload"))
    if not include_expired and not matcher(unexpired(desk.clock()))(row):
        raise not_found(memory_id)
    return record_of(row)


async def get_all(desk: AsyncDesk, request: ListRequest) -> MemoryPage:
    """Return a page of memories."""
    page = await desk.store.scan(
        desk.project,
        MEMORIES.name,
        request.where,
        order=request.order,
        descending=request.descending,
        after=request.after,
        limit=request.limit,
    )
    return MemoryPage(tuple(map(record_of, page.rows)), _next(page, request))


def _next(page: Page, request: ListRequest) -> str | None:
    return write_cursor(page.after, request.order, descending=request.descending)


async def count(desk: AsyncDesk, condition: Filter) -> int:
    """Return how many versions match."""
    return (await desk.store.count(desk.project, MEMORIES.name, condition)).rows


async def chosen(desk: AsyncDesk, condition: Filter) -> list[str]:
    """Return the memories whose newest version matches."""
    closed: dict[str, bool] = {}
    async for rows in every_row(desk.store, desk.project, MEMORIES.name, condition):
        closed |= {str(row.fields["memory_id"]): "recorded_to" in row.fields for row in rows}
    ended = [memory_id for memory_id, is_closed in closed.items() if is_closed]
    newest = await still(desk, desk.store, ended, condition)
    return [memory_id for memory_id, is_closed in closed.items() if not is_closed or memory_id in newest]


async def still(desk: AsyncDesk, store: AsyncStore, memory_ids: Sequence[str], condition: Filter) -> dict[str, Row]:
    """Return the newest versions of these memories that match, by memory."""
    matches = matcher(bind(condition, MEMORIES))
    newest = await newest_rows(store, desk.project, memory_ids, ("metadata",))
    return {memory_id: row for memory_id, row in newest.items() if matches(row)}


async def history(desk: AsyncDesk, memory_id: str, scope: Scope | None) -> History:
    """Return all versions of a memory, oldest first."""
    rows = await versions_of(desk.store, desk.project, [memory_id])
    versions = [version_of(row) for row in rows if row.payload and inside(row, scope)]
    if not versions:
        raise not_found(memory_id)
    return History(tuple(sorted(versions, key=lambda one: (one.memory.version, one.recorded_from))))


async def operation(desk: AsyncDesk, store: AsyncStore, op_id: str, scope: Scope | None) -> Operation:
    """Return an operation.

    Raises:
        NotFoundError: there is none in that scope.
    """
    found = await store.get(desk.project, OPERATIONS.name, [op_id], decisive=True)
    if op_id not in found or not inside(found[op_id], scope):
        raise no_operation(op_id)
    return operation_of(found[op_id])


def no_operation(op_id: str) -> NotFoundError:
    """Return the error for an operation that is not there, or is somebody else's: the two are not told apart."""
    return NotFoundError(f"there is no operation {op_id!r} in this scope; list them with operations")


async def operations(desk: AsyncDesk, request: ListRequest) -> OperationPage:
    """Return a page of operations."""
    page = await desk.store.scan(
        desk.project,
        OPERATIONS.name,
        request.where,
        order=request.order,
        descending=request.descending,
        after=request.after,
        limit=request.limit,
    )
    return OperationPage(tuple(map(operation_of, page.rows)), _next(page, request))


async def scopes(desk: AsyncDesk, field: str, condition: Filter, after: str | None, limit: int) -> list[ScopeSummary]:
    """Return who has memories, by id."""
    page = await desk.store.groups(
        desk.project, MEMORIES.name, field, condition, of="recorded_from", after=after, limit=limit
    )
    return [
        ScopeSummary(id=group.value, memories=group.rows, last_activity=to_datetime(group.most, "recorded_from"))
        for group in page.groups
    ]


async def stats(desk: AsyncDesk, scope: Scope | None, embedder: str | None, space: VectorSpace | None) -> Stats:
    """Return numbers of a project, or of a scope in it."""
    inside_scope = And() if scope is None else scope_condition(scope)
    memories = await count(desk, inside_scope & CURRENT)
    waiting = 0 if embedder is None else memories
    if space is not None:
        without = where("space").ne(space.name) & where("space_next").ne(space.name)
        waiting = await count(desk, inside_scope & CURRENT & without)
    return Stats(
        project=desk.project,
        memories=memories,
        versions=await count(desk, inside_scope),
        messages=(await desk.store.count(desk.project, MESSAGES.name, inside_scope)).rows,
        operations=(await desk.store.count(desk.project, OPERATIONS.name, inside_scope)).rows,
        embedder=embedder,
        dimensions=None if space is None else space.dimensions,
        waiting=waiting,
    )
