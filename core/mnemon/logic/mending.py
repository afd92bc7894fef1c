"""How half-done work is finished: the writes that make memories, messages and operations fit again."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mnemon.logic.erasing import ERASED
from mnemon.logic.memories import DELETED, EMPTY, MEMORIES, first_row, newest_of, newness
from mnemon.logic.messages import message_from_row, readable_message
from mnemon.logic.operations import common_scope, operation_put
from mnemon.logic.scopes import scope_of
from mnemon.types.filters import where
from mnemon.types.memory import MemoryRecord, Operation, Touched
from mnemon.types.scope import SCOPE_FIELDS
from mnemon.types.storage import Finding, Patch, Put, Row
from mnemon.types.times import to_datetime

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from mnemon.types.memory import OperationKind
    from mnemon.types.storage import Write

__all__ = [
    "ACTOR",
    "BYTES_LEFT",
    "IMPORT_BROKEN_OFF",
    "IMPORT_ON_ITS_WAY",
    "NEWEST_LOST",
    "OUTLIVED",
    "closed_too",
    "deletion_of",
    "finding",
    "is_erased",
    "last_written",
    "lost_operations",
    "pointing",
    "readable",
    "rebuilt",
    "settled",
    "stub",
]

ACTOR = "doctor"
"""Who is named in the history of what was mended."""

BYTES_LEFT = "erased bytes left"
"""The finding that something held the bytes of what was erased."""

IMPORT_ON_ITS_WAY = "import on its way: what is half done is left to it, look again when it has ended"
"""The finding that rows of an export came lately, and more are to come."""

IMPORT_BROKEN_OFF = "import broken off: import the same again, or repair twice to do without the rest"
"""The finding that an import did not come to its end. A repair gives it up, and the next one mends what it left."""

NEWEST_LOST = "newest version lost: import it again, undo what closed the one before, or erase what is left"
"""The finding that the last version of a memory was closed for one that is not there."""

OUTLIVED = "version outlived its deletion"
"""The finding that a memory was deleted, and a version of it that the deletion did not see is current."""

_SHOWN = 100


def finding(
    collection: str, kind: str, ids: Iterable[str], *, repaired: bool, project: str | None = None
) -> list[Finding]:
    """Return what was found; nothing where there are no ids."""
    listed = list(ids)
    if not listed:
        return []
    shown = tuple(listed[:_SHOWN])
    return [Finding(collection=collection, kind=kind, ids=shown, rows=len(listed), repaired=repaired, project=project)]


def is_erased(message: Row) -> bool:
    """Whether only the marker is left of a message."""
    return message_from_row(message).text == ERASED


def readable(messages: Iterable[Row]) -> tuple[list[Row], list[str]]:
    """Return those of these rows that hold a message that can be read, and the ids of the others."""
    sound: list[Row] = []
    damaged: list[str] = []
    for row in messages:
        if readable_message(row) is None:
            damaged.append(row.id)
        else:
            sound.append(row)
    return sound, damaged


def last_written(rows: Iterable[Row]) -> str:
    """Return when the last of these versions was made or closed."""
    return max(str(row.fields[name]) for row in rows for name in ("recorded_from", "recorded_to") if name in row.fields)


def stub(memory_id: str, rows: Sequence[Row]) -> Row:
    """Return a first row without content, for later versions that have lost theirs."""
    newest, oldest = newest_of(rows), min(rows, key=_version)
    at = oldest.fields["recorded_from"]
    ids = {name: newest.fields[name] for name in SCOPE_FIELDS if name in newest.fields}
    return Row(
        id=memory_id,
        fields={
            **ids,
            "memory_id": memory_id,
            "version": 1,
            "newest": newest.id,
            "newest_version": _version(newest),
            "recorded_from": at,
            "recorded_to": at,
            "ended": EMPTY,
        },
    )


def deletion_of(row: Row, rows: Iterable[Row], made_by: Operation | None) -> Row | None:
    """Return the deleted version of a memory whose deletion holds for a current one that is not named, or None.

    A race or a writer that died leaves such a one. The deletion holds for what is not later than the version that it
    closed, and for what was made of that version before it was closed; what an undo made of it is there on purpose.

    Args:
        row: the current version.
        rows: all versions of the memory.
        made_by: the operation that made `row`, or None where it is lost.
    """
    number, deleted = _version(row), [one for one in rows if one.fields.get("ended") == DELETED]
    touched = () if made_by is None or made_by.kind != "undo" else made_by.touched
    restored = any(one.memory_id == row.fields["memory_id"] and one.closed is None for one in touched)
    last = number if restored else number - 1
    return max((one for one in deleted if _version(one) >= last), key=newness, default=None)


def closed_too(row: Row, deleted: Row) -> Patch:
    """Return the write that closes a version by the deletion of another one of its memory."""
    fields = {name: deleted.fields[name] for name in ("closed_by", "ended")}
    at = max(str(row.fields["recorded_from"]), str(deleted.fields["recorded_to"]))
    return Patch(collection=MEMORIES.name, id=row.id, fields={**fields, "recorded_to": at}, otherwise="skip")


def settled(rows: Sequence[Row], *, read: Row | None = None) -> list[Write]:
    """Return the writes that leave one version of a memory current: the highest, of two of one number `read`."""
    current = [row for row in rows if "recorded_to" not in row.fields]
    kept = max(current, key=lambda row: (_version(row), row is read, newness(row)))
    writes: list[Write] = []
    for row in current:
        if row.id != kept.id:
            at = max(str(row.fields["recorded_from"]), str(kept.fields["recorded_from"]))
            fields = {"recorded_to": at, "closed_by": cast("str", kept.fields["op_id"])}
            writes.append(Patch(collection=MEMORIES.name, id=row.id, fields=fields, otherwise="skip"))
    return [*writes, *pointing(rows, kept)]


def pointing(rows: Iterable[Row], newest: Row) -> list[Write]:
    """Return the writes that let a memory's first version name a row as the newest one.

    `rows` are all versions as they were read: what the first one names by now, somebody has made since, and stays.
    None opens a version that was closed, whatever is missing: it may be what an erasure that was broken off has left,
    or an import that is on its way has not closed for good.
    """
    memory_id = str(newest.fields["memory_id"])
    named = next((row.fields.get("newest") for row in rows if row.id == memory_id), None)
    first = newest.id == memory_id
    fields = {"newest": None if first else newest.id, "newest_version": None if first else _version(newest)}
    unchanged = where("newest").eq(named)
    # What was erased meanwhile has nothing to point to.
    return [Patch(collection=MEMORIES.name, id=memory_id, fields=fields, expect=unchanged, otherwise="skip")]


def rebuilt(memory_id: str, message: Row, before: Row | None, *, op_id: str, language: str) -> list[Put]:
    """Return the writes that make a memory of a message that lost its own.

    What only the add knew is lost: metadata, categories, expiry. `before` is the message before it.
    """
    said = message_from_row(message)
    at = to_datetime(message.fields["recorded_at"], "recorded_at")
    scope = scope_of(message)
    record = MemoryRecord(
        id=memory_id,
        text=said.text,
        scope=scope,
        source_ids=(cast("str", said.id),),
        speaker=said.name,
        role=said.role,
        said_at=cast("datetime", said.time),
        created_at=at,
        updated_at=at,
    )
    session = cast("str", message.fields["session"])
    follows = before is not None and before.fields["session"] == session
    previous = cast("str | None", before.fields.get("latest")) if before is not None and follows else None
    row = first_row(record, op_id=op_id, actor=ACTOR, language=language, session=session, previous=previous)
    touched = (Touched(memory_id=memory_id, made=1),)
    operation = Operation(op_id=op_id, kind="add", at=at, actor=ACTOR, scope=scope, touched=touched)
    return [operation_put(operation), Put(collection=MEMORIES.name, row=row, existing="skip")]


def lost_operations(by_operation: Mapping[str, Sequence[Row]]) -> list[Put]:
    """Return the writes of operations that are missing, as the versions that they made and closed tell them."""
    return [operation_put(_operation(op_id, rows)) for op_id, rows in by_operation.items()]


def _operation(op_id: str, rows: Sequence[Row]) -> Operation:
    made = {str(row.fields["memory_id"]): row for row in rows if row.fields.get("op_id") == op_id}
    closed = {str(row.fields["memory_id"]): row for row in rows if row.fields.get("closed_by") == op_id}
    touched = tuple(
        Touched(
            memory_id=memory_id,
            made=_version(made[memory_id]) if memory_id in made else None,
            closed=_version(closed[memory_id]) if memory_id in closed else None,
        )
        for memory_id in {**made, **closed}
    )
    kind: OperationKind = "update"
    if not made:
        kind = "delete"
    elif all(_version(row) == 1 for row in made.values()):
        kind = "add"
    times = [row.fields["recorded_from"] for row in made.values()] or [
        row.fields["recorded_to"] for row in closed.values()
    ]
    return Operation(
        op_id=op_id,
        kind=kind,
        at=to_datetime(min(map(str, times)), "at"),
        actor=ACTOR,
        scope=common_scope(map(scope_of, rows)),
        touched=touched,
    )


def _version(row: Row) -> int:
    return int(float(str(row.fields["version"])))
