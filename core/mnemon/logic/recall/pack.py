"""What of a ranking goes into a prompt: nothing twice, and no more than fits."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["collapse", "estimated_tokens", "pack"]

_ALIKE = 0.9
"""Share of the terms of two memories, of all that either holds, from which they say the same."""
_CHARACTERS_PER_TOKEN = 3.5
"""English prose has about 4 characters per token, code 3; rather too many tokens than too few."""


def collapse(terms: Iterable[Sequence[str]], *, alike: float = _ALIKE) -> list[int]:
    """Return the places of memories that say something new, in order; `terms` are those of each, best first.

    A memory is left out when a better one that stays has nearly the same terms (Jaccard similarity of
    at least `alike`). What stays of the first memories does not depend on those after them. Memories
    without terms all stay.
    """
    kept: list[int] = []
    # Of two sets as alike as that, each holds at least one of the other's first few terms in a common order:
    # only those are looked up, so that a whole pool costs little.
    known: defaultdict[str, list[frozenset[str]]] = defaultdict(list)
    for place, held in enumerate(terms):
        own = frozenset(held)
        few = sorted(own)[: len(own) - math.ceil(alike * len(own) - 1e-9) + 1]
        rivals = (other for term in few for other in known[term])
        if any(len(own & other) >= alike * len(own | other) for other in rivals):
            continue
        kept.append(place)
        for term in few:
            known[term].append(own)
    return kept


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
