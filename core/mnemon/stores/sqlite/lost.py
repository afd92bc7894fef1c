"""Projects and rows that no call can name, and rows of no project: repair gives them a name."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, cast

from mnemon.errors import InvalidInputError
from mnemon.logic.requests import check_project
from mnemon.stores.sqlite.damage import any_text
from mnemon.stores.sqlite.findings import found_rows, name_of
from mnemon.types.storage import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mnemon.stores.sqlite.connections import Connection, Parameter

__all__ = [
    "audit_names",
    "audit_projects",
    "free_numbers",
    "give_ids",
    "make_project",
    "rows_given_ids",
    "sound_name",
]


_NAMELESS = "projects whose name is damaged: repair gives them one"
_LOST = "rows of no project: repair gives it a name"


def audit_names(connection: Connection, *, repair: bool) -> Iterator[Finding]:
    """Find the projects whose name no call can say; with `repair`, give each one that tells its number."""
    with any_text(connection):
        projects = connection.rows("SELECT number, name FROM mnemon_projects ORDER BY number")
    for number, name in projects:
        if sound_name(name) is None:
            made = _free_name(connection, f"(project number {number})") if repair else None
            if repair:
                connection.execute("UPDATE mnemon_projects SET name = ? WHERE number = ?", [made, number])
            yield Finding(collection="mnemon_projects", kind=_NAMELESS, ids=(), rows=1, repaired=repair, project=made)


def sound_name(name: Parameter) -> str | None:
    """Return the name of a project, or None where no call could say it."""
    try:
        return check_project(name)
    except InvalidInputError:
        return None


def audit_projects(connection: Connection, names: Iterable[str], *, repair: bool) -> Iterator[Finding]:
    """Find the rows of these collections that are in no project; with `repair`, make them one, for each that they name.

    So rows of two projects are not put together, and no two of one id meet: all collections are looked at before
    a number is given, which another one may have for the number of a lost project. What was derived of the rows
    is to be compared afterwards.
    """
    lost = {name: _lost_rows(connection, name) for name in names}
    free = free_numbers(connection)
    made: dict[int | str, tuple[int, str]] = {}
    for name, rows in lost.items():
        for project, numbers in rows.items():
            if repair and project not in made:
                new = project if isinstance(project, int) else next(free)
                made[project] = new, make_project(connection, new, f"(project number {new})")
            number, project_name = made.get(project, (None, None))
            if repair and number != project:
                moved = [(number, row) for row in numbers]
                connection.raw.executemany(f"UPDATE {name}__rows SET project = ? WHERE number = ?", moved)
            yield found_rows(connection, name, _LOST, numbers, repaired=repair, project=project_name)


def _lost_rows(connection: Connection, name: str) -> dict[int | str, list[int]]:
    """Return the rows of no project by the number of theirs, or by the type and bytes of what stands for it."""
    project = "CASE typeof(project) WHEN 'integer' THEN project ELSE typeof(project) || hex(project) END"
    known = "SELECT number FROM mnemon_projects"
    found = connection.execute(
        f"SELECT number, {project} FROM {name}__rows NOT INDEXED WHERE project IS NULL OR project NOT IN ({known})"
    )
    lost: dict[int | str, list[int]] = {}
    for number, value in cast("Iterable[tuple[int, int | str]]", found):
        lost.setdefault(value, []).append(number)
    return lost


def free_numbers(connection: Connection) -> Iterator[int]:
    """Yield numbers that no project has and no row of any collection, whatever the table of projects lost."""
    taken = {number for (number,) in connection.rows("SELECT number FROM mnemon_projects")}
    for (name,) in connection.rows("SELECT name FROM mnemon_collections"):
        sql = f"SELECT DISTINCT project FROM {name}__rows NOT INDEXED WHERE typeof(project) = 'integer'"
        taken |= {number for (number,) in connection.rows(sql)}
    yield from (number for number in count(1) if number not in taken)  # the highest may be the highest there is


def make_project(connection: Connection, number: int, wanted: str) -> str:
    """Make a project of a number; return its name."""
    name = _free_name(connection, wanted)
    connection.execute("INSERT INTO mnemon_projects (number, name) VALUES (?, ?)", [number, name])
    return name


def _free_name(connection: Connection, wanted: str) -> str:
    """Return the name that is wanted, or what makes it one that no project has."""
    while connection.value("SELECT 1 FROM mnemon_projects WHERE name = ?", [wanted]):
        wanted += "'"
    return wanted


def rows_given_ids(connection: Connection, name: str) -> list[int]:
    """Return the rows that `give_ids` gave one: which they had nobody knows, so they are told until they are gone."""
    given = "rtrim(id, char(39)) = '(row number ' || number || ')'"
    rows = connection.rows(f"SELECT number FROM {name}__rows NOT INDEXED WHERE {given}")
    return [cast("int", number) for (number,) in rows]


def give_ids(connection: Connection, name: str, numbers: Iterable[int]) -> bool:
    """Give those of these rows whose id no call can say the one that a finding calls them by; return whether any is.

    So they can be read by it, and deleted.
    """
    table = f"{name}__rows"
    ids = [(number, connection.value(f"SELECT id FROM {table} WHERE number = ?", [number])) for number in numbers]
    nameless = [number for number, row_id in ids if name_of(number, row_id) != row_id]
    for number in nameless:
        wanted = name_of(number, None)
        taken = f"SELECT 1 FROM {table} WHERE id = ? AND project = (SELECT project FROM {table} WHERE number = ?)"
        while connection.value(taken, [wanted, number]):
            wanted += "'"
        connection.execute(f"UPDATE {table} SET id = ? WHERE number = ?", [wanted, number])
        connection.execute(f"INSERT INTO {name}__changed (row, gone) VALUES (?, 0)", [number])
    return bool(nameless)
