"""JSON values: what metadata may hold, checked before anything is written."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import cast

from mnemon.errors import InvalidInputError

__all__ = ["Json", "JsonObject", "check_json_object", "check_text", "json_bytes", "shown"]

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]
JsonObject = Mapping[str, Json]

MAX_DEPTH = 64
"""Nesting of metadata: deeper values are refused, so that no reader of them runs out of stack."""


_MOST_BITS = 13_000
"""Bits of a whole number that Python still reads and writes as text by default (4,300 digits)."""

_MOST_SHOWN = 40


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False).encode
"""`json.dumps` looks at each of its options first, which takes as long as writing a small value.

Checked data is at most 64 levels deep, so nothing in it holds itself.
"""


def json_bytes(value: object) -> bytes:
    """Return checked JSON data as UTF-8."""
    return _encode(value).encode()


def shown(value: object) -> str:
    """Return a value as an error may show it: its repr, cut to 40 characters."""
    try:
        text = repr(value)
    except ValueError:  # Python does not write whole numbers of more than 4,300 digits
        return f"that {type(value).__name__}"
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 3]}..."


def check_text(text: object, name: str) -> str:
    """Return `text` if every store can keep it exactly.

    Raises:
        InvalidInputError: not a string, or it holds a lone surrogate, which has no UTF-8 form.
    """
    if not isinstance(text, str):
        msg = f"{name} must be a string, not {type(text).__name__}"
        raise InvalidInputError(msg)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            msg = f"{name} holds a lone surrogate at position {error.start}; it cannot be stored, remove it"
            raise InvalidInputError(msg) from None
    return text


def check_json_object(value: object, name: str) -> JsonObject:
    """Return `value` as plain JSON data: dicts, lists, strings, numbers, booleans, None.

    Tuples become lists, as JSON has only one kind of sequence; everything else is kept as it is.

    Raises:
        InvalidInputError: a type JSON does not have, a key that is not a string, NaN or an
            infinity, a lone surrogate, or more than 64 levels; the message names the path.
    """
    if type(value) is not dict and not isinstance(value, Mapping):
        msg = f"{name} must be a mapping with string keys, not {type(value).__name__}"
        raise InvalidInputError(msg)
    if not value:
        return {}
    mapping = cast("Mapping[object, object]", value)
    if _is_plain(mapping):
        return cast("JsonObject", {**mapping})
    return cast("JsonObject", _check(mapping, name, 0))


def _is_plain(value: Mapping[object, object]) -> bool:
    """Whether a dict holds nothing but ASCII texts, as most metadata does: one look tells."""
    try:
        return type(value) is dict and "".join(cast("list[str]", [*value, *value.values()])).isascii()
    except TypeError:
        return False


def _check(value: object, path: str, depth: int) -> Json:
    if value is None or value is True or value is False:
        return value
    if isinstance(value, int):
        if value.bit_length() > _MOST_BITS:
            msg = f"{path} is a whole number of more than 4,000 digits; store it as text"
            raise InvalidInputError(msg)
        return value
    if isinstance(value, str):
        return check_text(value, path)
    if isinstance(value, float):
        if not math.isfinite(value):
            msg = f"{path} is {value}, which JSON has no number for; leave the key out or store it as text"
            raise InvalidInputError(msg)
        return value
    if depth >= MAX_DEPTH:
        msg = f"{path} is nested deeper than {MAX_DEPTH} levels; flatten it"
        raise InvalidInputError(msg)
    if isinstance(value, Mapping):
        mapping = cast("Mapping[object, object]", value)
        return {
            check_text(key, f"a key of {path}"): _check(item, f"{path}.{key}", depth + 1)
            for key, item in mapping.items()
        }
    if isinstance(value, list | tuple):
        sequence = cast("Sequence[object]", value)
        return [_check(item, f"{path}[{place}]", depth + 1) for place, item in enumerate(sequence)]
    msg = f"{path} is a {type(value).__name__}; JSON values are text, numbers, booleans, None, lists and dicts"
    raise InvalidInputError(msg)
