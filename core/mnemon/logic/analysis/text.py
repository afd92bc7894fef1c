"""What a text is indexed by: the stems of its content words, and what its form tells."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from mnemon.logic.analysis.languages import find_language
from mnemon.logic.analysis.stems import stem
from mnemon.logic.analysis.words import JOINERS, WORD_LENGTH, has_spaceless, normalise, pairs, pieces, scan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mnemon.logic.analysis.languages import Language

__all__ = ["Analysis", "analyse", "negation_terms", "terms_of"]

_CLOSING = " \t\r\n\"'`*_~)]}>\u00bb\u201d\u300d\u300f"
_QUESTION_MARKS = ("?", "\u061f", "\u037e")  # Latin (full width too, by NFKC), Arabic, Greek
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_REMEMBERED = 64
"""Characters of a compound whose terms are kept: most words of a text are words of the texts before it."""
_MOST_REMEMBERED = 65_536
"""Compounds of a language whose terms are kept."""
_known: defaultdict[str, dict[str, tuple[str, ...]]] = defaultdict(dict)
"""Terms of compounds, by language. No `lru_cache`: each look at one rewrites links all over memory, which takes
longer than the rest."""
_TIME_CHARACTERS = 20_000
"""How much of a text is searched for a time expression: a longer one holds one anyhow."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """What is stored of a text beside it.

    Attributes:
        terms: stems of its content words in order, repeats included; none is empty or holds white space.
        question: whether it ends with a question.
        time_words: whether it holds a time expression.
    """

    terms: tuple[str, ...]
    question: bool
    time_words: bool


def analyse(text: str, language: str = "en") -> Analysis:
    """Return what a text is indexed by.

    Words of another script than the language's are kept as they stand, those of scripts without
    spaces as pairs of characters. Takes time in proportion to the text: 1 to 5 s for 5 MB.
    """
    table = find_language(language)
    normal = normalise(text)
    return Analysis(
        terms=tuple(_terms(normal, table)),
        question=normal.rstrip(_CLOSING).endswith(_QUESTION_MARKS),
        time_words=table.time_pattern.search(normal[:_TIME_CHARACTERS]) is not None,
    )


def terms_of(text: str, language: str = "en") -> tuple[str, ...]:
    """Return the terms of `analyse` alone."""
    return tuple(_terms(normalise(text), find_language(language)))


@cache
def negation_terms(language: str) -> frozenset[str]:
    """Return the terms of the words that turn what is said into its opposite."""
    return frozenset(terms_of(" ".join(find_language(language).negations), language))


def _terms(normal: str, table: Language) -> list[str]:
    known = _known[table.code]
    terms: list[str] = []
    for compound in scan(normal):
        found = known.get(compound)
        if found is None:
            found = tuple(_compound(compound, table))
            if len(compound) <= _REMEMBERED:
                if len(known) >= _MOST_REMEMBERED:
                    known.clear()
                known[compound] = found
        terms += found
    return terms


def _compound(compound: str, table: Language) -> Iterator[str]:
    if _stands_whole(compound) and (whole := _whole(compound)) and not whole.isalnum():
        yield whole
    spaceless = has_spaceless(compound)
    for piece in pieces(compound):
        if not spaceless:
            yield from _word(piece, table)
            continue
        for stretch, paired in pairs(piece):
            if paired:
                yield stretch
            else:
                yield from _word(stretch, table)


def _word(word: str, table: Language) -> Iterator[str]:
    for ending in table.endings:
        if word.endswith(ending) and len(word) > len(ending):
            word = word[: -len(ending)]
            break
    if word not in table.stop_words:
        yield stem(word[:WORD_LENGTH], table.stemmer)


def _stands_whole(compound: str) -> bool:
    """Whether a compound is more than its words: a code, a number, an address, a name in a program."""
    if compound.isalnum():  # as nearly all are
        return False
    if any(sign in compound for sign in ("@", "://", "_", "&")) or compound.endswith(("+", "#")):
        return True
    if "'" in compound:
        return False
    return "." in compound or any(map(str.isdigit, compound))


def _whole(compound: str) -> str:
    compound = compound.strip("_").lstrip(JOINERS)  # nothing but a name's term begins with @
    if _THOUSANDS.fullmatch(compound):
        compound = compound.replace(",", "")
    return compound[:WORD_LENGTH]
