"""SQLite's own indexes: which rows they have otherwise than the tables, and making them anew from these."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, cast

from mnemon.stores.sqlite.apart import keep_apart, part_twins
from mnemon.stores.sqlite.damage import any_text, damaged_parts
from mnemon.stores.sqlite.findings import found_rows
from mnemon.stores.sqlite.witnesses import changed_rows, read_index
from mnemon.types.storage import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mnemon.stores.sqlite.connections import Connection
    from mnemon.types.storage import Collection

__all__ = ["audit_indexes"]

_INDEXES_DIFFER = "SQLite's indexes differ from rows"
_CHANGED = "rows that changed: repair keeps them apart, in a project of their own"
_TWINS = "rows whose id another row had, too: each has one of its own now"


def audit_indexes(
    connection: Connection, collections: Mapping[str, Collection], indexes: Iterable[str], *, repair: bool
) -> list[Finding]:
    """Tell which of the tables of these damaged indexes have which rows otherwise; with `repair`, mend them."""
    by_table: dict[str, list[str]] = {}
    for index in indexes:
        by_table.setdefault(read_index(connection, index).table, []).append(index)
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
        yield Finding(collection=table, kind=_INDEXES_DIFFER, ids=(), rows=len(numbers), repaired=mended)
        return
    changed = changed_rows(connection, collection, differing)
    parted, apart = _mend(connection, table, damaged, changed) if repair else (set[int](), {None: changed})
    mended = repair and not set(damaged) & set(damaged_parts(connection).indexes)
    if mended:
        _forget_caches(connection, collection.name)
    yield found_rows(connection, collection.name, _INDEXES_DIFFER, numbers, repaired=mended)
    for project, rows in apart.items():
        if rows:
            yield found_rows(connection, collection.name, _CHANGED, rows, repaired=mended, project=project)
    if parted:
        yield found_rows(connection, collection.name, _TWINS, parted, repaired=mended)


def _differing(connection: Connection, name: str) -> set[int]:
    index = read_index(connection, name)
    of_index, of_table = index.compared(*index.columns)
    found = connection.rows(f"SELECT rowid FROM ({of_index}) UNION SELECT rowid FROM ({of_table})")
    return {cast("int", number) for (number,) in found}


def _mend(
    connection: Connection, table: str, indexes: Iterable[str], changed: set[int]
) -> tuple[set[int], dict[str | None, set[int]]]:
    """Make indexes anew; return the rows that had to be given another id, and which were given to which projects.

    A row that changed may be another's now, so that nobody is shown it before somebody looked at it; and a damaged
    index of ids lets a second row of one id be put.
    """
    definitions = [cast("str", read_index(connection, index).definition) for index in indexes]
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
