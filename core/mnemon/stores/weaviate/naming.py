"""What things are called on the server, and how texts become values that it compares exactly.

The server trims white space at both ends of a text before it compares it, and sorts texts without
regard to case (both measured). So a text that is matched is wrapped, and one that is ordered is
written in hexadecimal, whose order is that of the code points.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from mnemon.errors import ConfigError
from mnemon.logic.filters import lookup

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mnemon.types.jsonvalue import Json, JsonObject

__all__ = [
    "AT",
    "BEGUN",
    "ENDED",
    "HELD",
    "ID",
    "LARGE",
    "METADATA",
    "NOTE",
    "NO_VECTOR",
    "PAYLOAD",
    "SLOT",
    "SLOTS",
    "TERMS",
    "TOKENS",
    "Tenant",
    "change_token",
    "changes_class",
    "check_prefix",
    "class_name",
    "end_id",
    "exact_time_property",
    "field_property",
    "metadata_token",
    "object_id",
    "ordered_text",
    "part_id",
    "parts_class",
    "plain_text",
    "probe_class",
    "slot_of",
    "slot_of_object",
    "space_property",
    "tenant_of",
    "text_of_ordered",
    "tokens_of",
    "unwrapped",
    "wrapped",
]

# Names of a caller's fields end with _v, _x or _p, so these can be none of them.
ID = "id_"
"""The row's id, as `ordered_text`."""
SLOT = "slot_"
"""A number drawn from the id: rows are read in ranges of it, and every row has one."""
TERMS = "terms_"
"""The terms, with a space between each two: none of them holds one."""
METADATA = "metadata_"
"""The metadata as JSON, which no index sees."""
TOKENS = "tokens_"
"""What `tokens_of` says of the metadata, to be matched."""
PAYLOAD = "payload_"
"""The payload in base64, which no index sees."""
LARGE = "large_"
"""True where parts of the row lie in objects of their own."""
BEGUN = "begun_"
"""Whose rows a writer is about to change, in an entry of the log of changes: what `change_token` says."""
ENDED = "ended_"
"""The same in the entry that says that it is done."""
AT = "at_"
"""When the server got the entry that another one ends, in microseconds since 1970 by its clock."""
NOTE = "note_"
"""Which rows an entry of the log names, as JSON, which no index sees."""
NO_VECTOR = "none_"
"""A vector that no row has: a collection that is made without one cannot be given named ones later."""

HELD = "+"
"""What every field that has a value holds beside it; no wrapped text equals it."""

SLOTS = 2**52
"""How many slots there are: whole numbers up to 2**53 are exact in JSON and in Protobuf's Struct."""

_NAMESPACE = UUID("6f4d1d0e-2f4b-5d0c-9a55-0f3a6c0e7b21")
_PREFIX = re.compile(r"[A-Z][A-Za-z0-9]{0,30}")
_LONGEST_TOKEN = 128


def check_prefix(prefix: str) -> str:
    """Return what our collections' names begin with; raises `ConfigError` where it cannot be that."""
    if not isinstance(prefix, str) or not _PREFIX.fullmatch(prefix):  # pyright: ignore[reportUnnecessaryIsInstance]
        msg = f"prefix is {prefix!r}; it must be a capital letter and up to 30 more letters and digits"
        raise ConfigError(msg)
    return prefix


def class_name(prefix: str, collection: str) -> str:
    """Return the name that a collection has on the server."""
    return f"{prefix}_{collection}"


def parts_class(prefix: str) -> str:
    """Return the collection of what is too large for its row; no caller's collection can have the name."""
    return f"{prefix}Parts"


def changes_class(prefix: str) -> str:
    """Return the log of changes; no caller's collection can have the name."""
    return f"{prefix}Changes"


class Tenant(str):
    """A project whose tenant is known and whose name is not."""

    __slots__ = ()


def probe_class(prefix: str) -> str:
    """Return the collection that a look at the server's health writes into."""
    return f"{prefix}Probe"


def tenant_of(project: str) -> str:
    """Return the tenant of a project: a hash, since a tenant's name is 64 letters and digits at most."""
    if isinstance(project, Tenant):
        return str(project)
    return "p" + base64.b32encode(hashlib.sha256(project.encode()).digest()).decode().rstrip("=").lower()


def field_property(field: str) -> str:
    """Return the property of a field."""
    return f"{field}_v"


def exact_time_property(field: str) -> str:
    """Return the property that holds a time as text where its number would not be exact."""
    return f"{field}_x"


def space_property(space: str) -> str:
    """Return the property that says whether a row has a vector in a space."""
    return f"{space}_p"


def object_id(row_id: str) -> UUID:
    """Return the id that a row's object always has."""
    return uuid5(_NAMESPACE, row_id)


def part_id(collection: str, row_id: str, digest: str, number: int) -> UUID:
    """Return the id of one part of a large value."""
    return uuid5(_NAMESPACE, json.dumps([collection, row_id, digest, number]))


def end_id(entry: UUID) -> UUID:
    """Return the id of the entry that says that what another one announced is done."""
    return uuid5(_NAMESPACE, str(entry))


@lru_cache(maxsize=1024)
def change_token(key: str, collection: str, scope: str | None = None, value: str | None = None) -> str:
    """Return what stands for the rows of one value of a scope in the log of changes, or for a whole collection.

    The key is the project's (`AsyncServer.log_key`): equal scopes of two projects, or servers, have different tokens.
    """
    said = json.dumps([collection, scope, value]).encode()
    return hmac.digest(key.encode(), said, "sha256").hex()[:32]


def slot_of(row_id: str) -> int:
    """Return the slot of a row."""
    return slot_of_object(object_id(row_id))


def slot_of_object(uuid: UUID) -> int:
    """Return the slot of the row whose object it is."""
    return uuid.int >> (128 - 52)


def wrapped(text: str) -> str:
    """Return a text that equals only itself."""
    return f"={text}="


def unwrapped(text: str) -> str:
    """Return what was wrapped."""
    return text[1:-1]


def ordered_text(text: str) -> str:
    """Return a text whose order, and equality, is that of the code points."""
    return "x" + text.encode().hex()


def text_of_ordered(text: str) -> str:
    """Return what `ordered_text` was made of."""
    return bytes.fromhex(text[1:]).decode()


def plain_text(value: Json) -> str | None:
    """Return a JSON scalar as a text that equal scalars share: 1 and 1.0, but not 1 and True; None for others."""
    match value:
        case bool():
            return f"b{value}"
        case int():
            return f"n{value:x}"  # decimal digits are limited to 4,300
        case float():
            return f"n{int(value):x}" if value.is_integer() else f"n{value!r}"
        case str():
            return f"s{value}"
        case _:
            return None


def metadata_token(path: str, value: Json) -> str:
    """Return what stands for "the metadata has this scalar at this path"; with None, "has something there"."""
    scalar = "" if value is None else plain_text(value)
    token = f"{len(path)}.{path}{scalar}"
    if len(token) > _LONGEST_TOKEN:
        return f"#{hashlib.sha256(token.encode()).hexdigest()}"
    return wrapped(token)


def tokens_of(metadata: JsonObject) -> list[str]:
    """Return what conditions may ask of the metadata: each path that has a value, and each scalar at it or in its list.

    A path is looked up as a filter would, so that it means the same with dots inside of keys.
    """
    tokens: dict[str, None] = {}
    for path in dict.fromkeys(_paths(metadata, "")):
        found = lookup(metadata, path)
        if found is None:
            continue
        tokens[metadata_token(path, None)] = None
        for value in found if isinstance(found, list) else [found]:
            if plain_text(value) is not None:
                tokens[metadata_token(path, value)] = None
    return list(tokens)


def _paths(metadata: JsonObject, before: str) -> Iterator[str]:
    for key, value in metadata.items():
        yield f"{before}{key}"
        if isinstance(value, dict):
            yield from _paths(value, f"{before}{key}.")
