"""Conversations with questions, read from published files."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mnemon.logic.analysis import analyse, terms_of
from mnemon.logic.recall import Turn

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MEASURED = {"1", "2", "3", "4"}
"""LoCoMo's categories that ask for what was said; 5 asks for what was not."""
NAMES = {"1": "1 multi-hop", "2": "2 temporal", "3": "3 open-domain", "4": "4 single-hop", "5": "5 adversarial"}


@dataclass(frozen=True, kw_only=True)
class Message:
    """One turn; `caption` describes an image that came with it."""

    id: str
    session: str
    speaker: str | None
    role: str
    said: str
    caption: str
    said_at: datetime

    @property
    def text(self) -> str:
        return f"{self.said} [shared image: {self.caption}]" if self.caption else self.said

    @property
    def named(self) -> str:
        return f"{self.speaker or self.role}: {self.text}"


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question, and the ids of the turns that hold its answer."""

    text: str
    category: str
    evidence: frozenset[str]
    counts: bool = True


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """All that one scope holds."""

    name: str
    messages: tuple[Message, ...]
    questions: tuple[Question, ...]

    def turns(self, language: str) -> list[Turn]:
        """Return what an engine keeps of each message, in order."""
        turns: list[Turn] = []
        for place, message in enumerate(self.messages):
            found = analyse(message.said, language)
            last = turns[-1] if turns else None
            turns.append(
                Turn(
                    id=message.id,
                    session=message.session,
                    previous=last.id if last and last.session == message.session else None,
                    order=f"{place:06}",
                    speaker=message.speaker,
                    role=message.role,
                    terms=found.terms + (terms_of(f"[shared image: {message.caption}]") if message.caption else ()),
                    question=found.question,
                    time_words=found.time_words,
                    said_at=message.said_at,
                    cosine=None,
                )
            )
        return turns


def load_locomo(path: Path) -> list[Conversation]:
    return [_locomo(sample) for sample in json.loads(path.read_text(encoding="utf-8"))]


def _locomo(sample: dict[str, Any]) -> Conversation:
    talk = sample["conversation"]
    sessions = sorted((key for key in talk if re.fullmatch(r"session_\d+", key)), key=lambda key: int(key[8:]))
    messages = tuple(
        Message(
            id=turn["dia_id"],
            session=session,
            speaker=turn["speaker"],
            role="user",
            said=turn["text"],
            caption=turn.get("blip_caption") or "",
            said_at=_said_at(talk[f"{session}_date_time"], "%I:%M %p on %d %B, %Y"),
        )
        for session in sessions
        for turn in talk[session]
    )
    known = {message.id for message in messages}
    questions: list[Question] = []
    for asked in sample["qa"]:
        named = re.findall(r"D:?(\d+):0*(\d+)", " ".join(asked.get("evidence") or []))
        evidence = known & {f"D{session}:{turn}" for session, turn in named}
        if evidence:
            category = str(asked["category"])
            questions.append(
                Question(
                    text=asked["question"],
                    category=NAMES[category],
                    evidence=frozenset(evidence),
                    counts=category in MEASURED,
                )
            )
    return Conversation(name=sample["sample_id"], messages=messages, questions=tuple(questions))


def load_beam(path: Path) -> list[Conversation]:
    return [_beam(chat) for chat in json.loads(path.read_text(encoding="utf-8"))]


def _beam(chat: dict[str, Any]) -> Conversation:
    messages = tuple(
        Message(
            id=str(message["id"]),
            session=message["date"],
            speaker=None,
            role=message["role"],
            said=message["text"],
            caption="",
            said_at=_said_at(message["date"], "%B-%d-%Y"),
        )
        for message in chat["messages"]
    )
    known = {message.id for message in messages}
    questions = (
        Question(text=asked["question"], category=asked["type"], evidence=frozenset(evidence))
        for asked in chat["questions"]
        if asked["type"] != "abstention" and (evidence := known & set(map(str, asked["source_ids"])))
    )
    return Conversation(name=str(chat["id"]), messages=messages, questions=tuple(questions))


def _said_at(text: str, form: str) -> datetime:
    return datetime.strptime(text, form).replace(tzinfo=UTC)


LOADERS: dict[str, tuple[str, Callable[[Path], list[Conversation]]]] = {
    "LoCoMo": ("locomo_dev.json", load_locomo),
    "BEAM": ("beam_dev.json", load_beam),
}
