"""Files of conversations with questions: one's own as JSON lines, and three that researchers published."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import ijson  # pyright: ignore[reportMissingTypeStubs] - it has none

from mnemon.apps.evaluation.conversations import ROLES, Conversation, Question, Turn
from mnemon.apps.evaluation.published import beam, locomo, longmemeval
from mnemon.errors import InvalidInputError
from mnemon.types.times import to_datetime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["FORMATS", "read_conversations"]

_TURN = {"conversation", "id", "text", "time", "session", "speaker", "role", "caption"}
_QUESTION = {"conversation", "question", "evidence", "category", "time"}
_BEGINNING = 64
"""Bytes in which a JSON list begins, white space before it."""


def read_conversations(path: str | Path, form: str) -> list[Conversation]:
    """Return the conversations of a file.

    `form` is one of `FORMATS`. Of published files, questions that name no evidence are left out: they ask for
    what was never said.

    Raises:
        InvalidInputError: the file is not of that format; the message names the place.
        OSError: it cannot be read.
    """
    if form not in FORMATS:
        msg = f"the format {form!r} is unknown; formats are {', '.join(FORMATS)}"
        raise InvalidInputError(msg)
    found = list(FORMATS[form](Path(path)))
    if not any(conversation.questions for conversation in found):
        msg = f"{path} has no question with evidence; see the page on evaluation for what a file holds"
        raise InvalidInputError(msg)
    return found


def _published(convert: Callable[[Any], Conversation]) -> Callable[[Path], Iterator[Conversation]]:
    """Return what reads a JSON list whose items are conversations, one by one, however long the list is."""

    def read(path: Path) -> Iterator[Conversation]:
        with path.open("rb") as file:
            if not file.read(_BEGINNING).lstrip().startswith(b"["):
                msg = f"{path} is not a JSON list; check the format, or fetch it again"
                raise InvalidInputError(msg)
            file.seek(0)
            items = cast("Iterator[Any]", cast("Any", ijson).items(file, "item", use_float=True))
            number = 0
            while True:
                number += 1
                try:
                    item = next(items)
                except StopIteration:
                    return
                except ijson.JSONError:
                    msg = f"{path} is not a JSON list from item {number} on; fetch it again"
                    raise InvalidInputError(msg) from None
                try:
                    yield convert(item)
                except (KeyError, TypeError, ValueError, AttributeError) as error:
                    if isinstance(error, InvalidInputError):
                        raise
                    what = f"{type(error).__name__} at {error}" if isinstance(error, KeyError) else type(error).__name__
                    msg = (
                        f"item {number} of {path} is not as {convert.__name__} publishes it ({what}); check the format"
                    )
                    raise InvalidInputError(msg) from None

    return read


@dataclass(slots=True)
class _Begun:
    turns: list[Turn] = field(default_factory=list[Turn])
    questions: list[Question] = field(default_factory=list[Question])


def _lines(path: Path) -> Iterator[Conversation]:
    """Yield the conversations of JSON lines: each line is a turn or a question, and says of which conversation."""
    begun: dict[str, _Begun] = {}
    for number, line in _numbered(path):
        if line.strip():
            place = f"{path}, line {number}"
            record = _record(line, place)
            conversation = begun.setdefault(_text(record, "conversation", place), _Begun())
            if "question" in record:
                conversation.questions.append(_question(record, place))
            else:
                conversation.turns.append(_turn(record, place))
    for name, one in begun.items():
        yield Conversation(name=name, turns=tuple(one.turns), questions=tuple(one.questions))


def _numbered(path: Path) -> Iterator[tuple[int, str]]:
    with path.open(encoding="utf-8-sig") as file:
        try:
            yield from enumerate(file, 1)
        except UnicodeDecodeError:
            msg = f"{path} is not text in UTF-8; unpack it, or save it in UTF-8"
            raise InvalidInputError(msg) from None


def _record(line: str, place: str) -> Mapping[str, object]:
    try:
        value: object = json.loads(line)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        msg = f"{place}: not a JSON object; each line holds one turn or one question"
        raise InvalidInputError(msg)
    record = cast("dict[str, object]", value)
    allowed = _QUESTION if "question" in record else _TURN
    if unknown := sorted(record.keys() - allowed):
        msg = f"{place}: the key {unknown[0]!r} is not known here; known are {', '.join(sorted(allowed))}"
        raise InvalidInputError(msg)
    return record


def _turn(record: Mapping[str, object], place: str) -> Turn:
    role = _maybe(record, "role", place) or "user"
    if role not in ROLES:
        msg = f"{place}: the role {role!r} is not known; it is user or assistant"
        raise InvalidInputError(msg)
    return Turn(
        id=_text(record, "id", place),
        text=_text(record, "text", place),
        said_at=_time(_text(record, "time", place), place),
        session=_maybe(record, "session", place),
        speaker=_maybe(record, "speaker", place),
        role=role,
        caption=_maybe(record, "caption", place),
    )


def _question(record: Mapping[str, object], place: str) -> Question:
    asked_at = _maybe(record, "time", place)
    return Question(
        text=_text(record, "question", place),
        evidence=frozenset(_texts(record, "evidence", place)),
        categories=tuple(dict.fromkeys(_texts(record, "category", place))) if "category" in record else (),
        asked_at=None if asked_at is None else _time(asked_at, place),
    )


def _text(record: Mapping[str, object], key: str, place: str) -> str:
    value = record.get(key)
    if not isinstance(value, str) or not value.strip():
        msg = f"{place}: {key!r} must be a text that is not empty"
        raise InvalidInputError(msg)
    return value


def _maybe(record: Mapping[str, object], key: str, place: str) -> str | None:
    return None if record.get(key) is None else _text(record, key, place)


def _texts(record: Mapping[str, object], key: str, place: str) -> list[str]:
    """Return the texts of a list; one text stands for a list of one."""
    value = record.get(key)
    values = cast("list[object]", value) if isinstance(value, list) else [value]
    if not values or not all(isinstance(one, str) and one for one in values):
        msg = f"{place}: {key!r} must be a text or a list of texts, none of them empty"
        raise InvalidInputError(msg)
    return cast("list[str]", values)


def _time(text: str, place: str) -> datetime:
    try:
        to_datetime(text, "the time")
    except InvalidInputError as error:
        msg = f"{place}: {error}"
        raise InvalidInputError(msg) from None
    return datetime.fromisoformat(text)  # in its zone, where the days of a question begin


FORMATS: Mapping[str, Callable[[Path], Iterator[Conversation]]] = {
    "locomo": _published(locomo),
    "beam": _published(beam),
    "longmemeval": _published(longmemeval),
    "jsonl": _lines,
}
"""What reads a file, by the name of its format."""
