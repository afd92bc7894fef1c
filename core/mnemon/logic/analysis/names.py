"""Names of participants as terms, so that who takes part in a scope is counted through its postings."""

from __future__ import annotations

import re
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING

from mnemon.logic.analysis.languages import find_language
from mnemon.logic.analysis.words import WORD_LENGTH, fold_accents, has_spaceless, mark_class, normalise, pairs, pieces

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mnemon.logic.analysis.languages import Language

__all__ = ["PREFIX", "Spoken", "name_forms", "name_terms", "speaker_terms", "spoken_words"]

PREFIX = "@"
"""Begins the term of a name. A word's term begins with a letter, a digit or a mark."""

_ROLES = frozenset({"user", "assistant", "system", "tool", "human", "ai", "bot", "you", "me", "i"})
"""Names that many programs give to a side of a chat; they name nobody."""

_WORDS = 4
"""Words of a name that are looked at; the longest run of a query's words that may be one name."""

_CANDIDATES = 16
_QUERY_CHARACTERS = 2_000

Spoken = tuple[int, int, str]
"""A word of a text: where it starts, where it ends, and the word."""


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(rf"(?:[^\W_]|[{mark_class()}])++(?:['\u2019](?:[^\W\d_]++)?)?")


def speaker_terms(name: str) -> tuple[str, ...]:
    """Return the extra terms of a turn that `name` said: the whole name and each of its words.

    Nothing for a name without letters or digits, or one that only says which side spoke (`user`).
    """
    words = _folded(name)
    if not words or (len(words) == 1 and words[0] in _ROLES):
        return ()
    whole = ["_".join(words)] if len(words) > 1 and not has_spaceless(name) else []
    return tuple(dict.fromkeys(PREFIX + word for word in [*whole, *words]))


def name_terms(query: str, language: str = "en") -> tuple[str, ...]:
    """Return the terms of what may be participants' names in a query, at most 16, likelier ones first.

    A store counts them in the scope; those that are found are what `read_query` takes as `participants`.
    """
    words = spoken_words(query[:_QUERY_CHARACTERS])
    table = find_language(language)
    plain: list[str] = []
    written_large: list[str] = []
    for place, (_, _, word) in enumerate(words):
        # At the start of a sentence every word is large, so there it tells nothing.
        large = place > 0 and (word[:1].isupper() or not word[:1].isascii())
        forms = name_forms(word, table)
        if large or not table.stop_words.intersection(forms):
            (written_large if large else plain).extend(forms)
    runs = (_joined(run) for run in _runs(words))
    found = dict.fromkeys(chain(written_large, runs, plain))
    return tuple(PREFIX + form for form in found if form)[:_CANDIDATES]


def name_forms(word: str, table: Language) -> list[str]:
    """Return what a word of a query may be as a name, without its possessive ending first."""
    normal = normalise(word)
    if has_spaceless(normal):
        return [stretch for stretch, _ in pairs(normal)]
    forms = [normal[: -len(end)] for end in (*table.endings, *table.name_endings) if normal.endswith(end)]
    return [fold_accents(form.strip("'")[:WORD_LENGTH]) for form in [*forms, normal] if form.strip("'")]


def spoken_words(text: str) -> list[Spoken]:
    """Return the words of a text as it was written, with their places."""
    return [(found.start(), found.end(), found[0]) for found in _pattern().finditer(text)]


def _folded(name: str) -> list[str]:
    words = (stretch for piece in pieces(normalise(name)) for stretch, _ in pairs(piece))
    return [fold_accents(word[:WORD_LENGTH]) for _, word in zip(range(_WORDS * 4), words, strict=False)]


def _runs(words: Sequence[Spoken]) -> Iterator[Sequence[Spoken]]:
    """Yield neighbouring words that are all written large: full names."""
    for size in range(2, _WORDS + 1):
        for start in range(len(words) - size + 1):
            run = words[start : start + size]
            if all(word[:1].isupper() for _, _, word in run):
                yield run


def _joined(run: Sequence[Spoken]) -> str:
    return "_".join(fold_accents(normalise(word).removesuffix("'s")) for _, _, word in run)
