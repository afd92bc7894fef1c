"""Imports: the items of a source as memories and messages, in parts, so that an interrupted one goes on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from mnemon.apps.cli.problems import WRONG, Problem
from mnemon.errors import InvalidInputError
from mnemon.logic.exports import collection_line, header_line
from mnemon.logic.formats.chatgpt import read_conversation
from mnemon.logic.formats.chats import chat_of, message_of
from mnemon.logic.formats.common import Remark, Tally
from mnemon.logic.formats.mem0 import fact_lines, read_mem0
from mnemon.logic.memories import MEMORIES
from mnemon.logic.operations import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from mnemon.apps.cli.sources import Source
    from mnemon.logic.formats.chats import Said
    from mnemon.memory import Memory
    from mnemon.types.jsonvalue import Json
    from mnemon.types.message import Message
    from mnemon.types.results import Imported

__all__ = ["Report", "import_source"]

Item = TypeVar("Item")

_MESSAGES = 500
"""Messages that are added in one transaction."""
_REASONS = 3
"""Reasons that an error names; the report has them all."""


@dataclass(slots=True)
class Report:
    """What an import did.

    Attributes:
        format: what was imported.
        items: how many items were read.
        understood: memories and messages that the items hold in this format, whatever became of them.
        memories: memories that were stored.
        logged: messages that are in the conversation log only: those of the system and of tools.
        there: what was there already, and was left as it is.
        other: other rows that were stored, by collection: only an export of mnemon has them.
        waiting: memories without a vector; `reembed` gives them one.
        tally: what was skipped, and what had to be assumed.
    """

    format: str
    items: int = 0
    understood: int = 0
    memories: int = 0
    logged: int = 0
    there: int = 0
    other: dict[str, int] = field(default_factory=dict[str, int])
    waiting: int = 0
    tally: Tally = field(default_factory=Tally)

    def to_dict(self) -> dict[str, Json]:
        """Return the report as JSON data."""
        return {
            "format": self.format,
            "read": self.items,
            "memories": self.memories,
            "logged": self.logged,
            "there": self.there,
            "other": dict(self.other),
            "waiting": self.waiting,
            "skipped": {"count": self.tally.total(skipped=True), "reasons": self.tally.reasons(skipped=True)},
            "assumed": {"count": self.tally.total(skipped=False), "reasons": self.tally.reasons(skipped=False)},
        }


def import_source(
    memory: Memory, source: Source, report: Report, *, scope: Mapping[str, str], now: datetime, language: str
) -> None:
    """Import a source into a memory, and count in `report`, which holds what was done so far when it breaks off.

    `scope` is of what names none itself. Nothing is stored twice: memories of mem0 keep their ids, and
    messages have the id that they have in the source, or one that is made of their place and words.

    Raises:
        Problem: it breaks off; whose it is nobody says; or nothing in it is of the format that was named.
    """
    match source.format:
        case "mnemon":
            _import_ours(memory, source, scope, report)
        case "mem0":
            _import_facts(memory, source, scope, report, now=now, language=language)
        case "chat" | "chatgpt":
            if not scope:
                msg = "a conversation does not say whose memories it makes; give --user, --agent, --app or --run"
                raise Problem(msg, code=WRONG, kind="ScopeError")
            said = _chats(source, report, scope) if source.format == "chat" else _conversations(source, report)
            _import_messages(memory, said, scope, report)
    skipped = report.tally.reasons(skipped=True)
    wrong = source.named and source.looks_like != source.format != "mnemon"
    if wrong and skipped and not report.understood:
        raise _unread(source, ", ".join(f"{one['reason']} ({one['count']})" for one in skipped[:_REASONS]))


def _unread(source: Source, reasons: str) -> Problem:
    """Return what to tell where nothing is of the format that was named: done without a word, it would look done."""
    remedy = "leave --format out, and see the page on the command line for how each format looks"
    if source.looks_like is not None:
        remedy = f"it looks like {source.looks_like}: leave --format out, or name that"
    msg = f"nothing in {source.name} could be imported as {source.format}, which --format names: {reasons}; {remedy}"
    return Problem(msg, code=WRONG, kind="WrongFormat")


def _import_ours(memory: Memory, source: Source, scope: Mapping[str, str], report: Report) -> None:
    view = memory.scoped(**scope) if scope else memory

    def counted(so_far: Imported) -> None:
        report.memories = so_far.added.get("memories", 0)
        report.other = {name: count for name, count in so_far.added.items() if name != "memories"}
        report.there = sum(so_far.there.values())
        report.waiting = so_far.waiting
        report.items = sum(so_far.added.values()) + report.there

    lines = _Held(source.lines())
    try:
        counted(view.import_(lines, progress=counted))
    except InvalidInputError as error:
        if not report.items:
            if source.named and source.looks_like != "mnemon":
                raise _unread(source, str(error)) from None
            raise
        msg = (
            f"{source.name}, {error}; {report.items:,} rows before it are in the store, which may have versions "
            f"without their operations until the whole file is imported: repeat the import with that, nothing comes "
            f"twice"
        )
        raise Problem(msg, kind="BrokenSource") from None
    lines.let_go()


def _import_facts(
    memory: Memory, source: Source, scope: Mapping[str, str], report: Report, *, now: datetime, language: str
) -> None:
    def counted(so_far: Imported) -> None:
        report.memories = so_far.added.get("memories", 0)
        report.there = so_far.there.get("memories", 0)
        report.waiting = so_far.waiting

    lines = _Held(_fact_lines(source, scope, report, now=now, language=language))
    counted(memory.import_(lines, progress=counted))
    lines.let_go()


def _fact_lines(
    source: Source, scope: Mapping[str, str], report: Report, *, now: datetime, language: str
) -> Iterator[str]:
    """Yield the export that the items of mem0 make."""
    yield header_line("import", None, now)
    yield from map(collection_line, (OPERATIONS, MEMORIES))
    for number, item in enumerate(source.items(), 1):
        report.items = number
        found = read_mem0(item, f"item {number}", scope=scope, now=now)
        if isinstance(found, Remark):
            report.tally.add(found)
            continue
        for remark in found.remarks:
            report.tally.add(remark)
        report.understood += 1
        yield from fact_lines(found.record, now=now, language=language)


def _chats(source: Source, report: Report, scope: Mapping[str, str]) -> Iterator[Said]:
    """Yield the messages of a list of messages, or of several."""
    run = scope.get("run_id")
    for number, item in enumerate(source.items(), 1):
        report.items = number
        several = chat_of(item, number)
        if several is None:
            yield from _said(report, [item], run, start=number - 1, where="message")
        else:
            own, messages = several
            yield from _said(report, messages, run or own, start=0, where=f"conversation {number}, message")


def _said(report: Report, messages: Sequence[object], run: str | None, *, start: int, where: str) -> Iterator[Said]:
    for index, message in enumerate(messages, start):
        said, remarks = message_of(message, index, f"{where} {index + 1}", run_id=run)
        for remark in remarks:
            report.tally.add(remark)
        if said is not None:
            yield said


def _conversations(source: Source, report: Report) -> Iterator[Said]:
    """Yield the messages of the conversations of ChatGPT."""
    for number, item in enumerate(source.items(), 1):
        report.items = number
        said, remarks = read_conversation(item, number)
        for remark in remarks:
            report.tally.add(remark)
        yield from said


def _import_messages(memory: Memory, said: Iterator[Said], scope: Mapping[str, str], report: Report) -> None:
    """Add messages in parts, each of one conversation; what was read before an error is stored."""
    waiting: list[Message] = []
    run: str | None = None
    held = _Held(said)
    for one in held:
        report.understood += 1
        if waiting and (one.run_id != run or len(waiting) == _MESSAGES):
            _add(memory, waiting, scope, run, report)
            waiting = []
        run = one.run_id
        waiting.append(one.message)
    if waiting:
        _add(memory, waiting, scope, run, report)
    held.let_go()


class _Held(Generic[Item]):
    """What a source yields until it breaks; the break is told once everything before it is stored."""

    def __init__(self, source: Iterator[Item]) -> None:
        self._source = source
        self._problem: Problem | None = None

    def __iter__(self) -> Iterator[Item]:
        try:
            yield from self._source
        except Problem as problem:
            self._problem = problem

    def let_go(self) -> None:
        if self._problem is not None:
            raise self._problem


def _add(memory: Memory, messages: list[Message], scope: Mapping[str, str], run: str | None, report: Report) -> None:
    whose = {**({} if run is None else {"run_id": run}), **scope}
    try:
        result = memory.scoped(**whose).add(messages)
    except InvalidInputError:
        if len(messages) > 1:  # find the one at fault
            for message in messages:
                _add(memory, [message], scope, run, report)
            return
        report.tally.add(Remark("a value that cannot be stored exactly", f"message {str(messages[0].id)[:40]}"))
        return
    for item in result.items:
        report.memories += item.event == "ADD"
        report.logged += item.event == "LOG"
        report.there += item.event == "REPEAT"
