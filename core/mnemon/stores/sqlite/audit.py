"""Comparison of rows with what is derived from them, and mending it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from mnemon.stores.sqlite.pending import indexed_number, row_tokens
from mnemon.stores.sqlite.places import Places
from mnemon.types.storage import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mnemon.stores.sqlite.connections import Connection
    from mnemon.types.storage import Collection

__all__ = ["audit_collection"]

_SHOWN = 100


def audit_collection(connection: Connection, collection: Collection, *, repair: bool) -> Iterator[Finding]:
    """Yield what does not fit in one collection; with `repair`, mend it in the caller's transaction.

    Compares each row with its postings and tag entries, and vectors with rows.
    """
    yield from _audit_text(connection, collection, repair=repair)
    yield from _audit_tags(connection, collection, repair=repair)
    yield from _audit_vectors(connection, collection, repair=repair)


def _audit_text(connection: Connection, collection: Collection, *, repair: bool) -> Iterator[Finding]:
    if not collection.text:
        return
    name = collection.name
    expected = _expected_tokens(connection, collection, Places(connection, collection, adds=repair))
    actual = _actual_tokens(connection, name)
    wrong = sorted(number for number in expected.keys() | actual.keys() if expected.get(number) != actual.get(number))
    if not wrong:
        return
    if repair:
        connection.execute(f"INSERT INTO {name}__text ({name}__text) VALUES ('delete-all')")
        for number, words in expected.items():
            connection.execute(
                f"INSERT INTO {name}__text (rowid, tokens) VALUES (?, ?)", [number, " ".join(sorted(words))]
            )
    yield _finding(connection, collection, "postings differ from rows", wrong, repaired=repair)


def _expected_tokens(connection: Connection, collection: Collection, places: Places) -> dict[int, frozenset[str]]:
    texts = row_tokens(connection, collection, places, f"r.number <= {indexed_number(connection, collection)}")
    return {number: frozenset(text.split(" ")) for number, text in texts}


def _actual_tokens(connection: Connection, name: str) -> dict[int, frozenset[str]]:
    read_only = connection.value("PRAGMA query_only")
    connection.execute("PRAGMA query_only = OFF")  # it would keep the temporary table below from being made
    try:
        connection.execute(
            f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.words__{name} USING fts5vocab(main, {name}__text, instance)"
        )
    finally:
        connection.execute(f"PRAGMA query_only = {read_only}")
    found: dict[int, set[str]] = {}
    for token, number in connection.execute(f"SELECT term, doc FROM temp.words__{name}"):
        found.setdefault(cast("int", number), set()).add(cast("str", token))
    return {number: frozenset(words) for number, words in found.items()}


def _audit_tags(connection: Connection, collection: Collection, *, repair: bool) -> Iterator[Finding]:
    name = collection.name
    expected: set[tuple[int, str, str, int]] = set()
    for tag in collection.tags:
        sql = f"SELECT number, project, f_{tag} FROM {name}__rows WHERE f_{tag} IS NOT NULL"
        for number, project, values in connection.execute(sql):
            expected |= {(project, tag, value, number) for value in json.loads(values)}
    entries = connection.rows(f"SELECT project, field, value, row FROM {name}__tag")
    actual = {cast("tuple[int, str, str, int]", entry) for entry in entries}
    wrong = expected ^ actual
    if not wrong:
        return
    if repair:
        connection.execute(f"DELETE FROM {name}__tag")
        for entry in sorted(expected):
            connection.execute(f"INSERT INTO {name}__tag VALUES (?, ?, ?, ?)", entry)
    yield _finding(
        connection, collection, "tag entries differ from rows", {entry[3] for entry in wrong}, repaired=repair
    )


def _audit_vectors(connection: Connection, collection: Collection, *, repair: bool) -> Iterator[Finding]:
    for space in collection.vectors:
        table = f"{collection.name}__vec__{space.name}"
        orphans = f"row NOT IN (SELECT number FROM {collection.name}__rows) OR length(vector) != {4 * space.dimensions}"
        wrong = [cast("int", row) for (row,) in connection.rows(f"SELECT row FROM {table} WHERE {orphans}")]
        if wrong:
            if repair:
                connection.execute(f"DELETE FROM {table} WHERE {orphans}")
            yield _finding(connection, collection, f"vectors without a row in {space.name}", wrong, repaired=repair)


def _finding(
    connection: Connection, collection: Collection, kind: str, numbers: Iterable[int], *, repaired: bool
) -> Finding:
    listed = sorted(numbers)
    shown = listed[:_SHOWN]
    marks = ", ".join("?" * len(shown))
    ids = connection.rows(f"SELECT id FROM {collection.name}__rows WHERE number IN ({marks}) ORDER BY id", shown)
    return Finding(
        collection=collection.name,
        kind=kind,
        ids=tuple(cast("str", row_id) for (row_id,) in ids),
        rows=len(listed),
        repaired=repaired,
    )
