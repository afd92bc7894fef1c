"""Checks that every store makes before it writes: a row either fits and is kept exactly, or is refused."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from mnemon.errors import DimensionMismatchError, InvalidInputError
from mnemon.logic.embedding import ANY_NORM, extreme_norm, vanished
from mnemon.types.jsonvalue import check_json_object, check_text, shown
from mnemon.types.storage import Delete, DeleteWhere, Patch, Put, Row
from mnemon.types.times import is_canonical_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy
    from numpy.typing import NDArray

    from mnemon.types.filters import Filter
    from mnemon.types.storage import Collection, FieldValue, VectorSpace, Write

__all__ = ["MAX_ID_BYTES", "ROWS_DAMAGED", "check_id", "check_row", "check_term", "check_vector", "check_write"]

ROWS_DAMAGED = "damaged rows: restore a backup, or delete them"
"""The finding that rows cannot be read as they were written."""

MAX_ID_BYTES = 32_768
"""Longest id, key or tag in bytes of UTF-8: enough for 5,000 characters of any script."""

_SURELY_SHORT = MAX_ID_BYTES // 4
"""Characters that cannot be more than `MAX_ID_BYTES`, whatever they are."""

MAX_NUMBER = 2**53
"""Largest whole number that every backend keeps exactly (the limit of an IEEE 754 double)."""


_LEAST_PLAIN, _MOST_PLAIN = 1e-20, 1e20
"""Between these a sum of squares tells that a vector is finite, and its norm not extreme."""

_EXISTING = ("replace", "skip", "abort")
_OTHERWISE = ("abort", "skip")
_ONE_TEXT = frozenset({"key", "text", "time"})


def check_id(value: object, name: str) -> str:
    """Return an id, key or tag value that can be matched exactly everywhere.

    Raises:
        InvalidInputError: not a string, longer than 32,768 bytes, or with a lone surrogate.
    """
    if type(value) is str and len(value) <= _SURELY_SHORT and value.isascii():
        return value
    text = check_text(value, name)
    if len(text) * 4 > MAX_ID_BYTES and len(text.encode()) > MAX_ID_BYTES:
        msg = f"{name} is {len(text.encode())} bytes long, {MAX_ID_BYTES} is the most; store a hash of it"
        raise InvalidInputError(msg)
    return text


def check_write(write: Write, collection: Collection, bind: Callable[[Filter, Collection], Filter]) -> Write:
    """Return a write in the form that backends take; `bind` binds the filter of those that have one."""
    match write:
        case Put(row=row):
            if write.existing not in _EXISTING:
                raise _no_choice(_EXISTING, write.existing, of="existing")
            return Put(collection=write.collection, row=check_row(row, collection), existing=write.existing)
        case Patch():
            _check_filter("expect", write.expect)
            if write.otherwise not in _OTHERWISE:
                raise _no_choice(_OTHERWISE, write.otherwise, of="otherwise")
            return Patch(
                collection=write.collection,
                id=check_id(write.id, "id"),
                fields=check_fields(write.fields, collection, cleared=True),
                metadata=None if write.metadata is None else check_json_object(write.metadata, "metadata"),
                payload=None if write.payload is None else _check_payload(write.payload),
                expect=bind(write.expect, collection),
                otherwise=write.otherwise,
            )
        case Delete(ids=ids):
            if isinstance(ids, str):
                msg = "a delete takes a list of ids, not one text; write [id]"
                raise InvalidInputError(msg)
            return Delete(collection=write.collection, ids=tuple(check_id(item, "id") for item in ids))
        case DeleteWhere(where=where, limit=limit):
            _check_filter("where", where)
            if limit is not None and (type(limit) is not int or not 1 <= limit <= MAX_NUMBER):
                msg = f"a delete's limit must be a whole number from 1, not {limit!r}; leave it out to delete all"
                raise InvalidInputError(msg)
            return DeleteWhere(collection=write.collection, where=bind(where, collection), limit=limit)


def _check_filter(name: str, value: object) -> None:
    """Refuse a filter that is None: a read without one means all rows, but no write may mean that by accident."""
    if value is None:
        msg = f"a write's `{name}` must be a filter; And() stands for every row of the project"
        raise InvalidInputError(msg)


def _no_choice(choices: tuple[str, ...], value: str, *, of: str) -> InvalidInputError:
    return InvalidInputError(f"{of} must be one of {', '.join(choices)}, not {value!r}")


def check_row(row: Row, collection: Collection) -> Row:
    """Return the row as it will be read back: fields without empty ones, vectors as float32.

    Raises:
        InvalidInputError: an undeclared field or space, or a value that cannot be kept exactly.
        DimensionMismatchError: a vector of the wrong length.
    """
    if not isinstance(row, Row) or not isinstance(row.fields, Mapping) or isinstance(row.terms, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        msg = "a row is a Row whose fields are a mapping and whose terms are a sequence of texts"
        raise InvalidInputError(msg)
    if row.terms and not collection.text:
        msg = f"collection {collection.name!r} is declared without text, but row {row.id!r} has terms"
        raise InvalidInputError(msg)
    return Row(
        id=check_id(row.id, "id"),
        fields=check_fields(row.fields, collection),
        terms=_check_terms(row.terms) if row.terms else (),
        metadata=check_json_object(row.metadata, "metadata"),
        payload=row.payload if type(row.payload) is bytes else _check_payload(row.payload),
        vectors={name: _check_row_vector(vector, name, collection) for name, vector in row.vectors.items()}
        if row.vectors
        else {},
    )


def _check_terms(given: Iterable[str]) -> tuple[str, ...]:
    """Return the terms, looked at together where they are plain words: rows have many of them."""
    terms = tuple(given)  # they are gone through more than once, which an iterator allows only once
    try:
        joined = "".join(terms)
    except TypeError:
        joined = ""
    if len(joined) <= _SURELY_SHORT and joined.isalnum() and all(terms):
        return terms
    return tuple(check_term(term) for term in terms)


def check_term(term: object) -> str:
    """Return a term: any text that is not empty and holds no white space or control character.

    Raises:
        InvalidInputError: it is none.
    """
    if type(term) is str and len(term) <= _SURELY_SHORT and term.isalnum():
        return term
    text = check_id(term, "a term")
    if not text or any(char.isspace() or char < " " for char in text):
        msg = "a term must be a text without white space and control characters, and not empty"
        raise InvalidInputError(msg)
    return text


def check_fields(
    fields: Mapping[str, FieldValue | None], collection: Collection, *, cleared: bool = False
) -> dict[str, FieldValue | None]:
    """Return the fields that have a value, checked; with `cleared` those that lose theirs too, as None."""
    checked: dict[str, FieldValue | None] = {}
    kinds = collection.fields
    for name, value in fields.items():
        kind = kinds.get(name)
        if kind is None:
            msg = f"collection {collection.name!r} has no field {name!r}; it has {', '.join(kinds)}"
            raise InvalidInputError(msg)
        if value is None:
            if cleared:
                checked[name] = None
            continue
        # Nearly all values are short plain texts, and rows have many: those are looked at here, all others apart.
        if type(value) is str and kind in _ONE_TEXT and len(value) <= _SURELY_SHORT and value.isascii():
            if kind == "time" and not is_canonical_time(value):
                raise _no_time(value, name)
            checked[name] = value
            continue
        form = _check_field(value, name, kind)
        if form is not None or cleared:
            checked[name] = form
    return checked


def _check_field(value: FieldValue, name: str, kind: str) -> FieldValue | None:
    if kind == "tag":
        return _check_tag(value, name)
    if kind == "number":
        return _check_number(value, name)
    text = check_id(value, name)
    if kind == "time" and not is_canonical_time(text):
        raise _no_time(text, name)
    return text


def _no_time(text: str, name: str) -> InvalidInputError:
    return InvalidInputError(f"{name} must be a time as mnemon.types.times.format_time writes it, not {shown(text)}")


def _check_tag(value: object, name: str) -> tuple[str, ...] | None:
    if type(value) is not tuple and (isinstance(value, str) or not isinstance(value, Sequence)):
        msg = f"{name} holds many texts: give a list or tuple of them, not a {type(value).__name__}"
        raise InvalidInputError(msg)
    texts = [check_id(item, name) for item in cast("Sequence[object]", value)]
    return tuple(dict.fromkeys(texts)) or None


def _check_number(value: object, name: str) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        msg = f"{name} must be a number, not a {type(value).__name__}"
        raise InvalidInputError(msg)
    too_large = isinstance(value, int) and abs(value) > MAX_NUMBER
    if too_large or not math.isfinite(value):
        msg = f"{name} is too large or not finite; a number field keeps whole numbers up to 2**53: store it as text"
        raise InvalidInputError(msg)
    return value


def _check_payload(payload: object) -> bytes:
    if not isinstance(payload, bytes):
        msg = f"payload must be bytes, not {type(payload).__name__}"
        raise InvalidInputError(msg)
    return payload


def _check_row_vector(vector: object, name: str, collection: Collection) -> NDArray[numpy.float32]:
    space = collection.space(name)
    if space is None:
        known = ", ".join(space.name for space in collection.vectors) or "none"
        msg = f"collection {collection.name!r} has no vector space {name!r}; it has {known}"
        raise InvalidInputError(msg)
    return check_vector(vector, space)


def check_vector(vector: object, space: VectorSpace) -> NDArray[numpy.float32]:
    """Return a vector as contiguous float32 of the space's dimensions.

    Raises:
        DimensionMismatchError: the wrong length.
        InvalidInputError: not a flat sequence of numbers, one of them NaN or infinite in float32, or an extreme norm.
    """
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    plain = type(vector) is np.ndarray and vector.dtype == np.float32
    array = cast("NDArray[numpy.float32]", vector) if plain else _as_float32(vector, space)
    if array.ndim != 1:
        msg = f"a vector of space {space.name!r} must be flat, this one has {array.ndim} dimensions"
        raise InvalidInputError(msg)
    if array.shape[0] != space.dimensions:
        raise DimensionMismatchError(space.name, expected=space.dimensions, got=array.shape[0])
    # The cheap test comes first: nearly every vector has a plain length, which needs no other.
    if not _LEAST_PLAIN < float(np.vdot(array, array)) < _MOST_PLAIN:
        _check_length(array, vector, space)
    return np.ascontiguousarray(array)


def _check_length(array: NDArray[numpy.float32], given: object, space: VectorSpace) -> None:
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    if not np.isfinite(array).all():
        msg = f"a vector of space {space.name!r} holds NaN or an infinity; its embedder is at fault"
        raise InvalidInputError(msg)
    if (norm := extreme_norm(array[None])) is not None:
        msg = f"a vector of space {space.name!r} has norm {norm:g}; {ANY_NORM}"
        raise InvalidInputError(msg)
    if array is not given and (largest := vanished(given, array[None])) is not None:
        msg = f"a vector of space {space.name!r} has no norm in float32, its largest number is {largest:g}; {ANY_NORM}"
        raise InvalidInputError(msg)


def _as_float32(vector: object, space: VectorSpace) -> NDArray[numpy.float32]:
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    try:
        array = np.asanyarray(cast("Sequence[float]", vector))
    except (TypeError, ValueError, OverflowError):
        array = np.empty(0, dtype=np.object_)
    if array.dtype.kind not in "fiu" or isinstance(array, np.ma.MaskedArray):
        msg = f"a vector of space {space.name!r} must be a flat sequence of real numbers"
        raise InvalidInputError(msg)
    if array.dtype == np.float32:
        return cast("NDArray[numpy.float32]", array)
    with np.errstate(over="ignore"):
        return array.astype(np.float32)
