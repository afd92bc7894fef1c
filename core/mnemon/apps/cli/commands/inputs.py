"""What commands read: texts from an argument, a file or stdin; JSON; times."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Annotated, cast

import typer

from mnemon.apps.cli.problems import WRONG, Problem

__all__ = [
    "AsOf",
    "Categories",
    "Dry",
    "Everywhere",
    "Expired",
    "File",
    "Filter",
    "Kinds",
    "Limit",
    "Metadata",
    "Threshold",
    "Yes",
    "json_object",
    "listed",
    "read_text",
    "time_of",
]

File = Annotated[
    str | None, typer.Option("--file", "-f", help="Read the text from a file; - is stdin.", metavar="PATH")
]
Filter = Annotated[str | None, typer.Option("--filter", help="Which of them, as JSON.", metavar="JSON")]
Limit = Annotated[int, typer.Option("--limit", "-n", help="How many at most, up to 1,000.")]
Metadata = Annotated[
    str | None, typer.Option("--metadata", "-m", help="Data of yours, as a JSON object.", metavar="JSON")
]
Categories = Annotated[
    list[str] | None, typer.Option("--category", "-c", help="A label; may be given several times.", metavar="NAME")
]
Kinds = Annotated[
    list[str] | None,
    typer.Option(
        "--kind", help="Only episodic, semantic, procedural or summary; may be given several times.", metavar="KIND"
    ),
]
AsOf = Annotated[
    str | None, typer.Option("--as-of", help="As of then: ISO 8601 with a zone, or epoch seconds.", metavar="TIME")
]
Expired = Annotated[bool, typer.Option("--include-expired", help="What has expired too.")]
Threshold = Annotated[float | None, typer.Option("--threshold", help="The least score, from 0 to 1.")]
Everywhere = Annotated[bool, typer.Option("--everywhere", help="In the whole project, without any scope.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Dry = Annotated[bool, typer.Option("--dry-run", help="Only count.")]

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def read_text(argument: str | None, file: str | None, *, what: str) -> str:
    """Return the text of a command: of its argument, of a file, or of stdin where that is no terminal.

    Raises:
        Problem: there is none, or two.
    """
    if argument is not None and file is not None:
        msg = f"the {what} is given twice, as an argument and with --file; leave one out"
        raise Problem(msg, code=WRONG, kind="UsageError")
    if argument is not None and argument != "-":
        return argument
    if file is not None and file != "-":
        return _decoded(Path(file).read_bytes(), file)
    if argument is None and file is None and sys.stdin.isatty():
        msg = f"there is no {what}; give it as an argument, with --file PATH, or through a pipe"
        raise Problem(msg, code=WRONG, kind="UsageError")
    return _decoded(sys.stdin.buffer.read(), "stdin")


def _decoded(data: bytes, name: str) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place, reason = error.start, error.reason
    else:
        return text.removesuffix("\n").removesuffix("\r")
    msg = f"{name} is not UTF-8 at byte {place} ({reason}); convert it first"
    raise Problem(msg, code=WRONG, kind="InvalidInputError")


def json_object(text: str | None, option: str) -> dict[str, object] | None:
    """Return the object of an option that takes JSON; None where it is not given."""
    if text is None:
        return None
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        msg = f"""{option} takes a JSON object, such as '{{"topic": "travel"}}'; mind the quotes of your shell"""
        raise Problem(msg, code=WRONG, kind="UsageError")
    return cast("dict[str, object]", value)


def time_of(text: str | None) -> str | float | None:
    """Return a time as the engine takes it: digits are seconds since 1970."""
    return text if text is None or not _NUMBER.fullmatch(text) else float(text)


def listed(values: list[str] | None) -> list[str] | None:
    """Return what was given several times, or None where it never was."""
    return values or None
