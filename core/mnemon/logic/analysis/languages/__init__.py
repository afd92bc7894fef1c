"""A table of words and patterns per language, each read when it is first needed."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from mnemon.logic.analysis.languages.table import Language

__all__ = ["Language", "find_language"]

_MODULES = {"de": "german", "en": "english", "es": "spanish"}


@cache
def find_language(code: str) -> Language:
    """Return a language's table by its ISO 639-1 code (`en`, `en-GB`), or one with nothing of its own."""
    module = _MODULES.get(code.partition("-")[0].partition("_")[0].lower())
    if module is None:
        return Language()
    found: Language = import_module(f"{__name__}.{module}").LANGUAGE
    return found
