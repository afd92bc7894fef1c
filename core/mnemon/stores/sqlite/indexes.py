"""SQLite's own indexes: which rows they have otherwise than the tables, and making them anew from these."""

from __future__ import annotations

import sqlite3
from collections import Counter
from typing import TYPE_CHECKING, cast

from mnemon.stores.sqlite.damage import any_text, damaged_parts
from mnemon.stores.sqlite.findings import found_rows
from mnemon.types.storage import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mnemon.stores.sqlite.connections import Connection

__all__ = ["INDEXES_DIFFER", "audit_indexes"]

INDEXES_DIFFER = "SQLite's indexes differ from rows"
_SEVERAL = "rows that several indexes had otherwise: compare them with a backup"
"""It is the row, then, that has changed. The indexes are made to fit it all the same: else it could not be deleted."""
_TWINS = "rows whose id another row had, too: each has one of its own now"


def audit_indexes(connection: Connection, indexes: Iterable[str], *, repair: bool) -> list[Finding]:
    """Tell which of the tables of these damaged indexes have which rows otherwise; with `repair`, mend them."""
    by_table: dict[str, list[str]] = {}
    for index in indexes:
        by_table.setdefault(_described(connection, index)[0], []).append(index)
    found: list[Finding] = []
    for table, damaged in sorted(by_table.items()):
        numbers = Counter(number for index in damaged for number in _differing(connection, index))
        several = [number for number, times in numbers.items() if times > 1]
        twins = [number for index in damaged for number in _mend(connection, index)] if repair else []
        mended = repair and not set(damaged) & set(damaged_parts(connection).indexes)
        if mended and table.endswith("__rows"):
            _forget_caches(connection, table.removesuffix("__rows"))
        found.append(_finding(connection, table, INDEXES_DIFFER, numbers, repaired=mended))
        if several:
            found.append(_finding(connection, table, _SEVERAL, several, repaired=False))
        if twins:
            found.append(_finding(connection, table, _TWINS, twins, repaired=True))
    return found


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


def _mend(connection: Connection, index: str) -> list[int]:
    """Make an index anew from the rows; return the numbers of those that had to be given another id.

    A damaged index of ids lets a second row of one id be put. The older one is kept, under an id that
    tells where it came from: the newer one is what the last call saw, and nobody took the older one away.
    """
    table, definition = _described(connection, index)
    try:
        connection.execute(f"REINDEX {index}")
    except sqlite3.IntegrityError:
        if definition is None or not table.endswith("__rows"):
            return []  # which of two belongs there nobody can tell: the index stays damaged, and is told as such
        connection.execute(f"DROP INDEX {index}")
        numbers = _part_twins(connection, table)
        connection.execute(definition)
        return numbers
    return []


def _part_twins(connection: Connection, table: str) -> list[int]:
    newest = f"SELECT number, id, max(number) OVER (PARTITION BY project, id) AS newest FROM {table}"
    with any_text(connection):
        older = connection.rows(f"SELECT number FROM ({newest}) WHERE number < newest")
    for (number,) in older:
        connection.execute(f"UPDATE {table} SET id = '(row number {number}) ' || id WHERE number = {number}")
    return [cast("int", number) for (number,) in older]


def _forget_caches(connection: Connection, collection: str) -> None:
    """Make what others keep of these rows be read anew: a damaged index may have told them of another's rows.

    They see that the log of changed rows was swept past the place up to which they know it.
    """
    log = f"{collection}__changed"
    last = cast("int", connection.value(f"SELECT coalesce(max(sequence), 0) FROM {log}"))
    connection.execute(f"DELETE FROM {log}")
    connection.execute(f"INSERT INTO {log} (sequence, row, gone) VALUES (?, 0, 0)", [last + 2])


def _finding(connection: Connection, table: str, kind: str, numbers: Iterable[int], *, repaired: bool) -> Finding:
    collection = table.removesuffix("__rows")
    if collection != table:
        return found_rows(connection, collection, kind, numbers, repaired=repaired)
    return Finding(collection=table, kind=kind, ids=(), rows=len(set(numbers)), repaired=repaired)
