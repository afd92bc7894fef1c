"""Full-text tokens: each term once per scope value that its row belongs to.

A token is a hash of where the term belongs, followed by the term. So a scope's candidates and
document frequencies come from its own postings alone, however many rows others have.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, cast

from mnemon.types.filters import Condition, Operator

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mnemon.types.filters import Filter
    from mnemon.types.storage import Collection, FieldValue

__all__ = ["match_expression", "searched_scopes", "tokens"]

_LONGEST_BYTES = 256
"""FTS5 cuts tokens at 32,768 bytes; longer terms than this are hashed, which matches as exactly."""
_SHORT = 1_024
"""Characters of plain words that need no look at each: even as one token they stay far below that."""


@lru_cache(maxsize=8192)
def _prefix(project: int, scope: str, value: str, current: bool) -> str:  # noqa: FBT001 - keywords slow the cache
    place = f"{project}\x1f{'current' if current else 'superseded'}\x1f{scope}\x1f{value}"
    return blake2b(place.encode(), digest_size=16).hexdigest()


def _words(terms: Mapping[str, None]) -> str:
    """Return the words of terms, with a blank between; looked at together where all are plain."""
    joined = " ".join(terms)
    if joined.replace(" ", "").isalnum() and joined == joined.lower() and len(joined) <= _SHORT:
        return "x" + joined.replace(" ", " x")
    return " ".join(map(_word, terms))


def _word(term: str) -> str:
    if term.isalnum() and term == term.lower() and len(term) <= _SHORT:
        return "x" + term
    raw = term.encode()
    if len(raw) <= _LONGEST_BYTES:
        return f"y{raw.hex()}"
    return f"z{blake2b(raw, digest_size=16).hexdigest()}"


def tokens(collection: Collection, project: int, fields: Mapping[str, FieldValue | None], terms: Iterable[str]) -> str:
    """Return the text that the full-text index keeps for a row; empty where there is none to keep."""
    current = collection.current is None or fields.get(collection.current) is None
    words = _words(dict.fromkeys(terms))
    if not words:
        return ""
    if not collection.scopes:
        prefixes = [_prefix(project, "", "", current)]
    else:
        prefixes = [
            _prefix(project, scope, cast("str", fields[scope]), current)
            for scope in collection.scopes
            if fields.get(scope) is not None
        ]
    return " ".join([prefix + words.replace(" ", f" {prefix}") for prefix in prefixes])


def searched_scopes(
    collection: Collection, project: int, parts: Sequence[Filter]
) -> tuple[list[tuple[str, ...]], list[Filter]] | None:
    """Return which postings a search reads, and the conditions that they do not answer.

    The postings are alternatives (current rows, superseded rows), each the prefixes that a token
    must stand under together. None where the search names no scope, so that postings cannot help.
    """
    named: list[tuple[str, str]] = []
    current_only = collection.current is None
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
    states = (True,) if current_only else (True, False)
    places = named or [("", "")]
    return [tuple(_prefix(project, *place, state) for place in places) for state in states], rest


def match_expression(alternatives: Iterable[tuple[str, ...]], term: str) -> str:
    """Return the FTS5 expression for the rows that hold a term in the searched scopes."""
    word = _word(term)
    together = (" AND ".join(f'"{prefix}{word}"' for prefix in prefixes) for prefixes in alternatives)
    return " OR ".join(f"({part})" for part in together)
