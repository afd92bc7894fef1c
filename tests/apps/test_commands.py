from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.apps.conftest import Ran


def test_what_was_added_is_found_with_score_speaker_and_date(cli: Callable[..., Ran]) -> None:
    cli("add", "I moved to Lisbon in May.", "--user", "ana", "--name", "Ana", "--time", "2026-05-08T13:56:00Z")

    (row,) = cli("search", "Lisbon", "--user", "ana").rows

    assert 0 < float(row[0]) < 1
    assert row[1:4] == ["2026-05-08T13:56:00+00:00", "Ana", "I moved to Lisbon in May."]


@pytest.mark.parametrize("way", ["argument", "file", "stdin", "dash", "file dash"])
def test_a_text_comes_from_an_argument_a_file_or_stdin(cli: Callable[..., Ran], folder: Path, way: str) -> None:
    (folder / "note.txt").write_text("first line\nsecond line\n", encoding="utf-8")
    arguments, stdin = {
        "argument": (["first line\nsecond line"], b""),
        "file": (["--file", "note.txt"], b""),
        "stdin": ([], b"first line\nsecond line\n"),
        "dash": (["-"], b"first line\nsecond line\n"),
        "file dash": (["--file", "-"], b"first line\r\nsecond line\r\n".replace(b"\r\ns", b"\ns")),
    }[way]

    data = cli("add", *arguments, "--user", "ana", "--json", stdin=stdin).data

    assert data["results"][0]["memory"] == "first line\nsecond line"


def test_a_text_that_is_given_twice_is_refused(cli: Callable[..., Ran]) -> None:
    ran = cli("add", "text", "--file", "note.txt", "--user", "ana")

    assert (ran.code, ran.out) == (2, "")
    assert "leave one out" in ran.err


def test_options_of_add_are_kept(cli: Callable[..., Ran]) -> None:
    metadata = {"topic": "tea", "cups": 3}
    added = cli(
        *(
            "add",
            "Tea is at five.",
            "--user",
            "ana",
            "--agent",
            "butler",
            "--kind",
            "semantic",
            "-c",
            "food",
            "-c",
            "home",
        ),
        *("--metadata", json.dumps(metadata), "--expires", "2126-01-01T00:00:00Z", "--pinned", "--json"),
    ).data["results"][0]["id"]

    data = cli("get", added, "--json").data

    assert (data["user_id"], data["agent_id"], data["kind"]) == ("ana", "butler", "semantic")
    assert (data["metadata"], data["categories"], data["pinned"]) == (metadata, ["food", "home"], True)
    assert data["expires_at"] == "2126-01-01T00:00:00+00:00"


def test_a_key_makes_adding_twice_adding_once(cli: Callable[..., Ran]) -> None:
    for _ in range(2):
        cli("add", "Tea is at five.", "--user", "ana", "--key", "k1")

    assert cli("stats", "--json").data["memories"] == 1


def test_an_update_makes_a_version_that_history_shows_and_undo_takes_back(cli: Callable[..., Ran]) -> None:
    memory_id = cli("add", "I live in Porto.", "--user", "ana", "--json").data["results"][0]["id"]
    cli("update", memory_id, "I live in Lisbon.", "-c", "home")
    versions = cli("history", memory_id, "--json").data["results"]

    cli("undo", versions[1]["op_id"])

    assert [one["memory"] for one in versions] == ["I live in Porto.", "I live in Lisbon."]
    assert cli("get", memory_id, "--json").data["memory"] == "I live in Porto."


def test_an_update_without_a_text_leaves_it(cli: Callable[..., Ran]) -> None:
    memory_id = cli("add", "I live in Porto.", "--user", "ana", "--json").data["results"][0]["id"]

    cli("update", memory_id, "--metadata", '{"a": 1}', "--pin")
    data = cli("update", memory_id, "--no-categories", "--no-expiry", "--unpin", "--json").data

    assert (data["memory"], data["metadata"], data["pinned"]) == ("I live in Porto.", {"a": 1}, False)


def test_an_update_that_expects_another_version_fails(cli: Callable[..., Ran]) -> None:
    memory_id = cli("add", "I live in Porto.", "--user", "ana", "--json").data["results"][0]["id"]

    ran = cli("update", memory_id, "I live in Lisbon.", "--expected-version", "7", "--json")

    assert (ran.code, ran.answer["error"]["type"]) == (1, "ConflictError")


def test_a_scope_of_the_environment_counts_and_an_option_counts_more(
    cli: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNEMON_USER_ID", "ana")
    cli("add", "Ana likes tea.")
    cli("add", "Ben likes tea.", "--user", "ben")

    assert [row[3] for row in cli("search", "tea").rows] == ["Ana likes tea."]
    assert [row[3] for row in cli("search", "tea", "--user", "ben").rows] == ["Ben likes tea."]


def test_a_memory_of_another_scope_is_not_there(cli: Callable[..., Ran]) -> None:
    memory_id = cli("add", "Ana likes tea.", "--user", "ana", "--json").data["results"][0]["id"]

    for command in (
        ["get", memory_id],
        ["update", memory_id, "x"],
        ["delete", memory_id, "--yes"],
        ["history", memory_id],
    ):
        assert cli(*command, "--user", "ben", "--json").answer["error"]["type"] == "NotFoundError"
    assert cli("get", memory_id, "--user", "ana").code == 0


def test_store_and_project_choose_where(cli: Callable[..., Ran], folder: Path) -> None:
    cli("add", "Here.", "--user", "ana", "--store", "a.db", "--project", "p1")
    cli("--store", "b.db", "add", "There.", "--user", "ana")

    assert [row[2] for row in cli("list", "--user", "ana", "--store", "a.db", "--project", "p1").rows] == ["Here."]
    assert cli("list", "--user", "ana", "--store", "a.db").rows == []
    assert [row[2] for row in cli("--store", "b.db", "list", "--user", "ana").rows] == ["There."]
    assert {path.name for path in folder.glob("*.db")} == {"a.db", "b.db"}


def test_a_page_leads_to_the_next(cli: Callable[..., Ran]) -> None:
    for number in range(3):
        cli("add", f"Number {number}.", "--user", "ana", "--run", f"r{number}")

    first = cli("list", "--user", "ana", "--limit", "2", "--ascending", "--json").data
    second = cli("list", "--user", "ana", "--limit", "2", "--ascending", "--cursor", first["cursor"], "--json").data

    assert [one["memory"] for one in [*first["results"], *second["results"]]] == [f"Number {n}." for n in range(3)]
    assert second["cursor"] is None


def test_filters_kinds_and_everywhere_choose_what_is_found(cli: Callable[..., Ran]) -> None:
    cli("add", "Tea at five.", "--user", "ana", "-c", "food")
    cli("add", "Tea is a plant.", "--user", "ben", "--kind", "semantic")

    assert [row[3] for row in cli("search", "tea", "--everywhere", "--kind", "semantic").rows] == ["Tea is a plant."]
    found = cli("search", "tea", "--everywhere", "--filter", '{"categories": {"in": ["food"]}}').rows
    assert [row[3] for row in found] == ["Tea at five."]


def test_explain_tells_the_signals(cli: Callable[..., Ran]) -> None:
    cli("add", "Tea at five.", "--user", "ana")

    hit = cli("search", "tea", "--user", "ana", "--explain", "--json").data["results"][0]

    assert hit["signals"]["words"] > 0


def test_delete_hides_and_undo_brings_back(cli: Callable[..., Ran]) -> None:
    cli("add", "Tea at five.", "--user", "ana")
    cli("add", "Cake at six.", "--user", "ana")
    assert cli("delete", "--all", "--user", "ana", "--dry-run", "--json").data["count"] == 2

    done = cli("delete", "--all", "--user", "ana", "--yes", "--json").data
    hidden = cli("list", "--user", "ana").rows
    cli("undo", done["op_id"])

    assert hidden == []
    assert len(cli("list", "--user", "ana").rows) == 2


def test_an_erased_memory_is_gone_from_the_file(cli: Callable[..., Ran], folder: Path) -> None:
    memory_id = cli("add", "Zwetschgenknödel", "--user", "ana", "--store", "a.db", "--json").data["results"][0]["id"]

    receipt = cli("delete", memory_id, "--erase", "--yes", "--store", "a.db", "--json").data["receipt"]

    assert receipt["bytes"] == "gone"
    assert "Zwetschgenknödel".encode() not in b"".join(path.read_bytes() for path in folder.glob("a.db*"))


def test_forget_erases_one_person_and_nobody_else(cli: Callable[..., Ran]) -> None:
    cli("add", "Ana likes tea.", "--user", "ana")
    cli("add", "Ben likes tea.", "--user", "ben")
    would = cli("forget", "--user", "ana", "--dry-run", "--json").data

    done = cli("forget", "--user", "ana", "--yes", "--json").data

    assert would["dry_run"] is True
    assert done["rows"] == would["rows"]
    assert [row[0] for row in cli("scopes").rows] == ["ben"]


def test_forget_takes_nobody_from_the_environment(cli: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    cli("add", "Ana likes tea.", "--user", "ana")
    monkeypatch.setenv("MNEMON_USER_ID", "ana")

    ran = cli("forget", "--yes")

    assert ran.code == 2
    assert cli("stats", "--json").data["memories"] == 1


def test_purge_erases_what_was_deleted(cli: Callable[..., Ran]) -> None:
    cli("add", "Ana likes tea.", "--user", "ana")
    cli("delete", "--all", "--user", "ana", "--yes")

    receipt = cli("purge", "--retention-days", "0", "--yes", "--json").data

    assert receipt["rows"] == {"memories": 1}


def test_an_export_comes_back_elsewhere(cli: Callable[..., Ran], folder: Path) -> None:
    cli("add", "Ana likes tea.", "--user", "ana")
    cli("export", "all.jsonl")

    there = cli("import", "all.jsonl", "--store", "other.db", "--json").data
    again = cli("import", "all.jsonl", "--store", "other.db", "--json").data

    assert (there["format"], there["memories"], again["memories"]) == ("mnemon", 1, 0)
    assert [row[2] for row in cli("list", "--user", "ana", "--store", "other.db").rows] == ["Ana likes tea."]
    assert cli("export").out.splitlines()[1:] == (folder / "all.jsonl").read_text(encoding="utf-8").splitlines()[1:]


@pytest.mark.parametrize("command", [["export", "notes.db"], ["show", "--user", "ana", "--output", "notes.db"]])
def test_a_store_is_not_replaced_by_what_is_written_of_it(cli: Callable[..., Ran], command: list[str]) -> None:
    cli("add", "Ana likes tea.", "--user", "ana", "--store", "notes.db")

    ran = cli(*command, "--yes", "--store", "notes.db", "--json")

    assert (ran.code, ran.answer["error"]["type"]) == (1, "OSError")
    assert "a database" in ran.answer["error"]["message"]
    assert [row[2] for row in cli("list", "--user", "ana", "--store", "notes.db").rows] == ["Ana likes tea."]


def test_scopes_and_stats_count(cli: Callable[..., Ran]) -> None:
    cli("add", "Ana likes tea.", "--user", "ana", "--agent", "butler")

    assert [row[:2] for row in cli("scopes", "agent").rows] == [["butler", "1"]]
    assert cli("stats", "--json").data["memories"] == 1


def test_reembed_says_what_it_needs(cli: Callable[..., Ran]) -> None:
    ran = cli("reembed", "--json")

    assert (ran.code, ran.answer["error"]["type"]) == (2, "ConfigError")


def test_reembed_gives_another_embedder(cli: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    cli("add", "Ana likes tea.", "--user", "ana")

    data = cli("reembed", "--embedder", "local", "--json").data
    monkeypatch.setenv("MNEMON_EMBEDDER", "auto")

    assert data["versions"] == 1
    assert cli("stats", "--json").data["waiting"] == 0


def test_config_names_the_source_of_every_setting_and_hides_keys(
    cli: Callable[..., Ran], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "mnemon.toml").write_text('retention_days = 7\n[embedding]\napi_key = "sk-secret"\n', encoding="utf-8")
    monkeypatch.setenv("MNEMON_EMBEDDING__HEADERS", '{"x-key": "sk-secret"}')

    ran = cli("config", "--config", "mnemon.toml", "--project", "shop", "--json")

    found = {one["setting"]: (one["value"], one["source"]) for one in ran.data["results"]}
    assert found["project"] == ("shop", "option")
    assert found["embedder"] == ("none", "environment variable MNEMON_EMBEDDER")
    assert found["retention_days"] == (7, "file mnemon.toml")
    assert found["durability"] == ("process", "default")
    assert found["embedding.api_key"] == ("(hidden)", "file mnemon.toml")
    assert found["embedding.headers"][0] == "x-key: (hidden)"
    assert "sk-secret" not in ran.out + cli("config", "--config", "mnemon.toml").out


def test_version_tells_what_runs(cli: Callable[..., Ran]) -> None:
    assert set(cli("version", "--json").data) >= {"mnemon", "python", "sqlite", "typer"}
