"""Numbers of rows: none is ever given twice, so that what is new is a range of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mnemon.stores.sqlite.places import Places

if TYPE_CHECKING:
    from mnemon.stores.sqlite.connections import Connection
    from mnemon.types.storage import Collection

__all__ = ["Numbers"]


class Numbers:
    """Gives each new row of a collection a number that none had before, deleted ones included."""

    def __init__(self, connection: Connection, collection: Collection) -> None:
        """Read where the numbers stand."""
        self._connection = connection
        self._name = name = collection.name
        self.places = Places(connection, collection)
        highest, gone, indexed = connection.rows(
            f"SELECT (SELECT max(number) FROM {name}__rows), gone, indexed FROM mnemon_collections WHERE name = ?",
            [name],
        )[0]
        self._highest_gone = cast("int", gone)
        self.indexed = cast("int", indexed)
        self.next = max(cast("int | None", highest) or 0, self._highest_gone) + 1

    def take(self, count: int) -> range:
        """Return so many new numbers."""
        first = self.next
        self.next += count
        return range(first, self.next)

    def never_again(self, number: int) -> None:
        """See to it that the number of a deleted row is given to no other."""
        if number > self._highest_gone:
            self._highest_gone = number
            self._connection.execute("UPDATE mnemon_collections SET gone = ? WHERE name = ?", [number, self._name])
