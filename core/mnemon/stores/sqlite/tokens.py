"""Full-text tokens: each term once per scope value that its row belongs to.

A token is the number of the place where the term belongs (see `places`), followed by the term. So a scope's
candidates and document frequencies come from its own postings alone, however many rows others have.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, cast

from mnemon.stores.sqlite.places import find_place, place_hash
from mnemon.types.filters import Condition, Operator

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mnemon.stores.sqlite.connections import Connection
    from mnemon.types.filters import Filter
    from mnemon.types.storage import Collection

__all__ = ["Postings", "Searched", "searched_scopes", "tokens"]

_LONGEST_BYTES = 256
"""FTS5 cuts tokens at 32,768 bytes; longer terms than this are hashed, which matches as exactly."""
_SHORT = 1_024
"""Characters of plain words that need no look at each: even as one token they stay far below that."""


def _word(term: str) -> str:
    if term.isalnum() and term == term.lower() and len(term) <= _SHORT:
        return "x" + term
    raw = term.encode()
    if len(raw) <= _LONGEST_BYTES:
        return f"y{raw.hex()}"
    return f"z{blake2b(raw, digest_size=16).hexdigest()}"


def tokens(places: Iterable[int], terms: Iterable[str]) -> str:
    """Return the text that the full-text index keeps for a row; empty where there is none to keep."""
    words = list(dict.fromkeys(terms))
    if not words:
        return ""
    joined = "".join(words)
    # Looked at together where all are plain: there are many, and nearly all are.
    plain = len(joined) <= _SHORT and joined.isalnum() and joined == joined.lower()
    before = "x" if plain else ""
    if not plain:
        words = [_word(word) for word in words]
    return " ".join([f"{place}{before}{f' {place}{before}'.join(words)}" for place in places])


@dataclass(frozen=True, slots=True)
class Searched:
    """Which rows a search can ask the full-text index for.

    Attributes:
        places: names and values of the scopes that a row must be in, all of them; empty where the
            collection has no scopes.
        current_only: whether superseded rows are left out.
        rest: conditions that places and state do not answer.
    """

    places: tuple[tuple[str, str], ...]
    current_only: bool
    rest: tuple[Filter, ...]

    def postings(self, connection: Connection, collection: Collection, project: int) -> Postings:
        """Return where the index has the rows, in the connection's snapshot."""
        states = (True,) if self.current_only or collection.current is None else (True, False)
        alternatives: list[tuple[int, ...]] = []
        for state in states:
            hashes = [place_hash(project, *place, current=state) for place in self.places or [("", "")]]
            numbers = [find_place(connection, collection, place) for place in hashes]
            if None not in numbers:
                alternatives.append(cast("tuple[int, ...]", tuple(numbers)))
        return Postings(tuple(alternatives))


@dataclass(frozen=True, slots=True)
class Postings:
    """Alternatives (current rows, superseded rows), each the places that a token must stand under together."""

    alternatives: tuple[tuple[int, ...], ...]

    def match(self, term: str) -> str:
        """Return the FTS5 expression for the rows that hold a term; one that finds nothing where there is no place."""
        word = _word(term)
        together = (" AND ".join(f'"{place}{word}"' for place in places) for places in self.alternatives)
        return " OR ".join(f"({part})" for part in together) or '""'


def searched_scopes(collection: Collection, parts: Sequence[Filter]) -> Searched | None:
    """Return which rows a search looks among; None where it names no scope, so that no posting can help."""
    named: list[tuple[str, str]] = []
    current_only = False
    rest: list[Filter] = []
    for part in parts:
        match part:
            case Condition(field, Operator.EQ, str(value)) if field in collection.scopes:
                named.append((field, value))
            case Condition(field, Operator.EXISTS, False) | Condition(field, Operator.EQ, None) if (
                field == collection.current
            ):
                current_only = True
            case _:
                rest.append(part)
    if not named and collection.scopes:
        return None
    return Searched(tuple(named), current_only, tuple(rest))
