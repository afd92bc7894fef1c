# Generated from core/mnemon/stores/weaviate/_async/pages.py by tests/contracts/unasync.py; edit that file.
"""Pages of rows in order, and groups of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weaviate.classes.query import Filter as Asked

from mnemon.errors import StoreError
from mnemon.logic.answers import cursor_of, group_rows, trimmed
from mnemon.logic.filters import matcher
from mnemon.logic.requests import MAX_LIMIT
from mnemon.logic.rows import MAX_NUMBER
from mnemon.stores.weaviate import naming, numbers
from mnemon.stores.weaviate._sync.reader import asked_for
from mnemon.stores.weaviate.conditions import beyond, compile_filter
from mnemon.stores.weaviate.failures import is_too_large
from mnemon.types.filters import And
from mnemon.types.requests import GroupRequest
from mnemon.types.storage import Group, GroupPage, Page, Row

if TYPE_CHECKING:
    from mnemon.stores.weaviate._sync.reader import Reader
    from mnemon.stores.weaviate.conditions import Compiled
    from mnemon.types.requests import ScanRequest
    from mnemon.types.storage import Cursor

__all__ = ["group", "scan"]

_MOST_GROUPS = 1_000
"""Groups that the server is asked for; it takes time that grows with their square."""

_LEAST_ASKED = 200
"""Rows that are asked for at once where not all of them may match."""


def scan(reader: Reader, request: ScanRequest) -> Page:
    """Return one page; one row more is asked for, which tells whether there is another page."""
    asked = compile_filter(request.where, request.collection)
    test = None if asked.exact else matcher(request.where)
    rows: list[Row] = []
    after = request.after
    wanted = request.limit + 1
    while len(rows) < wanted:
        limit = wanted - len(rows)
        limit = min(limit if asked.exact else max(2 * limit, _LEAST_ASKED), MAX_LIMIT)
        page, number = _page(reader, request, asked, after, limit)
        rows += [row for row in page if test is None or test(row)]
        if number < limit:
            break
        after = cursor_of(page[-1], request.order) if page else after
    found = rows[: request.limit]
    return Page(
        rows=tuple(trimmed(row, request.include, request.fields) for row in found),
        after=cursor_of(found[-1], request.order) if len(rows) > request.limit else None,
    )


def _page(
    reader: Reader, request: ScanRequest, asked: Compiled, after: Cursor | None, limit: int
) -> tuple[list[Row], int]:
    """Return rows, and how many the server found, of which some may have gone before they were read whole."""
    question = asked.question
    if after is not None:
        edge = beyond(request.collection, request.order, after, descending=request.descending)
        question = Asked.all_of([question, edge])
    sort = [(naming.ID, not request.descending)]
    always = set[str]() if asked.exact else asked_for(request.where)
    if request.order is not None:
        sort.insert(0, (naming.field_property(request.order), not request.descending))
        always.add(request.order)
    project, collection = request.project, request.collection
    try:
        objects = reader.fetch(
            project,
            collection,
            question,
            request.include,
            request.fields,
            limit=limit,
            sort=sort,
            always=always,
        )
        return reader.rows_of(project, collection, objects), len(objects)
    except StoreError as error:
        if not is_too_large(error.__cause__):
            raise
    # Together they do not fit into one answer: first which they are, then what they hold.
    objects = reader.fetch(project, collection, question, (), (), limit=limit, sort=sort)
    ids = [naming.text_of_ordered(str(one.properties[naming.ID])) for one in objects]
    fields = None if request.fields is None else {*request.fields, *always}
    found = reader.by_ids(project, collection, ids, {*request.include, *always}, fields)
    return [found[row_id] for row_id in ids if row_id in found], len(ids)


def group(reader: Reader, request: GroupRequest) -> GroupPage:
    """Return one page of groups."""
    groups = _groups_there(reader, request)
    if groups is None:
        return _grouped_here(reader, request)
    values = sorted(value for value in groups if request.after is None or value > request.after)
    page = values[: request.limit]
    return GroupPage(groups=tuple(groups[value] for value in page), after=page[-1] if len(values) > len(page) else None)


def _groups_there(reader: Reader, request: GroupRequest) -> dict[str, Group] | None:
    """Return all groups as the server counts them, or None where it cannot, or where there are too many.

    It tells so many groups, the largest first, in no order that a next page could go on from. So few groups of
    many rows are quick, and of many groups the rows are read.
    """
    asked = compile_filter(request.where, request.collection)
    kind = None if request.of is None else request.collection.fields[request.of]
    if not asked.exact or kind not in {None, "number", "time"}:
        return None
    place = None if request.of is None else naming.field_property(request.of)
    found = reader.grouped(
        request.project,
        request.collection.name,
        asked.question,
        naming.field_property(request.field),
        place,
        most=_MOST_GROUPS,
    )
    if found is None:
        return None
    read = numbers.time_read if kind == "time" else numbers.number_read
    groups: dict[str, Group] = {}
    for value, rows, bounds in found:
        if value == naming.HELD:
            continue
        if any(abs(bound) >= MAX_NUMBER for bound in bounds):  # beside it stands the exact one
            return None
        text = naming.unwrapped(value)
        least, most = map(read, bounds) if bounds else (None, None)
        groups[text] = Group(value=text, rows=rows, least=least, most=most)
    return groups


def _grouped_here(reader: Reader, request: GroupRequest) -> GroupPage:
    """Return one page of groups of rows that are read."""
    fields = {request.field, *(() if request.of is None else (request.of,))}
    rows: list[Row] = []
    for batch in reader.batches(request.project, request.collection, request.where, (), fields):
        rows += [row for row in batch if request.field in row.fields]
    every = GroupRequest(
        project=request.project,
        collection=request.collection,
        field=request.field,
        where=And(),
        of=request.of,
        after=request.after,
        limit=request.limit,
    )
    return group_rows(rows, every)
