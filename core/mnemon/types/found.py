"""What is made of a search: a block for a prompt, and why a memory was not found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mnemon.types.jsonvalue import Json
    from mnemon.types.memory import Hit

__all__ = ["Context", "Step", "WhyNot"]

Step = Literal[
    "found", "scope", "current", "expired", "excluded", "filter", "candidates", "duplicate", "threshold", "limit"
]
"""Where a memory left a search, in the order in which a search decides; `found`: nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyNot:
    """What became of one memory in a search.

    Attributes:
        memory_id: the memory.
        step: where it was lost. `scope`: the scope has no such memory (others' memories are not told
            from those that are not there); `current`: it was deleted, or was not there at the time
            asked for; `expired`; `excluded`: it comes from a message that was to be left out;
            `filter`: the filter or the kinds; `candidates`: neither its words nor its meaning brought
            it among those that are ranked; `duplicate`: a better one says the same; `threshold`: its
            score is too low; `limit`: enough were better; `found`: it was not lost.
        by_words: whether its words made it a candidate.
        by_meaning: whether its meaning did; one with neither may be ranked as the neighbour of one that has.
        score: its score, where it was ranked.
        rank: its place among all that may be found, 1 for the best, where it was ranked and may be found.
        signals: the part of each signal in its raw score, where it was ranked.
        same_as: the better memory that says the same, for `duplicate`.
    """

    memory_id: str
    step: Step
    by_words: bool = False
    by_meaning: bool = False
    score: float | None = None
    rank: int | None = None
    signals: Mapping[str, float] | None = None
    same_as: str | None = None

    def to_dict(self) -> dict[str, Json]:
        """Return the answer as JSON data."""
        return {
            "memory_id": self.memory_id,
            "step": self.step,
            "by_words": self.by_words,
            "by_meaning": self.by_meaning,
            "score": self.score,
            "rank": self.rank,
            "signals": None if self.signals is None else dict(self.signals),
            "same_as": self.same_as,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Memories as text for a prompt; `str()` of it is the text.

    Attributes:
        text: the block; empty where nothing was found, or nothing fits.
        tokens: how many tokens it has, as they were counted.
        hits: the memories in it, in the order of time.
        left_out: ids of memories that were found and did not fit, best first.
    """

    text: str
    tokens: int
    hits: tuple[Hit, ...]
    left_out: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the text."""
        return self.text

    def to_dict(self) -> dict[str, Json]:
        """Return text and numbers as JSON data, memories as `Hit.to_dict` does."""
        return {
            "text": self.text,
            "tokens": self.tokens,
            "results": [hit.to_dict() for hit in self.hits],
            "left_out": list(self.left_out),
        }
