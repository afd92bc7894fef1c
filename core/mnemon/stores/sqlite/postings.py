"""The full-text index as a whole: what stands in it, and making it anew without reading it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from mnemon.stores.sqlite.connections import Connection
from mnemon.stores.sqlite.schema import create_postings

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["indexed_words", "is_damage", "make_postings"]

_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR)
"""What FTS5 answers where its tables do not hold what it wrote; an index that is not there is the second."""


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether FTS5 cannot read its tables; a disk that fails or a lock says nothing about them."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE


def make_postings(connection: Connection, name: str, texts: Iterable[tuple[int, str]]) -> None:
    """Drop a collection's full-text index, whatever state it is in, and make it anew of numbers and tokens."""
    try:
        connection.execute(f"DROP TABLE IF EXISTS {name}__text")
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        _empty(connection, name)  # FTS5 opens a table even to drop it
        connection.execute(f"DROP TABLE {name}__text")
    create_postings(connection, f"{name}__text")
    connection.raw.executemany(f"INSERT INTO {name}__text (rowid, tokens) VALUES (?, ?)", texts)


def _empty(connection: Connection, name: str) -> None:
    """Give the tables that FTS5 keeps an index in the content that they have of an empty one."""
    with closing(sqlite3.connect(":memory:")) as raw:  # here FTS5 would look at the damaged index once more
        create_postings(Connection(raw), f"{name}__text")
        for part in ("data", "idx", "config"):
            table = f"{name}__text_{part}"
            ((definition,),) = raw.execute("SELECT sql FROM sqlite_schema WHERE name = ?", [table]).fetchall()
            rows = raw.execute(f"SELECT * FROM {table}").fetchall()
            connection.execute(f"DROP TABLE IF EXISTS {table}")
            connection.execute(definition)
            for row in rows:
                connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)


def indexed_words(connection: Connection, name: str) -> str:
    """Return the name of a table of what stands in a collection's full-text index: (term, doc).

    An index that cannot be opened is an error already here: met by way of that table, it would make each
    statement after it fail, up to the end of the transaction. A temporary table hides one of the same name in
    the file, so it is called as no collection may begin.
    """
    words = f"temp.mnemon_words__{name}"
    connection.value(f"SELECT rowid FROM {name}__text WHERE {name}__text MATCH 'x'")
    read_only = connection.value("PRAGMA query_only")
    connection.execute("PRAGMA query_only = OFF")  # it would keep the temporary table below from being made
    try:
        connection.execute(f"CREATE VIRTUAL TABLE IF NOT EXISTS {words} USING fts5vocab(main, {name}__text, instance)")
    finally:
        connection.execute(f"PRAGMA query_only = {read_only}")
    return words
