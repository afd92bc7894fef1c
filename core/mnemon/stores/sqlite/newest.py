"""The newest row of a value, remembered by the one who writes it: what each append to a log begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mnemon.logic.answers import cursor_of
from mnemon.types.filters import Condition, Operator
from mnemon.types.storage import Page, Row

if TYPE_CHECKING:
    from mnemon.types.requests import ScanRequest
    from mnemon.types.storage import Cursor

__all__ = ["Newest"]

_MOST_ROWS = 1_024
_MOST_BYTES = 65_536
"""Bytes of a payload that is kept; who has such messages waits for other things."""
_PAYLOAD = frozenset({"payload"})


class Newest:
    """For some values of a key the last row in some order, and whether there are others before it.

    To be forgotten with the transaction that it was read in, unless nobody else wrote since; and with
    every write to the collection that is no new row.
    """

    def __init__(self) -> None:
        """Know nothing."""
        self._rows: dict[tuple[str, str], dict[str, tuple[Row, bool]]] = {}

    def answer(self, request: ScanRequest) -> Page | None:
        """Return the page that is asked for, or None where it is not known."""
        if not self._rows or not _asks_for_newest(request):
            return None
        where = cast("Condition", request.where)
        found = self._rows.get((where.field, cast("str", request.order)), {}).get(cast("str", where.value))
        if found is None:
            return None
        row, others = found
        return Page(rows=(_copy(row),), after=cursor_of(row, request.order) if others else None)

    def learn(self, request: ScanRequest, page: Page) -> None:
        """Remember the answer to a request, if it is of the kind."""
        if page.rows and _asks_for_newest(request) and request.order in page.rows[0].fields:
            where = cast("Condition", request.where)
            rows = self._rows.setdefault((where.field, cast("str", request.order)), {})
            if len(rows) >= _MOST_ROWS:
                rows.clear()
            if len(page.rows[0].payload) <= _MOST_BYTES:
                rows[cast("str", where.value)] = (_copy(page.rows[0]), page.after is not None)

    def follow(self, new: Row) -> None:
        """Go on to a row that was put and was not there before."""
        for (key, order), rows in self._rows.items():
            value = new.fields.get(key)
            known = rows.get(cast("str", value))
            if known is None:
                continue
            place = new.fields.get(order)
            if place is None or len(new.payload) > _MOST_BYTES:
                del rows[cast("str", value)]
                continue
            last = known[0]
            newer = cast("Cursor", (place, new.id)) > cast("Cursor", (last.fields[order], last.id))
            rows[cast("str", value)] = (_copy(new) if newer else last, True)

    def forget(self) -> None:
        """Know nothing any more."""
        self._rows.clear()


def _asks_for_newest(request: ScanRequest) -> bool:
    where = request.where
    return (
        request.limit == 1
        and request.descending
        and request.order is not None
        and request.after is None
        and request.fields is None
        and request.include == _PAYLOAD
        and type(where) is Condition
        and where.operator is Operator.EQ
        and where.field in request.collection.keys
        and type(where.value) is str
    )


def _copy(row: Row) -> Row:
    """Return what such a scan reads of a row, so that nobody changes what is remembered."""
    return Row(id=row.id, fields=dict(row.fields), payload=row.payload)
