"""Which writing system a text is in."""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import lru_cache

__all__ = ["main_script"]

_LETTERS = 400


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
