"""Rows as objects of the server, and back."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from mnemon.errors import InvalidInputError, StoreCorruptError
from mnemon.logic.rows import MAX_NUMBER
from mnemon.protocols.clock import random_id
from mnemon.stores.weaviate import naming, numbers
from mnemon.types.jsonvalue import json_bytes
from mnemon.types.storage import Row

if TYPE_CHECKING:
    from collections.abc import Collection as Container
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from mnemon.protocols.clock import NewId
    from mnemon.types.jsonvalue import JsonObject
    from mnemon.types.storage import Collection, FieldValue, Part, Patch, Vector

__all__ = [
    "Properties",
    "Stored",
    "changed",
    "check_size",
    "parts_of",
    "places_of",
    "properties_read",
    "row_read",
    "stored",
    "values_of",
]

Properties = dict[str, Any]

_INLINE = 1_000_000
"""Characters of metadata or payload that stand in the row itself: a page of rows must fit into one answer."""

_PART = 8_000_000
"""Characters of a part: ten fit into one message of gRPC, which holds 104,858,000 bytes."""

_MOST_TERMS = 64_000_000
"""Characters of the terms of one row, which cannot be divided."""

_AROUND = 6
"""Bytes that a message takes at most for saying that a text comes, and how long it is."""

_MOST_BYTES = 100_000_000
"""Of one object, parts aside: one message of gRPC holds a little more, and a page shows at least one row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An object to be written.

    Attributes:
        id: the row's id.
        uuid: the object's.
        properties: what it holds.
        vectors: by space.
        parts: what of it lies in objects of their own, by their ids.
        size: about how many bytes it takes to send it.
    """

    id: str
    uuid: UUID
    properties: Properties
    vectors: dict[str, Sequence[float]] = field(default_factory=dict[str, "Sequence[float]"])
    parts: dict[UUID, str] = field(default_factory=dict["UUID", str])
    size: int = 0


@dataclass(frozen=True, slots=True)
class _Placing:
    """Puts large values of one row into parts.

    Each write has parts of its own, also where it writes what is there already: if two shared a part, one of them
    would delete what the other one's row has just named.
    """

    collection: str
    row_id: str
    parts: dict[UUID, str]
    new_id: NewId

    def __call__(self, text: str | None) -> str | None:
        """Return the text as its row holds it: where it lies in parts, the row says which."""
        if text is None or len(text) <= _INLINE:
            return None if text is None else f"={text}"
        digest = hashlib.sha256(text.encode()).hexdigest()
        pieces = [text[start : start + _PART] for start in range(0, len(text), _PART)]
        named = f"#{digest}.{len(pieces)}.{self.new_id()}"
        self.parts.update(zip(_named(named, self.collection, self.row_id), pieces, strict=True))
        return named


def stored(row: Row, collection: Collection, new_id: NewId = random_id) -> Stored:
    """Return the object of a checked row; `new_id` tells its parts from those of any other writer.

    Raises:
        InvalidInputError: more terms than one message can hold.
    """
    uuid = naming.object_id(row.id)
    properties: Properties = {naming.ID: naming.ordered_text(row.id), naming.SLOT: naming.slot_of_object(uuid)}
    for name, value in row.fields.items():
        if value is not None:
            properties |= _field(name, value, collection.fields[name])
    if row.terms:
        properties[naming.TERMS] = _joined(row)
    parts: dict[UUID, str] = {}
    place = _Placing(collection.name, row.id, parts, new_id)
    properties |= _metadata(row.metadata, place) | _payload(row.payload, place)
    if parts:
        properties[naming.LARGE] = True
    for space in row.vectors:
        properties[naming.space_property(space)] = True
    check_size(row.id, properties, 4 * sum(map(len, row.vectors.values())))
    return Stored(
        id=row.id,
        uuid=uuid,
        properties={name: value for name, value in properties.items() if value is not None},
        vectors={space: _numbers(vector) for space, vector in row.vectors.items()},
        parts=parts,
        size=_size(properties) + sum(4 * len(vector) for vector in row.vectors.values()),
    )


def changed(patch: Patch, collection: Collection, new_id: NewId = random_id) -> Stored:
    """Return what a checked patch changes of an object; None takes a property away."""
    properties: Properties = {}
    for name, value in patch.fields.items():
        kind = collection.fields[name]
        properties |= _no_field(name, kind) if value is None else _field(name, value, kind)
    parts: dict[UUID, str] = {}
    place = _Placing(collection.name, patch.id, parts, new_id)
    if patch.metadata is not None:
        properties |= _metadata(patch.metadata, place)
    if patch.payload is not None:
        properties |= _payload(patch.payload, place)
    if parts:
        properties[naming.LARGE] = True
    check_size(patch.id, properties)
    uuid = naming.object_id(patch.id)
    return Stored(id=patch.id, uuid=uuid, properties=properties, parts=parts, size=_size(properties))


def check_size(row_id: str, properties: Properties, vectors: int = 0) -> None:
    """Refuse what one message does not hold; of the vectors it is told how many bytes they take.

    Raises:
        InvalidInputError: it is more.
    """
    if 4 * (_size(properties) + vectors) <= _MOST_BYTES:  # UTF-8 takes four bytes of a character at most
        return
    size = vectors
    for value in properties.values():
        texts = cast("list[Any]", value) if isinstance(value, list) else [value]
        size += sum(len(text.encode()) + _AROUND if isinstance(text, str) else 8 for text in texts)
    if size > _MOST_BYTES:
        msg = (
            f"row {row_id!r} takes {size} bytes without the parts of a large payload or metadata, {_MOST_BYTES} is the "
            f"most on Weaviate; leave out or shorten fields, terms or metadata"
        )
        raise InvalidInputError(msg)


def _field(name: str, value: FieldValue, kind: str) -> Properties:
    place = naming.field_property(name)
    match kind:
        case "key":
            return {place: [naming.wrapped(cast("str", value)), naming.HELD]}
        case "tag":
            return {place: [*map(naming.wrapped, cast("tuple[str, ...]", value)), naming.HELD]}
        case "text":
            return {place: naming.ordered_text(cast("str", value))}
        case "number":
            return {place: float(cast("float", value))}
        case _:
            moment = numbers.microseconds(cast("str", value))
            exact = None if abs(moment) < MAX_NUMBER else value
            return {place: float(moment), naming.exact_time_property(name): exact}


def _no_field(name: str, kind: str) -> Properties:
    nothing: Properties = {naming.field_property(name): None}
    return nothing | {naming.exact_time_property(name): None} if kind == "time" else nothing


def _joined(row: Row) -> str:
    text = " ".join(row.terms)
    if len(text) > _MOST_TERMS:
        msg = f"row {row.id!r} has terms of {len(text)} characters, {_MOST_TERMS} is the most here; leave some out"
        raise InvalidInputError(msg)
    return text


def _metadata(metadata: JsonObject, place: _Placing) -> Properties:
    text = json_bytes(metadata).decode() if metadata else None
    return {naming.METADATA: place(text), naming.TOKENS: naming.tokens_of(metadata) or None}


def _payload(payload: bytes, place: _Placing) -> Properties:
    return {naming.PAYLOAD: place(base64.b64encode(payload).decode() if payload else None)}


def _numbers(vector: Vector) -> Sequence[float]:
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    # Of a list of floats the client makes float32 again, exactly; of an array with one number it makes no list.
    return np.asarray(vector, dtype=np.float32).tolist()


def _size(properties: Properties) -> int:
    size = 0
    for value in properties.values():
        if isinstance(value, str):
            size += len(value)
        elif value is not None:
            size += sum(map(len, cast("list[str]", value))) if isinstance(value, list) else 8
    return size


def properties_read(
    collection: Collection, include: Container[Part], fields: Container[str] | None, *, always: Container[str] = ()
) -> list[str]:
    """Return the properties that a read asks for; `always` names fields that it needs for itself."""
    names = [naming.ID]
    for name, kind in collection.fields.items():
        if fields is None or name in fields or name in always:
            names.append(naming.field_property(name))
            if kind == "time":
                names.append(naming.exact_time_property(name))
    parts = {"terms": naming.TERMS, "metadata": naming.METADATA, "payload": naming.PAYLOAD}
    if not collection.text:
        del parts["terms"]
    return names + [place for part, place in parts.items() if part in include or part in always]


def values_of(properties: Mapping[str, Any], collection: Collection) -> dict[str, FieldValue]:
    """Return the fields that have a value, in the order of declaration."""
    found: dict[str, FieldValue] = {}
    for name, kind in collection.fields.items():
        value = properties.get(naming.field_property(name))
        if value is None or value == []:
            continue
        match kind:
            case "key":
                found[name] = naming.unwrapped(cast("list[str]", value)[0])
            case "tag":
                found[name] = tuple(map(naming.unwrapped, cast("list[str]", value)[:-1]))
            case "text":
                found[name] = naming.text_of_ordered(cast("str", value))
            case "number":
                found[name] = numbers.number_read(float(value))
            case _:
                exact = properties.get(naming.exact_time_property(name))
                found[name] = numbers.time_read(value) if exact is None else cast("str", exact)
    return found


def row_read(
    properties: Mapping[str, Any], vectors: Mapping[str, Any], collection: Collection, parts: Mapping[UUID, str]
) -> Row:
    """Return the row of an object; `parts` are those that `parts_of` names.

    Raises:
        StoreCorruptError: parts are missing, or another value's.
    """
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    row_id = naming.text_of_ordered(cast("str", properties[naming.ID]))
    terms = cast("str | None", properties.get(naming.TERMS))
    metadata = _whole(properties.get(naming.METADATA), collection.name, row_id, parts)
    payload = _whole(properties.get(naming.PAYLOAD), collection.name, row_id, parts)
    return Row(
        id=row_id,
        fields=cast("dict[str, FieldValue | None]", values_of(properties, collection)),
        terms=tuple(terms.split(" ")) if terms else (),
        metadata=cast("JsonObject", json.loads(metadata)) if metadata else {},
        payload=base64.b64decode(payload),
        vectors={
            space.name: np.asarray(vectors[space.name], dtype=np.float32)
            for space in collection.vectors
            if space.name in vectors
        },
    )


def parts_of(properties: Mapping[str, Any], collection: Collection) -> list[UUID]:
    """Return the parts that an object's row consists of, beside itself."""
    row_id = naming.text_of_ordered(cast("str", properties[naming.ID]))
    return [part for parts in places_of(properties, collection.name, row_id).values() for part in parts]


def places_of(properties: Mapping[str, Any], collection: str, row_id: str) -> dict[str, list[UUID]]:
    """Return the parts that properties name, by the property that names them; one that holds none has none."""
    return {
        place: _named(text, collection, row_id) if (text := properties[place] or "").startswith("#") else []
        for place in (naming.METADATA, naming.PAYLOAD)
        if place in properties
    }


def _named(text: str, collection: str, row_id: str) -> list[UUID]:
    digest, number, *mark = text[1:].split(".", 2)  # written by a version before marks, it has none
    return [naming.part_id(collection, row_id, ".".join([digest, *mark]), place) for place in range(int(number))]


def _whole(text: str | None, collection: str, row_id: str, parts: Mapping[UUID, str]) -> str:
    if text is None or text.startswith("="):
        return (text or "")[1:]
    whole = "".join(parts.get(part, "") for part in _named(text, collection, row_id))
    if hashlib.sha256(whole.encode()).hexdigest() != text[1:].split(".")[0]:
        msg = f"row {row_id!r} of {collection!r} lacks parts of its large value; restore a backup, or delete the row"
        raise StoreCorruptError(msg)
    return whole
