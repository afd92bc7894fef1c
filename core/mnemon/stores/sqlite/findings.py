"""What a check says of rows, by their ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mnemon.errors import InvalidInputError
from mnemon.logic.rows import check_id
from mnemon.stores.sqlite.damage import any_text
from mnemon.types.storage import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mnemon.stores.sqlite.connections import Connection, Parameter

__all__ = ["FILE_DAMAGED", "found_rows", "name_of"]

FILE_DAMAGED = "the file is damaged"
_SHOWN = 100


def found_rows(
    connection: Connection,
    collection: str,
    kind: str,
    numbers: Iterable[Parameter],
    *,
    repaired: bool,
    project: str | None = None,
) -> Finding:
    """Return a finding about rows of these numbers; of what is no number no row can be named."""
    concerned = set(numbers)
    shown = sorted(number for number in concerned if isinstance(number, int))[:_SHOWN]
    marks = ", ".join("?" * len(shown))
    with any_text(connection):
        rows = connection.rows(f"SELECT number, id FROM {collection}__rows WHERE number IN ({marks})", shown)
    ids = tuple(sorted(name_of(cast("int", number), row_id) for number, row_id in rows))
    return Finding(collection=collection, kind=kind, ids=ids, rows=len(concerned), repaired=repaired, project=project)


def name_of(number: int, row_id: Parameter) -> str:
    """Return an id, or what tells the row where its id is damaged; repair makes that its id."""
    try:
        return check_id(row_id, "id")
    except InvalidInputError:
        return f"(row number {number})"
