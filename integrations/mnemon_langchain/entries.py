"""Values under a key as rows: what the byte store and the cache of answers are made of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from mnemon import InvalidInputError, where
from mnemon.types.storage import Collection, Ordered, Put, Row

if TYPE_CHECKING:
    from mnemon import Filter

__all__ = ["ENTRIES", "Place", "entry_id", "entry_put", "matching"]

ENTRIES = Collection(
    name="langchain_entries",
    keys=("user_id", "space"),
    ordered=(Ordered("name", "text"),),
    person="user_id",
    indexes=(("space", "name"), ("user_id", "space")),
)
"""One row is one value. `space` is what kind of entry it is, and in which namespace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where entries are.

    Attributes:
        space: kind and namespace.
        user_id: whose they are; None for nobody's.
    """

    space: str
    user_id: str | None


def entry_id(place: Place, name: str) -> str:
    """Return the row of a name: told apart exactly from every other name, place and person.

    Raises:
        InvalidInputError: the name is no text, or none that can be stored.
    """
    try:
        named = json.dumps([place.space, place.user_id, _checked(name)], ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        msg = f"the key {name!r} holds a lone surrogate; it cannot be stored, remove it"
        raise InvalidInputError(msg) from error
    return sha256(named).hexdigest()


def _checked(name: object) -> object:
    if not isinstance(name, str):
        msg = f"a key is a text, not {name!r}; give str() of it"
        raise InvalidInputError(msg)
    return name


def entry_put(place: Place, name: str, value: bytes) -> Put:
    """Return the write of a value."""
    fields = {"user_id": place.user_id, "space": place.space, "name": name}
    return Put(collection=ENTRIES.name, row=Row(id=entry_id(place, name), fields=fields, payload=value))


def matching(place: Place, *, prefix: str = "", everybody: bool = False) -> Filter:
    """Return the condition of the entries of a place, from the first that can begin with a prefix on."""
    condition: Filter = where("space").eq(place.space)
    if not everybody:
        condition &= where("user_id").eq(place.user_id)
    return condition & where("name").gte(prefix) if prefix else condition
