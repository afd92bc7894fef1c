"""Rows whose project is damaged: nobody can reach them by any name, so repair gives their project one."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mnemon.stores.sqlite.findings import found_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mnemon.stores.sqlite.connections import Connection, Parameter
    from mnemon.types.storage import Finding

__all__ = ["audit_projects"]

_LOST = "rows of no project: repair gives it a name"


def audit_projects(connection: Connection, name: str, *, repair: bool) -> Iterator[Finding]:
    """Find the rows of a collection that are in no project; with `repair`, make them one, for each that they name.

    So rows of two projects are not put together, and no two of one id meet. What was derived of them is to be
    compared afterwards.
    """
    known = "SELECT number FROM mnemon_projects"
    lost = connection.rows(f"SELECT DISTINCT project FROM {name}__rows NOT INDEXED WHERE project NOT IN ({known})")
    for (project,) in lost:
        numbers = [
            number for (number,) in connection.rows(f"SELECT number FROM {name}__rows WHERE +project IS ?", [project])
        ]
        made = _make_project(connection, name, project) if repair else None
        yield found_rows(connection, name, _LOST, numbers, repaired=repair, project=made)


def _make_project(connection: Connection, name: str, project: Parameter) -> str:
    """Return the name of a new project, whose rows are those that have `project` for the number of theirs."""
    number = project if isinstance(project, int) else None
    if number is None:
        number = cast("int", connection.value("SELECT coalesce(max(number), 0) + 1 FROM mnemon_projects"))
        connection.execute(f"UPDATE {name}__rows SET project = ? WHERE +project IS ?", [number, project])
    wanted = f"(project number {number})"
    while connection.value("SELECT 1 FROM mnemon_projects WHERE name = ?", [wanted]):
        wanted += "'"
    connection.execute("INSERT INTO mnemon_projects (number, name) VALUES (?, ?)", [number, wanted])
    return wanted
