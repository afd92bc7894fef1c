"""The result of a task, without what CrewAI says around it, in pieces that an embedder takes in whole."""

from __future__ import annotations

import re
from bisect import bisect_right

from mnemon.adapting import estimated_tokens
from mnemon.types.unseen import is_blank

__all__ = ["MOST_TOKENS", "pieces", "result_of"]

MOST_TOKENS = 250
"""Of a piece: the embedder on this machine reads 256, two of them its own; most others read more."""

_TOLD = (
    re.compile(r"Task: .*?\nAgent: .*?\nExpected result: .*?\nResult: (.*)", re.DOTALL),
    re.compile(r"Input: .*?\nAgent: .*?\nResult: (.*)", re.DOTALL),
)
_THOUGHT = re.compile(r"(?:Thought:|I now can give a great answer).*\nFinal Answer:(.*)", re.DOTALL)
"""How a model says its answer that is asked in CrewAI's own format; CrewAI too takes what follows the last marker."""
_BREAKS = (re.compile(r"\n\s*\n"), re.compile(r"\n"), re.compile(r"(?<=[.!?])\s+|(?<=[。！？])"), re.compile(r"\s+"))  # noqa: RUF001
"""Where to cut, the best place first: paragraphs, lines, sentences, words."""


def result_of(content: str) -> str:
    """Return the result in what CrewAI hands over after a task, without the model's thought; another text as it is.

    Where the task's own words look like the beginning of the result, they stay before it: rather too
    much than a part of the result lost.
    """
    found = next((match for told in _TOLD if (match := told.fullmatch(content))), None)
    if found is None:
        return content
    said = _THOUGHT.fullmatch(found[1])
    return found[1] if said is None else said[1].strip()


def pieces(text: str, most: int = MOST_TOKENS) -> list[str]:
    """Return a text in pieces of about so many tokens at most, cut where it has breaks; nothing of a blank one."""
    cut: list[str] = []
    rest = text.strip()
    while (room := _room(rest, most)) < len(rest):
        place = _place(rest, room)
        cut.append(rest[:place].rstrip())
        rest = rest[place:].lstrip()
    return [piece for piece in (*cut, rest) if not is_blank(piece)]


def _room(text: str, most: int) -> int:
    """Return how many characters of a text have so many tokens; a token is four characters at most, about."""
    return bisect_right(range(1, min(len(text), 4 * most) + 1), most, key=lambda end: estimated_tokens(text[:end]))


def _place(text: str, most: int) -> int:
    """Return where to cut: at the last of the best breaks that leaves a piece not too small."""
    for kind in _BREAKS:
        places = [match.start() for match in kind.finditer(text, most // 3, most + 1) if match.start() <= most]
        if places:
            return places[-1]
    return most
