"""Which writing system a text is in, and which language."""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import lru_cache

from mnemon.logic.analysis.languages import LANGUAGES, find_language, language_code
from mnemon.logic.analysis.names import spoken_words

__all__ = ["main_language", "main_script"]

_NEUTRAL = "neutral"
_LETTERS = 400
_ENOUGH = 2
"""Stop words that tell a language: one alone may be a word of another, as "war" and "die" are."""


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    return "LATIN" if letter.isascii() else unicodedata.name(letter, "").partition(" ")[0]


def main_script(text: str) -> str:
    """Return the script of most letters at a text's beginning by its Unicode name: LATIN, CJK, ARABIC.

    Empty for a text without letters. Of two that are as frequent, the one that comes first.
    """
    letters = [char for char in text[: 4 * _LETTERS] if char.isalpha()][:_LETTERS]
    most = Counter(map(_script, letters)).most_common(1)
    return most[0][0] if most else ""


def main_language(normal: str, own: str) -> str:
    """Return the ISO 639-1 code of the language that a normalised text is in, as its stop words tell.

    `own`, the language that texts are said to be in, stands unless another one that has a table has
    more of them, and two at least. It stands in any case where it has no table itself; `neutral` is
    no language: then the answer may be empty.
    """
    told = language_code(own)
    if told not in LANGUAGES and told != _NEUTRAL:
        return told
    words = [word for _, _, word in spoken_words(normal)]
    found = {code: sum(map(find_language(code).stop_words.__contains__, words)) for code in LANGUAGES}
    most = max(found.values())
    leading = [code for code in LANGUAGES if found[code] == most]
    if most >= _ENOUGH and len(leading) == 1:
        return leading[0]
    return "" if told == _NEUTRAL else told
