"""The page on the command line: its commands are the program's, each has an example. Run this to write it anew."""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from typer.models import ArgumentInfo, OptionInfo

from mnemon.apps.cli.program import app

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[2] / "docs/reference/cli.md"
HEAD = "## Commands\n"
FENCE = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)


def test_the_page_lists_commands_and_options_as_they_are() -> None:
    """If not: `python -m tests.apps.test_reference`."""
    text = PAGE.read_text(encoding="utf-8")

    assert text.partition(HEAD)[2] == listing()


def test_every_command_is_in_an_example_or_needs_what_the_page_has_not() -> None:
    text = "\n".join(FENCE.findall(PAGE.read_text(encoding="utf-8")))
    shown = set(re.findall(r"mnemon (\w+)", text))

    ids, elsewhere = {"get", "update", "undo", "reembed", "why-not"}, {"eval", "calibrate"}  # docs/how-to/evaluate.md
    assert {str(one.name) for one in app.registered_commands} - shown == ids | elsewhere


def listing() -> str:
    """Return the part of the page that the program writes: from the signatures of its commands."""
    lines = [line for command in app.registered_commands for line in section(str(command.name), command.callback)]
    return "\n" + "\n".join(lines)


def section(name: str, callback: Any) -> Iterator[str]:  # noqa: ANN401 - any function
    parameters = [one for one in inspect.signature(callback).parameters.values() if one.name != "ctx"]
    parts = [(one, *get_args(one.annotation)) for one in parameters]
    words = [word(one) for one, _, told in parts if isinstance(told, ArgumentInfo)]
    (command,) = [one for one in app.registered_commands if one.name == name]
    yield from (f"### `{' '.join(['mnemon', name, *words])}`", "", str(command.help), "")
    yield from ("| | meaning | default |", "| --- | --- | --- |")
    for one, kind, told in sorted(parts, key=lambda part: not isinstance(part[2], ArgumentInfo)):
        yield f"| {spelled(one, kind, told)} | {told.help} | {default(one, told)} |"
    yield ""


def word(parameter: inspect.Parameter) -> str:
    name = parameter.name.rstrip("_").upper()
    return name if parameter.default is inspect.Parameter.empty else f"[{name}]"


def spelled(parameter: inspect.Parameter, kind: object, told: ArgumentInfo | OptionInfo) -> str:
    if isinstance(told, ArgumentInfo):
        return f"`{word(parameter).strip('[]')}`"
    takes = "" if bool in {kind, *get_args(kind)} else f" {told.metavar or names_of(kind)}"
    names = [name for given in (told.default, *(told.param_decls or ())) for name in str(given).split("/")]
    return ", ".join(f"`{name}{takes}`" for name in names)


def names_of(kind: object) -> str:
    kinds = {kind, *get_args(kind)}
    return "NUMBER" if kinds & {int, float} else "TEXT"


def default(parameter: inspect.Parameter, told: ArgumentInfo | OptionInfo) -> str:
    if isinstance(told.show_default, str):
        return told.show_default
    value = parameter.default
    return "" if value in {None, inspect.Parameter.empty} or isinstance(value, bool) else f"`{value}`"


if __name__ == "__main__":
    before, _, _ = PAGE.read_text(encoding="utf-8").partition(HEAD)
    PAGE.write_text(before + HEAD + listing(), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE}\n")
