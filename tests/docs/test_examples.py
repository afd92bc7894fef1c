"""Every file in examples/ runs offline and prints what its docstring says."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

FOLDER = Path(__file__).parents[2] / "examples"
CHAT = FOLDER / "chat_with_memory.py"
OFFLINE = """
import runpy, sys


def refuse(event, _):
    if event in {"socket.connect", "socket.getaddrinfo", "urllib.Request"}:
        raise PermissionError(f"the example asked for the network: {event}")


sys.addaudithook(refuse)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def run(example: Path, *arguments: str, said: str, folder: Path) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MNEMON_")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", OFFLINE, str(example), *arguments],
        input=said,
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**kept, "MNEMON_HOME": str(folder)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def promised(example: Path) -> str:
    docstring = ast.get_docstring(ast.parse(example.read_text(encoding="utf-8"))) or ""
    return dedent(docstring.partition("Prints:\n")[2]).strip()


def test_the_network_is_refused(tmp_path: Path) -> None:
    asking = tmp_path / "asking.py"
    asking.write_text("import socket\nsocket.create_connection(('127.0.0.1', 9))\n", encoding="utf-8")

    with pytest.raises(AssertionError, match="asked for the network"):
        run(asking, said="", folder=tmp_path)


@pytest.mark.parametrize("example", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_an_example_prints_what_it_promises(example: Path, tmp_path: Path) -> None:
    printed = run(example, said="", folder=tmp_path)

    assert printed.strip() == promised(example)


def test_the_chat_remembers_from_one_run_to_the_next_and_for_each_person(tmp_path: Path) -> None:
    first = run(CHAT, "ana", said="I am allergic to peanuts.\n", folder=tmp_path)
    second = run(CHAT, "ana", said="Am I allergic to something?\n", folder=tmp_path)
    other = run(CHAT, "ben", said="Am I allergic to something?\n", folder=tmp_path)

    assert first == "I will remember that.\n"
    assert second == "I remember: I am allergic to peanuts.\n"
    assert other == "I do not know that.\n"
