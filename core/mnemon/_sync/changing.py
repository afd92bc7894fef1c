# Generated from core/mnemon/_async/changing.py by tests/contracts/unasync.py; edit that file.
"""Changing what is there: updates, deletions, and taking either back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mnemon._sync.desk import every_row, in_chunks, newest_rows, versions_of
from mnemon._sync.reading import current_row, no_operation, operation, still
from mnemon._sync.spaces import usable_space
from mnemon._sync.work import unit_of_work
from mnemon.errors import ConflictError, InvalidInputError, StoreConflictError
from mnemon.logic.conditions import CURRENT
from mnemon.logic.filters import bind, matcher
from mnemon.logic.memories import DELETED, MEMORIES, by_memory, newest_of
from mnemon.logic.operations import OPERATIONS, common_scope, operation_of, operation_put
from mnemon.logic.scopes import scope_of
from mnemon.logic.undoing import plan_undo
from mnemon.logic.versions import changed, closing, inside, made_in_vain, new_version, patching, updated
from mnemon.protocols.capabilities import Capability
from mnemon.types.filters import where
from mnemon.types.memory import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from mnemon._sync.desk import Desk
    from mnemon.logic.adding import Embedded
    from mnemon.logic.versions import Change
    from mnemon.protocols.store import Store
    from mnemon.types.filters import Filter
    from mnemon.types.memory import MemoryRecord, OperationKind, Touched
    from mnemon.types.scope import Scope
    from mnemon.types.storage import Row, VectorSpace, Write

__all__ = ["delete", "delete_some", "undo", "update"]

_TRIES = 5
"""How often a change is decided anew on a store where another writer can come between."""


def update(
    desk: Desk,
    memory_id: str,
    change: Change,
    scope: Scope | None,
    embedded: Embedded,
    space: VectorSpace | None,
) -> MemoryRecord:
    """Change a memory; return it as it is then."""
    space = usable_space(desk, space)
    parts = ("terms", "metadata", "payload", *(() if space is None else (space.name,)))
    for _ in range(_TRIES):
        try:
            with unit_of_work(desk.store) as store:
                current = current_row(store, desk.project, memory_id, scope, include=parts)
                now = desk.clock()
                record = updated(current, change, now)
                op_id = desk.new_id()
                if record.version != current.fields["version"]:
                    writes, touched = new_version(
                        current, record, embedded, op_id=op_id, actor=change.actor, language=desk.language
                    )
                elif patched := changed(current, record):
                    writes, touched = patching(current, patched, op_id=op_id)
                else:
                    return record
                _apply(desk, store, "update", op_id, now, change.actor, record.scope, [touched], writes)
        except StoreConflictError:
            if change.expected_version is not None:
                break
        else:
            return record
    msg = f"memory {memory_id!r} was changed by another writer meanwhile; read it again and decide anew"
    raise ConflictError(msg, memory_ids=[memory_id])


def delete(desk: Desk, memory_id: str, scope: Scope | None, actor: str | None) -> str:
    """Delete a memory so that it can be undone; return the operation."""
    for _ in range(_TRIES):
        try:
            with unit_of_work(desk.store) as store:
                current = current_row(store, desk.project, memory_id, scope, include=())
                others = _beside(current, _left_current(desk, store, [memory_id], [current]))
                op_id, now = desk.new_id(), desk.clock()
                writes, touched = closing(current, op_id=op_id, now=now, others=others)
                _apply(desk, store, "delete", op_id, now, actor, scope_of(current), [touched], writes)
        except StoreConflictError:
            continue
        return op_id
    msg = f"memory {memory_id!r} was changed by another writer meanwhile; read it again and decide anew"
    raise ConflictError(msg, memory_ids=[memory_id])


def delete_some(
    desk: Desk, memory_ids: Sequence[str], condition: Filter, actor: str | None, part_of: str | None
) -> tuple[str | None, int]:
    """Delete those of these memories that still match; return the operation, and how many they were.

    `part_of` is the operation of the first part, which stands for all of them in `undo`.
    """
    with unit_of_work(desk.store) as store:
        rows = still(desk, store, memory_ids, condition)
        others = by_memory(_left_current(desk, store, memory_ids, list(rows.values())))
        left = {memory_id: current for memory_id, current in others.items() if memory_id not in rows}
        rows |= _of_deleted(desk, store, left, condition)
        if not rows:
            return None, 0
        op_id, now = desk.new_id(), desk.clock()
        steps = [
            closing(row, op_id=op_id, now=now, others=_beside(row, others.get(key, ()))) for key, row in rows.items()
        ]
        writes = [write for step, _ in steps for write in step]
        scope = common_scope(map(scope_of, rows.values()))
        touched = [one for _, one in steps]
        _apply(desk, store, "delete", op_id, now, actor, scope, touched, writes, part_of=part_of)
    return op_id, len(rows)


def _left_current(desk: Desk, store: Store, memory_ids: Sequence[str], newest: Sequence[Row]) -> list[Row]:
    """Return the versions that are current beside the newest ones of these memories.

    A race leaves such, and so does an import until its end.
    """
    known = {row.id for row in newest}
    left: list[Row] = []
    for chunk in in_chunks(memory_ids):
        ids = store.list_ids(desk.project, MEMORIES.name, CURRENT & where("memory_id").in_(list(chunk)))
        others = [row_id for row_id in ids if row_id not in known]
        if others:
            left += (store.get(desk.project, MEMORIES.name, others, include=("metadata",), decisive=True)).values()
    return left


def _beside(row: Row, left: Sequence[Row]) -> list[Row]:
    """Return what goes with a version that is deleted: the others of the same memory and owner."""
    return [one for one in left if one.id != row.id and scope_of(one) == scope_of(row)]


def _of_deleted(desk: Desk, store: Store, left: Mapping[str, Sequence[Row]], condition: Filter) -> dict[str, Row]:
    """Return the newest that match of the versions that were left current of deleted memories, by memory."""
    matches = matcher(bind(condition, MEMORIES))
    fitting = {memory_id: list(filter(matches, rows)) for memory_id, rows in left.items()}
    fitting = {memory_id: rows for memory_id, rows in fitting.items() if rows}
    read = newest_rows(store, desk.project, list(fitting), ())
    return {key: newest_of(fitting[key]) for key, row in read.items() if row.fields.get("ended") == DELETED}


def undo(
    desk: Desk,
    op_id: str,
    scope: Scope | None,
    actor: str | None,
    force: bool,  # noqa: FBT001 - passed on
    space: VectorSpace | None,
) -> Operation:
    """Take an operation back, whole or not at all; return the operation that did."""
    space = usable_space(desk, space)
    with unit_of_work(desk.store) as store:
        done, parts = _whole(desk, store, op_id, scope)
        ids = [one.memory_id for one in done.touched]
        include = ("terms", "metadata", "payload", *(() if space is None else (space.name,)))
        versions = versions_of(store, desk.project, ids, include)
        if not all(inside(row, scope) for row in versions):
            raise no_operation(op_id)
        rows = by_memory(versions)
        new_op, now = desk.new_id(), desk.clock()
        writes, touched = plan_undo(done, rows, parts=parts, op_id=new_op, actor=actor, now=now, force=force)
        return _apply(desk, store, "undo", new_op, now, actor, done.scope, touched, writes, undoes=op_id)


def _whole(desk: Desk, store: Store, op_id: str, scope: Scope | None) -> tuple[Operation, list[str]]:
    """Return an operation with all that its parts touched, and the ids of those.

    Raises:
        NotFoundError: there is none in that scope, or a part of it is outside.
        InvalidInputError: it is a part of another one.
    """
    done = operation(desk, store, op_id, scope)
    if done.part_of is not None:
        msg = f"operation {op_id!r} is a part of {done.part_of!r}; undo that one, whole"
        raise InvalidInputError(msg)
    named = where("part_of").eq(op_id)
    found = every_row(store, desk.project, OPERATIONS.name, named, include=("metadata", "payload"))
    rows = [row for page in found for row in page]
    if not all(inside(row, scope) for row in rows):
        raise no_operation(op_id)
    parts = list(map(operation_of, rows))
    every = (done, *parts)
    shared = None if any(one.scope is None for one in every) else common_scope(one.scope for one in every if one.scope)
    touched = tuple(one for part in every for one in part.touched)
    return replace(done, scope=shared, touched=touched), [part.op_id for part in parts]


def _apply(
    desk: Desk,
    store: Store,
    kind: OperationKind,
    op_id: str,
    now: datetime,
    actor: str | None,
    scope: Scope | None,
    touched: Sequence[Touched],
    writes: Sequence[Write],
    *,
    undoes: str | None = None,
    part_of: str | None = None,
) -> Operation:
    done = Operation(
        op_id=op_id,
        kind=kind,
        at=now,
        actor=actor,
        scope=scope,
        touched=tuple(touched),
        undoes=undoes,
        part_of=part_of,
    )
    batch = [operation_put(done), *writes]
    try:
        store.apply(desk.project, batch)
    except StoreConflictError:
        makes_one = len(touched) == 1 and touched[0].made is not None
        if makes_one and Capability.EXCLUSIVE not in desk.store.capabilities:
            versions = versions_of(store, desk.project, [touched[0].memory_id], ())
            store.apply(desk.project, made_in_vain(batch, op_id, versions))
        raise
    return done
