"""What of a ranking goes into a prompt: nothing twice, and no more than fits."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

__all__ = ["Heard", "estimated_tokens", "pack"]

_ALIKE = 0.9
"""Share of the terms of two memories, of all that either holds, from which they say the same."""
_CHARACTERS_PER_TOKEN = 3.5
"""English prose has about 4 characters per token, code 3; rather too many tokens than too few."""


class Heard:
    """What was said already, for memories that come best first.

    Two memories say the same when the Jaccard similarity of their terms is at least `alike`, when the
    terms that both hold first come in one order ("from Berlin to Munich" is not "from Munich to
    Berlin"), when they differ in no term with a digit ("at 3" is not "at 4") and in none that is
    `decisive` ("safe" is not "not safe"), and when their `marks` are equal.
    """

    def __init__(self, alike: float = _ALIKE, decisive: frozenset[str] = frozenset()) -> None:
        """Start with nothing."""
        self._alike = alike
        self._decisive = decisive
        # Of two sets as alike as that, each holds at least one of the other's first few terms in a common
        # order: only those are looked up, so that a whole pool costs little.
        self._known: defaultdict[str, list[tuple[str, dict[str, None], Hashable]]] = defaultdict(list)

    def first(self, name: str, terms: Iterable[str], marks: Hashable = None) -> str | None:
        """Return the name of who said this before; None where nobody did, and then this one has.

        A memory without terms says what nobody has said.
        """
        own = dict.fromkeys(terms)
        few = sorted(own)[: len(own) - math.ceil(self._alike * len(own) - 1e-9) + 1]
        for term in few:
            for other, held, marked in self._known[term]:
                if marked == marks and self._same(own, held):
                    return other
        for term in few:
            self._known[term].append((name, own, marks))
        return None

    def _same(self, own: dict[str, None], other: dict[str, None]) -> bool:
        if len(own.keys() & other.keys()) < self._alike * len(own.keys() | other.keys()):
            return False
        apart = own.keys() ^ other.keys()
        return (
            apart.isdisjoint(self._decisive)
            and not any(char.isdigit() for term in apart for char in term)
            and [term for term in own if term in other] == [term for term in other if term in own]
        )


def pack(
    texts: Sequence[str], *, max_tokens: int, each: int = 0, count: Callable[[str], int] | None = None
) -> list[int]:
    """Return the places of texts that fit into `max_tokens` together, in order; `texts` are best first.

    Each text costs what `count` says (`estimated_tokens` by default) and `each` for what stands around
    it. One that no longer fits is passed over, and a shorter one after it may still be taken.
    """
    measure = estimated_tokens if count is None else count
    left = max_tokens
    taken: list[int] = []
    for place, text in enumerate(texts):
        cost = measure(text) + each
        if cost <= left:
            taken.append(place)
            left -= cost
    return taken


def estimated_tokens(text: str) -> int:
    """Return about how many tokens a model makes of a text: 1 per 3.5 ASCII characters, 1 per other character."""
    plain = len(text) if text.isascii() else sum(map(str.isascii, text))
    return math.ceil(plain / _CHARACTERS_PER_TOKEN) + len(text) - plain
