"""Conversations with questions, whatever file they come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mnemon.errors import InvalidInputError

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["OVERALL", "ROLES", "Conversation", "Question", "Turn"]

OVERALL = "overall"
"""What stands for all categories in a report."""
ROLES = ("user", "assistant")
"""Sides of a conversation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What somebody said.

    Attributes:
        id: what the evidence of questions refers to.
        text: the words.
        said_at: when, aware.
        session: the session it was said in, or None where pauses part the sessions.
        speaker: name of who said it, or None.
        role: `user` or `assistant`.
        caption: what a shared picture shows, or None.
    """

    id: str
    text: str
    said_at: datetime
    session: str | None = None
    speaker: str | None = None
    role: str = "user"
    caption: str | None = None

    @property
    def named(self) -> str:
        """The words with who said them, as plain search indexes them."""
        said = f"{self.text} [shared image: {self.caption}]" if self.caption else self.text
        return f"{self.speaker or self.role}: {said}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question, and the turns that hold its answer.

    Attributes:
        text: the question.
        evidence: ids of the turns, at least one.
        categories: what kinds of question it is; figures are given for each.
        asked_at: when it is asked, or None for the time of the last turn.
        counts: whether it is part of the overall figures.
    """

    text: str
    evidence: frozenset[str]
    categories: tuple[str, ...] = ()
    asked_at: datetime | None = None
    counts: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """All that one scope holds, and what it is asked.

    Raises:
        InvalidInputError: there is no turn, two have one id, one has neither words nor a caption, or an unknown
            role; a question is blank, has no evidence or one that is no turn, or the category `OVERALL`.
    """

    name: str
    turns: tuple[Turn, ...]
    questions: tuple[Question, ...]

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        if not self.turns:
            msg = f"conversation {self.name!r} has no turns; give it at least one line with an id and a text"
            raise InvalidInputError(msg)
        known = {turn.id for turn in self.turns}
        if len(known) < len(self.turns):
            seen: set[str] = set()
            twice = next(turn.id for turn in self.turns if turn.id in seen or seen.add(turn.id))
            msg = f"conversation {self.name!r} has two turns with the id {twice!r}; ids of turns must differ"
            raise InvalidInputError(msg)
        for turn in self.turns:
            self._check_turn(turn)
        for number, question in enumerate(self.questions, 1):
            self._check_question(f"question {number} of conversation {self.name!r}", question, known)

    def _check_turn(self, turn: Turn) -> None:
        named = f"the turn {turn.id!r} of conversation {self.name!r}"
        if turn.role not in ROLES:
            msg = f"{named} has the role {turn.role!r}; it is user or assistant"
            raise InvalidInputError(msg)
        if not turn.text.strip() and not turn.caption:
            msg = f"{named} has no text; leave it out"
            raise InvalidInputError(msg)

    def _check_question(self, named: str, question: Question, known: set[str]) -> None:
        if not question.text.strip():
            msg = f"{named} is blank; leave it out"
            raise InvalidInputError(msg)
        if OVERALL in question.categories:
            msg = f"{named} has the category {OVERALL!r}, which stands for all of them; give it another name"
            raise InvalidInputError(msg)
        if missing := sorted(question.evidence - known):
            msg = f"{named} names the evidence {missing[0]!r}, which is no turn of it; use the ids of its turns"
            raise InvalidInputError(msg)
        if not question.evidence:
            msg = f"{named} has no evidence; name a turn, or leave it out"
            raise InvalidInputError(msg)
