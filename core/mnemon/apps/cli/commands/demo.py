"""A first look: a conversation, questions about it, and what is found."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from mnemon.apps.cli.call import Call
from mnemon.apps.cli.commands.shown import hit_data, show_hits
from mnemon.apps.cli.outcome import Outcome
from mnemon.logic.versions import KEEP
from mnemon.memory import Memory

if TYPE_CHECKING:
    from mnemon.apps.cli.commanding import Commands
    from mnemon.apps.cli.screen import Screen
    from mnemon.types.results import SearchResult

__all__ = ["QUESTIONS", "USER", "conversation", "register"]

USER = "demo"


@dataclass(frozen=True, slots=True)
class Question:
    """A question about the conversation, and what kind of question it is."""

    kind: str
    text: str


QUESTIONS = (
    Question("a fact", "What is Maya allergic to?"),
    Question("a date", "When is the party for Tomás's grandmother?"),
    Question("who said it", "Who wanted to call the dog Biscuit?"),
    Question("a change of mind", "Where does Maya want her studio?"),
    Question("never said", "Which car insurance did they choose?"),
)


def register(commands: Commands) -> None:
    """Add this command to the program."""
    commands.command("demo", scoped=False)(demo)


def conversation() -> list[dict[str, Any]]:
    """Return the conversation that comes with the package: two people and an assistant, plain chat JSON."""
    text = files("mnemon.apps.cli").joinpath("data/summer.json").read_text(encoding="utf-8")
    return cast("list[dict[str, Any]]", json.loads(text))


def demo(
    call: Call,
    *,
    ask: Annotated[
        list[str] | None,
        typer.Option("--ask", help="A question of your own; may be given several times.", metavar="TEXT"),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", help="How many memories of each answer.")] = 3,
) -> Outcome:
    """Load a conversation into a store of its own, and ask it questions; your memories are not touched."""
    questions = [Question("yours", text) for text in ask] if ask else list(QUESTIONS)
    turns = conversation()
    settings = call.settings()
    with tempfile.TemporaryDirectory(prefix="mnemon-demo-") as folder:
        path = Path(folder) / "demo.db"
        with Memory(path, project="demo", embedder=KEEP, config=settings) as memory:
            added = memory.add(turns, user_id=USER)
            answers = [memory.search(question.text, user_id=USER, limit=limit) for question in questions]
            embedder = memory.stats(user_id=USER).embedder
    data = {
        "turns": len(turns),
        "memories": len(added.memories),
        "embedder": embedder,
        "answers": [
            {"kind": question.kind, "question": question.text, "results": [hit_data(hit) for hit in found]}
            for question, found in zip(questions, answers, strict=True)
        ],
    }

    def show(screen: Screen) -> None:
        days = len({str(turn["time"])[:10] for turn in turns})
        names = sorted({str(turn["name"]) for turn in turns})
        screen.line(
            f"{len(turns)} turns of {', '.join(names)} on {days} days, stored as {len(added.memories)} memories."
        )
        screen.line(_how(embedder))
        for question, found in zip(questions, answers, strict=True):
            _show_answer(screen, question, found)
        _show_next(screen)

    return Outcome(data=data, count=len(answers), show=show)


def _how(embedder: str | None) -> str:
    if embedder is None:
        return 'Found by words alone; pip install "mnemon[local]" finds them by meaning too, still offline.'
    return f"Found by words and by meaning ({embedder})."


def _show_answer(screen: Screen, question: Question, found: SearchResult) -> None:
    screen.line()
    screen.line(f"{question.text}  ({question.kind})", "bold")
    show_hits(screen, found, ids=False)
    if question.kind == "never said":
        screen.line("Nobody said so: these are the nearest, and their scores say how near.", "dim")


def _show_next(screen: Screen) -> None:
    name = _called()
    screen.line()
    screen.line(f"Ask the demo:  {name} demo --ask 'What did Maya draw for the birthday?'", "bold")
    screen.line(f"Begin your own:  {name} add 'I moved to Lisbon in May.' --user me")
    screen.line(f"Then ask it:  {name} search 'Where do I live?' --user me")


def _called() -> str:
    """Return the command as it is to be typed here: by its path where the shell would not find this very one."""
    program = Path(sys.argv[0])
    found = shutil.which(program.name)
    if program.stem != "mnemon" or (found is not None and Path(found).resolve() == program.resolve()):
        return "mnemon"
    return os.path.relpath(program)
