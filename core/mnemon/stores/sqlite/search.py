"""Search: candidates from postings or a matrix, then the rows of those that meet the whole filter."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, cast

from mnemon.logic.embedding import unit_rows
from mnemon.logic.filters import conjuncts
from mnemon.stores.sqlite.conditions import Sql, compile_filter
from mnemon.stores.sqlite.matrices import Place
from mnemon.stores.sqlite.pending import pending_holding, rows_holding
from mnemon.stores.sqlite.rows import damaged_row, decode_units, in_list, read_rows, row_columns, terms_of
from mnemon.stores.sqlite.tokens import searched_scopes
from mnemon.types.filters import Condition, Operator
from mnemon.types.storage import Evidence, Match, Nearest, Row, Terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy
    from numpy.typing import NDArray

    from mnemon.stores.sqlite.connections import Connection
    from mnemon.stores.sqlite.matrices import Matrix
    from mnemon.types.requests import SearchRequest
    from mnemon.types.storage import VectorSpace

__all__ = ["place_of", "search_terms", "search_vector"]

_MORE, _EXTRA = 2, 32
"""Candidates are fetched for twice the limit and a few more: most filters drop few of the best."""
_CHUNK = 1_000


def place_of(request: SearchRequest) -> Place | None:
    """Return which cached matrix answers a vector search; None where superseded rows count too."""
    collection, parts = request.collection, conjuncts(request.where)
    if collection.current is not None and not any(_asks_absent(part, collection.current) for part in parts):
        return None
    space = collection.space(cast("Nearest", request.query).space)
    equal = {
        part.field: part.value
        for part in parts
        if isinstance(part, Condition) and part.operator is Operator.EQ and isinstance(part.value, str)
    }
    scope = next((name for name in collection.scopes if name in equal), None)
    value = None if scope is None else equal[scope]
    return None if space is None else Place(collection.name, collection.current, space, request.project, scope, value)


def _asks_absent(part: object, name: str) -> bool:
    match part:
        case Condition(field, Operator.EXISTS, False) | Condition(field, Operator.EQ, None):
            return field == name
        case _:
            return False


def search_terms(connection: Connection, request: SearchRequest, project: int) -> list[Match]:
    """Return the rows with the heaviest terms."""
    weights = cast("Terms", request.query).weights
    if not weights:
        return []
    where = _where(connection, request, project)
    searched = searched_scopes(request.collection, conjuncts(request.where))
    if searched is None:
        found = _fetch(connection, request, where, _weigh_rows(connection, request, where))
    else:
        pending = pending_holding(connection, request.collection, project, searched, weights)
        indexed = searched.postings(connection, request.collection, project)
        postings = rows_holding(request.collection, indexed, weights, pending)
        wanted = request.limit * _MORE + _EXTRA
        candidates = _heaviest(connection, postings, wanted)
        found = _fetch(connection, request, where, candidates)
        if len(found) < request.limit and len(candidates) == wanted:
            candidates = _heaviest_matching(connection, request, postings, where)
            found = _fetch(connection, request, where, candidates)
    return [
        Match(
            row=row if "terms" in request.include else replace(row, terms=()),
            evidence=Evidence(terms=frozenset(row.terms) & weights.keys()),
        )
        for _, row in found
    ]


def _where(connection: Connection, request: SearchRequest, project: int) -> Sql:
    condition = compile_filter(request.where, request.collection, project, connection)
    return Sql(f"r.project = ? AND {condition.text}", [project, *condition.parameters])


def _heaviest(connection: Connection, postings: Sql, limit: int) -> list[int]:
    found = connection.rows(
        f"SELECT number FROM ({postings.text}) GROUP BY number ORDER BY sum(weight) DESC, number DESC LIMIT ?",
        [*postings.parameters, limit],
    )
    return [cast("int", number) for (number,) in found]


def _heaviest_matching(connection: Connection, request: SearchRequest, postings: Sql, where: Sql) -> list[int]:
    found = connection.rows(
        f"SELECT r.number FROM ({postings.text}) p JOIN {request.collection.name}__rows r ON r.number = p.number "
        f"WHERE {where.text} GROUP BY r.number ORDER BY sum(p.weight) DESC, r.number DESC LIMIT ?",
        [*postings.parameters, *where.parameters, request.limit],
    )
    return [cast("int", number) for (number,) in found]


def _weigh_rows(connection: Connection, request: SearchRequest, where: Sql) -> list[int]:
    """Return the best rows of a search that names no scope, by reading the terms of every row that matches."""
    weights = cast("Terms", request.query).weights
    weighed: list[tuple[float, int]] = []
    name = request.collection.name
    sql = f"SELECT r.number, r.terms FROM {name}__rows r WHERE {where.text} AND r.terms IS NOT NULL"
    for number, terms in connection.execute(sql, where.parameters):
        weight = sum(weights[term] for term in weights.keys() & set(terms_of(connection, name, number, terms)))
        if weight:
            weighed.append((weight, cast("int", number)))
    return [number for _, number in sorted(weighed, reverse=True)[: request.limit]]


def search_vector(
    connection: Connection,
    request: SearchRequest,
    project: int,
    matrix: Matrix | None,
) -> list[Match]:
    """Return the rows with the nearest vectors: of the matrix, or of every row that matches where there is none."""
    query = cast("Nearest", request.query)
    unit = unit_rows(cast("NDArray[numpy.float32]", query.vector)[None])[0]
    where = _where(connection, request, project)
    if matrix is None:
        numbers, cosines = _read_cosines(connection, request, where, unit)
        _check_numbers(connection, request, numbers, cosines)
        return _matches(connection, request, where, _nearest(numbers, cosines, request.limit))
    numbers, cosines = matrix.cosines(unit)
    _check_numbers(connection, request, numbers, cosines)
    wanted = request.limit * _MORE + _EXTRA
    matches = _matches(connection, request, where, _nearest(numbers, cosines, wanted))
    if len(matches) < request.limit and len(numbers) > wanted:
        allowed = _matching_numbers(connection, request, where)
        inside = _isin(numbers, allowed)
        nearest = _nearest(numbers[inside], cosines[inside], request.limit)
        matches = _matches(connection, request, where, nearest)
    return matches


def _check_numbers(
    connection: Connection, request: SearchRequest, numbers: NDArray[numpy.int64], cosines: NDArray[numpy.float32]
) -> None:
    """Refuse cosines with a vector in which there is what is no number: they would have no order."""
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    wrong = numbers[np.isnan(cosines)]
    if len(wrong):
        raise damaged_row(connection, request.collection.name, int(wrong[0]))


def _matches(
    connection: Connection,
    request: SearchRequest,
    where: Sql,
    candidates: Sequence[tuple[int, float]],
) -> list[Match]:
    cosines = dict(candidates)
    found = _fetch(connection, request, where, list(cosines))
    return [Match(row=row, evidence=Evidence(cosine=cosines[number])) for number, row in found]


def _nearest(numbers: NDArray[numpy.int64], cosines: NDArray[numpy.float32], limit: int) -> list[tuple[int, float]]:
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    if len(cosines) > limit:
        best = cosines >= -np.partition(-cosines, limit - 1)[limit - 1]
        numbers, cosines = numbers[best], cosines[best]
    order = np.lexsort((-numbers, -cosines))[:limit]
    return [(int(numbers[place]), float(min(1.0, max(-1.0, cosines[place])))) for place in order]


def _isin(numbers: NDArray[numpy.int64], allowed: NDArray[numpy.int64]) -> NDArray[numpy.bool_]:
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    return np.isin(numbers, allowed)


def _matching_numbers(connection: Connection, request: SearchRequest, where: Sql) -> NDArray[numpy.int64]:
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    found = connection.rows(
        f"SELECT r.number FROM {request.collection.name}__rows r WHERE {where.text}", where.parameters
    )
    return np.array([number for (number,) in found], dtype=np.int64)


def _read_cosines(
    connection: Connection, request: SearchRequest, where: Sql, unit: NDArray[numpy.float32]
) -> tuple[NDArray[numpy.int64], NDArray[numpy.float32]]:
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    name = request.collection.name
    found = connection.execute(
        f"SELECT r.number, v.vector FROM {name}__rows r "
        f"JOIN {name}__vec__{cast('Nearest', request.query).space} v ON v.row = r.number WHERE {where.text}",
        where.parameters,
    )
    space = cast("VectorSpace", request.collection.space(cast("Nearest", request.query).space))
    numbers: list[int] = []
    cosines: list[NDArray[numpy.float32]] = [np.empty(0, dtype=np.float32)]
    while chunk := found.fetchmany(_CHUNK):
        numbers += [cast("int", number) for number, _ in chunk]
        cosines.append(np.vecdot(decode_units(connection, name, space, chunk), unit))
    return np.array(numbers, dtype=np.int64), np.concatenate(cosines)


def _fetch(
    connection: Connection, request: SearchRequest, where: Sql, candidates: Sequence[int]
) -> list[tuple[int, Row]]:
    """Return the first `limit` candidates whose rows meet the whole filter, in the order of the candidates."""
    wants_terms = isinstance(request.query, Terms)
    include = request.include | {"terms"} if wants_terms else request.include
    columns = row_columns(request.collection, include, request.fields)
    fetched: list[tuple[int, Row]] = []
    # Most filters drop few: the first read is for little more than the limit, in a length that `in_list` pads to.
    ends = [1 << request.limit.bit_length(), *range(_CHUNK, len(candidates) + _CHUNK, _CHUNK)]
    for start, end in pairwise([0, *sorted(ends)]):
        numbers = candidates[start:end]
        if not numbers:
            continue
        listed, parameters = in_list("r.number", numbers)
        found = connection.rows(
            f"SELECT {columns} FROM {request.collection.name}__rows r WHERE {listed} AND {where.text}",
            [*parameters, *where.parameters],
        )
        place = {number: index for index, number in enumerate(numbers)}
        found.sort(key=lambda values: place[cast("int", values[0])])
        kept = found[: request.limit - len(fetched)]
        rows = read_rows(connection, request.collection, kept, include, request.fields)
        fetched += [(cast("int", values[0]), row) for values, row in zip(kept, rows, strict=True)]
        if len(fetched) == request.limit:
            break
    return fetched
