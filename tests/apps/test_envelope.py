"""What programs rely on: one JSON object, exit codes, errors in one line, nothing destroyed unasked."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING, cast

import pytest

from mnemon.apps.cli.program import app
from mnemon.memory import Memory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.apps.conftest import Ran

KEYS = ["status", "command", "scope", "count", "data", "error"]
WRONG = [
    (["search", "tea"], "ScopeError"),
    (["search", " ", "--user", "ana"], "InvalidInputError"),
    (["search", "tea", "--user", "ana", "--limit", "0"], "InvalidInputError"),
    (["search", "tea", "--user", "ana", "--filter", "{"], "UsageError"),
    (["search", "tea", "--user", "ana", "--filter", '{"AND": 5}'], "InvalidFilterError"),
    (["search", "tea", "--user", " "], "ScopeError"),
    (["list"], "ScopeError"),
    (["history"], "ScopeError"),
    (["add", "tea", "--user", "ana", "--metadata", "[1]"], "UsageError"),
    (["add", "tea", "--user", "ana", "--time", "yesterday"], "InvalidInputError"),
    (["add", "tea", "--user", "ana", "--kind", "poem"], "InvalidInputError"),
    (["add", "", "--user", "ana"], "InvalidInputError"),
    (["list", "--user", "ana", "--no-such-option"], "UsageError"),
    (["list", "--user", "ana", "--limit", "x"], "UsageError"),
    (["get"], "UsageError"),
    (["delete", "--user", "ana"], "UsageError"),
    (["delete", "some-id", "--all"], "UsageError"),
    (["import", "x.json", "--format", "xml"], "UsageError"),
    (["purge", "--retention-days", "-1", "--yes"], "UsageError"),
    (["stats", "--config", "missing.toml"], "ConfigError"),
    (["stats", "--store", "redis://x"], "ConfigError"),
    (["forget", "--user", "ana"], "NeedsConfirmation"),
    (["purge"], "NeedsConfirmation"),
    (["export"], "UsageError"),
    (["nonsense"], "UsageError"),
]
FAILED = [
    (["get", "no-such-id"], "NotFoundError"),
    (["undo", "no-such-id"], "NotFoundError"),
    (["list", "--user", "ana", "--store", "missing.db"], "NotFoundError"),
    (["stats", "--store", "weaviate://127.0.0.1:1?timeout_s=1"], "StoreUnavailableError"),
    (["import", "missing.json"], "OSError"),
    (["add", "--file", "missing.txt", "--user", "ana"], "OSError"),
]


@pytest.mark.parametrize(("arguments", "kind"), WRONG)
def test_what_is_asked_in_a_wrong_way_ends_with_2(cli: Callable[..., Ran], arguments: list[str], kind: str) -> None:
    ran = cli(*arguments, "--json")

    assert (ran.code, list(ran.answer), ran.err) == (2, KEYS, "")
    assert (ran.answer["status"], ran.answer["data"]) == ("error", None)
    assert (ran.answer["error"]["type"], ran.answer["error"]["exit_code"]) == (kind, 2)


@pytest.mark.parametrize(("arguments", "kind"), FAILED)
def test_what_cannot_be_done_ends_with_1(cli: Callable[..., Ran], arguments: list[str], kind: str) -> None:
    ran = cli(*arguments, "--json")

    assert (ran.code, list(ran.answer), ran.err) == (1, KEYS, "")
    assert (ran.answer["error"]["type"], ran.answer["error"]["exit_code"]) == (kind, 1)


@pytest.mark.parametrize("arguments", [arguments for arguments, _ in WRONG + FAILED if arguments != ["export"]])
def test_for_people_an_error_is_one_line_on_stderr(cli: Callable[..., Ran], arguments: list[str]) -> None:
    ran = cli(*arguments)

    assert ran.out == ""
    assert ran.err.startswith("mnemon: ")
    assert ran.err.count("\n") == 1
    assert "Traceback" not in ran.err


def test_what_is_no_command_is_named_in_no_error(cli: Callable[..., Ran]) -> None:
    """Errors of the engine name its methods; here they are commands."""
    said = [cli(*arguments).err for arguments, kind in WRONG if kind in {"ScopeError", "InvalidInputError"}]

    assert not [line for line in said if "get_all" in line or "operations(" in line or "_id=" in line]


def test_the_envelope_of_success_has_the_same_keys(cli: Callable[..., Ran]) -> None:
    ran = cli("add", "Tea at five.", "--user", "ana", "--json")

    assert (ran.code, ran.err, ran.out.count("\n")) == (0, "", 1)
    assert list(ran.answer) == KEYS
    assert (ran.answer["command"], ran.answer["scope"], ran.answer["count"]) == ("add", {"user_id": "ana"}, 1)


def test_json_may_stand_before_the_command(cli: Callable[..., Ran]) -> None:
    assert cli("--json", "stats").answer["command"] == "stats"


def test_a_fault_of_our_own_is_one_line_without_anybodys_text(
    cli: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        msg = "a secret of the user"
        raise KeyError(msg)

    monkeypatch.setattr(Memory, "search", fail)

    ran = cli("search", "tea", "--user", "ana")

    assert ran.code == 1
    assert ran.err.startswith("mnemon: KeyError at test_envelope.py:")
    assert ran.err.count("\n") == 1
    assert "secret" not in ran.err


def test_an_interruption_says_how_to_go_on(cli: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Memory, "search", interrupt)

    ran = cli("search", "tea", "--user", "ana", "--json")

    assert (ran.code, ran.answer["error"]["type"]) == (1, "Interrupted")


@pytest.mark.parametrize("variable", ["MNEMON_USER_ID", "MNEMON_AGENT_ID", "MNEMON_APP_ID", "MNEMON_RUN_ID"])
def test_an_empty_variable_never_widens_the_scope(
    cli: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "")

    ran = cli("delete", "--all", "--filter", "{}", "--yes", "--json")

    assert (ran.code, ran.answer["error"]["type"]) == (2, "ConfigError")


@pytest.mark.parametrize(
    "command", [["list"], ["search", "tea"], ["context", "tea"], ["history"], ["why-not", "tea", "x"]]
)
def test_everywhere_and_a_scope_exclude_each_other(
    cli: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv("MNEMON_RUN_ID", "monday")

    ran = cli(*command, "--everywhere", "--user", "ana", "--json")

    assert (ran.code, ran.answer["error"]["type"]) == (2, "ScopeError")
    assert "they exclude each other" in ran.answer["error"]["message"]
    assert ran.answer["error"]["message"].endswith("leave out --everywhere, or --user and the variable MNEMON_RUN_ID")


@pytest.mark.parametrize("store", [":memory:", "memory:"])
@pytest.mark.parametrize("named", ["by an option", "by a variable"])
@pytest.mark.parametrize(
    "command",
    [["add", "tea", "--user", "ana"], ["setup"], ["purge", "--yes"], ["import", "x.json"], ["stats"]],
    ids=lambda command: command[0],
)
def test_a_store_of_which_nothing_remains_is_refused(
    cli: Callable[..., Ran], folder: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], named: str, store: str
) -> None:
    (folder / "x.json").write_text('[{"memory": "tea", "user_id": "ana"}]', encoding="utf-8")
    if named == "by a variable":
        monkeypatch.setenv("MNEMON_STORE", store)

    ran = cli(*command, *(["--store", store] if named == "by an option" else []), "--json")

    assert (ran.code, ran.answer["error"]["type"]) == (2, "StoreInMemory")
    assert "name a file with --store or MNEMON_STORE" in ran.answer["error"]["message"]


@pytest.mark.parametrize(("source", "target"), [(":memory:", "b.db"), ("a.db", ":memory:")])
def test_nothing_is_copied_into_or_out_of_memory(cli: Callable[..., Ran], source: str, target: str) -> None:
    cli("add", "tea", "--user", "ana", "--store", "a.db")

    ran = cli("copy", "--from", source, "--to", target, "--json")

    assert (ran.code, ran.answer["error"]["type"]) == (2, "StoreInMemory")


def test_the_demo_needs_no_store_that_remains(cli: Callable[..., Ran]) -> None:
    assert cli("demo", "--store", ":memory:", "--limit", "1").code == 0


@pytest.mark.parametrize("option", ["--store", "--project", "--config"])
@pytest.mark.parametrize("first", [False, True], ids=["behind", "before"])
def test_an_empty_option_never_means_what_others_share(cli: Callable[..., Ran], option: str, *, first: bool) -> None:
    cli("add", "Ana likes tea.", "--user", "ana")
    command, empty = ["delete", "--all", "--user", "ana", "--yes", "--json"], [option, ""]

    ran = cli(*empty, *command) if first else cli(*command, *empty)

    assert (ran.code, ran.answer["error"]["type"]) == (2, "ConfigError")
    assert cli("stats", "--json").data["memories"] == 1


@pytest.mark.parametrize(
    "command",
    [["delete", "ID"], ["delete", "--all", "--user", "ana"], ["forget", "--user", "ana"], ["purge"], ["export", "x"]],
)
def test_nothing_is_destroyed_where_nobody_can_answer(
    cli: Callable[..., Ran], folder: Path, command: list[str]
) -> None:
    memory_id = cli("add", "Tea at five.", "--user", "ana", "--json").data["results"][0]["id"]
    (folder / "x").write_text("precious", encoding="utf-8")

    ran = cli(*[memory_id if part == "ID" else part for part in command])

    assert ran.code == 2
    assert "--yes" in ran.err
    assert cli("stats", "--json").data["memories"] == 1
    assert (folder / "x").read_text(encoding="utf-8") == "precious"


def test_every_command_has_the_options_that_all_share(cli: Callable[..., Ran]) -> None:
    for command in app.registered_commands:
        said = cli(str(command.name), "--help").out

        assert all(option in said for option in ("--store", "--project", "--config", "--json")), command.name


def test_the_commands_are_those_that_were_promised() -> None:
    promised = (
        "demo add search list get update delete forget history undo import export stats scopes reembed backup copy "
        "setup purge show doctor config version context why-not eval calibrate"
    )

    assert {command.name for command in app.registered_commands} == set(promised.split())


def test_json_is_ascii_where_the_stream_is(cli: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    cli("add", "Tschüß", "--user", "ana")
    monkeypatch.setattr(cast("object", type(sys.stdout)), "encoding", "ascii", raising=False)

    ran = cli("search", "Tschüß", "--user", "ana", "--json")

    assert ran.out.isascii()
    assert json.loads(ran.out)["data"]["results"][0]["memory"] == "Tschüß"


def test_reading_loads_no_embedder(cli: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    cli("add", "Tea at five.", "--user", "ana")
    monkeypatch.setenv("MNEMON_EMBEDDER", "openai-compatible")  # without a model: choosing it is an error

    assert cli("list", "--user", "ana").code == 0
    assert cli("search", "tea", "--user", "ana").code == 2


def test_without_arguments_it_helps(cli: Callable[..., Ran]) -> None:
    ran, helped = cli(), cli("--help")

    assert (ran.code, ran.err) == (0, "")
    assert ran.out == helped.out
    assert "search" in ran.out


def test_the_list_of_commands_has_one_line_of_thought_for_each(cli: Callable[..., Ran]) -> None:
    said = cli("--help").out.partition("Commands:\n")[2]

    assert "With --data" not in said
    assert [line for line in said.rstrip("\n").split("\n") if not line.strip()] == []


@pytest.mark.parametrize("width", [80, 120])
def test_help_is_as_wide_as_the_terminal_and_no_wider(
    cli: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))

    said = [cli(*command, "--help").out for command in ([], *([str(one.name)] for one in app.registered_commands))]

    widest = max(len(line) for text in said for line in text.splitlines())
    assert width - 10 < widest <= width


def test_it_tells_its_version(cli: Callable[..., Ran]) -> None:
    assert cli("--version").out == f"mnemon {version('mnemon')}\n"


def test_the_package_is_the_command_too() -> None:
    done = subprocess.run([sys.executable, "-m", "mnemon", "--version"], capture_output=True, text=True, check=True)

    assert done.stdout == f"mnemon {version('mnemon')}\n"
