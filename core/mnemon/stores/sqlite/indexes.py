"""SQLite's own indexes: which rows they have otherwise than the tables, and making them anew from these."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from typing import TYPE_CHECKING, cast

from mnemon.stores.sqlite.apart import keep_apart, part_twins
from mnemon.stores.sqlite.damage import any_text, damaged_parts
from mnemon.stores.sqlite.findings import found_rows
from mnemon.stores.sqlite.pending import indexed_number, row_tokens
from mnemon.stores.sqlite.places import Places
from mnemon.stores.sqlite.postings import indexed_words, is_damage
from mnemon.types.storage import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mnemon.stores.sqlite.connections import Connection
    from mnemon.types.storage import Collection

__all__ = ["INDEXES_DIFFER", "audit_indexes"]

INDEXES_DIFFER = "SQLite's indexes differ from rows"
_CHANGED = "rows that changed: repair keeps them apart, in a project of their own"
_TWINS = "rows whose id another row had, too: each has one of its own now"


def audit_indexes(
    connection: Connection, collections: Mapping[str, Collection], indexes: Iterable[str], *, repair: bool
) -> list[Finding]:
    """Tell which of the tables of these damaged indexes have which rows otherwise; with `repair`, mend them."""
    by_table: dict[str, list[str]] = {}
    for index in indexes:
        by_table.setdefault(_described(connection, index)[0], []).append(index)
    with any_text(connection):  # a row that an index has otherwise may be damaged, too
        return [
            finding
            for table, damaged in sorted(by_table.items())
            for finding in _audit_table(
                connection, table, collections.get(table.removesuffix("__rows")), damaged, repair=repair
            )
        ]


def _audit_table(
    connection: Connection, table: str, collection: Collection | None, damaged: list[str], *, repair: bool
) -> Iterator[Finding]:
    differing = {index: _differing(connection, index) for index in damaged}
    numbers = {number for rows in differing.values() for number in rows}
    if collection is None:
        mended = repair and _mend_other(connection, table, damaged)
        yield Finding(collection=table, kind=INDEXES_DIFFER, ids=(), rows=len(numbers), repaired=mended)
        return
    changed = _changed(connection, collection, differing)
    parted, apart = _mend(connection, table, damaged, changed) if repair else (set[int](), {None: changed})
    mended = repair and not set(damaged) & set(damaged_parts(connection).indexes)
    if mended:
        _forget_caches(connection, collection.name)
    yield found_rows(connection, collection.name, INDEXES_DIFFER, numbers, repaired=mended)
    for project, rows in apart.items():
        if rows:
            yield found_rows(connection, collection.name, _CHANGED, rows, repaired=mended, project=project)
    if parted:
        yield found_rows(connection, collection.name, _TWINS, parted, repaired=mended)


def _changed(connection: Connection, collection: Collection, differing: Mapping[str, set[int]]) -> set[int]:
    """Return the rows that have changed themselves, as far as that can be told: more than an index says so.

    It is another index, or the full-text index. Of a collection without text an index is believed that has a row
    under another scope: to take a sound row from its owner for a time is better than to give it to somebody else.
    """
    times = Counter(number for rows in differing.values() for number in rows)
    changed = {number for number, one in times.items() if one > 1}
    if collection.text:
        return changed | _indexed_otherwise(connection, collection, times.keys() - changed)
    return changed.union(*(_listed_elsewhere(connection, collection, index) for index in differing))


def _indexed_otherwise(connection: Connection, collection: Collection, numbers: Iterable[int]) -> set[int]:
    """Return those of some rows of which the full-text index has other words, or another place."""
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
        return set()  # a damaged one is no witness
    return {number for number, words in should.items() if has.get(number) != words}


def _listed_elsewhere(connection: Connection, collection: Collection, index: str) -> set[int]:
    """Return the rows that an index has under a scope that is not theirs."""
    table = f"{collection.name}__rows"
    scopes = {f"f_{scope}" for scope in collection.scopes}
    if collection.person is not None:
        scopes.add(f"f_{collection.person}")
    columns = [cast("str", name) for (name,) in connection.rows("SELECT name FROM pragma_index_info(?)", [index])]
    named = ", ".join(["rowid", *(name for name in columns if name in scopes)])
    _, definition = _described(connection, index)
    _, partial, condition = (definition or "").partition(" WHERE ")
    where = f" WHERE {condition}" if partial else ""
    found = connection.rows(
        f"SELECT {named} FROM {table} INDEXED BY {index}{where} EXCEPT SELECT {named} FROM {table} NOT INDEXED"
    )
    return {cast("int", number) for number, *_ in found}


def _described(connection: Connection, index: str) -> tuple[str, str | None]:
    """Return an index's table and its definition; that of a constraint has none."""
    rows = connection.rows("SELECT tbl_name, sql FROM sqlite_schema WHERE type = 'index' AND name = ?", [index])
    return cast("tuple[str, str | None]", rows[0])


def _differing(connection: Connection, index: str) -> set[int]:
    table, definition = _described(connection, index)
    columns = [cast("str", name) for (name,) in connection.rows("SELECT name FROM pragma_index_info(?)", [index])]
    _, partial, condition = (definition or "").partition(" WHERE ")
    entries = f"SELECT {', '.join(['rowid', *columns])} FROM {table}"
    where = f" WHERE {condition}" if partial else ""
    has, should = f"{entries} INDEXED BY {index}{where}", f"{entries} NOT INDEXED{where}"
    found = connection.rows(
        f"SELECT rowid FROM ({has} EXCEPT {should}) UNION SELECT rowid FROM ({should} EXCEPT {has})"
    )
    return {cast("int", number) for (number,) in found}


def _mend(
    connection: Connection, table: str, indexes: Iterable[str], changed: set[int]
) -> tuple[set[int], dict[str | None, set[int]]]:
    """Make indexes anew; return the rows that had to be given another id, and which were given to which projects.

    A row that changed may be another's now, so that nobody is shown it before somebody looked at it; and a damaged
    index of ids lets a second row of one id be put.
    """
    definitions = [cast("str", _described(connection, index)[1]) for index in indexes]
    for index in indexes:
        connection.execute(f"DROP INDEX {index}")
    apart = keep_apart(connection, table, changed, "changed rows")
    parted = part_twins(connection, table)
    for definition in definitions:
        connection.execute(definition)
    return parted, {**apart}


def _mend_other(connection: Connection, table: str, indexes: Iterable[str]) -> bool:
    """Make indexes of a table anew that is not of rows; return whether that was possible.

    What is derived of rows is made anew after this. Of two projects of one name nobody can tell which one is
    meant: their index stays damaged, and is told as such.
    """
    if table.endswith("__place"):
        connection.execute(f"DELETE FROM {table}")
    try:
        for index in indexes:
            connection.execute(f"REINDEX {index}")
    except sqlite3.IntegrityError:
        return False
    return True


def _forget_caches(connection: Connection, collection: str) -> None:
    """Make what others keep of these rows be read anew: a damaged index may have told them of another's rows.

    They see that the log of changed rows was swept past the place up to which they know it.
    """
    log = f"{collection}__changed"
    last = cast("int", connection.value(f"SELECT coalesce(max(sequence), 0) FROM {log}"))
    connection.execute(f"DELETE FROM {log}")
    connection.execute(f"INSERT INTO {log} (sequence, row, gone) VALUES (?, 0, 0)", [last + 2])
