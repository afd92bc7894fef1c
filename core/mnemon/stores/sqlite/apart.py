"""Rows that a repair must not give to anybody: they are kept, each where it can be told from all others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from mnemon.stores.sqlite.lost import free_numbers, make_project, sound_name

if TYPE_CHECKING:
    from collections.abc import Collection as Numbers

    from mnemon.stores.sqlite.connections import Connection, Parameter

__all__ = ["keep_apart", "part_twins"]


def keep_apart(connection: Connection, table: str, numbers: Numbers[int], what: str) -> dict[str, set[int]]:
    """Give rows to new projects, one for each of theirs; return which are in which of them.

    The indexes of the table that are damaged are to be gone: SQLite looks for a row's entries where it changes it.
    """
    listed = json.dumps(sorted(numbers))
    theirs: dict[tuple[Parameter, ...], set[int]] = {}
    chosen = "r.number IN (SELECT value FROM json_each(?))"
    named = f"{table} r LEFT JOIN mnemon_projects p ON p.number = r.project"
    for row, *project in connection.rows(f"SELECT r.number, r.project, p.name FROM {named} WHERE {chosen}", [listed]):
        theirs.setdefault(tuple(project), set()).add(cast("int", row))
    apart: dict[str, set[int]] = {}
    free = free_numbers(connection)
    for (project, name), rows in theirs.items():
        known = sound_name(name) or (f"project number {project}" if isinstance(project, int) else "no project")
        number = next(free)
        apart[make_project(connection, number, f"({what} of {known})")] = rows
        moved = [(number, row) for row in rows]
        connection.raw.executemany(f"UPDATE {table} SET project = ? WHERE number = ?", moved)
    return apart


def part_twins(connection: Connection, table: str) -> set[int]:
    """Let each id be that of one row of a project; return the rows that had to be given another one.

    Of two rows that are the same one goes. Else the older one is kept, under an id that tells where it came from, in
    its project, so that who is forgotten is forgotten there, too: the newer one is what the last call saw, and nobody
    took the older one away.
    """
    columns = [cast("str", name) for (name,) in connection.rows("SELECT name FROM pragma_table_info(?)", [table])]
    same = " AND ".join(f"newer.{name} IS older.{name}" for name in columns if name != "number")
    newest = f"SELECT number, max(number) OVER (PARTITION BY project, id) AS newest FROM {table}"
    parted: set[int] = set()
    while twins := connection.rows(f"SELECT number, newest FROM ({newest}) WHERE number < newest"):
        pair = f"SELECT 1 FROM {table} older, {table} newer WHERE older.number = ? AND newer.number = ? AND {same}"
        equal = {(number,) for number, newer in twins if connection.value(pair, [number, newer])}
        connection.raw.executemany(f"DELETE FROM {table} WHERE number = ?", equal)
        others = {(number,) for number, _ in twins} - equal
        renamed = f"UPDATE {table} SET id = '(row number ' || number || ') ' || id WHERE number = ?"
        connection.raw.executemany(renamed, others)
        parted.update(cast("int", number) for (number,) in others)
    return parted
