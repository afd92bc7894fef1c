"""Rows that were read before: their terms and vectors, which a row number never changes, are not read again.

A number is given to one row for ever, and terms and vectors are written with it once; only fields, metadata
and payload are patched in place. So a row whose fields read as they did is the row that is known.
"""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, cast

from mnemon.stores.sqlite.rows import id_chunks, in_list, read_rows, row_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mnemon.stores.sqlite.connections import Connection, Parameter
    from mnemon.types.storage import Collection, Part, Row

    Form = tuple[str, frozenset[Part], frozenset[str]]
    Entry = tuple[Sequence[Parameter], Row, int]

__all__ = ["KnownRows", "Reading", "reading"]

_ENTRY_BYTES = 1_024
"""What a row takes beyond its terms and vectors."""
_TERM_BYTES = 64


class Reading(NamedTuple):
    """How a query reads rows: the columns of `r` that it selects, and what makes rows of its results."""

    columns: str
    rows: Callable[[Connection, Sequence[Sequence[Parameter]]], list[Row]]


def reading(
    known: KnownRows | None, collection: Collection, include: frozenset[Part], chosen: frozenset[str] | None
) -> Reading:
    """Return how rows are read: from what is known where few fields are asked for, and neither metadata nor payload."""
    if known is None or chosen is None or include & {"metadata", "payload"}:
        return Reading(row_columns(collection, include, chosen), partial(_read_anew, collection, include, chosen))
    columns = row_columns(collection, include - {"terms"}, chosen)
    return Reading(columns, partial(known.rows, collection, include, chosen))


def _read_anew(
    collection: Collection,
    include: frozenset[Part],
    chosen: frozenset[str] | None,
    connection: Connection,
    found: Sequence[Sequence[Parameter]],
) -> list[Row]:
    return read_rows(connection, collection, found, include, chosen)


class KnownRows:
    """A cache of rows as reads of one form gave them, bounded in bytes; the oldest go first.

    It holds no text: terms and fields, and only while the process lives. What this process deletes leaves it
    at once; what another one deletes is never returned again, and leaves it as others come.
    """

    def __init__(self, max_bytes: int) -> None:
        """Start empty; `max_bytes` bounds all rows together."""
        self._max_bytes = max_bytes
        self._forms: dict[Form, dict[int, Entry]] = {}
        self._bytes = 0
        self._lock = threading.Lock()

    def rows(
        self,
        collection: Collection,
        include: frozenset[Part],
        chosen: frozenset[str],
        connection: Connection,
        found: Sequence[Sequence[Parameter]],
    ) -> list[Row]:
        """Return the rows of a query as `read_rows` does; nobody may change them."""
        kept = self._forms.get((collection.name, include, chosen), {})
        rows: list[Row | None] = []
        missing: list[Sequence[Parameter]] = []
        for values in found:
            entry = kept.get(cast("int", values[0]))
            if entry is not None and entry[0] == values:
                rows.append(entry[1])
            else:
                rows.append(None)
                missing.append(values)
        if missing:
            fresh = iter(self._read(connection, collection, missing, include, chosen))
            rows = [next(fresh) if row is None else row for row in rows]
        return cast("list[Row]", rows)

    def _read(
        self,
        connection: Connection,
        collection: Collection,
        missing: Sequence[Sequence[Parameter]],
        include: frozenset[Part],
        chosen: frozenset[str],
    ) -> list[Row]:
        whole = missing
        if "terms" in include:
            terms = _terms(connection, collection, [cast("int", values[0]) for values in missing])
            whole = [(*values[:2], terms.get(cast("int", values[0])), *values[3:]) for values in missing]
        rows = read_rows(connection, collection, whole, include, chosen)
        dimensions = sum(space.dimensions for space in collection.vectors if space.name in include)
        with self._lock:
            form = self._forms.setdefault((collection.name, include, chosen), {})
            for values, row in zip(missing, rows, strict=True):
                self._drop(form, cast("int", values[0]))
                size = _ENTRY_BYTES + _TERM_BYTES * len(row.terms) + 4 * dimensions
                if size > self._max_bytes:
                    continue
                form[cast("int", values[0])] = (values, row, size)
                self._bytes += size
            for other in (*(one for one in self._forms.values() if one is not form), form):
                while self._bytes > self._max_bytes and other:
                    self._drop(other, next(iter(other)))
        return rows

    def _drop(self, form: dict[int, Entry], number: int) -> None:
        entry = form.pop(number, None)
        self._bytes -= 0 if entry is None else entry[2]

    def clear(self) -> None:
        """Forget every row."""
        with self._lock:
            self._forms.clear()
            self._bytes = 0


def _terms(connection: Connection, collection: Collection, numbers: Sequence[int]) -> dict[int, Parameter]:
    found: dict[int, Parameter] = {}
    for chunk in id_chunks(numbers):
        condition, parameters = in_list("r.number", chunk)
        sql = f"SELECT r.number, r.terms FROM {collection.name}__rows r WHERE {condition}"
        found |= {cast("int", number): terms for number, terms in connection.rows(sql, parameters)}
    return found
