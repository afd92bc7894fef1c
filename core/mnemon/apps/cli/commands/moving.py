"""Import and export."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from mnemon.apps.cli.call import Call
from mnemon.apps.cli.commands.inputs import Yes
from mnemon.apps.cli.importing import Report, import_source
from mnemon.apps.cli.outcome import Outcome
from mnemon.apps.cli.problems import WRONG, Problem, problem_of
from mnemon.apps.cli.screen import as_file, progress_bar
from mnemon.apps.cli.sources import FORMATS, open_source
from mnemon.protocols.clock import system_clock

if TYPE_CHECKING:
    from mnemon.apps.cli.commanding import Commands
    from mnemon.apps.cli.screen import Screen
    from mnemon.apps.cli.sources import Format

__all__ = ["register"]


def register(commands: Commands) -> None:
    """Add these commands to the program."""
    commands.command("import")(import_)
    commands.command("export")(export)


def import_(
    call: Call,
    *,
    source: Annotated[str, typer.Argument(help="The file; - is stdin.")],
    format_: Annotated[
        str, typer.Option("--format", help="mnemon, mem0, chat or chatgpt; auto finds out.", metavar="NAME")
    ] = "auto",
) -> Outcome:
    """Import memories or conversations of another program; a second import of the same adds nothing."""
    if format_ not in {"auto", *FORMATS}:
        msg = f"--format takes auto, {', '.join(FORMATS)}"
        raise Problem(msg, code=WRONG, kind="UsageError")
    wanted = None if format_ == "auto" else cast("Format", format_)
    language = call.settings().language
    with (
        open_source(source, wanted) as opened,
        call.memory(creates=True, bound=False) as memory,
        progress_bar("importing", "bytes") as progress,
    ):
        opened.progress = progress
        report = Report(opened.format)
        try:
            import_source(memory, opened, report, scope=call.scope, now=system_clock(), language=language)
        except (Exception, KeyboardInterrupt) as error:
            if not report.items:
                raise
            problem = problem_of(error)
            problem.so_far = _outcome(report)
            raise problem from None
    return _outcome(report)


def _outcome(report: Report) -> Outcome:
    return Outcome(data=report.to_dict(), count=report.memories, show=lambda screen: _show_report(screen, report))


def _show_report(screen: Screen, report: Report) -> None:
    pairs = [("format", report.format), ("memories added", str(report.memories)), ("there already", str(report.there))]
    pairs += [(f"{name} added", str(count)) for name, count in report.other.items()]
    if report.logged:
        pairs.append(("kept in the log only", str(report.logged)))
    if report.waiting:
        pairs.append(("without a vector, for `mnemon reembed`", str(report.waiting)))
    screen.pairs(pairs)
    for skipped in (True, False):
        for reason in report.tally.reasons(skipped=skipped):
            places = cast("list[str]", reason["places"])
            more = "" if len(places) == reason["count"] else ", ..."
            word = "skipped" if skipped else "assumed"
            screen.line(f"{word} {reason['count']}: {reason['reason']} ({', '.join(places)}{more})", "yellow")


def export(
    call: Call,
    *,
    path: Annotated[str, typer.Argument(help="The file; - is stdout.")] = "-",
    yes: Yes = False,
) -> Outcome:
    """Write memories with all versions, messages and operations as JSON Lines that `import` reads."""
    if path == "-":
        if call.json:
            msg = "the answer of --json and the export cannot both go to stdout; give the path of a file"
            raise Problem(msg, code=WRONG, kind="UsageError")
        with call.memory(embeds=False) as memory:
            memory.export(as_file(sys.stdout))
        return Outcome(data=None, show=lambda _: None)
    with call.memory(embeds=False) as memory:
        if Path(path).is_file():
            call.confirm(f"replace {path}?", yes=yes)
        with progress_bar("exporting", "rows") as progress:
            done = memory.export(path, progress=progress)
    total = sum(done.rows.values())
    pairs = [(name, str(count)) for name, count in done.rows.items()]
    return Outcome(data={"path": path, **done.to_dict()}, count=total, show=lambda screen: screen.pairs(pairs))
