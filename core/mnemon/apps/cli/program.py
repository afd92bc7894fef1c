"""The program: its commands, and its way from arguments to an exit code."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypedDict, cast

import typer

from mnemon.apps.cli.commanding import AsJson, Commands, Config, Project, Store, report
from mnemon.apps.cli.commands import (
    about,
    caring,
    demo,
    evaluating,
    moving,
    prompting,
    reading,
    removing,
    showing,
    stores,
    writing,
)
from mnemon.apps.cli.problems import WRONG, Problem, problem_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["app", "run"]


class _How(TypedDict):
    as_json: bool
    scope: Mapping[str, str]


_USAGE = cast("type[Exception]", typer.BadParameter.__bases__[0])
"""The error of wrong arguments; typer has no name of its own for it in all releases."""

app = typer.Typer(
    name="mnemon",
    help="Remember what was said, and find it again.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)


def _tell_version(wanted: bool) -> None:  # noqa: FBT001 - typer hands it over so
    if wanted:
        sys.stdout.write(f"mnemon {installed_version('mnemon')}\n")
        raise typer.Exit


@app.callback()
def _root(
    ctx: typer.Context,
    *,
    store: Store = None,
    project: Project = None,
    config: Config = None,
    as_json: AsJson = False,
    version: Annotated[
        bool, typer.Option("--version", help="Tell the version; `mnemon version` tells more.", callback=_tell_version)
    ] = False,
) -> None:
    """Remember what was said, and find it again."""
    del version
    ctx.obj = {"store": store, "project": project, "config": config, "as_json": as_json}


_commands = Commands(app)
for group in (demo, writing, reading, prompting, showing, removing, moving, stores, caring, evaluating, about):
    group.register(_commands)
_command = typer.main.get_command(app)


def run(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command; return the exit code. Without any argument it helps."""
    code = _run(arguments)
    try:
        sys.stdout.flush()
    except OSError:  # what is left in the buffer was told of, and Python would try once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _run(arguments: Sequence[str] | None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by who called, as >&- does: nobody wants to read it
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - it stays open
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError):
            stream.reconfigure(errors="backslashreplace")  # pyright: ignore[reportAttributeAccessIssue,reportUnknownMemberType] - a test's stream may have none
    try:
        code: object = _command.main(given, prog_name="mnemon", standalone_mode=False)
    except _USAGE as error:
        return _refused(given, _message(error))
    except typer.Abort:
        return report(
            _name(given), Problem("nothing was changed, as there was no answer", kind="Cancelled"), **_how(given)
        )
    except BrokenPipeError:  # whoever read the output has seen enough
        return 1
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the boundary of the process
        return report(_name(given), problem_of(error), **_how(given))
    return code if isinstance(code, int) else 0


def _message(error: Exception) -> str:
    say = getattr(error, "format_message", None)
    return str(say() if callable(say) else error)


def _refused(given: Sequence[str], message: str) -> int:
    name = _name(given)
    help_line = f"see `mnemon {name} --help`" if name else "see `mnemon --help`"
    said = " ".join(message.split()).rstrip(".")
    return report(name, Problem(f"{said}; {help_line}", code=WRONG, kind="UsageError"), **_how(given))


def _name(given: Sequence[str]) -> str | None:
    """Return the command that arguments name, where they could not be read."""
    known = {command.name for command in app.registered_commands}
    return next((word for word in given if word in known), None)


def _how(given: Sequence[str]) -> _How:
    return {"as_json": "--json" in given, "scope": {}}
