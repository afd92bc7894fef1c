"""Exports: JSON Lines that anyone can read, and what they mean when they come back.

The first line names the format, then come the collections as they are declared, then their rows by
id. What is derived (the words that memories are found by, and vectors) is left out and made anew.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from mnemon.errors import InvalidInputError, ScopeError, StoreCorruptError
from mnemon.logic.declarations import collection_of
from mnemon.logic.filters import matcher
from mnemon.logic.memories import MEMORIES, by_memory, found_by, text_of, version_of, version_row_id
from mnemon.logic.messages import MESSAGES, message_from_dict, message_row_id, thread_of
from mnemon.logic.operations import OPERATIONS, operation_of
from mnemon.logic.payloads import payload_data
from mnemon.logic.rows import check_row
from mnemon.logic.scopes import row_id, scope_of
from mnemon.logic.spaces import SETTINGS
from mnemon.types.filters import And, where
from mnemon.types.jsonvalue import check_text, json_bytes, shown
from mnemon.types.storage import Patch, Row
from mnemon.types.times import format_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from mnemon.types.filters import Filter
    from mnemon.types.message import Message
    from mnemon.types.scope import Scope
    from mnemon.types.storage import Collection, FieldValue

__all__ = [
    "UNFINISHED",
    "ExportReader",
    "ExportedRow",
    "caught_up",
    "collection_line",
    "exported",
    "header_line",
    "import_note",
    "is_ended_by",
    "last_imported",
    "later_versions",
    "linked_memories",
    "linked_operations",
    "row_line",
]

FORMAT = "mnemon-export"
VERSION = 1

UNFINISHED = "import/"
"""How the settings rows begin of which each is there while one export is being imported."""

_DERIVED = ("space", "space_next")

_BREAKS = {ord(char): f"\\u{ord(char):04x}" for char in "\x85\u2028\u2029"}
"""What JSON allows within a line and `str.splitlines` takes for the end of one."""


def import_note(origin: str, made: str, *, begun: datetime, at: datetime) -> Row:
    """Return the settings row that says when rows of an export came last.

    Args:
        origin: what it shares with other exports of the same (see `ExportReader.origin`).
        made: when it was made, as its header tells.
        begun: when this call began; an earlier one that broke off has a note of its own, which may be given up.
        at: now.
    """
    data = {"origin": origin, "made": made, "at": format_time(at)}
    return Row(id=UNFINISHED + row_id("import", origin, made, format_time(begun)), payload=json_bytes(data))


def last_imported(note: Row) -> str:
    """Return when rows of an export came last; of a note that cannot be read, that it was long ago."""
    return _noted(note).get("at", "")


def is_ended_by(note: Row, whole: Row) -> bool:
    """Whether an export that came whole has all that is to come of the one that a note is about."""
    one, other = _noted(note), _noted(whole)
    return one.get("origin") == other["origin"] and one.get("made", "") <= other["made"]


def _noted(note: Row) -> dict[str, str]:
    """Return what a note says, as far as it can be read."""
    try:
        return {str(key): str(value) for key, value in payload_data(note, SETTINGS.name).items()}
    except StoreCorruptError:
        return {}


def _message(row: Row) -> Message:
    """Return the message of a row that somebody gives us, and not the store: it is refused with what is wrong."""
    return message_from_dict(json.loads(row.payload))


_READ: Mapping[str, Callable[[Row], object]] = {
    MEMORIES.name: version_of,
    MESSAGES.name: _message,
    OPERATIONS.name: operation_of,
}
"""What reads the payloads of the engine's own collections."""


@dataclass(frozen=True, slots=True)
class ExportedRow:
    """A row of an export.

    Attributes:
        collection: name of its collection.
        row: the row, without vectors; a memory's has its terms.
        text: the text that a memory's vector is of, or None.
    """

    collection: str
    row: Row
    text: str | None


def exported(collections: Iterable[Collection], scope: Scope | None) -> dict[str, tuple[Collection, Filter | None]]:
    """Return which collections an export has, and the condition of their rows.

    Collections that do not name every kind of id that the scope has stay out.
    """
    chosen: dict[str, tuple[Collection, Filter | None]] = {}
    for collection in sorted(collections, key=lambda one: one.name):
        if collection.name == SETTINGS.name:
            continue
        if scope is None:
            chosen[collection.name] = (collection, None)
            continue
        if condition := _belonging(collection, scope):
            chosen[collection.name] = (collection, condition)
    return chosen


def _belonging(collection: Collection, scope: Scope) -> Filter | None:
    """Return the condition of the rows that belong to a scope; None where rows do not name every id that it has."""
    parts: list[Filter] = []
    for name, value in scope.to_dict().items():
        key = collection.person if name == "user_id" else name
        if key is None or key not in collection.keys:
            return None
        parts.append(where(key).eq(value))
    return And(tuple(parts))


def header_line(project: str, scope: Scope | None, at: datetime) -> str:
    """Return the first line."""
    ids = None if scope is None else dict(scope.to_dict())
    return _line({"format": FORMAT, "version": VERSION, "project": project, "scope": ids, "at": format_time(at)})


def collection_line(collection: Collection) -> str:
    """Return the line of a collection."""
    declaration = asdict(replace(collection, vectors=()))
    return _line({"declare": declaration})


def row_line(collection: Collection, row: Row) -> str:
    """Return the line of a row that was read with terms, metadata and payload."""
    data: dict[str, object] = {
        "collection": collection.name,
        "id": row.id,
        "fields": {name: value for name, value in sorted(row.fields.items()) if name not in _DERIVED},
    }
    if row.terms and collection.name != MEMORIES.name:
        data["terms"] = row.terms
    if row.metadata:
        data["metadata"] = row.metadata
    if row.payload:
        data["payload"] = _readable(row.payload)
    return _line(data)


def _readable(payload: bytes) -> object:
    """Return a payload as the JSON that it is, where that gives the same bytes back; else in base64."""
    try:
        data = json.loads(payload)
    except (UnicodeDecodeError, ValueError):
        data = None
    for form in ("ascii", "text"):
        if data is not None and _bytes(form, data) == payload:
            return {form: data}
    return {"base64": base64.b64encode(payload).decode()}


def _bytes(form: str, data: Any) -> bytes:  # noqa: ANN401 - any JSON
    if form == "base64":
        return base64.b64decode(data, validate=True)
    if form not in {"ascii", "text"}:
        msg = f"a payload is in ascii, text or base64, not in {shown(form)}; upgrade mnemon"
        raise InvalidInputError(msg)
    return json.dumps(data, ensure_ascii=form == "ascii").encode()


def _line(data: Mapping[str, object]) -> str:
    return json.dumps(data, ensure_ascii=False).translate(_BREAKS) + "\n"


class ExportReader:
    """Reads the lines of an export in order, and checks each so that what it gives can be stored and read.

    Attributes:
        origin: what exports of one project and scope have in common, read for one scope; None before the header.
        made: when the export was made.
    """

    def __init__(self, *, scope: Scope | None, language: str) -> None:
        """Begin before the first line; `scope` is what every row must belong to, or None."""
        self._scope = scope
        self._language = language
        self.origin: str | None = None
        self.made = ""
        self._declared: dict[str, Collection] = {}

    def read(self, line: object, number: int) -> Collection | ExportedRow | None:
        """Return what a line holds: a collection, a row, or None for the header and empty lines.

        Raises:
            InvalidInputError: it is not a line of an export of this version; the message names its number.
            ScopeError: it is a row outside of the scope that the import is bound to.
        """
        if not isinstance(line, str):
            msg = f"line {number}: it is a {type(line).__name__} and no text"
            raise InvalidInputError(msg)
        if not line.strip():
            return None
        try:
            line.encode()  # fails where a byte of the file was no text
            return self._read(cast("dict[str, Any]", json.loads(line)))
        except ScopeError as error:
            msg = f"line {number}: {error}"
            raise ScopeError(msg) from None
        except (
            KeyError,
            TypeError,
            ValueError,
            AttributeError,
            RecursionError,
            binascii.Error,
            StoreCorruptError,
        ) as error:
            reason = str(error) if isinstance(error, InvalidInputError) else "it is not a line of an export of mnemon"
            msg = f"line {number}: {reason}"
            raise InvalidInputError(msg) from None

    def finish(self) -> None:
        """Refuse what ended before its first line.

        Raises:
            InvalidInputError: there was no line.
        """
        if self.origin is None:
            msg = "there is not a single line to import; is this an export of mnemon?"
            raise InvalidInputError(msg)

    def _read(self, data: Mapping[str, Any]) -> Collection | ExportedRow | None:
        if self.origin is None:
            _check_header(data)
            view = None if self._scope is None else dict(self._scope.to_dict())
            self.origin = row_id("export", json.dumps([data.get("project"), data.get("scope"), view], sort_keys=True))
            self.made = str(data.get("at", ""))
            return None
        if "declare" in data:
            collection = collection_of(data["declare"])
            self._declared[collection.name] = collection
            return collection
        name = data["collection"]
        if name not in self._declared or name == SETTINGS.name:
            msg = "it has a row of a collection that no line before it declares"
            raise InvalidInputError(msg)
        found = _row(data, self._declared[name], self._language)
        wanted = None if self._scope is None else _belonging(self._declared[name], self._scope)
        if self._scope is not None and (wanted is None or not matcher(wanted)(found.row)):
            msg = f"row {found.row.id!r} belongs to somebody else than this memory is bound to"
            raise ScopeError(msg)
        return found


def _check_header(data: Mapping[str, object]) -> None:
    if data.get("format") != FORMAT:
        msg = f'the first line must be {{"format": "{FORMAT}", ...}}; is this an export of mnemon?'
        raise InvalidInputError(msg)
    if data.get("version") != VERSION:
        msg = f"the export has version {data.get('version')}, this mnemon reads {VERSION}; upgrade mnemon"
        raise InvalidInputError(msg)


def _check_identity(row: Row, collection: str) -> None:
    """Refuse a row under an id that its own content does not give: it would stand in the place of another one.

    Raises:
        InvalidInputError: it is one.
    """
    fields = cast("Mapping[str, Any]", row.fields)
    if collection == MEMORIES.name:
        fits = row.id == version_row_id(fields["memory_id"], int(fields["version"]), fields.get("op_id", ""))
    elif collection == MESSAGES.name:
        scope = scope_of(row)
        fits = row.id == message_row_id(scope, str(_message(row).id)) and fields["thread"] == thread_of(scope)
    else:
        fits = True
    if not fits:
        msg = f"row {row.id!r} is not what its id says"
        raise InvalidInputError(msg)


def caught_up(here: Row, told: Row) -> list[Patch]:
    """Return what an export tells of a version that is here already: that it was superseded, and by which one."""
    patches: list[Patch] = []
    if "recorded_to" in told.fields and "recorded_to" not in here.fields:
        fields = {name: told.fields.get(name) for name in ("recorded_to", "closed_by", "ended")}
        patches.append(_late(told, fields, where("recorded_to").exists(value=False)))
    newest = told.fields.get("newest_version")
    if newest is not None and _number(newest) > _number(here.fields.get("newest_version", 1)):
        fields = {name: told.fields[name] for name in ("newest", "newest_version")}
        patches.append(_late(told, fields, ~where("newest_version").gte(newest)))
    return patches


def _late(told: Row, fields: Mapping[str, FieldValue | None], expect: Filter) -> Patch:
    return Patch(collection=MEMORIES.name, id=told.id, fields=fields, expect=expect, otherwise="skip")


def _number(value: object) -> float:
    return float(cast("float", value))


def later_versions(rows: Iterable[ExportedRow]) -> dict[str, list[Row]]:
    """Return the versions among these rows but for the first ones, by memory."""
    memories = [one.row for one in rows if one.collection == MEMORIES.name]
    return by_memory(row for row in memories if row.id != row.fields["memory_id"])


def linked_memories(found: ExportedRow) -> set[str]:
    """Return the memories that a row names, itself included."""
    fields = found.row.fields
    names = ("memory_id", "previous", "latest") if found.collection in {MEMORIES.name, MESSAGES.name} else ()
    linked = {str(fields[name]) for name in names if name in fields}
    if found.collection == OPERATIONS.name:
        linked |= {one.memory_id for one in operation_of(found.row).touched}
    return linked


def linked_operations(found: ExportedRow) -> set[str]:
    """Return the operation that a row says it is a part of; undoing that one takes it along."""
    part_of = found.row.fields.get("part_of") if found.collection == OPERATIONS.name else None
    return set() if part_of is None else {str(part_of)}


def _row(data: Mapping[str, Any], collection: Collection, language: str) -> ExportedRow:
    payload = b""
    if "payload" in data:
        ((form, content),) = data["payload"].items()
        payload = _bytes(form, content)
    fields: dict[str, Any] = {
        name: tuple(cast("list[str]", value)) if isinstance(value, list) else value
        for name, value in data["fields"].items()
    }
    row = Row(
        id=data["id"],
        fields=fields,
        terms=tuple(data.get("terms", ())),
        metadata=data.get("metadata", {}),
        payload=payload,
    )
    row = check_row(row, collection)
    if payload and collection.name in _READ:
        _READ[collection.name](row)  # what cannot be read is not stored
    _check_identity(row, collection.name)
    if collection.name != MEMORIES.name or not payload:
        return ExportedRow(collection.name, row, None)
    text = check_text(text_of(row), "text")
    return ExportedRow(MEMORIES.name, replace(row, terms=found_by(text, fields.get("speaker"), language)), text)
