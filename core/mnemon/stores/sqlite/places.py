"""Places that terms are found in: one value of one scope, among current or among superseded rows.

A token of the full-text index begins with the number of its place. The numbers are kept by a hash of
the place, since the value of a scope may be 32 kilobytes long, and is somebody's name.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mnemon.stores.sqlite.connections import Connection
    from mnemon.types.storage import Collection, FieldValue

__all__ = ["Places", "find_place", "forget_places", "is_current", "place_hash"]

_MOST_REMEMBERED = 8_192


def place_hash(project: int, scope: str, value: str, *, current: bool) -> bytes:
    """Return 128 bits that stand for a place; scope and value are empty where the collection has no scopes.

    A damaged row may have anything for the number of its project, also text that is no UTF-8.
    """
    place = f"{project!a}\x1f{'current' if current else 'superseded'}\x1f{scope}\x1f{value}"
    return blake2b(place.encode(), digest_size=16).digest()


def is_current(collection: Collection) -> str:
    """Return the condition that a row `r` is not superseded."""
    return "1" if collection.current is None else f"r.f_{collection.current} IS NULL"


def find_place(connection: Connection, collection: Collection, place: bytes) -> int | None:
    """Return the number of a place, or None where the full-text index has nothing of it."""
    return cast("int | None", connection.value(f"SELECT number FROM {collection.name}__place WHERE hash = ?", [place]))


class Places:
    """The numbers of places; to be forgotten with the transaction that they were read in."""

    def __init__(self, connection: Connection, collection: Collection, *, adds: bool = True) -> None:
        """Give numbers to new places, or, where none are to be added, 0 to all of those."""
        self._connection = connection
        self._collection = collection
        self._adds = adds
        self._numbers: dict[tuple[object, ...], tuple[int, ...]] = {}

    def of_row(self, project: int, scopes: Sequence[FieldValue | None], *, current: bool) -> tuple[int, ...]:
        """Return the numbers of the places of a row, whose values of the scopes are given in their order."""
        key = (project, current, *scopes)
        numbers = self._numbers.get(key)
        if numbers is None:
            named = [
                (name, value) for name, value in zip(self._collection.scopes, scopes, strict=True) if value is not None
            ]
            places = named if self._collection.scopes else [("", "")]
            numbers = tuple(
                self._number(place_hash(project, name, cast("str", value), current=current)) for name, value in places
            )
            if len(self._numbers) >= _MOST_REMEMBERED:
                self._numbers.clear()
            self._numbers[key] = numbers
        return numbers

    def forget_left(self, project: int, left: Iterable[tuple[str, str]]) -> None:
        """Take away the places of those scopes' values that no row has any more; their numbers are given to no others.

        Other connections that remember a number forget it as soon as they see that this one has written.
        """
        name = self._collection.name
        for scope, value in left:
            if not self._connection.value(
                f"SELECT 1 FROM {name}__rows WHERE project = ? AND f_{scope} = ? LIMIT 1", [project, value]
            ):
                places = [(place_hash(project, scope, value, current=current),) for current in (True, False)]
                self._connection.raw.executemany(f"DELETE FROM {name}__place WHERE hash = ?", places)
                self._numbers.clear()

    def _number(self, place: bytes) -> int:
        number = find_place(self._connection, self._collection, place)
        if number is None and not self._adds:
            return 0
        if number is None:
            sql = f"INSERT INTO {self._collection.name}__place (hash) VALUES (?)"
            number = cast("int", self._connection.execute(sql, [place]).lastrowid)
        return number


def forget_places(connection: Connection, collection: Collection) -> None:
    """Take away the places that no row is in any more; their numbers are given to no others."""
    if not collection.text:
        return
    name = collection.name
    current = is_current(collection)
    alive: set[bytes] = set()
    for scope in collection.scopes or ("",):
        value = f"f_{scope}" if scope else "''"
        sql = f"SELECT DISTINCT project, {value}, {current} FROM {name}__rows r WHERE {value} IS NOT NULL"
        alive |= {
            place_hash(cast("int", project), scope, cast("str", text), current=bool(state))
            for project, text, state in connection.execute(sql)
        }
    known = connection.rows(f"SELECT number, hash FROM {name}__place")
    dead = [(number,) for number, place in known if place not in alive]
    connection.raw.executemany(f"DELETE FROM {name}__place WHERE number = ?", dead)
