"""Memories of mem0: what its `get_all`, `search` and exports give, as rows of our own export.

A memory keeps its id where that is a UUID; any other id may be somebody else's here, so such a
memory gets an id made of scope and source id, which stands in its metadata as `source_id`.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from mnemon.errors import InvalidInputError, ScopeError
from mnemon.logic.exports import row_line
from mnemon.logic.formats.common import Remark, id_text, is_object, read_time
from mnemon.logic.memories import MEMORIES, first_row
from mnemon.logic.operations import OPERATIONS, operation_put
from mnemon.logic.scopes import row_id
from mnemon.types.jsonvalue import check_json_object, check_text
from mnemon.types.memory import MemoryRecord, Operation, Touched
from mnemon.types.message import ROLES
from mnemon.types.scope import SCOPE_FIELDS, Scope
from mnemon.types.unseen import is_blank

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mnemon.types.jsonvalue import Json, JsonObject
    from mnemon.types.memory import Kind
    from mnemon.types.message import Role

__all__ = ["ACTOR", "Fact", "fact_lines", "read_mem0"]

ACTOR = "import"
"""Who is named in the history of what was imported."""

_TEXTS = ("memory", "text", "content", "data")
_DERIVED = frozenset({"hash", "score", "score_details", "score_breakdown", "event", "text_lemmatized"})
_TAKEN = frozenset(
    {
        *_TEXTS,
        *SCOPE_FIELDS,
        "session_id",
        "id",
        "memory_id",
        "metadata",
        "categories",
        "created_at",
        "updated_at",
        "expiration_date",
        "role",
        "actor_id",
    }
)


@dataclass(frozen=True, slots=True)
class Fact:
    """A memory as it is to be stored, and what had to be assumed."""

    record: MemoryRecord
    remarks: tuple[Remark, ...] = ()


def read_mem0(item: object, place: str, *, scope: Mapping[str, str], now: datetime) -> Fact | Remark:
    """Return the memory of one item, or why it is left out.

    Args:
        item: the item, as JSON data.
        place: where it stands, for the report.
        scope: ids for what has none of its own; an item that names another one is left out.
        now: the time of the import, for what tells no time.
    """
    data = is_object(item)
    if data is None:
        return Remark("not an object", place)
    text = _text(data)
    if text is None:
        return Remark("no text under memory, text or content", place)
    ids = _scope(data, scope, place)
    if isinstance(ids, Remark):
        return ids
    assumed: list[str] = []
    times = {name: _moment(data.get(name), assumed) for name in ("created_at", "updated_at")}
    created = times["created_at"] or times["updated_at"] or now
    expires, unread = _expiry(data.get("expiration_date"))
    if unread:
        return Remark("expiration_date is not a date", place)
    try:
        record = MemoryRecord(
            id=_given_id(data) or "",
            text=check_text(text, "text"),
            scope=ids,
            kind=_kind(data),
            metadata=_metadata(data),
            categories=_categories(data.get("categories")),
            speaker=id_text(data.get("actor_id")),
            role=_role(data.get("role")),
            said_at=created,
            expires_at=expires,
            created_at=created,
            updated_at=max(created, times["updated_at"] or created),
        )
    except InvalidInputError:
        return Remark("a value that cannot be stored exactly", place)
    remarks = tuple(Remark(reason, place, skipped=False) for reason in dict.fromkeys(assumed))
    return Fact(_identified(record), remarks)


def fact_lines(record: MemoryRecord, *, now: datetime, language: str) -> tuple[str, str]:
    """Return the lines of an export that hold a memory: its operation, and its row."""
    op_id = row_id("imported", record.id)
    touched = (Touched(memory_id=record.id, made=1),)
    operation = Operation(op_id=op_id, kind="add", at=now, actor=ACTOR, scope=record.scope, touched=touched)
    row = first_row(record, op_id=op_id, actor=ACTOR, language=language)
    return row_line(OPERATIONS, operation_put(operation).row), row_line(MEMORIES, row)


def _text(data: Mapping[str, object]) -> str | None:
    for name in _TEXTS:
        value = data.get(name)
        if (nested := is_object(value)) is not None:  # answers of the hosted service: {"data": {"memory": ...}}
            value = nested.get("memory")
        if isinstance(value, str) and not is_blank(value):
            return value
    return None


def _scope(data: Mapping[str, object], given: Mapping[str, str], place: str) -> Scope | Remark:
    own = {name: data.get(name) for name in SCOPE_FIELDS}
    if own["run_id"] in (None, ""):
        own["run_id"] = data.get("session_id")
    ids = dict(given)
    for name, value in own.items():
        text = id_text(value)
        if text is None:
            if value is not None and not isinstance(value, str):
                return Remark(f"{name} is not a text", place)
            continue
        if ids.setdefault(name, text) != text:
            return Remark(f"belongs to another {name} than the one given", place)
    try:
        return Scope(**ids)
    except ScopeError:
        return Remark(
            "names no user, agent, app or run; give one, such as --user" if not ids else "an id is too long", place
        )


def _moment(value: object, assumed: list[str]) -> datetime | None:
    moment, assumption = read_time(value)
    if assumption is not None:
        assumed.append(assumption)
    return moment


def _expiry(value: object) -> tuple[datetime | None, bool]:
    """Return when a memory expires, and whether the value is none: mem0 shows it until the end of that day in UTC."""
    if value in (None, ""):
        return None, False
    try:
        day = date.fromisoformat(str(value).strip()[:10])
        return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1), False
    except (ValueError, OverflowError):
        return None, True


def _kind(data: Mapping[str, object]) -> Kind:
    """Return `episodic` for what was stored as it was said (`infer=False`), else what mem0 made of it."""
    metadata = is_object(data.get("metadata")) or {}
    if metadata.get("memory_type") == "procedural_memory":
        return "procedural"
    return "episodic" if _role(data.get("role")) is not None and "attributed_to" not in data else "semantic"


def _role(value: object) -> Role | None:
    return value if value in ROLES else None


def _metadata(data: Mapping[str, object]) -> JsonObject:
    """Return the item's metadata, and under `mem0` what else it has that we have no field for."""
    given = data.get("metadata")
    metadata: dict[str, Any] = {} if given in (None, "") else dict(check_json_object(given, "metadata"))
    rest = {
        name: value
        for name, value in data.items()
        if name not in _TAKEN | _DERIVED and value is not None and value not in ("", [], {})
    }
    if rest:
        metadata["mem0"] = rest
    return check_json_object(metadata, "metadata")


def _categories(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [value]
    listed = cast("list[Json]", value) if isinstance(value, list) else []
    return tuple(dict.fromkeys(check_text(one, "a category") for one in listed if isinstance(one, str) and one.strip()))


def _given_id(data: Mapping[str, object]) -> str | None:
    return id_text(data.get("id")) or id_text(data.get("memory_id"))


def _identified(record: MemoryRecord) -> MemoryRecord:
    """Return the memory with the id that it keeps, or with one made of what tells it from others."""
    ids = [getattr(record.scope, name) for name in SCOPE_FIELDS]
    if not record.id:
        return replace(record, id=row_id("mem0", *ids, "", record.text, record.kind))
    try:
        return replace(record, id=str(uuid.UUID(record.id)))
    except ValueError:
        metadata: JsonObject = {**record.metadata, "source_id": record.id}
        return replace(record, id=row_id("mem0", *ids, record.id), metadata=metadata)
