"""Rows as SQLite keeps them, and back."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, NoReturn, TypeVar, cast

from mnemon.logic.embedding import unit_rows
from mnemon.stores.sqlite.failures import DamagedError
from mnemon.types.storage import Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy
    from numpy.typing import NDArray

    from mnemon.stores.sqlite.connections import Connection, Parameter
    from mnemon.types.jsonvalue import Json, JsonObject
    from mnemon.types.storage import Collection, FieldValue, Part, VectorSpace

__all__ = [
    "damaged_row",
    "decode_row",
    "decode_units",
    "decode_vectors",
    "encode_metadata",
    "encode_value",
    "id_chunks",
    "in_list",
    "json_array",
    "json_object",
    "read_rows",
    "row_columns",
    "terms_of",
]


Item = TypeVar("Item", str, int)

_IDS_AT_ONCE = 10_000
"""SQLite takes 32,766 parameters or more."""
_ENCODER = json.JSONEncoder(ensure_ascii=True, allow_nan=False, check_circular=False)
"""What it writes was checked, and holds itself nowhere."""


def _no_constant(_: str) -> NoReturn:
    raise DamagedError  # NaN and infinities: JSON has none, and none was written


_DECODER = json.JSONDecoder(parse_constant=_no_constant)
_SHOWN = 200
"""Characters of an id that an error shows."""


def damaged_row(connection: Connection, name: str, number: int) -> DamagedError:
    """Return the error that names the row of a collection by its id, whatever that holds."""
    row_id = connection.value(f"SELECT CAST(id AS BLOB) FROM {name}__rows WHERE number = ?", [number])
    return _unreadable(name, cast("bytes", row_id or b"").decode(errors="replace"))


def _unreadable(name: str, row_id: Parameter) -> DamagedError:
    return DamagedError(f"the row {str(row_id)[:_SHOWN]!r} of {name!r}")


def json_object(stored: Parameter) -> JsonObject:
    """Return the object that JSON text holds.

    Raises:
        DamagedError: it holds none.
    """
    value = _decode_json(stored)
    if not isinstance(value, dict):
        raise DamagedError
    return cast("JsonObject", value)


def json_array(stored: Parameter) -> list[Json]:
    """Return the array that JSON text holds.

    Raises:
        DamagedError: it holds none.
    """
    value = _decode_json(stored)
    if not isinstance(value, list):
        raise DamagedError
    return cast("list[Json]", value)


def _decode_json(stored: Parameter) -> object:
    try:
        return _DECODER.decode(cast("str", stored))
    except (TypeError, ValueError, RecursionError):
        raise DamagedError from None  # the cause would show stored text


def terms_of(connection: Connection, name: str, number: int, stored: Parameter) -> list[str]:
    """Return the terms of a row that has some.

    Raises:
        DamagedError: it is no text.
    """
    if not isinstance(stored, str):
        raise damaged_row(connection, name, number)
    return stored.split(" ")


def id_chunks(ids: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Yield as many ids at a time as one statement takes."""
    return (ids[start : start + _IDS_AT_ONCE] for start in range(0, len(ids), _IDS_AT_ONCE))


def in_list(column: str, values: Sequence[Parameter]) -> tuple[str, list[Parameter]]:
    """Return the condition that a column has one of these values, and its parameters.

    The last value is repeated up to a power of two, so that lists of all lengths are a few statements,
    which SQLite does not have to understand anew each time.
    """
    if not values:
        return f"{column} IN ()", []
    more = (1 << (len(values) - 1).bit_length()) - len(values)
    return f"{column} IN ({', '.join('?' * (len(values) + more))})", [*values, *[values[-1]] * more]


def encode_value(value: FieldValue | None) -> Parameter:
    """Return a field's value as its column keeps it: many values as a JSON array."""
    return _ENCODER.encode(value) if isinstance(value, tuple) else value


def encode_metadata(metadata: JsonObject) -> str | None:
    """Return metadata as JSON text; None for none."""
    return _ENCODER.encode(metadata) if metadata else None


def row_columns(collection: Collection, include: frozenset[Part], chosen: frozenset[str] | None = None) -> str:
    """Return the columns of `r` that `read_rows` expects, the row's number and id first."""
    return _columns(chosen_fields(collection, chosen), include)


@lru_cache(maxsize=256)
def _columns(names: tuple[str, ...], include: frozenset[Part]) -> str:
    fields = [f"r.f_{name}" for name in names]
    parts = [f"r.{part}" if part in include else "NULL" for part in ("terms", "metadata", "payload")]
    return ", ".join(["r.number", "r.id", *parts, *fields])


def chosen_fields(collection: Collection, chosen: frozenset[str] | None) -> tuple[str, ...]:
    """Return the fields that are read, in the order of their columns; None stands for all."""
    if chosen is None:
        return tuple(collection.fields)
    return tuple(name for name in collection.fields if name in chosen)


def decode_row(values: Sequence[Parameter], collection: Collection) -> Row:
    """Return the row of one result of a query for all of `row_columns`; vectors are read apart."""
    return _decode(values, collection.name, chosen_fields(collection, None), collection.tags)


def _decode(values: Sequence[Parameter], name: str, names: Sequence[str], tags: Sequence[str]) -> Row:
    kept = cast(
        "dict[str, FieldValue | None]",
        {field: value for field, value in zip(names, values[5:], strict=True) if value is not None},
    )
    _, row_id, terms, metadata, payload = values[:5]
    try:
        for tag in tags:
            if tag in kept:
                kept[tag] = cast("tuple[str, ...]", tuple(json_array(cast("Parameter", kept[tag]))))
        return Row(
            id=cast("str", row_id),
            fields=kept,
            terms=tuple(cast("str", terms).split(" ")) if terms else (),
            metadata=json_object(metadata) if metadata else {},
            payload=_payload(payload),
        )
    except (TypeError, DamagedError):
        raise _unreadable(name, row_id) from None


def _payload(stored: Parameter) -> bytes:
    if not isinstance(stored, bytes | None):
        raise DamagedError
    return stored or b""


def read_rows(
    connection: Connection,
    collection: Collection,
    found: Sequence[Sequence[Parameter]],
    include: frozenset[Part],
    chosen: frozenset[str] | None = None,
) -> list[Row]:
    """Return the rows of a query for `row_columns`, with the vectors that `include` names."""
    names = chosen_fields(collection, chosen)
    tags = [tag for tag in collection.tags if tag in names]
    rows = [_decode(values, collection.name, names, tags) for values in found]
    for space in collection.vectors:
        if space.name in include and rows:
            vectors = _read_vectors(connection, collection.name, space, [cast("int", v[0]) for v in found])
            for values, row in zip(found, rows, strict=True):
                vector = vectors.get(cast("int", values[0]))
                if vector is not None:
                    cast("dict[str, object]", row.vectors)[space.name] = vector
    return rows


def _read_vectors(
    connection: Connection, name: str, space: VectorSpace, numbers: Sequence[int]
) -> Mapping[int, NDArray[numpy.float32]]:
    condition, parameters = in_list("row", numbers)
    found = connection.rows(f"SELECT row, vector FROM {name}__vec__{space.name} WHERE {condition}", parameters)
    return {cast("int", row[0]): decode_vectors(connection, name, space, [row])[0] for row in found}


def decode_vectors(
    connection: Connection, name: str, space: VectorSpace, found: Sequence[Sequence[Parameter]]
) -> NDArray[numpy.float32]:
    """Return the vectors of (number, vector) as the rows of one array.

    Raises:
        DamagedError: one is not as many numbers as the space has dimensions.
    """
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    length = 4 * space.dimensions
    stored = cast("list[bytes]", [vector for _, vector in found])
    if set(map(type, stored)) - {bytes} or set(map(len, stored)) - {length}:
        wrong = next(row for row, vector in found if not isinstance(vector, bytes) or len(vector) != length)
        raise damaged_row(connection, name, cast("int", wrong))
    return np.frombuffer(b"".join(stored), dtype=np.float32).reshape(len(found), space.dimensions)


def decode_units(
    connection: Connection, name: str, space: VectorSpace, found: Sequence[Sequence[Parameter]]
) -> NDArray[numpy.float32]:
    """Return the vectors of (number, vector), scaled to length 1; what is no number in them stays none.

    Raises:
        DamagedError: one is not as many numbers as the space has dimensions.
    """
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    with np.errstate(invalid="ignore"):
        return unit_rows(decode_vectors(connection, name, space, found))
