"""Values under a key as rows: what the byte store and the cache of answers are made of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from mnemon import where
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
    """Return the row of a name: told apart exactly from every other name, place and person."""
    named = json.dumps([place.space, place.user_id, name], ensure_ascii=False).encode()
    return sha256(named).hexdigest()


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
