"""The result of a task, without what CrewAI says around it, in pieces that an embedder takes in whole."""

from __future__ import annotations

import re

__all__ = ["MOST_CHARACTERS", "pieces", "result_of"]

MOST_CHARACTERS = 900
"""Of a piece: what a model of 256 tokens reads, at somewhat less than four characters a token."""

_TOLD = (
    re.compile(r"Task: .*?\nAgent: .*?\nExpected result: .*?\nResult: (.*)", re.DOTALL),
    re.compile(r"Input: .*?\nAgent: .*?\nResult: (.*)", re.DOTALL),
)
_BREAKS = (re.compile(r"\n\s*\n"), re.compile(r"\n"), re.compile(r"(?<=[.!?])\s+|(?<=[。！？])"), re.compile(r"\s+"))  # noqa: RUF001
"""Where to cut, the best place first: paragraphs, lines, sentences, words."""


def result_of(content: str) -> str:
    """Return the result in what CrewAI hands over after a task; another text as it is.

    Where the task's own words look like the beginning of the result, they stay before it: rather too
    much than a part of the result lost.
    """
    found = next((match for told in _TOLD if (match := told.fullmatch(content))), None)
    return content if found is None else found[1]


def pieces(text: str, most: int = MOST_CHARACTERS) -> list[str]:
    """Return a text in pieces of so many characters at most, cut where it has breaks; nothing of a blank one."""
    cut: list[str] = []
    rest = text.strip()
    while len(rest) > most:
        place = _place(rest, most)
        cut.append(rest[:place].rstrip())
        rest = rest[place:].lstrip()
    return [piece for piece in (*cut, rest) if piece]


def _place(text: str, most: int) -> int:
    """Return where to cut: at the last of the best breaks that leaves a piece not too small."""
    for kind in _BREAKS:
        places = [match.start() for match in kind.finditer(text, most // 3, most + 1) if match.start() <= most]
        if places:
            return places[-1]
    return most
