# Generated from core/mnemon/stores/weaviate/_async/searching.py by tests/contracts/unasync.py; edit that file.
"""Searching by terms and by vectors, and counting."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from weaviate.classes.query import Filter as Asked
from weaviate.classes.query import MetadataQuery

from mnemon.errors import InvalidFilterError
from mnemon.logic.answers import count_rows, search_rows, trimmed
from mnemon.logic.requests import MAX_LIMIT
from mnemon.stores.weaviate import naming
from mnemon.stores.weaviate.concurrency import together
from mnemon.stores.weaviate.conditions import compile_filter, with_term
from mnemon.stores.weaviate.rows import properties_read
from mnemon.types.filters import And
from mnemon.types.requests import CountRequest, SearchRequest
from mnemon.types.storage import Counts, Evidence, Match, Nearest, Terms

if TYPE_CHECKING:
    from mnemon.stores.weaviate._sync.reader import Reader
    from mnemon.stores.weaviate._sync.server import Server
    from mnemon.stores.weaviate.concurrency import Call
    from mnemon.stores.weaviate.conditions import Question

__all__ = ["count", "search"]

_OVER_FETCH, _LEAST_FETCHED = 4, 400
"""How many times its limit, and how many rows at least, a text search reads: the server orders only nearly."""


def search(server: Server, reader: Reader, request: SearchRequest) -> list[Match]:
    """Return the best rows.

    Raises:
        InvalidFilterError: the filter asks what the server cannot be asked, and more than 10,000 rows match it.
    """
    if isinstance(request.query, Terms) and not request.query.weights:
        return []
    question = reader.narrowed(request.project, request.collection, request.where, MAX_LIMIT)
    if isinstance(question, int):
        msg = (
            f"more than {MAX_LIMIT} rows of {request.collection.name!r} match a condition that Weaviate cannot be "
            f"asked (contains, icontains, an order of metadata, a list or an object as a value); narrow the search "
            f"by a scope, a time or a value"
        )
        raise InvalidFilterError(msg)
    if isinstance(request.query, Nearest):
        return _by_vector(server, reader, request, request.query, question)
    return _by_terms(server, reader, request, request.query, question)


def _by_vector(
    server: Server, reader: Reader, request: SearchRequest, query: Nearest, question: Question
) -> list[Match]:
    rows = server.rows(request.collection.name, request.project)
    vector = [float(number) for number in query.vector]
    objects = reader.found(
        lambda: rows.query.near_vector(
            near_vector=vector,
            target_vector=query.space,
            filters=question,
            limit=request.limit,
            include_vector=reader.spaces(request.collection, request.include),
            return_properties=properties_read(request.collection, request.include, request.fields),
            return_metadata=MetadataQuery(distance=True),
        )
    )
    found = reader.rows_of(request.project, request.collection, objects)
    cosines = {one.uuid: max(-1.0, min(1.0, 1.0 - cast("float", one.metadata.distance))) for one in objects}
    return [Match(row=row, evidence=Evidence(cosine=cosines[naming.object_id(row.id)])) for row in found]


def _by_terms(server: Server, reader: Reader, request: SearchRequest, query: Terms, question: Question) -> list[Match]:
    """Let the server say which rows hold most, and order them here by what they hold.

    The server's order is by how rare a term is among all of the project's rows. It decides only which
    rows are looked at, several times as many as are asked for.
    """
    limit = min(MAX_LIMIT, max(_OVER_FETCH * request.limit, _LEAST_FETCHED))
    rows = server.rows(request.collection.name, request.project)
    light = request.include <= {"terms"}
    fields = request.fields if light else frozenset[str]()
    objects = reader.found(
        lambda: rows.query.bm25(
            query=" ".join(query.weights),
            query_properties=[naming.TERMS],
            filters=question,
            limit=limit,
            return_properties=properties_read(request.collection, {"terms"}, fields),
        )
    )
    found = reader.rows_of(request.project, request.collection, objects)
    ranked = SearchRequest(
        project=request.project,
        collection=request.collection,
        query=query,
        where=And(),
        limit=request.limit,
        include=request.include if light else frozenset[str](),
        fields=fields,
    )
    best = search_rows(found, ranked)
    if light:
        return best
    ids = [match.row.id for match in best]
    whole = reader.by_ids(request.project, request.collection, ids, request.include, request.fields)
    return [
        Match(row=trimmed(whole[match.row.id], request.include, request.fields), evidence=match.evidence)
        for match in best
        if match.row.id in whole  # not one that went between the two reads
    ]


def count(reader: Reader, request: CountRequest) -> Counts:
    """Count the rows that match, and those that hold each term, all at once."""
    project, collection = request.project, request.collection
    asked = compile_filter(request.where, collection)
    if not asked.exact:
        return _count_here(reader, request)

    def counting(question: Question) -> Call[int]:
        return lambda: reader.number(project, collection.name, question)

    questions = [asked.question, *(Asked.all_of([asked.question, with_term(term)]) for term in request.terms)]
    numbers = together([counting(question) for question in questions])
    return Counts(rows=numbers[0], terms=dict(zip(request.terms, numbers[1:], strict=True)))


def _count_here(reader: Reader, request: CountRequest) -> Counts:
    """Count what the server cannot be asked."""
    include = ("terms",) if request.terms else ()
    total, held = 0, dict.fromkeys(request.terms, 0)
    every = CountRequest(project=request.project, collection=request.collection, where=And(), terms=request.terms)
    for rows in reader.batches(request.project, request.collection, request.where, include, ()):
        part = count_rows(rows, every)
        total += part.rows
        held = {term: number + part.terms[term] for term, number in held.items()}
    return Counts(rows=total, terms=held)
