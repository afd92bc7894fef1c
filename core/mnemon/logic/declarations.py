"""How a collection may be declared anew: what a later version may add, and what it may not change."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from mnemon.errors import SchemaMismatchError
from mnemon.types.storage import Collection, Ordered, VectorSpace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["collection_of", "merge_declarations"]

_Item = TypeVar("_Item")


def merge_declarations(stored: Collection, wanted: Collection) -> Collection:
    """Return what is stored and what is wanted as one declaration.

    Fields, spaces and indexes may be added; everything else must be as it was stored.

    Raises:
        SchemaMismatchError: the two contradict each other; the message names each difference.
    """
    differences = [
        f"{what} was {before!r} and is declared as {now!r}"
        for what, before, now in _pairs(stored, wanted)
        if before is not None and before != now
    ]
    if differences:
        msg = f"collection {wanted.name!r} is stored in another form: {'; '.join(differences)}"
        raise SchemaMismatchError(msg, differences)
    return replace(
        wanted,
        keys=_union(stored.keys, wanted.keys),
        tags=_union(stored.tags, wanted.tags),
        ordered=_union(stored.ordered, wanted.ordered),
        vectors=_union(stored.vectors, wanted.vectors),
        indexes=_union(stored.indexes, wanted.indexes),
    )


def collection_of(data: Mapping[str, Any]) -> Collection:
    """Return the collection that `dataclasses.asdict` made this of, perhaps by way of JSON.

    Raises:
        KeyError, TypeError, InvalidInputError: it is not of that form.
    """
    return Collection(
        name=data["name"],
        keys=tuple(data["keys"]),
        tags=tuple(data["tags"]),
        ordered=tuple(Ordered(**item) for item in data["ordered"]),
        scopes=tuple(data["scopes"]),
        text=data["text"],
        vectors=tuple(VectorSpace(**item) for item in data["vectors"]),
        current=data["current"],
        person=data["person"],
        indexes=tuple(tuple(index) for index in data["indexes"]),
    )


def _union(stored: tuple[_Item, ...], wanted: tuple[_Item, ...]) -> tuple[_Item, ...]:
    return (*stored, *(item for item in wanted if item not in stored))


def _pairs(stored: Collection, wanted: Collection) -> Iterator[tuple[str, object, object]]:
    """Yield what must not change, as stored (None: not there yet) and as wanted."""
    yield "scopes", stored.scopes, wanted.scopes
    yield "text", stored.text, wanted.text
    yield "current", stored.current or "no field", wanted.current or "no field"
    yield "person", stored.person or "no field", wanted.person or "no field"
    for space in wanted.vectors:
        yield f"vector space {space.name!r}", stored.space(space.name), space
    for field in wanted.ordered:
        yield f"field {field.name!r}", stored.order_of(field.name), field
    for kind, name in [*(("key", key) for key in wanted.keys), *(("tag", tag) for tag in wanted.tags)]:
        yield f"field {name!r}", _kind_of(stored, name), kind


def _kind_of(collection: Collection, name: str) -> str | None:
    if name in collection.keys:
        return "key"
    if name in collection.tags:
        return "tag"
    return None if collection.order_of(name) is None else "ordered"
