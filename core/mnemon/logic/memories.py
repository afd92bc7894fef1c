"""Memories and their versions as rows.

A version is never rewritten but for what expires, and for what says that it was superseded. The row
of version 1 has the memory's own id and tells which row is the newest; the rows of later versions
have ids made of memory, version and operation, so that two writers that race leave two rows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from mnemon.logic.analysis import analyse, speaker_terms
from mnemon.logic.embedding import to_store_again
from mnemon.logic.payloads import payload_data
from mnemon.logic.scopes import row_id, scope_of
from mnemon.types.jsonvalue import json_bytes
from mnemon.types.memory import MemoryRecord, Version
from mnemon.types.storage import Collection, Ordered, Row
from mnemon.types.times import format_time, to_datetime

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from mnemon.types.storage import FieldValue, Vector

__all__ = [
    "DELETED",
    "EMPTY",
    "MEMORIES",
    "NOT_CARRIED",
    "PINNED",
    "QUESTION",
    "TIME_WORDS",
    "by_memory",
    "first_row",
    "found_by",
    "is_superseded",
    "lacks_successor",
    "later_row",
    "newest_of",
    "newest_row_id",
    "newness",
    "operations_named",
    "payload_of",
    "read_version",
    "record_of",
    "text_of",
    "version_of",
    "version_row_id",
    "with_vector",
]

MEMORIES = Collection(
    name="memories",
    keys=(
        "memory_id",
        "user_id",
        "agent_id",
        "app_id",
        "run_id",
        "kind",
        "role",
        "speaker",
        "session",
        "previous",
        "cues",
        "newest",
        "op_id",
        "closed_by",
        "patched_by",
        "ended",
        "space",
        "space_next",
        "pinned",
    ),
    tags=("categories", "sources"),
    ordered=(
        Ordered("version", "number"),
        Ordered("newest_version", "number"),
        Ordered("said_at", "time"),
        Ordered("created_at", "time"),
        Ordered("recorded_from", "time"),
        Ordered("recorded_to", "time"),
        Ordered("expires_at", "time"),
        Ordered("valid_from", "time"),
        Ordered("valid_to", "time"),
    ),
    scopes=("run_id", "user_id", "agent_id", "app_id"),
    text=True,
    current="recorded_to",
    person="user_id",
    indexes=(
        ("memory_id", "version"),
        ("previous",),
        ("ended", "recorded_to"),
        ("run_id", "recorded_to", "created_at"),
        ("user_id", "recorded_to", "created_at"),
        ("agent_id", "recorded_to", "created_at"),
        ("app_id", "recorded_to", "created_at"),
    ),
)
"""One row per version of a memory; `recorded_to` is there once a version is no longer the current one."""

QUESTION, TIME_WORDS = "q", "t"
"""What `cues` holds of a text that ends with a question, and of one with a time expression."""

PINNED = "yes"
DELETED = "deleted"
"""What `ended` holds of a version that was closed by a deletion."""

EMPTY = "emptied"
"""What `ended` holds of a first version whose content was purged; its row stays, since it names the newest."""

NOT_CARRIED = frozenset(
    {
        "newest",
        "newest_version",
        "recorded_to",
        "closed_by",
        "patched_by",
        "ended",
        "space_next",
    }
)
"""What a row says of itself and a later version of the same memory does not take over."""


def version_row_id(memory_id: str, version: int, op_id: str) -> str:
    """Return the id of a version's row: the memory's own for version 1."""
    return memory_id if version == 1 else row_id("version", memory_id, str(version), op_id)


def newest_row_id(first: Row) -> str:
    """Return which row is the newest, as the row of version 1 tells it."""
    return cast("str", first.fields.get("newest") or first.id)


def is_superseded(row: Row) -> bool:
    """Whether a later version took the place of this one, emptied or not; it was written before this was closed."""
    return "recorded_to" in row.fields and row.fields.get("ended") != DELETED


def lacks_successor(newest: Row) -> bool:
    """Whether the newest version of a memory is none that anybody reads: a later one took its place and is not there.

    Either that one was written since this was read, or it was lost. What is left of an emptied memory lacks none.
    """
    return is_superseded(newest) and newest.fields.get("ended") != EMPTY


def newness(row: Row) -> tuple[float, bool, bool, str, str]:
    """Return what is greater for newer versions; of two of one number for the current one, then for a deleted one."""
    is_current, recorded_from = "recorded_to" not in row.fields, str(row.fields["recorded_from"])
    return float(str(row.fields["version"])), is_current, not is_superseded(row), recorded_from, row.id


def newest_of(rows: Iterable[Row]) -> Row:
    """Return the row of the newest version (see `newness`)."""
    return max(rows, key=newness)


def read_version(rows: Sequence[Row]) -> Row:
    """Return the version that readers are led to: what the first one names, or where that was superseded, the newest.

    `rows` are all versions of a memory.
    """
    by_id = {row.id: row for row in rows}
    for row in rows:
        if row.id == row.fields["memory_id"]:
            named = by_id.get(newest_row_id(row), row)
            if not is_superseded(named):
                return named
    return newest_of(rows)


def by_memory(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Return versions by the memory that they are of."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(cast("str", row.fields["memory_id"]), []).append(row)
    return found


def operations_named(row: Row) -> list[str]:
    """Return the operations that made a version, and closed it."""
    return [cast("str", row.fields[name]) for name in ("op_id", "closed_by") if name in row.fields]


def found_by(text: str, speaker: str | None, language: str) -> tuple[str, ...]:
    """Return what a memory is found by in a text search: its words, and who speaks."""
    return _analysed(text, speaker, language)[0]


def _analysed(text: str, speaker: str | None, language: str) -> tuple[tuple[str, ...], str | None]:
    """Return the terms of a text and of its speaker, and its cues."""
    analysis = analyse(text, language)
    said_by = () if speaker is None else speaker_terms(speaker)
    cues = (QUESTION if analysis.question else "") + (TIME_WORDS if analysis.time_words else "")
    return (*analysis.terms, *said_by), cues or None


def _fields(record: MemoryRecord, cues: str | None) -> dict[str, FieldValue | None]:
    return {
        "memory_id": record.id,
        **record.scope.to_dict(),
        "kind": record.kind,
        "role": record.role,
        "speaker": record.speaker,
        "cues": cues,
        "pinned": PINNED if record.pinned else None,
        "categories": record.categories or None,
        "sources": record.source_ids or None,
        "version": record.version,
        "said_at": format_time(record.said_at),
        "created_at": format_time(record.created_at),
        "recorded_from": format_time(record.updated_at),
        "expires_at": _time(record.expires_at),
        "valid_from": _time(record.valid_from),
        "valid_to": _time(record.valid_to),
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else format_time(moment)


def payload_of(text: str, actor: str | None) -> bytes:
    """Return what no condition sees of a version: its text, and who made it."""
    return json_bytes({"text": text} if actor is None else {"text": text, "actor": actor})


def first_row(
    record: MemoryRecord,
    *,
    op_id: str,
    actor: str | None,
    language: str,
    session: str | None = None,
    previous: str | None = None,
    vectors: Mapping[str, Vector] | None = None,
) -> Row:
    """Return the row of a memory's first version.

    `session` and `previous` (the memory of the turn before it) are fixed here. `vectors` holds at
    most one: without it the memory is found by its words, and waits for `reembed`.
    """
    terms, cues = _analysed(record.text, record.speaker, language)
    return Row(
        id=record.id,
        fields={
            **_fields(record, cues),
            "session": session,
            "previous": previous,
            "op_id": op_id,
            "space": next(iter(vectors), None) if vectors else None,
        },
        terms=terms,
        metadata=record.metadata,
        payload=payload_of(record.text, actor),
        vectors=vectors or {},
    )


def later_row(
    current: Row,
    record: MemoryRecord,
    *,
    op_id: str,
    actor: str | None,
    language: str,
    vectors: Mapping[str, Vector] | None,
) -> Row:
    """Return the row of a new version of the memory whose newest row is `current`.

    `vectors` belongs to the new text; None leaves the memory to `reembed`.
    """
    terms, cues = _analysed(record.text, record.speaker, language)
    kept = {name: value for name, value in current.fields.items() if name not in NOT_CARRIED}
    return Row(
        id=version_row_id(record.id, record.version, op_id),
        fields={
            **kept,
            **_fields(record, cues),
            "op_id": op_id,
            "space": next(iter(vectors), None) if vectors else None,
        },
        terms=terms,
        metadata=record.metadata,
        payload=payload_of(record.text, actor),
        vectors=vectors or {},
    )


def text_of(row: Row) -> str:
    """Return the text of a row that was read with its payload."""
    return payload_data(row, MEMORIES.name)["text"]


def with_vector(row: Row, vectors: Mapping[str, Vector], *, beside: str | None = None) -> Row:
    """Return a row with the vector of another space, alone, or beside the one that it has in the present one.

    A row that has the vectors of two spaces counts for the present one until all others have both.
    """
    kept = to_store_again(row.vectors)
    space = next(iter(vectors), None)
    if beside is not None and beside in kept and space not in {None, beside}:
        fields = {**row.fields, "space": beside, "space_next": space}
        return replace(row, fields=fields, vectors={beside: kept[beside], **vectors})
    return replace(row, fields={**row.fields, "space": space, "space_next": None}, vectors=to_store_again(vectors))


def record_of(row: Row) -> MemoryRecord:
    """Return the memory as a row with metadata and payload has it."""
    fields = cast("Mapping[str, Any]", row.fields)
    data = payload_data(row, MEMORIES.name)
    return MemoryRecord(
        id=fields["memory_id"],
        text=data["text"],
        scope=scope_of(row),
        kind=fields["kind"],
        metadata=row.metadata,
        categories=fields.get("categories", ()),
        source_ids=fields.get("sources", ()),
        speaker=fields.get("speaker"),
        role=fields.get("role"),
        said_at=to_datetime(fields["said_at"], "said_at"),
        valid_from=_moment(row, "valid_from"),
        valid_to=_moment(row, "valid_to"),
        expires_at=_moment(row, "expires_at"),
        pinned="pinned" in fields,
        version=int(fields["version"]),
        created_at=to_datetime(fields["created_at"], "created_at"),
        updated_at=to_datetime(fields["recorded_from"], "recorded_from"),
    )


def version_of(row: Row) -> Version:
    """Return a row as one version in the history of its memory."""
    fields = cast("Mapping[str, Any]", row.fields)
    return Version(
        memory=record_of(row),
        op_id=fields["op_id"],
        actor=payload_data(row, MEMORIES.name).get("actor"),
        recorded_from=to_datetime(fields["recorded_from"], "recorded_from"),
        recorded_to=_moment(row, "recorded_to"),
        closed_by=fields.get("closed_by"),
        deleted=fields.get("ended") == DELETED,
    )


def _moment(row: Row, name: str) -> datetime | None:
    value = row.fields.get(name)
    return None if value is None else to_datetime(value, name)
