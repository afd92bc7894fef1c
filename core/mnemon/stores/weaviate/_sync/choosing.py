# Generated from core/mnemon/stores/weaviate/_async/choosing.py by tests/contracts/unasync.py; edit that file.
"""Which rows match a filter, for those who delete them: by queries, or as most of their replicas have them."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from weaviate.classes.query import Filter as Asked

from mnemon.errors import StoreError
from mnemon.logic.filters import matcher
from mnemon.logic.requests import MAX_LIMIT
from mnemon.stores.weaviate import naming
from mnemon.stores.weaviate._sync.pages import scan
from mnemon.stores.weaviate._sync.reader import asked_for
from mnemon.stores.weaviate.conditions import compile_filter, in_slots
from mnemon.stores.weaviate.failures import is_missing_tenant
from mnemon.types.requests import ScanRequest

if TYPE_CHECKING:
    from collections.abc import Generator

    from mnemon.stores.weaviate._sync.reader import Reader
    from mnemon.stores.weaviate._sync.server import Server
    from mnemon.types.filters import Filter
    from mnemon.types.storage import Collection, Row

__all__ = ["decisive_batches", "decisive_ids", "matching"]

_AT_ONCE = 200
"""Objects that are read whole at a time, each of which may hold a few million characters."""


def decisive_ids(server: Server, reader: Reader, project: str, collection: Collection, where: Filter) -> list[str]:
    """Return the ids of all rows that match, as most of the replicas know them, sorted."""
    found: list[str] = []
    with closing(decisive_batches(server, reader, project, collection, where)) as batches:
        for _, rows in batches:
            found += [row.id for row in rows]
    return sorted(found)


def decisive_batches(
    server: Server, reader: Reader, project: str, collection: Collection, where: Filter
) -> Generator[tuple[list[dict[str, Any]], list[Row]]]:
    """Yield all rows that match, as most of the replicas have them, in no order, each time with objects they are of.

    A query asks one replica, which may have slept; a deletion that is only tried out asks them all.
    What it names may be deleted elsewhere, or another by now, so each row is read and looked at.
    """
    asked = compile_filter(where, collection)
    test = matcher(where)
    rows = server.rows(collection.name, project)
    waiting = [(0, naming.SLOTS)]
    while waiting:
        first, end = waiting.pop()
        question = Asked.all_of([asked.question, in_slots(first, end)])
        try:
            answer = server.ask_again(
                "list rows", lambda question=question: rows.data.delete_many(question, dry_run=True, verbose=True)
            )
        except StoreError as error:
            if is_missing_tenant(error.__cause__):
                return
            raise
        if answer.matches >= MAX_LIMIT and end - first > 1:
            middle = (first + end) // 2
            waiting += [(first, middle), (middle, end)]
            continue
        uuids = [one.uuid for one in answer.objects or ()]
        for start in range(0, len(uuids), _AT_ONCE):
            there = reader.objects_now(project, collection, uuids[start : start + _AT_ONCE])
            found = reader.rows_now(project, collection, there, asked_for(where))
            yield there, [row for row in found if test(row)]


def matching(
    reader: Reader, project: str, collection: Collection, where: Filter, limit: int | None
) -> Generator[list[Row]]:
    """Yield the rows that match a page at a time, all or the first so many by id; who goes on has deleted them."""
    scopes = frozenset(collection.scopes)
    if limit is None:
        with closing(reader.batches(project, collection, where, (), scopes)) as batches:
            for rows in batches:
                if rows:
                    yield rows
        return
    while limit > 0:
        request = ScanRequest(
            project=project,
            collection=collection,
            where=where,
            order=None,
            descending=False,
            after=None,
            limit=min(limit, MAX_LIMIT - 1),
            include=frozenset(),
            fields=scopes,
        )
        rows = list((scan(reader, request)).rows)
        if not rows:
            return
        yield rows
        limit = 0 if len(rows) < request.limit else limit - len(rows)
