"""Commands of pages: what a page tells to type is done, in this process, so that a page of them takes seconds."""

from __future__ import annotations

import io
import os
import re
import shlex
import sys
from contextlib import redirect_stderr, redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

from mnemon.apps.cli import main

if TYPE_CHECKING:
    from sybil import Example

__all__ = ["LANGUAGES", "commands", "run_commands"]

LANGUAGES = ("sh", "bash", "console")
NEEDED = ("typer", "rich", "ijson", "jinja2")
"""What `mnemon` needs: where the package alone is tested, its commands are left out."""
CALL = re.compile(r"(?:^|\| )(?:\.venv/bin/)?mnemon ")


def commands(block: str) -> list[str]:
    """Return the commands of a block that call mnemon; what installs or builds something is left out."""
    lines = block.replace("\\\n", " ").splitlines()
    typed = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")] or lines
    parts = [part for line in typed for part in line.split(" && ")]
    return [part.replace(".venv/bin/mnemon", "mnemon") for part in parts if CALL.search(part)]


def run_commands(example: Example) -> None:
    """Run the commands of a block in this folder; each must succeed."""
    if any(find_spec(name) is None for name in NEEDED):
        return
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MNEMON_")}
    with patch.dict(os.environ, {**kept, "MNEMON_HOME": str(Path.cwd() / ".home")}, clear=True):
        for command in commands(str(example.parsed)):
            code, said = run(command)
            assert code == 0, (command, said)


def run(command: str) -> tuple[int, str]:
    """Run a command as a shell does: with `echo` before it, or a file before or after it."""
    reader = shlex.shlex(command, posix=True, punctuation_chars="|<>&;()")
    reader.whitespace_split = True
    words = list(reader)
    source, target = b"", None
    if words[0] == "echo" and words[2:4] == ["|", "mnemon"]:
        source, words = words[1].encode() + b"\n", words[3:]
    if words[-2] == "<":
        source, words = Path(words[-1]).read_bytes(), words[:-2]
    elif words[-2] == ">":
        target, words = Path(words[-1]), words[:-2]
    assert words[0] == "mnemon", command
    assert not set(words) & set("|<>&;()"), f"nobody taught the tests what a shell does with {command}"
    out, err = io.StringIO(), io.StringIO()
    stdin = io.TextIOWrapper(io.BytesIO(source), encoding="utf-8")
    with redirect_stdout(out), redirect_stderr(err), patch.object(sys, "stdin", stdin):
        code = main(words[1:])
    if target is not None:
        target.write_text(out.getvalue(), encoding="utf-8")
    return code, out.getvalue() + err.getvalue()
