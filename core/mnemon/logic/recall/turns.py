"""What the ranking is given of each memory, and what it gives back."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

__all__ = ["SIGNALS", "Ranked", "Turn"]

SIGNALS = (
    "meaning",
    "words",
    "speaker",
    "date",
    "when",
    "neighbours",
    "answer",
    "question",
    "session_meaning",
    "session_words",
)
"""Names of the parts of a score, in the order in which they are added."""


class Turn(NamedTuple):
    """A memory of the pool; a tuple, since a search makes hundreds of them.

    Attributes:
        id: the memory.
        session: id of the session it was said in, or None where it stands alone.
        previous: id of the memory before it in its session, or None for the first.
        order: sorts memories in time: a canonical time and an id.
        speaker: name of who said it, or None.
        role: `user`, `assistant`, `system` or `tool`, or None.
        terms: its terms from analysis, repeats included; terms of its speaker may follow them.
        question: whether it ends with a question.
        time_words: whether it holds a time expression.
        said_at: when, an aware datetime.
        cosine: similarity to the query's vector, or None where either has none.
    """

    id: str
    session: str | None
    previous: str | None
    order: str
    speaker: str | None
    role: str | None
    terms: tuple[str, ...]
    question: bool
    time_words: bool
    said_at: datetime
    cosine: float | None


class Ranked(NamedTuple):
    """A memory with its score.

    Attributes:
        id: the memory.
        score: how well it answers the query, in (0, 1); the same meaning from query to query.
        raw: the sum that was squashed into the score.
        parts: what each of `SIGNALS` added to the raw score of every memory of the pool, a row for each
            memory; shared by all of them, because few are ever asked to explain themselves.
        place: where in the pool this memory stands.
    """

    id: str
    score: float
    raw: float
    parts: Sequence[Sequence[float]]
    place: int

    def __repr__(self) -> str:
        """Show the memory without the parts of its pool."""
        return f"Ranked(id={self.id!r}, score={self.score:.4f}, raw={self.raw:.6f})"

    @property
    def signals(self) -> Mapping[str, float]:
        """What each signal added to the raw score, by name; they add up to it."""
        return dict(zip(SIGNALS, self.parts[self.place], strict=True))
