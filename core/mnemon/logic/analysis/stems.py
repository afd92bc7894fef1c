"""Stems of words by the Snowball algorithms."""

from __future__ import annotations

import threading
from functools import cache, lru_cache
from importlib import import_module
from typing import Protocol

from mnemon.logic.analysis.words import fold_accents

__all__ = ["stem"]

_LONGEST = 40
"""Letters of the longest word that is stemmed; what is longer is no word of a language."""


class _Stemmer(Protocol):
    def stemWord(self, word: str) -> str: ...  # noqa: N802 - the library's name


_lock = threading.Lock()


@cache
def _stemmer(algorithm: str) -> _Stemmer:
    # Not `snowballstemmer.stemmer()`: that takes PyStemmer where it is installed, whose other version would
    # give other stems than those in the store.
    module = import_module(f"snowballstemmer.{algorithm}_stemmer")
    made: _Stemmer = getattr(module, f"{algorithm.title()}Stemmer")()
    return made


def stem(word: str, algorithm: str | None) -> str:
    """Return a word's stem without accents; the word itself where there is no algorithm, never an empty text."""
    # Every rule takes letters from the end. Numbers and codes are endless, and would push words out of the cache.
    return word if word.isascii() and word[-1].isdigit() else _stem(word, algorithm)


@lru_cache(maxsize=65_536)
def _stem(word: str, algorithm: str | None) -> str:
    if algorithm is None or len(word) > _LONGEST:
        return fold_accents(word) or word
    with _lock:  # a stemmer keeps the word that it works on
        found = _stemmer(algorithm).stemWord(word)
    return fold_accents(found or word) or word
