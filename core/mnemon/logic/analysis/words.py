"""Texts cut into words: any script, in time linear in the text.

A word is a run of letters, digits and combining marks. What is joined by single signs without
white space (`ABC-123`, `ana@example.org`, `v2.1.0`) is one compound, whose parts are words.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "JOINERS",
    "WORD_LENGTH",
    "fold_accents",
    "has_spaceless",
    "mark_class",
    "normalise",
    "pairs",
    "pieces",
    "scan",
]

WORD_LENGTH = 128
"""Characters of a word that count. Longer runs are data, not language; their beginning tells them apart."""

JOINERS = ".@:/\\-+#'&=?%~,"
_APOSTROPHES = dict.fromkeys(map(ord, "\u2018\u2019\u02bc\u2032\uff07"), "'")
_INVISIBLE = dict.fromkeys(
    # Soft hyphen, joiners, direction marks, variation selectors and the Arabic stretch stand inside words
    # without being part of their spelling.
    (0xAD, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF, 0x640, *range(0xFE00, 0xFE10)),
)
_ZERO_WIDTH_SPACE = {0x200B: " "}
_ARABIC_VOWELS = dict.fromkeys((*range(0x64B, 0x653), 0x670))
"""Vowel signs that Arabic writes in few texts only; with and without they are one word."""
_CLEANED = {**_APOSTROPHES, **_INVISIBLE, **_ZERO_WIDTH_SPACE, **_ARABIC_VOWELS}

_SPACELESS = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\u1780-\u17ff"  # Burmese, Khmer
    "\u1100-\u11ff\uac00-\ud7ff"  # Korean has spaces, but its particles cling to the words
    "\u3005-\u3007\u3031-\u3035\u3041-\u30ff\u31f0-\u31ff"  # Japanese syllables
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"  # Han
)


@cache
def mark_class() -> str:
    r"""Return the inside of a character class for what words are made of: `\\w` leaves marks out, and holds `_`."""
    marks = [code for code in range(0x300, 0x1F000) if unicodedata.category(chr(code))[0] == "M"]
    ranges: list[list[int]] = []
    for code in marks:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


@cache
def _compound(*, plain: bool) -> re.Pattern[str]:
    """Return the pattern of a compound; in `plain` (ASCII) text there are no marks to look for, which takes half."""
    # Possessive repeats (`++`): what was taken is never given back, so no text costs more than one pass.
    word = r"\w++" if plain else rf"[\w{mark_class()}]++"
    return re.compile(
        rf"{word}(?:[{re.escape(JOINERS)}]{{1,3}}{word})*+(?:\+\+|\#)?", re.ASCII if plain else re.UNICODE
    )


@cache
def _part() -> re.Pattern[str]:
    return re.compile(rf"[\w{mark_class()}]++(?:'[^\W\d_]++)?")


@cache
def _spaceless() -> re.Pattern[str]:
    return re.compile(rf"((?:[{_SPACELESS}][{mark_class()}]*+)++)")


@cache
def _cluster() -> re.Pattern[str]:
    return re.compile(rf".[{mark_class()}]*+", re.DOTALL)


def normalise(text: str) -> str:
    """Return the text in the one form that is compared: NFKC, case-folded, straight apostrophes, no unseen signs."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).translate(_CLEANED)


def scan(text: str) -> list[str]:
    """Return the compounds of a normalised text in order; some may hold nothing but `_`."""
    return _compound(plain=text.isascii()).findall(text)


def pieces(compound: str) -> list[str]:
    """Return the words of a compound; an apostrophe with letters after it stays in its word."""
    return [compound] if compound.isalnum() else _part().findall(compound.replace("_", " "))


def has_spaceless(text: str) -> bool:
    """Whether the text holds a script that is written without spaces."""
    return not text.isascii() and _spaceless().search(text) is not None


def pairs(word: str) -> Iterator[tuple[str, bool]]:
    """Yield a word's stretches, each with whether it is a pair of characters from a script without spaces.

    Neighbouring characters stand for the words that nothing marks: 我的猫 gives 我的 and 的猫.
    """
    for place, stretch in enumerate(_spaceless().split(word)):
        if not stretch:
            continue
        if place % 2 == 0:
            yield stretch, False
            continue
        clusters = _cluster().findall(stretch)
        if len(clusters) == 1:
            yield stretch, True
        for first, second in pairwise(clusters):
            yield first + second, True


def fold_accents(word: str) -> str:
    """Return a word of Latin script without its accents, any other as it is; digits of any script as 0 to 9."""
    if word.isascii():
        return word
    parts = unicodedata.normalize("NFD", word)
    if "a" <= parts[0] <= "z":
        parts = "".join(char for char in parts if not unicodedata.combining(char))
    word = unicodedata.normalize("NFC", parts)
    if not word.isalpha():
        word = "".join(str(unicodedata.decimal(char, char)) for char in word)
    return sys.intern(word)
