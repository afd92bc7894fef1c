"""Text that is not in the full-text index yet: that of a collection's newest rows.

To add one row to an FTS5 index costs more than to write it to all tables together: each commit leaves a
segment of its own, to be merged with others soon. So rows are added many at a time, and until then a
search reads their terms. `indexed` in `mnemon_collections` is the highest number whose text the index has.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from mnemon.stores.sqlite.conditions import Sql
from mnemon.stores.sqlite.damage import any_text
from mnemon.stores.sqlite.places import is_current
from mnemon.stores.sqlite.rows import terms_of
from mnemon.stores.sqlite.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Collection as Numbers
    from collections.abc import Iterable, Iterator, Mapping

    from mnemon.stores.sqlite.connections import Connection, Parameter
    from mnemon.stores.sqlite.places import Places
    from mnemon.stores.sqlite.tokens import Postings, Searched
    from mnemon.types.storage import Collection

__all__ = ["index_pending", "indexed_number", "pending_holding", "row_tokens", "rows_holding"]

MOST_PENDING = 32
"""Numbers that may wait. More would save little (measured: 16 to 128 take the same in all), but make the
put that adds them slower, and searches that read their terms."""


def indexed_number(connection: Connection, collection: Collection) -> int:
    """Return the highest number whose text the index has."""
    return cast("int", connection.value("SELECT indexed FROM mnemon_collections WHERE name = ?", [collection.name]))


def index_pending(
    connection: Connection,
    collection: Collection,
    places: Places,
    texts: Iterable[tuple[int, str]],
    *,
    indexed: int,
    known: int,
    last: int,
) -> int:
    """Add the rows up to number `last` to the index if many of them wait; return up to which it goes now.

    The text of those from number `known` on is `texts`, and of those before is read; damaged ones are left out: they
    may be another project's than the one that is written to.
    """
    if last - indexed < MOST_PENDING:
        return indexed
    name = collection.name
    add = f"INSERT INTO {name}__text (rowid, tokens) VALUES (?, ?)"
    if known > indexed + 1:
        with any_text(connection):
            between = f"r.number > {indexed} AND r.number < {known}"
            connection.raw.executemany(add, row_tokens(connection, collection, places, between))
    connection.raw.executemany(add, texts)
    connection.execute("UPDATE mnemon_collections SET indexed = ? WHERE name = ?", [last, name])
    return last


def row_tokens(
    connection: Connection, collection: Collection, places: Places, condition: str, *, without: Numbers[int] = ()
) -> Iterator[tuple[int, str]]:
    """Yield number and tokens of the rows that have any, by number; none of those that are in `without`.

    None either of those whose terms or scopes are no text, from which no token can be made.
    """
    columns = [f"r.f_{scope}" for scope in collection.scopes]
    sound = "".join(f" AND typeof({column}) IN ('text', 'null')" for column in columns)
    found = connection.execute(
        f"SELECT {', '.join(['r.number', 'r.project', 'r.terms', is_current(collection), *columns])} "
        f"FROM {collection.name}__rows r NOT INDEXED "
        f"WHERE {condition} AND typeof(r.terms) = 'text'{sound} ORDER BY r.number"
    )
    for number, project, terms, state, *scopes in cast(
        "Iterable[tuple[int, int, str, int, *tuple[str | None, ...]]]", found
    ):
        if number in without:
            continue
        words = terms.split(" ")
        try:
            text = tokens(places.of_row(project, scopes, current=bool(state)), words)
        except UnicodeEncodeError:  # text that is no UTF-8, as `any_text` reads it
            continue
        if text:
            connection.indexed += len(words)
            yield number, text


def pending_holding(
    connection: Connection, collection: Collection, project: int, searched: Searched, terms: Iterable[str]
) -> dict[str, list[int]]:
    """Return for each term the searched rows that hold it and are not in the index yet."""
    holding: dict[str, list[int]] = {term: [] for term in terms}
    scoped = "".join(f" AND r.f_{scope} = ?" for scope, _ in searched.places)
    current = f" AND r.f_{collection.current} IS NULL" if searched.current_only and collection.current else ""
    # No index: among so few rows those of a scope are found sooner than among all of the scope's.
    found = connection.execute(
        f"SELECT r.number, r.terms FROM {collection.name}__rows r NOT INDEXED "
        f"WHERE r.number > ? AND r.project = ?{scoped}{current} AND r.terms IS NOT NULL",
        [indexed_number(connection, collection), project, *(value for _, value in searched.places)],
    )
    for number, held in found:
        row = cast("int", number)
        for term in holding.keys() & set(terms_of(connection, collection.name, row, held)):
            holding[term].append(row)
    return holding


def rows_holding(
    collection: Collection, postings: Postings, weights: Mapping[str, float], pending: Mapping[str, list[int]]
) -> Sql:
    """Return a query for (number, weight): one result for each searched row and term that it holds."""
    table = f"{collection.name}__text"
    parts: list[str] = []
    parameters: list[Parameter] = []
    for term, weight in weights.items():
        parts.append(f"SELECT rowid AS number, ? AS weight FROM {table} WHERE {table} MATCH ?")
        parameters += [float(weight), postings.match(term)]
    held = [(number, float(weight)) for term, weight in weights.items() for number in pending[term]]
    if held:  # all of them are one part: SQLite joins at most 500
        parts.append("SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?)")
        parameters.append(json.dumps(held))
    return Sql(" UNION ALL ".join(parts), parameters)
