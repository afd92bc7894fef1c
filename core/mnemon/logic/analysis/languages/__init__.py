"""A table of words and patterns per language, each read when it is first needed."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from mnemon.logic.analysis.languages.table import Language

__all__ = ["LANGUAGES", "Language", "find_language", "language_code"]

_MODULES = {"de": "german", "en": "english", "es": "spanish"}

LANGUAGES = tuple(_MODULES)
"""ISO 639-1 codes of the languages that have a table."""


def language_code(code: str) -> str:
    """Return the code of a language without its country: `en` of `en-GB`."""
    return code.partition("-")[0].partition("_")[0].lower()


@cache
def find_language(code: str) -> Language:
    """Return a language's table by its ISO 639-1 code (`en`, `en-GB`), or one with nothing of its own."""
    module = _MODULES.get(language_code(code))
    if module is None:
        return Language()
    found: Language = import_module(f"{__name__}.{module}").LANGUAGE
    return found
