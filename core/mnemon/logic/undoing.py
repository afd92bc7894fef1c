"""What it takes to take an operation back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from mnemon.errors import ConflictError, NotFoundError
from mnemon.logic.memories import lacks_successor, newness, operations_named, read_version
from mnemon.logic.versions import closing, copied_version, patching, without_current

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from mnemon.types.memory import Operation, Touched
    from mnemon.types.storage import Row, Write

__all__ = ["plan_undo"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """The versions of one memory that an undo looks at.

    `others` are what a race left current beside the newest one, and `read` is the id of what readers are led to.
    """

    touched: Touched
    newest: Row
    others: Sequence[Row]
    read: str | None
    by_version: Mapping[int, Row]


def plan_undo(
    operation: Operation,
    rows: Mapping[str, Sequence[Row]],
    *,
    parts: Iterable[str] = (),
    op_id: str,
    actor: str | None,
    now: datetime,
    force: bool,
) -> tuple[list[Write], list[Touched]]:
    """Return the writes that take an operation back, and what they touch.

    Args:
        operation: what to take back.
        rows: whole rows of all versions of each memory that it touched.
        parts: the operations that are parts of it.
        op_id: the operation that takes it back.
        actor: who does, or None.
        now: the time of the call.
        force: whether memories that changed later are taken back all the same, by one more version.

    Raises:
        NotFoundError: one of the memories was erased; nothing of it is left to restore.
        ConflictError: one of the memories changed later, in which case the error names the operations; or no version
            of one is the current one.
    """
    own = frozenset((operation.op_id, *parts))
    states = [_state(touched, rows.get(touched.memory_id, ()), operation, own) for touched in operation.touched]
    if not force:
        _check_unchanged(operation, states, own)
    writes: list[Write] = []
    touched: list[Touched] = []
    for state in states:
        step = _take_back(state, op_id=op_id, actor=actor, now=now)
        if step is not None:
            writes += step[0]
            touched.append(step[1])
    return writes, touched


def _state(touched: Touched, rows: Sequence[Row], operation: Operation, own: frozenset[str]) -> _State:
    read = read_version(rows).id if rows else None
    # Of two of one number, which a race leaves, the one counts that the operation changed, and that is read.
    ordered = sorted(rows, key=lambda row: (not own.isdisjoint(operations_named(row)), row.id == read, newness(row)))
    by_version = {cast("int", row.fields["version"]): row for row in ordered if row.payload}
    if not by_version or (touched.closed is not None and touched.closed not in by_version):
        msg = (
            f"memory {touched.memory_id!r}, which operation {operation.op_id!r} changed, was erased; "
            f"there is nothing left to restore"
        )
        raise NotFoundError(msg)
    newest = by_version[max(by_version)]
    others = [row for row in rows if "recorded_to" not in row.fields and row.id != newest.id]
    return _State(touched=touched, newest=newest, others=others, read=read, by_version=by_version)


def _check_unchanged(operation: Operation, states: Sequence[_State], own: frozenset[str]) -> None:
    memories: list[str] = []
    later: dict[str, None] = {}
    for state in states:
        found = _later_operations(state, own)
        if found:
            memories.append(state.touched.memory_id)
            later.update(dict.fromkeys(found))
    if memories:
        msg = (
            f"{len(memories)} of the memories that operation {operation.op_id!r} changed were changed later, "
            f"by {', '.join(later)}; look at their history, and pass force=True to take it back all the same"
        )
        raise ConflictError(msg, memory_ids=memories, operations=list(later))


def _later_operations(state: _State, own: frozenset[str]) -> list[str]:
    """Return the operations that changed a memory after these did; none means that it stands as these left it."""
    touched, newest = state.touched, state.newest.fields
    left = touched.made or touched.closed
    if left is None:  # it changed fields of a version in place, which then names it, or a later one that did
        found = [newest.get("patched_by") or newest["op_id"], newest.get("closed_by")]
    else:
        later = [row for version, row in sorted(state.by_version.items()) if version > left]
        later = [row for row in later if row.fields.get("closed_by") not in own]
        found = [row.fields["op_id"] for row in later]
        if later or touched.made is not None:  # what it closed, it closed with all that was changed in place
            found.append(newest.get("patched_by"))
        found.append(newest.get("closed_by"))
    return [cast("str", op) for op in dict.fromkeys(found) if op is not None and op not in own]


def _take_back(state: _State, *, op_id: str, actor: str | None, now: datetime) -> tuple[list[Write], Touched] | None:
    touched = state.touched
    if touched.patched:
        fields = state.newest.fields
        back = {name: (cast("str | None", fields.get(name)), before) for name, (before, _) in touched.patched.items()}
        return patching(state.newest, back, op_id=op_id)
    if touched.closed is None:
        current = [row for row in (state.newest, *state.others) if "recorded_to" not in row.fields]
        current.sort(key=lambda row: (row.id == state.read, newness(row)), reverse=True)
        if not current and lacks_successor(state.newest):
            raise without_current([touched.memory_id])
        return closing(current[0], op_id=op_id, now=now, others=current[1:]) if current else None
    return copied_version(
        state.by_version[touched.closed],
        state.newest,
        version=max(state.by_version) + 1,
        op_id=op_id,
        actor=actor,
        now=now,
        others=state.others,
        read=state.read,
    )
