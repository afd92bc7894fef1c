"""What people see: the real command, at a terminal and through a pipe."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mnemon.apps.cli import main
from mnemon.apps.cli.screen import clean

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.apps.conftest import Ran

pty = pytest.importorskip("pty")

COMMAND = [sys.executable, "-m", "mnemon.apps.cli"]
HOSTILE = [
    "\x1b]0;owned\x07\x1b[31mred\x1b[2J",
    "line\r\nover\x08written",
    "[bold red]markup[/] :smile: [link=http://x]here[/link]",
    "right-to-left \u202egnp.exe and \u2066isolate",
    "tab\tand nul\x00 and del\x7f and csi\x9b31m",
    "<script>alert(1)</script>",
]


def at_terminal(*arguments: str, answer: str = "", **environment: str) -> tuple[int, str]:
    """Run the command with a terminal for all three streams; return its exit code and what was seen."""
    master, terminal = pty.openpty()
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "PYTHONIOENCODING": "utf-8", **environment}
    process = subprocess.Popen([*COMMAND, *arguments], stdin=terminal, stdout=terminal, stderr=terminal, env=env)
    os.close(terminal)
    seen = bytearray()

    def read() -> None:
        while True:
            try:
                seen.extend(os.read(master, 65_536))
            except OSError:
                return

    reader = threading.Thread(target=read)
    reader.start()
    os.write(master, answer.encode())
    code = process.wait()
    reader.join()
    os.close(master)
    return code, seen.decode()


def test_the_script_of_the_package_is_this_program() -> None:
    (script,) = entry_points(group="console_scripts", name="mnemon")

    assert script.load() is main


def test_at_a_terminal_there_are_colours_and_a_head(cli: Callable[..., Ran]) -> None:
    cli("add", "Tea at five.", "--user", "ana")

    code, seen = at_terminal("search", "tea", "--user", "ana")

    assert code == 0
    assert "\x1b[" in seen
    assert all(word in seen for word in ("score", "speaker", "Tea at five."))


def test_no_color_leaves_the_table_and_takes_the_colours(cli: Callable[..., Ran]) -> None:
    cli("add", "Tea at five.", "--user", "ana")

    _, seen = at_terminal("search", "tea", "--user", "ana", NO_COLOR="1")

    assert "\x1b[" not in seen
    assert "speaker" in seen


def test_through_a_pipe_it_is_plain_lines(cli: Callable[..., Ran]) -> None:
    cli("add", "Tea at five.", "--user", "ana")

    done = subprocess.run([*COMMAND, "search", "tea", "--user", "ana"], capture_output=True, text=True, check=True)

    (line,) = done.stdout.splitlines()
    assert line.split("\t")[2:4] == ["user", "Tea at five."]
    assert done.stderr == ""


def test_through_a_pipe_what_was_added_is_told_with_its_id(cli: Callable[..., Ran]) -> None:
    ran = cli("add", "Tea at five.", "--user", "ana")

    (listed,) = cli("list", "--user", "ana", "--json").data["results"]
    assert ran.rows == [["added", listed["id"]]]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_file_through_a_pipe_is_utf_8_whatever_the_locale_says(
    cli: Callable[..., Ran], folder: Path, encoding: str
) -> None:
    cli("add", "Käse für José", "--user", "ana")
    environment = {**os.environ, "PYTHONIOENCODING": encoding}

    export, page = (
        subprocess.run([*COMMAND, *words], capture_output=True, check=True, env=environment).stdout
        for words in (["export"], ["show", "--user", "ana", "--output", "-"])
    )

    assert "Käse für José" in export.decode()
    assert "Käse für José" in page.decode()
    assert cli("import", "-", "--store", "other.db", "--json", stdin=export).data["memories"] == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is full")
@pytest.mark.parametrize("words", [["list"], ["list", "--json"], ["export"]])
def test_a_full_disk_behind_stdout_is_one_line_on_stderr(cli: Callable[..., Ran], words: list[str]) -> None:
    cli("add", "Tea at five.", "--user", "ana")

    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [*COMMAND, *words, "--user", "ana"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env=buffered,
        )

    assert done.returncode == 1
    assert done.stderr.splitlines() == ["mnemon: No space left on device; check the path and its permissions"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is full")
def test_what_went_wrong_is_told_where_stdout_takes_no_report(folder: Path) -> None:
    cut = folder / "cut.json"
    cut.write_text(json.dumps([{"role": "user", "content": f"tea {number}"} for number in range(9)])[:-9])

    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [*COMMAND, "import", str(cut), "--user", "ana"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )

    assert done.returncode == 1
    assert "is not JSON somewhere before byte" in done.stderr


def test_a_closed_stdout_is_nobody_who_reads(cli: Callable[..., Ran]) -> None:
    words = " ".join([*COMMAND, "add", "tea", "--user", "ana"])

    done = subprocess.run(["/bin/sh", "-c", f"{words} >&-"], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert len(cli("list", "--user", "ana", "--json").data["results"]) == 1


@pytest.mark.parametrize(("answer", "code", "left"), [("y\n", 0, 0), ("n\n", 1, 1), ("\n", 1, 1), ("\x04", 1, 1)])
def test_at_a_terminal_it_asks_before_it_deletes(cli: Callable[..., Ran], answer: str, code: int, left: int) -> None:
    cli("add", "Tea at five.", "--user", "ana")

    ended, seen = at_terminal("delete", "--all", "--user", "ana", answer=answer)

    assert "delete 1 memories of user_id='ana'?" in seen
    assert (ended, cli("stats", "--json").data["memories"]) == (code, left)
    assert "Traceback" not in seen


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_shown_and_never_obeyed(cli: Callable[..., Ran], text: str) -> None:
    memory_id = cli("add", "-", "--user", "ana", "--name", "An\x1b[5ma", "--json", stdin=text.encode()).data["results"][
        0
    ]["id"]

    outputs = [cli("list", "--user", "ana").out, cli("get", memory_id).out, cli("history", memory_id).out]
    _, seen = at_terminal("list", "--user", "ana", NO_COLOR="1")

    for output in [*outputs, seen.replace("\r\n", "\n")]:
        assert not [char for char in output.replace("\t", "").replace("\n", "") if not char.isprintable()]
    assert len(outputs[0].splitlines()) == 1
    assert outputs[0].split("\t")[2] == clean(text)


def test_a_program_gets_a_hostile_text_exactly(cli: Callable[..., Ran]) -> None:
    for text in HOSTILE:
        cli("add", "-", "--user", "ana", "--run", str(HOSTILE.index(text)), stdin=text.encode())

    found = cli("list", "--user", "ana", "--json").data["results"]

    assert {one["memory"] for one in found} == set(HOSTILE)


def test_an_argument_that_is_no_text_is_refused_in_one_line(folder: Path) -> None:
    command = [*map(os.fsencode, COMMAND), b"add", b"bad \xff byte", b"--user", b"ana", b"--json"]

    done = subprocess.run(command, capture_output=True, check=False)

    assert (done.returncode, done.stderr) == (2, b"")
    assert b"lone surrogate" in done.stdout


def test_a_reader_that_stops_early_is_no_error(cli: Callable[..., Ran]) -> None:
    for number in range(50):
        cli("add", f"{number} " + "long " * 1_000, "--user", "ana", "--run", str(number))
    listing = subprocess.Popen([*COMMAND, "list", "--user", "ana"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert listing.stdout is not None
    listing.stdout.read(10)
    listing.stdout.close()

    assert listing.stderr is not None
    said = listing.stderr.read()
    listing.stderr.close()

    assert (listing.wait(), said) == (1, b"")


def test_a_shell_completes_commands(folder: Path) -> None:
    env = {**os.environ, "_MNEMON_COMPLETE": "complete_bash", "COMP_WORDS": "mnemon sea", "COMP_CWORD": "1"}

    done = subprocess.run(COMMAND, capture_output=True, text=True, check=False, env=env)

    assert done.stdout.split() == ["search"]


def test_without_its_extra_the_command_names_the_pip_line(folder: Path) -> None:
    code = "import sys; sys.modules['typer'] = None; from mnemon.apps.cli import main; sys.exit(main(['stats']))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == 'mnemon: the command line is not installed; run: pip install "mnemon[cli]"\n'
