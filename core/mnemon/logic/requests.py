"""Checks of what is asked of a store, the same for every backend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, cast

from mnemon.errors import InvalidInputError
from mnemon.logic.filters import bind
from mnemon.logic.rows import MAX_NUMBER, check_id, check_term, check_vector, check_write
from mnemon.types.filters import And, Condition, Filter, Operator, parse_filter
from mnemon.types.jsonvalue import shown
from mnemon.types.requests import ChangesRequest, CountRequest, GetRequest, GroupRequest, ScanRequest, SearchRequest
from mnemon.types.storage import Delete, DeleteWhere, Nearest, Patch, Put, Terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mnemon.types.changes import Mark
    from mnemon.types.storage import Collection, Cursor, Ordered, Part, Write

__all__ = [
    "MAX_LIMIT",
    "bind_filter",
    "changes_request",
    "check_batch",
    "check_project",
    "count_request",
    "find_collection",
    "get_request",
    "group_request",
    "scan_request",
    "search_request",
]

_LEAST, _MOST = 1e-6, 1e6
"""Bounds of a term's weight: within them sums are exact to 1e-9, so that every backend orders alike."""

MAX_TERMS = 256
"""Most terms of one search or count; SQLite joins up to 500 queries in one."""

_PARTS = frozenset({"terms", "metadata", "payload"})

_WRITES = (Put, Patch, Delete, DeleteWhere)

MAX_LIMIT = 10_000
"""Most rows of one page or search: what some backends return at once; page on with the cursor."""


def find_collection(declared: Mapping[str, Collection], name: str) -> Collection:
    """Return the declared collection, or raise `InvalidInputError` naming those that are."""
    found = declared.get(name)
    if found is None:
        msg = f"no collection {name!r} is declared here; declared are {_listed(sorted(declared))}"
        raise InvalidInputError(msg)
    return found


def check_project(project: object) -> str:
    """Return the project's name: any text but the empty one."""
    name = check_id(project, "project")
    if not name:
        msg = "project must not be empty; the default one is called 'default'"
        raise InvalidInputError(msg)
    return name


def bind_filter(where: Filter | None, collection: Collection) -> Filter:
    """Return a filter of checked size, bound to the collection; None matches every row."""
    if where is None:
        return And()
    return where if _is_bound(where, collection) else bind(parse_filter(where), collection)


def _is_bound(tree: Filter, collection: Collection) -> bool:
    """Whether a filter is plainly as `bind` would return it: a key, or a few of them, with one plain text each."""
    if type(tree) is And and type(tree.parts) is tuple and len(tree.parts) <= len(collection.keys):
        return all(type(part) is Condition and _is_bound(part, collection) for part in tree.parts)
    if type(tree) is not Condition or tree.operator is not Operator.EQ or tree.field not in collection.keys:
        return False
    return type(tree.value) is str and tree.value.isascii()


def get_request(
    collection: Collection,
    project: str,
    ids: Sequence[str],
    *,
    include: Sequence[Part],
    fields: Sequence[str] | None,
    decisive: bool,
) -> GetRequest:
    """Check a read by id."""
    if isinstance(ids, str) or not isinstance(ids, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
        msg = "get takes a list of ids, not one text; write [id]"
        raise InvalidInputError(msg)
    return GetRequest(
        project=check_project(project),
        collection=collection,
        ids=tuple(dict.fromkeys(check_id(item, "id") for item in ids)),
        include=_check_include(include, collection),
        fields=_check_chosen(fields, collection),
        decisive=decisive,
    )


def scan_request(
    collection: Collection,
    project: str,
    where: Filter | None,
    *,
    order: str | None,
    descending: bool,
    after: Cursor | None,
    limit: int,
    include: Sequence[Part],
    fields: Sequence[str] | None,
) -> ScanRequest:
    """Check a page of a scan."""
    if order is not None:
        _check_ordered(order, collection)
    if after is not None:
        _check_cursor(after, order, collection)
    return ScanRequest(
        project=check_project(project),
        collection=collection,
        where=bind_filter(where, collection),
        order=order,
        descending=descending,
        after=after,
        limit=_check_limit(limit),
        include=_check_include(include, collection),
        fields=_check_chosen(fields, collection),
    )


def search_request(
    collection: Collection,
    project: str,
    query: Terms | Nearest,
    where: Filter | None,
    *,
    limit: int,
    include: Sequence[Part],
    fields: Sequence[str] | None,
) -> SearchRequest:
    """Check a search."""
    return SearchRequest(
        project=check_project(project),
        collection=collection,
        query=_check_query(query, collection),
        where=bind_filter(where, collection),
        limit=_check_limit(limit),
        include=_check_include(include, collection),
        fields=_check_chosen(fields, collection),
    )


def changes_request(
    collection: Collection,
    project: str,
    where: Filter | None,
    *,
    since: Mark | None,
    limit: int,
    include: Sequence[Part],
    fields: Sequence[str] | None,
) -> ChangesRequest:
    """Check a question for changes."""
    if since is not None and not (isinstance(since, tuple) and all(type(part) is int for part in since)):  # pyright: ignore[reportUnnecessaryIsInstance]
        msg = f"`since` must be the mark that an earlier call returned, not {shown(since)}"
        raise InvalidInputError(msg)
    if not (collection.text or collection.vectors):
        msg = f"changes are told of collections that are searched, and {collection.name!r} has neither text nor vectors"
        raise InvalidInputError(msg)
    return ChangesRequest(
        project=check_project(project),
        collection=collection,
        where=bind_filter(where, collection),
        since=since,
        limit=_check_limit(limit),
        include=_check_include(include, collection),
        fields=_check_chosen(fields, collection),
    )


def count_request(collection: Collection, project: str, where: Filter | None, *, terms: Sequence[str]) -> CountRequest:
    """Check a count."""
    wanted = terms if isinstance(terms, str) else tuple(terms)
    if wanted:
        _check_terms(wanted, collection)
    return CountRequest(
        project=check_project(project),
        collection=collection,
        where=bind_filter(where, collection),
        terms=tuple(dict.fromkeys(wanted)),
    )


def group_request(
    collection: Collection,
    project: str,
    field: str,
    where: Filter | None,
    *,
    of: str | None,
    after: str | None,
    limit: int,
) -> GroupRequest:
    """Check a page of groups."""
    if field not in collection.keys and field not in collection.tags:
        known = _listed((*collection.keys, *collection.tags))
        msg = f"rows of {collection.name!r} cannot be grouped by {field!r}; keys and tags are {known}"
        raise InvalidInputError(msg)
    if of is not None:
        _check_ordered(of, collection)
    return GroupRequest(
        project=check_project(project),
        collection=collection,
        field=field,
        where=bind_filter(where, collection),
        of=of,
        after=None if after is None else check_id(after, "after"),
        limit=_check_limit(limit),
    )


def check_batch(batch: Sequence[Write], declared: Mapping[str, Collection]) -> list[Write]:
    """Return every write checked and its filters bound, before anything is written."""
    if not isinstance(batch, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
        msg = f"a batch is a list of writes, not a {type(batch).__name__}; write [write]"
        raise InvalidInputError(msg)
    writes = list(batch)
    for write in writes:
        if not isinstance(write, _WRITES):  # pyright: ignore[reportUnnecessaryIsInstance]
            msg = f"a batch holds Put, Patch, Delete and DeleteWhere, not a {type(write).__name__}"
            raise InvalidInputError(msg)
    return [check_write(write, find_collection(declared, write.collection), bind_filter) for write in writes]


def _check_limit(limit: object) -> int:
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MAX_LIMIT:
        msg = f"limit must be a whole number from 1 to {MAX_LIMIT}, not {shown(limit)}; page on with `after`"
        raise InvalidInputError(msg)
    return limit


def _check_include(include: Sequence[Part], collection: Collection) -> frozenset[Part]:
    parts = frozenset(include)
    if parts <= _PARTS:
        return parts
    known = _PARTS.union(space.name for space in collection.vectors)
    if not parts <= known:
        missing, has = _listed(sorted(parts - known)), _listed(sorted(known))
        msg = f"rows of {collection.name!r} have no part {missing}; they have {has}"
        raise InvalidInputError(msg)
    return parts


def _check_chosen(fields: Sequence[str] | None, collection: Collection) -> frozenset[str] | None:
    if fields is None:
        return None
    chosen = frozenset(fields)
    if isinstance(fields, str) or not chosen <= collection.fields.keys():
        known = _listed(collection.fields)
        msg = f"fields is a list of fields of {collection.name!r}, not {shown(fields)}; they are {known}"
        raise InvalidInputError(msg)
    return chosen


def _check_ordered(name: str, collection: Collection) -> None:
    if collection.order_of(name) is None:
        known = _listed(item.name for item in collection.ordered)
        msg = f"rows of {collection.name!r} cannot be compared by {name!r}; ordered fields are {known}"
        raise InvalidInputError(msg)


def _check_cursor(after: object, order: str | None, collection: Collection) -> None:
    pair = cast("tuple[object, ...]", after) if isinstance(after, tuple) else ()
    kind = None if order is None else cast("Ordered", collection.order_of(order)).kind
    if len(pair) == 2 and isinstance(pair[1], str):  # noqa: PLR2004 - a value and an id
        value = pair[0]
        number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MAX_NUMBER
        if value is None or (kind == "number" and number) or (kind in ("text", "time") and isinstance(value, str)):
            check_id(pair[1], "after")
            check_id(value if isinstance(value, str) else "", "after")
            return
    msg = "`after` must be the cursor that the page before returned, for the same order"
    raise InvalidInputError(msg)


def _check_query(query: Terms | Nearest, collection: Collection) -> Terms | Nearest:
    if isinstance(query, Nearest):
        space = collection.space(query.space)
        if space is None:
            known = _listed(space.name for space in collection.vectors)
            msg = f"collection {collection.name!r} has no vector space {query.space!r}; it has {known}"
            raise InvalidInputError(msg)
        return Nearest(space=query.space, vector=check_vector(query.vector, space))
    if not isinstance(query, Terms) or not isinstance(query.weights, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        msg = f"a search takes Terms or Nearest, not a {type(query).__name__}"
        raise InvalidInputError(msg)
    _check_terms(query.weights, collection)
    for weight in query.weights.values():
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not _LEAST <= weight <= _MOST:  # pyright: ignore[reportUnnecessaryIsInstance]
            msg = (
                f"the weight of a term must be a number from {_LEAST} to {_MOST:.0f}, not {shown(weight)}; leave it out"
            )
            raise InvalidInputError(msg)
    return query


def _check_terms(terms: Sequence[str] | Mapping[str, float], collection: Collection) -> None:
    if not collection.text:
        msg = f"collection {collection.name!r} is declared without text and cannot be searched by terms"
        raise InvalidInputError(msg)
    if isinstance(terms, str):
        msg = "terms must be a list of terms, not one text; write [term]"
        raise InvalidInputError(msg)
    if len(terms) > MAX_TERMS:
        msg = f"one call takes {MAX_TERMS} terms, not {len(terms)}; leave out those with the least weight"
        raise InvalidInputError(msg)
    for term in terms:
        check_term(term)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
