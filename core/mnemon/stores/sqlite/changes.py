"""What changed since a mark: rows with higher numbers, and those in the log of changed ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mnemon.errors import InvalidInputError
from mnemon.stores.sqlite.conditions import compile_filter
from mnemon.stores.sqlite.rows import id_chunks, in_list, read_rows, row_columns
from mnemon.types.changes import Changes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mnemon.stores.sqlite.conditions import Sql
    from mnemon.stores.sqlite.connections import Connection
    from mnemon.types.changes import Mark
    from mnemon.types.requests import ChangesRequest
    from mnemon.types.storage import Row

__all__ = ["changes_since", "check_mark", "no_changes"]

_FEW_NEW = 4_096
_MARK_LENGTH = 2


def changes_since(connection: Connection, request: ChangesRequest, project: int) -> Changes:
    """Return what changed; a mark is the highest number that was looked at, and the end of the log then."""
    name = request.collection.name
    highest, first, last = cast(
        "tuple[int, int | None, int]",
        connection.rows(
            f"SELECT (SELECT coalesce(max(number), 0) FROM {name}__rows), (SELECT min(sequence) FROM {name}__changed), "
            f"(SELECT coalesce(max(sequence), 0) FROM {name}__changed)"
        )[0],
    )
    mark = (0, last) if request.since is None else request.since
    since, logged = mark
    if since == highest and logged == last:
        return Changes(rows={}, gone=(), mark=mark, more=False, anew=False)
    oldest = last + 1 if first is None else first
    anew = request.since is not None and (oldest > logged + 1 or logged > last)
    if anew:
        since, logged = 0, last
    where = compile_filter(request.where, request.collection, project, connection)
    changed = _logged(connection, name, since, logged) if logged < last else []
    still = _rows(connection, request, project, where, changed)
    numbers = _new_numbers(connection, request, project, where, since, highest)
    more = len(numbers) > request.limit
    numbers = numbers[: request.limit]
    return Changes(
        rows=still | _rows(connection, request, project, None, numbers),
        gone=tuple(number for number in changed if number not in still),
        mark=(numbers[-1] if more else max(highest, since), last),
        more=more,
        anew=anew,
    )


def check_mark(mark: Mark | None) -> None:
    """Refuse a mark that this store cannot have given.

    Raises:
        InvalidInputError: it has another length.
    """
    if mark is not None and len(mark) != _MARK_LENGTH:
        msg = f"`since` must be the mark that an earlier call of this store returned, not {mark!r}"
        raise InvalidInputError(msg)


def no_changes(request: ChangesRequest) -> Changes:
    """Return the answer for a project without rows."""
    return Changes(rows={}, gone=(), mark=request.since or (0, 0), more=False, anew=False)


def _logged(connection: Connection, name: str, since: int, logged: int) -> list[int]:
    found = connection.rows(
        f"SELECT DISTINCT row FROM {name}__changed WHERE sequence > ? AND row <= ? ORDER BY row", [logged, since]
    )
    return [cast("int", row) for (row,) in found]


def _new_numbers(
    connection: Connection, request: ChangesRequest, project: int, where: Sql, since: int, highest: int
) -> list[int]:
    if highest <= since:
        return []
    # Where few rows are new it is quicker to look at all of them than at all of a scope's: no index then.
    table = f"{request.collection.name}__rows r{' NOT INDEXED' if highest - since < _FEW_NEW else ''}"
    found = connection.rows(
        f"SELECT r.number FROM {table} WHERE r.project = ? AND r.number > ? AND {where.text} "
        "ORDER BY +r.number LIMIT ?",
        [project, since, *where.parameters, request.limit + 1],
    )
    return [cast("int", number) for (number,) in found]


def _rows(
    connection: Connection, request: ChangesRequest, project: int, where: Sql | None, numbers: Sequence[int]
) -> dict[int, Row]:
    """Return the rows of these numbers by number, those alone that match where it must be asked."""
    rows: dict[int, Row] = {}
    columns = row_columns(request.collection, request.include, request.fields)
    matching = "" if where is None else f" AND r.project = ? AND {where.text}"
    for chunk in id_chunks(numbers):
        listed, parameters = in_list("r.number", chunk)
        found = connection.rows(
            f"SELECT {columns} FROM {request.collection.name}__rows r WHERE {listed}{matching} ORDER BY r.number",
            [*parameters, *([] if where is None else [project, *where.parameters])],
        )
        read = read_rows(connection, request.collection, found, request.include, request.fields)
        rows |= {cast("int", values[0]): row for values, row in zip(found, read, strict=True)}
    return rows
