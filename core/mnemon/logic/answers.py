"""What a store must answer, given all rows of a collection: the meaning of each read, in plain functions.

The reference store is made of these; a small backend that can hold its rows in memory may be, too.
"""

from __future__ import annotations

import math
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from mnemon.logic.filters import matcher
from mnemon.types.storage import Counts, Evidence, Group, GroupPage, Match, Page, Row, Terms

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from mnemon.types.filters import Filter
    from mnemon.types.requests import CountRequest, GroupRequest, ScanRequest, SearchRequest
    from mnemon.types.storage import Cursor, Nearest, Part, Patch

__all__ = ["count_rows", "cursor_of", "group_rows", "matching", "patched", "scan_rows", "search_rows", "trimmed"]


def matching(rows: Iterable[Row], where: Filter) -> list[Row]:
    """Return the rows that a bound filter holds of."""
    test = matcher(where)
    return [row for row in rows if test(row)]


def trimmed(row: Row, include: frozenset[Part], chosen: Container[str] | None = None) -> Row:
    """Return a copy of the row with the parts that a read asks for, and the chosen fields; None stands for all."""
    return Row(
        id=row.id,
        fields={name: value for name, value in row.fields.items() if chosen is None or name in chosen},
        terms=row.terms if "terms" in include else (),
        metadata=deepcopy(row.metadata) if "metadata" in include else {},
        payload=row.payload if "payload" in include else b"",
        vectors={name: vector for name, vector in row.vectors.items() if name in include},
    )


def patched(row: Row, patch: Patch) -> Row:
    """Return the row as a patch leaves it."""
    return replace(
        row,
        fields={name: value for name, value in {**row.fields, **patch.fields}.items() if value is not None},
        metadata=row.metadata if patch.metadata is None else patch.metadata,
        payload=row.payload if patch.payload is None else patch.payload,
    )


def cursor_of(row: Row, order: str | None) -> Cursor:
    """Return where a page that ends with this row ends."""
    return cast("Cursor", (None if order is None else row.fields.get(order), row.id))


def scan_rows(rows: Iterable[Row], request: ScanRequest) -> Page:
    """Return the page that a scan asks for."""
    found = matching(rows, request.where)
    keyed = sorted((_sort_key(cursor_of(row, request.order)), row.id, row) for row in found)
    if request.descending:
        keyed.reverse()
    if request.after is not None:
        edge = _sort_key(request.after)
        keyed = [item for item in keyed if (item[0] < edge if request.descending else item[0] > edge)]
    page = [row for _, _, row in keyed[: request.limit]]
    return Page(
        rows=tuple(trimmed(row, request.include, request.fields) for row in page),
        after=cursor_of(page[-1], request.order) if len(keyed) > len(page) else None,
    )


def _sort_key(cursor: Cursor) -> tuple[bool, str | int | float, str]:
    value, row_id = cursor
    return (value is not None, 0 if value is None else value, row_id)


def search_rows(rows: Iterable[Row], request: SearchRequest) -> list[Match]:
    """Return what a search finds, best first."""
    found = matching(rows, request.where)
    query = request.query
    rated = _by_terms(query, found) if isinstance(query, Terms) else _by_cosine(query, found)
    best = sorted(rated, key=lambda item: (-item[0], item[2].id))[: request.limit]
    return [Match(row=trimmed(row, request.include, request.fields), evidence=evidence) for _, evidence, row in best]


def _by_terms(query: Terms, rows: Iterable[Row]) -> Iterator[tuple[float, Evidence, Row]]:
    for row in rows:
        held = frozenset(query.weights).intersection(row.terms)
        if held:
            yield math.fsum(query.weights[term] for term in held), Evidence(terms=held), row


def _by_cosine(query: Nearest, rows: Iterable[Row]) -> Iterator[tuple[float, Evidence, Row]]:
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    wanted = np.asarray(query.vector, dtype=np.float64)
    for row in rows:
        vector = row.vectors.get(query.space)
        if vector is not None:
            kept = np.asarray(vector, dtype=np.float64)
            length = float(np.linalg.norm(wanted) * np.linalg.norm(kept))
            cosine = float(wanted @ kept) / length if length else 0.0
            yield cosine, Evidence(cosine=cosine), row


def count_rows(rows: Iterable[Row], request: CountRequest) -> Counts:
    """Return how many rows match, and how many of them hold each term."""
    found = matching(rows, request.where)
    return Counts(rows=len(found), terms={term: sum(term in row.terms for row in found) for term in request.terms})


def group_rows(rows: Iterable[Row], request: GroupRequest) -> GroupPage:
    """Return the page of groups that is asked for."""
    groups: dict[str, list[Row]] = {}
    for row in matching(rows, request.where):
        value = row.fields.get(request.field)
        for text in (value,) if isinstance(value, str) else cast("tuple[str, ...]", value or ()):
            if request.after is None or text > request.after:
                groups.setdefault(text, []).append(row)
    values = sorted(groups)
    page = values[: request.limit]
    return GroupPage(
        groups=tuple(_group(value, groups[value], request.of) for value in page),
        after=page[-1] if len(values) > len(page) else None,
    )


def _group(value: str, rows: list[Row], of: str | None) -> Group:
    if of is None:
        return Group(value=value, rows=len(rows))
    bounds = [cast("float", row.fields[of]) for row in rows if of in row.fields]
    return Group(value=value, rows=len(rows), least=min(bounds, default=None), most=max(bounds, default=None))
