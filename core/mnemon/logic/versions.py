"""How a memory changes: by a new version, by closing the one that is current, or in place for what expires."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, cast

from mnemon.errors import ConflictError, InvalidInputError, NotFoundError
from mnemon.logic.arguments import check_validity
from mnemon.logic.conditions import CURRENT
from mnemon.logic.embedding import to_store_again
from mnemon.logic.filters import matcher
from mnemon.logic.memories import (
    DELETED,
    MEMORIES,
    NOT_CARRIED,
    PINNED,
    later_row,
    payload_of,
    record_of,
    text_of,
    version_row_id,
)
from mnemon.logic.scopes import scope_condition
from mnemon.types.filters import where
from mnemon.types.jsonvalue import check_json_object, check_text
from mnemon.types.memory import Touched
from mnemon.types.storage import Delete, Patch, Put, Row
from mnemon.types.times import format_time, to_datetime
from mnemon.types.unseen import is_blank

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from mnemon.logic.adding import Embedded
    from mnemon.types.jsonvalue import JsonObject
    from mnemon.types.memory import MemoryRecord
    from mnemon.types.scope import Scope
    from mnemon.types.storage import Write
    from mnemon.types.times import Time

__all__ = [
    "KEEP",
    "Change",
    "Keep",
    "changed",
    "closing",
    "copied_version",
    "inside",
    "made_in_vain",
    "new_version",
    "not_found",
    "owned",
    "patching",
    "read_change",
    "updated",
    "without_current",
]


class Keep(Enum):
    """The default of arguments whose None means "none"."""

    KEEP = "keep"


KEEP = Keep.KEEP
"""Leave it as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What an update is to change, checked; None leaves a part as it is.

    Attributes:
        text: the new text.
        metadata: what is merged into the metadata by its keys, or takes its place.
        replace_metadata: whether it takes its place.
        categories: the new categories.
        expires_at: when it expires, None for never.
        pinned: whether it never expires.
        valid_from: since when it is true, None for unknown.
        valid_to: until when it was true, None for still.
        expected_version: the version that must be the current one.
        actor: who changes it, or None.
    """

    text: str | None = None
    metadata: JsonObject | None = None
    replace_metadata: bool = False
    categories: tuple[str, ...] | None = None
    expires_at: datetime | Keep | None = KEEP
    pinned: bool | None = None
    valid_from: datetime | Keep | None = KEEP
    valid_to: datetime | Keep | None = KEEP
    expected_version: int | None = None
    actor: str | None = None


def not_found(memory_id: str) -> NotFoundError:
    """Return the error for a memory that is not there, or is somebody else's: the two are not told apart."""
    return NotFoundError(f"there is no memory {memory_id!r} in this scope; list memories with get_all to see their ids")


def without_current(memory_ids: Sequence[str]) -> ConflictError:
    """Return the error for memories that are there, and of which no version is the current one."""
    msg = (
        f"no version of memory {memory_ids[0]!r} is the current one: others are updating it, or the newest one was "
        f"lost. Try again; if that does not help, doctor() tells what to do, and history() has the others"
    )
    return ConflictError(msg, memory_ids=memory_ids)


def inside(row: Row, scope: Scope | None) -> bool:
    """Whether a row has every id of a scope."""
    return scope is None or matcher(scope_condition(scope))(row)


def owned(rows: Mapping[str, Row], memory_id: str, scope: Scope | None) -> Row:
    """Return a memory's row; one that is outside of the scope is as one that is not there."""
    row = rows.get(memory_id)
    if row is None or not inside(row, scope):
        raise not_found(memory_id)
    return row


def updated(current: Row, change: Change, now: datetime) -> MemoryRecord:
    """Return the memory as it is to be after an update, as a new version where its content changes.

    Raises:
        ConflictError: another version than the expected one is current.
        InvalidInputError: it would be true until before it is.
    """
    record = record_of(current)
    if change.expected_version is not None and change.expected_version != record.version:
        msg = (
            f"memory {record.id!r} is at version {record.version}, not {change.expected_version}; "
            f"read it again and decide anew"
        )
        raise ConflictError(msg, memory_ids=[record.id], operations=[cast("str", current.fields["op_id"])])
    metadata = record.metadata
    if change.metadata is not None:
        metadata = change.metadata if change.replace_metadata else {**record.metadata, **change.metadata}
    content = replace(
        record,
        text=record.text if change.text is None else change.text,
        metadata=metadata,
        categories=record.categories if change.categories is None else change.categories,
        valid_from=record.valid_from if isinstance(change.valid_from, Keep) else change.valid_from,
        valid_to=record.valid_to if isinstance(change.valid_to, Keep) else change.valid_to,
    )
    if not _same(content, record):
        check_validity(content.valid_from, content.valid_to)
        content = replace(content, version=record.version + 1, updated_at=max(now, record.updated_at))
    return replace(
        content,
        expires_at=record.expires_at if isinstance(change.expires_at, Keep) else change.expires_at,
        pinned=record.pinned if change.pinned is None else change.pinned,
    )


def _same(one: MemoryRecord, other: MemoryRecord) -> bool:
    """Whether two memories hold the same; in JSON, unlike in Python, 1, 1.0 and true are three things."""
    return one == other and _exact(one.metadata) == _exact(other.metadata)


def _exact(data: JsonObject) -> str:
    return json.dumps(data, sort_keys=True)


def changed(current: Row, record: MemoryRecord) -> dict[str, tuple[str | None, str | None]]:
    """Return what of the fields that are changed in place differs, before and after."""
    after = {
        "expires_at": None if record.expires_at is None else format_time(record.expires_at),
        "pinned": PINNED if record.pinned else None,
    }
    before = {name: cast("str | None", current.fields.get(name)) for name in after}
    return {name: (before[name], after[name]) for name in after if before[name] != after[name]}


def new_version(
    current: Row, record: MemoryRecord, embedded: Embedded, *, op_id: str, actor: str | None, language: str
) -> tuple[list[Write], Touched]:
    """Return the writes that make `record` the next version; the vector stays where the text does."""
    same = record.text == record_of(current).text
    vectors = to_store_again(current.vectors) if same else embedded.of(record.text)
    row = later_row(current, record, op_id=op_id, actor=actor, language=language, vectors=vectors)
    return _put_version(row, current, op_id, record.updated_at)


def copied_version(
    source: Row,
    newest: Row,
    *,
    version: int,
    op_id: str,
    actor: str | None,
    now: datetime,
    others: Iterable[Row] = (),
    read: str | None = None,
) -> tuple[list[Write], Touched]:
    """Return the writes that make the content of an earlier version the newest one, vector and terms included.

    `others` are what a race left current beside the newest one; they are superseded, too. `read` is the id of the
    version that readers are led to: where somebody closed that meanwhile, they have changed the memory.
    """
    at = max(now, _closed_or_recorded(newest))
    fields = {name: value for name, value in source.fields.items() if name not in NOT_CARRIED}
    memory_id = cast("str", source.fields["memory_id"])
    row = replace(
        source,
        id=version_row_id(memory_id, version, op_id),
        fields={
            **fields,
            "version": version,
            "recorded_from": format_time(at),
            "op_id": op_id,
            "space": next(iter(source.vectors), None),  # as it was read: of a space of later there is no vector here
        },
        payload=payload_of(text_of(source), actor),
        vectors=to_store_again(source.vectors),
    )
    writes, touched = _put_version(row, newest, op_id, at)
    left = [
        _close(row, op_id, _no_sooner(row, now), None) if row.id == read else _close_left(row, op_id, now, None)
        for row in others
    ]
    return [*writes, *left], touched


def _closed_or_recorded(row: Row) -> datetime:
    name = "recorded_to" if "recorded_to" in row.fields else "recorded_from"
    return to_datetime(row.fields[name], name)


def _put_version(row: Row, before: Row, op_id: str, at: datetime) -> tuple[list[Write], Touched]:
    """Put the new row first, then close the one before, then tell the first row which is the newest."""
    memory_id, version = cast("str", row.fields["memory_id"]), cast("int", row.fields["version"])
    is_current = "recorded_to" not in before.fields
    writes: list[Write] = [Put(collection=MEMORIES.name, row=row, existing="skip")]
    if is_current:
        writes.append(_close(before, op_id, at, None))
    pointer = Patch(
        collection=MEMORIES.name,
        id=memory_id,
        fields={"newest": row.id, "newest_version": version},
        expect=where("newest_version").eq(None) | where("newest_version").lt(version),
        otherwise="skip",
    )
    closed = cast("int", before.fields["version"]) if is_current else None
    return [*writes, pointer], Touched(memory_id=memory_id, made=version, closed=closed)


def closing(current: Row, *, op_id: str, now: datetime, others: Iterable[Row] = ()) -> tuple[list[Write], Touched]:
    """Return the writes that delete a memory so that it can be undone; `others` are what a race left current of it.

    They come last: where the memory was updated meanwhile, that aborts before the new version is closed.
    """
    touched = Touched(memory_id=cast("str", current.fields["memory_id"]), closed=cast("int", current.fields["version"]))
    first = _close(current, op_id, _no_sooner(current, now), DELETED)
    return [first, *(_close_left(row, op_id, now, DELETED) for row in others)], touched


def _close_left(row: Row, op_id: str, now: datetime, ended: str | None) -> Patch:
    """Close what a race left current; where somebody else closed it meanwhile, it stays as it is."""
    return replace(_close(row, op_id, _no_sooner(row, now), ended), otherwise="skip")


def made_in_vain(batch: Sequence[Write], op_id: str, versions: Iterable[Row]) -> list[Write]:
    """Return the writes that take away what a refused batch may have made: a memory's next version, and its operation.

    Else the version would be current beside the one that could not be closed, or come back after an erasure. It stays
    where others have built on it meanwhile, and have closed another one of these `versions` of the memory for it.
    """
    made = [write for write in batch if isinstance(write, Put)]
    ids = {put.row.id for put in made if put.collection == MEMORIES.name}
    if any(row.fields.get("closed_by") == op_id or row.fields.get("newest") in ids for row in versions):
        return []
    return [Delete(collection=put.collection, ids=[put.row.id]) for put in reversed(made)]


def _no_sooner(row: Row, now: datetime) -> datetime:
    """Return when a version is closed: now, but not before it was made."""
    return max(now, to_datetime(row.fields["recorded_from"], "recorded_from"))


def _close(row: Row, op_id: str, at: datetime, ended: str | None) -> Patch:
    """Close a version; the expectation also holds after this very patch, so that a batch can be repeated."""
    return Patch(
        collection=MEMORIES.name,
        id=row.id,
        fields={"recorded_to": format_time(at), "closed_by": op_id, "ended": ended},
        expect=CURRENT | where("closed_by").eq(op_id),
        otherwise="abort",
    )


def patching(
    current: Row, patched: Mapping[str, tuple[str | None, str | None]], *, op_id: str
) -> tuple[list[Write], Touched]:
    """Return the writes that change fields of a memory's newest version in place; of a deleted one too."""
    unchanged = where("recorded_to").eq(current.fields.get("recorded_to"))
    fields = {**{name: after for name, (_, after) in patched.items()}, "patched_by": op_id}
    patch = Patch(collection=MEMORIES.name, id=current.id, fields=fields, expect=unchanged, otherwise="abort")
    return [patch], Touched(memory_id=cast("str", current.fields["memory_id"]), patched=patched)


def read_change(
    *,
    text: object,
    metadata: object,
    replace_metadata: bool,
    categories: tuple[str, ...] | None,
    expires_at: Time | Keep | None,
    pinned: bool | None,
    valid_from: Time | Keep | None,
    valid_to: Time | Keep | None,
    expected_version: object,
    actor: str | None,
) -> Change:
    """Return what the arguments of an update mean.

    Raises:
        InvalidInputError: nothing to change, an empty text, or a value that does not fit.
    """
    parts = (text, metadata, categories, pinned)
    if all(part is None for part in parts) and all(part is KEEP for part in (expires_at, valid_from, valid_to)):
        msg = "update() was given nothing to change; give text, metadata, categories, expires_at, pinned or a validity"
        raise InvalidInputError(msg)
    if text is not None and is_blank(check_text(text, "text")):
        msg = "text is empty; delete a memory with delete()"
        raise InvalidInputError(msg)
    if pinned is not None and not isinstance(pinned, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
        msg = f"pinned must be True or False, not a {type(pinned).__name__}"
        raise InvalidInputError(msg)
    return Change(
        text=cast("str | None", text),
        metadata=None if metadata is None else check_json_object(metadata, "metadata"),
        replace_metadata=replace_metadata,
        categories=categories,
        expires_at=_read_time(expires_at, "expires_at"),
        pinned=pinned,
        valid_from=_read_time(valid_from, "valid_from"),
        valid_to=_read_time(valid_to, "valid_to"),
        expected_version=_check_version(expected_version),
        actor=actor,
    )


def _read_time(value: Time | Keep | None, name: str) -> datetime | Keep | None:
    return value if value is None or isinstance(value, Keep) else to_datetime(value, name)


def _check_version(value: object) -> int | None:
    """Return the version that an update expects."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        msg = "expected_version is the version of a memory that was read, a whole number from 1"
        raise InvalidInputError(msg)
    return value
