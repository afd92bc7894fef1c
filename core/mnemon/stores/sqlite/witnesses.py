"""Which of both is wrong, a row or an index that has it otherwise: what else tells of the row decides."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from mnemon.stores.sqlite.pending import indexed_number, row_tokens
from mnemon.stores.sqlite.places import Places
from mnemon.stores.sqlite.postings import indexed_words, is_damage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mnemon.stores.sqlite.connections import Connection
    from mnemon.types.storage import Collection

__all__ = ["Index", "changed_rows", "read_index"]


@dataclass(frozen=True, slots=True)
class Index:
    """One of SQLite's own indexes.

    Attributes:
        name: its name.
        table: the table that it is of.
        definition: the statement that makes it; that of a constraint has none.
        columns: the columns of its entries, in order.
    """

    name: str
    table: str
    definition: str | None
    columns: tuple[str, ...]

    @property
    def where(self) -> str:
        """The clause that chooses the rows that it has; empty where it has all of them."""
        _, partial, condition = (self.definition or "").partition(" WHERE ")
        return f" WHERE {condition}" if partial else ""

    def compared(self, *columns: str) -> tuple[str, str]:
        """Return queries for what it alone has in these columns of its own, and for what the table alone has."""
        entries = f"SELECT {', '.join(['rowid', *columns])} FROM {self.table}"
        has, rows = f"{entries} INDEXED BY {self.name}{self.where}", f"{entries} NOT INDEXED"
        return f"{has} EXCEPT {rows}", f"{rows}{self.where} EXCEPT {has}"


def read_index(connection: Connection, name: str) -> Index:
    """Return an index of the file."""
    ((table, definition),) = cast(
        "list[tuple[str, str | None]]",
        connection.rows("SELECT tbl_name, sql FROM sqlite_schema WHERE type = 'index' AND name = ?", [name]),
    )
    columns = connection.rows("SELECT name FROM pragma_index_info(?)", [name])
    return Index(name, table, definition, tuple(cast("str", column) for (column,) in columns))


def changed_rows(connection: Connection, collection: Collection, differing: Mapping[str, set[int]]) -> set[int]:
    """Return the rows that have changed themselves, as far as that can be told: more than an index says so.

    It is another index, or the full-text index. Of a row that neither tells of, an index is believed that has it
    under another project, person or scope: to take a sound row from its owner for a time is better than to give it
    to somebody else.
    """
    times = Counter(number for rows in differing.values() for number in rows)
    changed = {number for number, one in times.items() if one > 1}
    told = _indexed_as_they_are(connection, collection, times.keys() - changed)
    changed.update(number for number, as_it_is in told.items() if not as_it_is)
    changed |= _listed_elsewhere(connection, collection, differing) - told.keys()
    return _chosen(connection, f"{collection.name}__rows", changed)  # an index may have rows that are gone


def _indexed_as_they_are(connection: Connection, collection: Collection, numbers: Iterable[int]) -> dict[int, bool]:
    """Return those of some rows that the full-text index tells of, with whether it has their words and places."""
    if not collection.text or collection.person not in (None, *collection.scopes):
        return {}
    those = f"r.number IN (SELECT value FROM json_each('{json.dumps([*numbers])}'))"
    indexed = f"r.number <= {indexed_number(connection, collection)}"
    texts = row_tokens(connection, collection, Places(connection, collection, adds=False), f"{those} AND {indexed}")
    should = {number: set(text.split(" ")) for number, text in texts}
    has: dict[int, set[str]] = {}
    try:
        words = f"SELECT doc, term FROM {indexed_words(connection, collection.name)} WHERE doc IN "
        for number, word in connection.rows(f"{words} (SELECT value FROM json_each(?))", [json.dumps([*should])]):
            has.setdefault(cast("int", number), set()).add(cast("str", word))
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        return {}  # a damaged one is no witness
    return {number: has.get(number) == words for number, words in should.items()}


def _listed_elsewhere(connection: Connection, collection: Collection, differing: Mapping[str, set[int]]) -> set[int]:
    """Return the rows that an index has under a project, person or scope that is not theirs, and no other has at all.

    Those that two have otherwise are known to have changed.
    """
    table = f"{collection.name}__rows"
    names = connection.rows("SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?", [table])
    indexes = [read_index(connection, cast("str", name)) for (name,) in names]
    owners = {"project", *(f"f_{name}" for name in (collection.person, *collection.scopes) if name is not None)}
    found: set[int] = set()
    for column in sorted(owners):
        having = [index for index in indexes if column in index.columns]
        for index in having:
            if index.name in differing:
                elsewhere = _having_otherwise(connection, index, column)
                for other in having:
                    if other is not index:
                        elsewhere -= _chosen(connection, table, elsewhere, other.where)
                found |= elsewhere
    return found


def _having_otherwise(connection: Connection, index: Index, column: str) -> set[int]:
    of_index, _ = index.compared(column)
    return {cast("int", number) for number, _ in connection.rows(of_index)}


def _chosen(connection: Connection, table: str, numbers: Iterable[int], where: str = "") -> set[int]:
    """Return those of some rows that are in the table, and chosen by a clause."""
    those = f"{f'{where} AND' if where else ' WHERE'} number IN (SELECT value FROM json_each(?))"
    found = connection.rows(f"SELECT number FROM {table} NOT INDEXED{those}", [json.dumps([*numbers])])
    return {cast("int", number) for (number,) in found}
