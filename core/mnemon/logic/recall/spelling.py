"""Slips of the finger: words of a query that its scope does not hold, where a word one slip away it does."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from mnemon.logic.analysis.names import spoken_words
from mnemon.logic.analysis.text import terms_of
from mnemon.logic.analysis.words import normalise

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mnemon.logic.recall.query import Query
    from mnemon.types.recall import RecallConfig

__all__ = ["near_terms", "repair"]

_SHORTEST = 5
"""Letters of a word that is looked at: one slip away from a shorter one are too many other words."""
_LONGEST = 20
_MAX_TERMS = 240
"""Terms that are tried for one query; a store counts 256 per call."""


def near_terms(query: Query, *, frequencies: Mapping[str, int], config: RecallConfig) -> tuple[str, ...]:
    """Return terms to count in the scope before `repair`; none where it holds every word of the query.

    For each term that it does not hold: those of the words with two neighbouring letters swapped or
    one letter less. (A letter more or another one would be hundreds of words to look up.)
    """
    tried = (term for _, _, near in _slips(query, frequencies, config) for term in near)
    return tuple(dict.fromkeys(tried))[:_MAX_TERMS]


def repair(query: Query, *, frequencies: Mapping[str, int], config: RecallConfig) -> Query:
    """Return the query with every word that the scope does not hold made the commonest one slip away from it.

    `frequencies` are those of the query's terms and of its `near_terms`. Words without such a
    neighbour stay, and a query that has none is returned as it is.
    """
    terms = Counter(query.terms)
    words: dict[str, str] = {}
    for written, missing, near in _slips(query, frequencies, config):
        best = max(near, key=lambda term: frequencies.get(term, 0), default=None)
        if best is None or not frequencies.get(best, 0):
            continue
        terms[best] += terms.pop(missing, 0)
        words[written] = near[best]
    return replace(query, text=_respelt(query.text, words), terms=terms) if words else query


def _slips(
    query: Query, frequencies: Mapping[str, int], config: RecallConfig
) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield each unknown word as it was written, its term, and the near terms with a word for each."""
    unknown = {term for term in query.terms if not frequencies.get(term, 0)}
    if not unknown:
        return
    for written in dict.fromkeys(word for _, _, word in spoken_words(query.text)):
        word = normalise(written)
        terms = terms_of(word, config.language)
        if not _SHORTEST <= len(word) <= _LONGEST or not word.isalpha() or len(terms) != 1 or terms[0] not in unknown:
            continue
        near: dict[str, str] = {}
        for other in _one_slip(word):
            for term in terms_of(other, config.language):
                if term != terms[0]:
                    near.setdefault(term, other)
        yield written, terms[0], near


def _respelt(text: str, words: Mapping[str, str]) -> str:
    """Return a text with whole words replaced; one that is a part of another word stays."""
    pieces: list[str] = []
    done = 0
    for start, end, word in spoken_words(text):
        if word in words:
            pieces += text[done:start], words[word]
            done = end
    return "".join(pieces) + text[done:]


def _one_slip(word: str) -> Iterator[str]:
    for place in range(len(word) - 1):
        yield word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    for place in range(len(word)):
        yield word[:place] + word[place + 1 :]
