"""A page to look at."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mnemon.apps.cli.call import Call
from mnemon.apps.cli.commands.inputs import Yes
from mnemon.apps.cli.outcome import Outcome
from mnemon.apps.cli.problems import WRONG, Problem
from mnemon.apps.cli.screen import as_file
from mnemon.types.scope import SCOPE_FIELDS
from mnemon.wrappers.files import whole_file

if TYPE_CHECKING:
    from mnemon.apps.cli.commanding import Commands

__all__ = ["register"]


def register(commands: Commands) -> None:
    """Add this command to the program."""
    commands.command("show")(show)


def show(
    call: Call,
    *,
    query: Annotated[
        list[str] | None,
        typer.Option(
            "--query", "-q", help="What a search for this finds, and why; may be given several times.", metavar="TEXT"
        ),
    ] = None,
    output: Annotated[
        str, typer.Option("--output", "-o", help="The file; - is stdout.", metavar="PATH")
    ] = "memories.html",
    found: Annotated[int, typer.Option("--found", help="How many memories each search finds at most.", min=1)] = 10,
    limit: Annotated[
        int, typer.Option("--limit", "-n", help="How many turns and memories at most, the newest.", min=1)
    ] = 500,
    yes: Yes = False,
) -> Outcome:
    """Write a page of HTML: turns and memories in order of time, versions, what searches find and why."""
    from mnemon.apps.cli.page import page_of  # noqa: PLC0415 - it loads the library of templates, which no other needs
    from mnemon.apps.cli.page.drawing import MARK  # noqa: PLC0415 - the same

    if output == "-" and call.json:
        msg = "the answer of --json and the page cannot both go to stdout; give --output the path of a file"
        raise Problem(msg, code=WRONG, kind="UsageError")
    queries = query or []
    with call.memory(embeds=bool(queries), bound=False) as memory:
        user, agent, app, run = (call.scope.get(name) for name in SCOPE_FIELDS)
        page = page_of(
            memory, user_id=user, agent_id=agent, app_id=app, run_id=run, queries=queries, found=found, limit=limit
        )
    if output == "-":
        return Outcome(data=None, show=lambda _: (as_file(sys.stdout).write(page), None)[1])
    path = Path(output)
    if path.is_file() and not _is_ours(path, MARK):
        call.confirm(f"replace {output}, which is no page of mnemon?", yes=yes)
    with whole_file(path) as file:
        file.write(page)
    data = {"path": str(path.absolute()), "bytes": len(page.encode()), "queries": len(queries)}
    return Outcome(data=data, show=lambda screen: screen.line(f"wrote {path.absolute().as_uri()}"))


def _is_ours(path: Path, mark: str) -> bool:
    """Tell whether a file is a page that may be written anew."""
    with path.open("rb") as file:
        return mark.encode() in file.read(200)
