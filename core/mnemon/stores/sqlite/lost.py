"""Rows whose project is damaged: nobody can reach them by any name, so repair gives their project one."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, cast

from mnemon.stores.sqlite.findings import found_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mnemon.stores.sqlite.connections import Connection
    from mnemon.types.storage import Finding

__all__ = ["audit_projects"]

_LOST = "rows of no project: repair gives it a name"


def audit_projects(connection: Connection, names: Iterable[str], *, repair: bool) -> Iterator[Finding]:
    """Find the rows of these collections that are in no project; with `repair`, make them one, for each that they name.

    So rows of two projects are not put together, and no two of one id meet: all collections are looked at before
    a number is given, which another one may have for the number of a lost project. What was derived of the rows
    is to be compared afterwards.
    """
    lost = {name: _lost_rows(connection, name) for name in names}
    known = {cast("int", number) for (number,) in connection.rows("SELECT number FROM mnemon_projects")}
    taken = known.union(project for rows in lost.values() for project in rows if isinstance(project, int))
    free = (number for number in count(1) if number not in taken)  # the highest one may be the highest that there is
    made: dict[int | str, tuple[int, str]] = {}
    for name, rows in lost.items():
        for project, numbers in rows.items():
            if repair and project not in made:
                made[project] = _make_project(connection, project if isinstance(project, int) else next(free))
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


def _make_project(connection: Connection, number: int) -> tuple[int, str]:
    """Return the number and the name of a new project."""
    wanted = f"(project number {number})"
    while connection.value("SELECT 1 FROM mnemon_projects WHERE name = ?", [wanted]):
        wanted += "'"
    connection.execute("INSERT INTO mnemon_projects (number, name) VALUES (?, ?)", [number, wanted])
    return number, wanted
