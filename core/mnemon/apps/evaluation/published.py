"""Items of published data sets as conversations; the data themselves are not part of the project."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from mnemon.apps.evaluation.conversations import Conversation, Question, Turn

__all__ = ["beam", "locomo", "longmemeval"]

_LOCOMO_KINDS = {"1": "1 multi-hop", "2": "2 temporal", "3": "3 open-domain", "4": "4 single-hop", "5": "5 adversarial"}
_ADVERSARIAL = "5"
"""LoCoMo's questions for what was not said: shown, and not part of the overall figures."""


def locomo(item: Any) -> Conversation:  # noqa: ANN401 - JSON
    """Return a sample of LoCoMo (ACL 2024): two people over months."""
    talk = item["conversation"]
    sessions = sorted((key for key in talk if re.fullmatch(r"session_\d+", key)), key=lambda key: int(key[8:]))
    turns = tuple(
        Turn(
            id=turn["dia_id"],
            text=turn["text"],
            said_at=_moment(talk[f"{session}_date_time"], "%I:%M %p on %d %B, %Y", place),
            session=session,
            speaker=turn["speaker"],
            caption=turn.get("blip_caption") or None,
        )
        for session in sessions
        for place, turn in enumerate(talk[session])
    )
    known = {turn.id for turn in turns}
    questions: list[Question] = []
    for asked in item["qa"]:
        # A few entries are malformed ("D8:6; D9:17", "D:11:26", "D30:05").
        named = re.findall(r"D:?(\d+):0*(\d+)", " ".join(asked.get("evidence") or []))
        evidence = frozenset(known & {f"D{session}:{turn}" for session, turn in named})
        if evidence:
            kind = str(asked["category"])
            counts = kind != _ADVERSARIAL
            categories = (_LOCOMO_KINDS[kind],)
            questions.append(Question(text=asked["question"], evidence=evidence, categories=categories, counts=counts))
    return Conversation(name=item["sample_id"], turns=turns, questions=tuple(questions))


def beam(item: Any) -> Conversation:  # noqa: ANN401 - JSON
    """Return a chat of BEAM: a user and an assistant, in its converted form with `messages` and `questions`."""
    turns = tuple(
        Turn(
            id=str(message["id"]),
            text=message["text"],
            said_at=_moment(message["date"], "%B-%d-%Y", place),
            session=message["date"],
            role=message["role"],
        )
        for place, message in enumerate(item["messages"])
    )
    known = {turn.id for turn in turns}
    questions = (
        Question(text=asked["question"], evidence=frozenset(evidence), categories=(asked["type"],))
        for asked in item["questions"]
        if asked["type"] != "abstention" and (evidence := known & set(map(str, asked["source_ids"])))
    )
    return Conversation(name=str(item["id"]), turns=turns, questions=tuple(questions))


def longmemeval(item: Any) -> Conversation:  # noqa: ANN401 - JSON
    """Return an instance of LongMemEval (ICLR 2025): one question over its own history of user/assistant sessions.

    Evidence are the turns marked `has_answer`. Questions about what was never said (`_abs`) have none.
    """
    turns: list[Turn] = []
    evidence: set[str] = set()
    histories = zip(item["haystack_session_ids"], item["haystack_dates"], item["haystack_sessions"], strict=True)
    for number, (session, date, said) in enumerate(histories):
        for place, turn in enumerate(said):
            if not turn["content"].strip():
                continue
            # A session may be part of a history twice: its number tells the two apart.
            turn_id = f"{number}:{session}:{place}"
            turns.append(
                Turn(
                    id=turn_id,
                    text=turn["content"],
                    said_at=_moment(_without_weekday(date), "%Y/%m/%d %H:%M", place),
                    session=f"{number}:{session}",
                    role=turn["role"],
                )
            )
            if turn.get("has_answer"):
                evidence.add(turn_id)
    asked = Question(
        text=item["question"],
        evidence=frozenset(evidence),
        categories=(item["question_type"],),
        asked_at=_moment(_without_weekday(item["question_date"]), "%Y/%m/%d %H:%M", 0),
    )
    abstains = item["question_id"].endswith("_abs") or not evidence
    return Conversation(name=item["question_id"], turns=tuple(turns), questions=() if abstains else (asked,))


def _without_weekday(text: str) -> str:
    return re.sub(r" \(\w+\)", "", text)


def _moment(text: str, form: str, place: int) -> datetime:
    """Return the time of a turn: its session's, and a second later for each turn before it."""
    return datetime.strptime(text, form).replace(tzinfo=UTC) + timedelta(seconds=place)
