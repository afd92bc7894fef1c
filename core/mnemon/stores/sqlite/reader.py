"""Reads that are no search: by id, in pages, counts and groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mnemon.logic.answers import cursor_of
from mnemon.logic.filters import conjuncts
from mnemon.stores.sqlite.conditions import Sql, compile_filter, looks_up
from mnemon.stores.sqlite.pending import pending_holding, rows_holding
from mnemon.stores.sqlite.rows import id_chunks, in_list, read_rows, row_columns, terms_of
from mnemon.stores.sqlite.schema import project_number
from mnemon.stores.sqlite.tokens import searched_scopes
from mnemon.types.filters import And, Or
from mnemon.types.storage import Counts, Group, GroupPage, Page

if TYPE_CHECKING:
    from mnemon.stores.sqlite.connections import Connection, Parameter
    from mnemon.types.requests import CountRequest, GetRequest, GroupRequest, ScanRequest
    from mnemon.types.storage import Row

__all__ = ["count", "get", "groups", "list_ids", "scan"]


def _condition_sql(connection: Connection, request: CountRequest | ScanRequest | GroupRequest) -> Sql | None:
    """Return the request's project and filter as a condition; None where the project has no rows."""
    project = project_number(connection, request.project)
    if project is None:
        return None
    condition = compile_filter(request.where, request.collection, project, connection)
    # A "+" hides the project's index where rows are looked up by their numbers: SQLite would take it before them.
    ors = [part for part in conjuncts(request.where) if isinstance(part, Or)]
    plus = "+" if any(looks_up(part, request.collection) for part in ors) else ""
    return Sql(f"{plus}r.project = ? AND {condition.text}", [project, *condition.parameters])


def get(connection: Connection, request: GetRequest) -> dict[str, Row]:
    """Return the rows of the ids that exist."""
    project = project_number(connection, request.project)
    rows: dict[str, Row] = {}
    if project is None:
        return rows
    columns = row_columns(request.collection, request.include, request.fields)
    for ids in id_chunks(request.ids):
        listed, parameters = in_list("r.id", ids)
        found = connection.rows(
            f"SELECT {columns} FROM {request.collection.name}__rows r WHERE r.project = ? AND {listed}",
            [project, *parameters],
        )
        for row in read_rows(connection, request.collection, found, request.include, request.fields):
            rows[row.id] = row
    return rows


def list_ids(connection: Connection, request: CountRequest) -> list[str]:
    """Return the ids that match, sorted."""
    where = _condition_sql(connection, request)
    if where is None:
        return []
    table = f"{request.collection.name}__rows"
    found = connection.rows(f"SELECT r.id FROM {table} r WHERE {where.text} ORDER BY r.id", where.parameters)
    return [cast("str", row_id) for (row_id,) in found]


def scan(connection: Connection, request: ScanRequest) -> Page:
    """Return one page."""
    where = _condition_sql(connection, request)
    if where is None:
        return Page(rows=(), after=None)
    wanted = request.limit + 1
    found: list[tuple[Parameter, ...]] = []
    fields = _read_fields(request)
    columns = row_columns(request.collection, request.include, fields)
    for keyset in _keysets(request):
        if len(found) < wanted:
            found += _scan_part(connection, request, columns, where, keyset, wanted - len(found))
    page = found[: request.limit]
    rows = read_rows(connection, request.collection, page, request.include, fields)
    after = cursor_of(rows[-1], request.order) if len(found) > len(page) else None
    if request.fields is not None and request.order is not None and request.order not in request.fields:
        for row in rows:
            cast("dict[str, object]", row.fields).pop(request.order, None)
    return Page(rows=tuple(rows), after=after)


def _scan_part(
    connection: Connection, request: ScanRequest, columns: str, where: Sql, keyset: Sql, limit: int
) -> list[tuple[Parameter, ...]]:
    direction = "DESC" if request.descending else "ASC"
    if request.order is None:
        order = f"{_by_id(request)} {direction}"
    else:
        order = f"r.f_{request.order} {direction}, r.id {direction}"
    return connection.rows(
        f"SELECT {columns} FROM {request.collection.name}__rows r "
        f"WHERE {where.text} AND {keyset.text} ORDER BY {order} LIMIT ?",
        [*where.parameters, *keyset.parameters, limit],
    )


def _read_fields(request: ScanRequest) -> frozenset[str] | None:
    """Return the fields to read: those asked for, and the one that the cursor of the next page is made of."""
    if request.fields is None or request.order is None:
        return request.fields
    return request.fields | {request.order}


def _by_id(request: ScanRequest) -> str:
    """Return the id to sort by: with a sign that hides its index where a few values of another are looked up.

    SQLite would rather go through all ids in order than sort the rows of some values.
    """
    few = any(looks_up(part, request.collection) for part in conjuncts(request.where))
    return "+r.id" if few else "r.id"


def _keysets(request: ScanRequest) -> list[Sql]:
    """Return the conditions for what comes after the cursor, in the order to ask for them.

    Rows without a value and rows with one are asked for apart, since an OR would keep SQLite from
    starting in the middle of an index.
    """
    sign = "<" if request.descending else ">"
    if request.order is None:
        return [Sql("1") if request.after is None else Sql(f"r.id {sign} ?", [request.after[1]])]
    column = f"r.f_{request.order}"
    without, with_value = Sql(f"{column} IS NULL"), Sql(f"{column} IS NOT NULL")
    if request.after is None:
        return [with_value, without] if request.descending else [without, with_value]
    value, row_id = request.after
    if value is None:
        rest = Sql(f"{column} IS NULL AND r.id {sign} ?", [row_id])
        return [rest] if request.descending else [rest, with_value]
    rest = Sql(f"({column}, r.id) {sign} (?, ?)", [value, row_id])
    return [rest, without] if request.descending else [rest]


def count(connection: Connection, request: CountRequest) -> Counts:
    """Count rows, and rows per term."""
    where = _condition_sql(connection, request)
    if where is None:
        return Counts(rows=0, terms=dict.fromkeys(request.terms, 0))
    table = f"{request.collection.name}__rows"
    rows = cast("int", connection.value(f"SELECT count(*) FROM {table} r WHERE {where.text}", where.parameters))
    return Counts(rows=rows, terms=_count_terms(connection, request, where))


def _count_terms(connection: Connection, request: CountRequest, where: Sql) -> dict[str, int]:
    if not request.terms:
        return {}
    collection, project = request.collection, cast("int", where.parameters[0])
    searched = searched_scopes(collection, conjuncts(request.where))
    if searched is None:
        return _count_terms_in_rows(connection, request, where)
    pending = pending_holding(connection, collection, project, searched, request.terms)
    postings = searched.postings(connection, collection, project)
    if not searched.rest:
        table = f"{collection.name}__text"
        sql = f"SELECT count(*) FROM {table} WHERE {table} MATCH ?"
        return {
            term: cast("int", connection.value(sql, [postings.match(term)])) + len(pending[term])
            for term in request.terms
        }
    condition = compile_filter(And(searched.rest), collection, project, connection)
    counts: dict[str, int] = {}
    for term in request.terms:
        holding = rows_holding(collection, postings, {term: 1}, pending)
        sql = (
            f"SELECT count(*) FROM ({holding.text}) p JOIN {collection.name}__rows r ON r.number = p.number "
            f"WHERE r.project = ? AND {condition.text}"
        )
        parameters = [*holding.parameters, project, *condition.parameters]
        counts[term] = cast("int", connection.value(sql, parameters))
    return counts


def _count_terms_in_rows(connection: Connection, request: CountRequest, where: Sql) -> dict[str, int]:
    counts = dict.fromkeys(request.terms, 0)
    name = request.collection.name
    sql = f"SELECT r.number, r.terms FROM {name}__rows r WHERE {where.text} AND r.terms IS NOT NULL"
    for number, terms in connection.execute(sql, where.parameters):
        for term in counts.keys() & set(terms_of(connection, name, number, terms)):
            counts[term] += 1
    return counts


def groups(connection: Connection, request: GroupRequest) -> GroupPage:
    """Return one page of groups."""
    where = _condition_sql(connection, request)
    if where is None:
        return GroupPage(groups=(), after=None)
    table = f"{request.collection.name}__rows"
    column = f"r.f_{request.field}"
    source, first = f"{table} r", Sql(f"{column} IS NOT NULL")
    if request.field in request.collection.tags:
        column = "t.value"
        source = f"{request.collection.name}__tag t JOIN {table} r ON r.number = t.row"
        first = Sql("t.project = ? AND t.field = ?", [where.parameters[0], request.field])
    after = Sql("1") if request.after is None else Sql(f"{column} > ?", [request.after])
    bounds = "NULL, NULL" if request.of is None else f"min(r.f_{request.of}), max(r.f_{request.of})"
    found = connection.rows(
        f"SELECT {column}, count(*), {bounds} FROM {source} "
        f"WHERE {first.text} AND {after.text} AND {where.text} GROUP BY {column} ORDER BY {column} LIMIT ?",
        [*first.parameters, *after.parameters, *where.parameters, request.limit + 1],
    )
    page = [
        Group(value=cast("str", value), rows=cast("int", rows), least=_bound(least), most=_bound(most))
        for value, rows, least, most in found[: request.limit]
    ]
    return GroupPage(groups=tuple(page), after=page[-1].value if len(found) > len(page) else None)


def _bound(value: Parameter) -> str | int | float | None:
    return cast("str | int | float | None", value)
