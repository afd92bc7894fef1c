from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mnemon.apps.cli.sources import Source
from tests.apps.sources import CHAT, CHATGPT, ID, MEM0, node, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.apps.conftest import Ran


@pytest.mark.parametrize("shape", ["list", "results", "memories", "lines", "bom"])
def test_memories_of_mem0_keep_ids_times_expiry_metadata_and_categories(
    cli: Callable[..., Ran], folder: Path, shape: str
) -> None:
    source = folder / "mem0.json"
    write(source, MEM0 if shape == "list" else {"count": 4, "next": None, shape: MEM0})
    if shape == "lines":
        source.write_text("\n".join(map(json.dumps, MEM0)), encoding="utf-8")
    if shape == "bom":
        source.write_text("\ufeff" + json.dumps(MEM0), encoding="utf-8")

    report = cli("import", str(source), "--json").data

    assert (report["format"], report["read"], report["memories"], report["skipped"]["count"]) == ("mem0", 4, 4, 0)
    kept = cli("get", ID, "--json").data
    assert {name: kept[name] for name in ("memory", "user_id", "agent_id", "kind", "categories")} == {
        "memory": "Likes green tea",
        "user_id": "ana",
        "agent_id": None,
        "kind": "semantic",
        "categories": ["food"],
    }
    assert (kept["created_at"], kept["updated_at"]) == ("2026-01-02T10:04:05.123456+00:00", "2026-02-02T00:00:00+00:00")
    assert kept["expires_at"] == "2126-05-02T00:00:00+00:00"  # mem0 shows it until that day has passed
    assert kept["metadata"] == {"topic": "drinks", "mem0": {"attributed_to": "user"}}
    (ben,) = cli("list", "--user", "ben", "--json").data["results"]
    assert (ben["run_id"], ben["metadata"]) == ("s1", {"source_id": "m-2"})
    said = {one["memory"]: one for one in cli("list", "--user", "ana", "--json").data["results"]}
    assert said["Has a dog called Kepler"]["created_at"] == "2026-01-02T03:04:05+00:00"
    assert (said["I said this"]["kind"], said["I said this"]["speaker"]) == ("episodic", "Ana")
    assert said["I said this"]["said_at"] == "2026-01-01T00:00:00+00:00"


@pytest.mark.parametrize(("data", "options"), [(MEM0, []), (CHAT, ["--user", "ana"]), (CHATGPT, ["--user", "ana"])])
def test_a_second_import_adds_nothing(cli: Callable[..., Ran], folder: Path, data: object, options: list[str]) -> None:
    source = write(folder / "source.json", data)
    first = cli("import", source, *options, "--json").data
    before = cli("export").out.splitlines()[1:]

    second = cli("import", source, *options, "--json").data

    assert first["memories"] > 0
    assert (second["memories"], second["there"]) == (0, first["memories"] + first["logged"])
    assert cli("export").out.splitlines()[1:] == before


def test_what_a_longer_export_has_more_is_all_that_is_added(cli: Callable[..., Ran], folder: Path) -> None:
    cli("import", write(folder / "a.json", CHAT[:4]), "--user", "ana")

    report = cli("import", write(folder / "b.json", CHAT), "--user", "ana", "--json").data

    assert (report["memories"], report["there"]) == (2, 4)


def test_a_deleted_memory_does_not_come_back_with_the_next_import(cli: Callable[..., Ran], folder: Path) -> None:
    source = write(folder / "mem0.json", MEM0)
    cli("import", source)
    cli("delete", ID, "--yes")

    cli("import", source)

    assert cli("get", ID).code == 1


def test_an_imported_memory_is_found_has_a_history_and_can_be_undone(cli: Callable[..., Ran], folder: Path) -> None:
    cli("import", write(folder / "mem0.json", MEM0))
    (version,) = cli("history", ID, "--json").data["results"]

    assert cli("search", "tea", "--user", "ana").rows[0][3] == "Likes green tea"
    assert version["actor"] == "import"
    assert cli("undo", version["op_id"]).code == 0
    assert cli("get", ID).code == 1
    assert cli("doctor").code == 0


def test_what_cannot_be_imported_is_counted_by_reason_with_its_place(cli: Callable[..., Ran], folder: Path) -> None:
    items: list[object] = [
        *MEM0,
        {"memory": "whose?"},
        {"memory": "  ", "user_id": "ana"},
        "text",
        {"memory": "x", "user_id": ["ana"]},
        {"memory": "x", "user_id": "ana", "expiration_date": "soon"},
        {"memory": "x", "user_id": "ana", "created_at": "soon"},
        {"memory": "x", "user_id": "ana", "metadata": [1]},
    ]

    report = cli("import", write(folder / "mem0.json", items), "--json").data

    reasons = {one["reason"]: one["places"] for one in report["skipped"]["reasons"]}
    assert reasons == {
        "names no user, agent, app or run; give one, such as --user": ["item 5"],
        "no text under memory, text or content": ["item 6"],
        "not an object": ["item 7"],
        "user_id is not a text": ["item 8"],
        "expiration_date is not a date": ["item 9"],
        "a value that cannot be stored exactly": ["item 11"],
    }
    assert report["memories"] == 5
    assert [one["places"] for one in report["assumed"]["reasons"]] == [["item 10"], ["item 3"]]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ([{"memory": "\u200b\ufeff"}, {"memory": "tea"}], "no text under memory, text or content"),
        ([{"role": "user", "content": "\u2060"}, {"role": "user", "content": "tea"}], "no text"),
        (
            [{"id": "c", "mapping": {"a": node(None, "user", ["tea"]), "b": node("a", "user", ["\u200b"])}}],
            "no text",
        ),
    ],
)
def test_what_nobody_can_see_is_skipped_as_no_text(
    cli: Callable[..., Ran], folder: Path, data: object, reason: str
) -> None:
    report = cli("import", write(folder / "x.json", data), "--user", "ana", "--json").data

    assert (report["memories"], report["logged"]) == (1, 0)
    assert [(one["reason"], one["count"]) for one in report["skipped"]["reasons"]] == [(reason, 1)]


def test_a_scope_that_is_given_fills_in_and_never_takes_over(cli: Callable[..., Ran], folder: Path) -> None:
    items = [{"memory": "nobody's"}, {"memory": "ana's", "user_id": "ana"}, {"memory": "ben's", "user_id": "ben"}]

    report = cli("import", write(folder / "mem0.json", items), "--user", "ana", "--json").data

    assert report["memories"] == 2
    assert report["skipped"]["reasons"][0]["reason"] == "belongs to another user_id than the one given"
    assert [row[0] for row in cli("scopes").rows] == ["ana"]


def test_one_id_of_two_people_is_two_memories(cli: Callable[..., Ran], folder: Path) -> None:
    items = [{"id": "1", "memory": "ana's", "user_id": "ana"}, {"id": "1", "memory": "ben's", "user_id": "ben"}]

    assert cli("import", write(folder / "mem0.json", items), "--json").data["memories"] == 2


@pytest.mark.parametrize("shape", ["list", "messages", "lines"])
def test_a_chat_becomes_turns_with_speakers_and_times(cli: Callable[..., Ran], folder: Path, shape: str) -> None:
    source = folder / "chat.json"
    write(source, CHAT if shape == "list" else {"messages": CHAT})
    if shape == "lines":
        source.write_text("\n".join(map(json.dumps, CHAT[:-1])), encoding="utf-8")

    report = cli("import", str(source), "--user", "ana", "--json").data

    assert (report["format"], report["memories"], report["logged"]) == ("chat", 5, 1)
    listed = cli("list", "--user", "ana", "--json").data["results"]
    assert sorted(one["memory"] for one in listed) == ["I moved to Lisbon.", "Lovely!", "Tram 28?", "Yes", "Yes"]
    lisbon = next(one for one in listed if "Lisbon" in one["memory"])
    assert (lisbon["speaker"], lisbon["said_at"]) == ("Ana", "2026-05-08T13:56:00+00:00")
    reasons = {one["reason"] for one in report["skipped"]["reasons"]}
    assert reasons >= {"a part of a message that is no text (image_url)", "no text", "role is unknown"}


def test_conversations_of_chatgpt_are_runs_of_what_was_shown(cli: Callable[..., Ran], folder: Path) -> None:
    report = cli("import", write(folder / "conversations.json", CHATGPT), "--user", "ana", "--json").data

    assert (report["format"], report["read"], report["memories"]) == ("chatgpt", 4, 4)
    run = cli("list", "--user", "ana", "--run", "c1", "--sort", "said_at", "--ascending", "--json").data["results"]
    assert [one["memory"] for one in run] == ["Where is Andenes?", "On Andøya in Norway.", "And this?"]
    assert [one["said_at"][11:19] for one in run] == ["02:40:00", "02:40:30", "02:41:00"]
    places = {one["reason"]: one["places"] for one in report["skipped"]["reasons"]}
    assert places["on a branch that is not shown"] == ["conversation 1, message n2"]
    assert places["hidden, or addressed to a tool"] == ["conversation 1, message n4"]
    assert places["a message of the role system"] == ["conversation 1, message n0"]
    assert places["not a conversation of ChatGPT"] == ["conversation 4"]


def test_a_conversation_needs_to_know_whose_it_is(cli: Callable[..., Ran], folder: Path) -> None:
    ran = cli("import", write(folder / "chat.json", CHAT), "--json")

    assert (ran.code, ran.answer["error"]["type"]) == (2, "ScopeError")


@pytest.mark.parametrize(
    ("data", "options", "whole"),
    [
        ([{"id": f"m{n}", "memory": f"fact {n}", "user_id": "ana"} for n in range(400)], [], 400),
        ([{"role": "user", "content": f"turn {n}"} for n in range(1200)], ["--user", "ana"], 1200),
    ],
)
def test_an_interrupted_import_goes_on(
    cli: Callable[..., Ran],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    data: list[object],
    options: list[str],
    whole: int,
) -> None:
    source = write(folder / "source.json", data)
    items = Source.items

    def interrupted(self: Source) -> Iterator[object]:
        for number, item in enumerate(items(self)):
            if number == whole * 9 // 10:
                raise KeyboardInterrupt
            yield item

    monkeypatch.setattr(Source, "items", interrupted)
    first = cli("import", source, *options, "--json")
    monkeypatch.setattr(Source, "items", items)
    stored = cli("stats", "--json").data["memories"]

    second = cli("import", source, *options, "--json").data

    assert (first.code, first.answer["error"]["type"]) == (1, "Interrupted")
    assert 0 < stored < whole
    assert (first.answer["count"], first.answer["data"]["memories"]) == (stored, stored)
    assert first.answer["data"]["read"] >= stored
    assert (second["memories"], second["there"]) == (whole - stored, stored)
    assert cli("doctor").code == 0


@pytest.mark.parametrize(("data", "options"), [(MEM0, []), (CHAT, ["--user", "ana"]), (CHATGPT, ["--user", "ana"])])
def test_what_stands_before_a_break_is_imported_and_the_break_is_told(
    cli: Callable[..., Ran], folder: Path, data: object, options: list[str]
) -> None:
    text = json.dumps(data)
    (folder / "cut.json").write_text(text[: len(text) - 25], encoding="utf-8")

    ran = cli("import", "cut.json", *options, "--json")

    assert (ran.code, ran.answer["error"]["type"]) == (1, "BrokenSource")
    stored = cli("stats", "--json").data["memories"]
    assert stored >= 3
    assert (ran.answer["count"], ran.answer["data"]["memories"]) == (stored, stored)


def test_people_too_see_what_was_imported_before_a_break(cli: Callable[..., Ran], folder: Path) -> None:
    (folder / "cut.json").write_text(json.dumps([*MEM0, {"memory": "whose?"}])[:-1] + ", {", encoding="utf-8")

    ran = cli("import", "cut.json")

    assert ran.code == 1
    assert ["memories added", "4"] in ran.rows
    assert ["skipped 1: names no user, agent, app or run; give one, such as --user (item 5)"] in ran.rows
    assert ran.err.startswith("mnemon: cut.json is not JSON somewhere before byte ")


def test_of_an_export_of_ours_that_is_cut_it_is_told_what_is_in_the_store_and_that_the_rest_is_missing(
    cli: Callable[..., Ran], folder: Path
) -> None:
    turns = [{"role": "user", "content": f"tea number {number}"} for number in range(1_500)]
    (folder / "chat.json").write_text(json.dumps(turns), encoding="utf-8")
    cli("import", "chat.json", "--user", "ana")
    cli("export", "all.jsonl")
    text = (folder / "all.jsonl").read_text(encoding="utf-8")
    (folder / "cut.jsonl").write_text(text[: len(text) * 9 // 10], encoding="utf-8")

    ran = cli("import", "cut.jsonl", "--store", "other.db", "--json")
    stored = cli("stats", "--store", "other.db", "--json").data["memories"]
    again = cli("import", "all.jsonl", "--store", "other.db", "--json")

    assert (ran.code, ran.answer["error"]["type"]) == (1, "BrokenSource")
    assert "cut.jsonl, line " in ran.answer["error"]["message"]
    assert "repeat the import" in ran.answer["error"]["message"]
    assert stored > 0
    assert (ran.answer["count"], ran.answer["data"]["memories"]) == (stored, stored)
    assert ran.answer["data"]["read"] == stored + sum(ran.answer["data"]["other"].values())
    assert again.code == 0
    assert cli("stats", "--store", "other.db", "--json").data["memories"] == 1_500
    assert cli("doctor", "--store", "other.db").code == 0


@pytest.mark.parametrize("empty", ["[]", '{"results": []}'])
def test_a_list_of_nothing_is_imported_as_nothing(cli: Callable[..., Ran], folder: Path, empty: str) -> None:
    (folder / "none.json").write_text(empty, encoding="utf-8")

    ran = cli("import", "none.json", "--json")

    assert (ran.code, ran.data["read"], ran.data["memories"]) == (0, 0, 0)


@pytest.mark.parametrize("before", ["", '[{"role": "user", "content": "tea \\\\\\" [{"}, '])
def test_what_is_nested_without_end_is_refused_before_it_takes_all_memory(
    cli: Callable[..., Ran], folder: Path, before: str
) -> None:
    (folder / "x.json").write_text(before + "[" * 6_000 + "]" * 6_000, encoding="utf-8")

    ran = cli("import", "x.json", "--user", "ana", "--json")

    assert (ran.code, ran.answer["error"]["type"]) == (1, "BrokenSource")
    assert ran.answer["error"]["message"].startswith("x.json has ")
    assert "deeper than 5,000 levels" in ran.answer["error"]["message"]


def test_brackets_inside_texts_are_no_levels(cli: Callable[..., Ran], folder: Path) -> None:
    said = ["[" * 9_000, 'a \\" [' * 6_000, "\\" * 65_535 + "[" * 6_000]
    source = write(folder / "x.json", [{"role": "user", "content": one} for one in said])

    assert cli("import", source, "--user", "ana", "--json").data["memories"] == len(said)


@pytest.mark.parametrize("number", ["9223372036854775808", "1" * 40, "1e400", "-1e400"])
def test_a_number_of_any_size_is_json_and_stops_no_import(cli: Callable[..., Ran], folder: Path, number: str) -> None:
    items = f'[{{"memory": "a"}}, {{"memory": "b", "metadata": {{"n": {number}, "m": [1.5]}}}}, {{"memory": "c"}}]'
    (folder / "x.json").write_text(items, encoding="utf-8")

    report = cli("import", "x.json", "--user", "ana", "--json").data

    stored = {one["memory"]: one for one in cli("list", "--user", "ana", "--json").data["results"]}
    assert report["memories"] + report["skipped"]["count"] == 3
    assert {"a", "c"} <= stored.keys()
    if "e" in number:
        assert report["skipped"]["reasons"][0]["places"] == ["item 2"]
    else:
        assert stored["b"]["metadata"] == {"n": int(number), "m": [1.5]}


def test_stdin_is_imported_too(cli: Callable[..., Ran]) -> None:
    assert cli("import", "-", "--json", stdin=json.dumps(MEM0).encode()).data["memories"] == 4


def test_an_export_of_ours_keeps_to_the_scope_that_is_given(cli: Callable[..., Ran]) -> None:
    cli("add", "Ana's", "--user", "ana")
    cli("export", "all.jsonl")

    ran = cli("import", "all.jsonl", "--user", "ben", "--store", "other.db", "--json")

    assert (ran.code, ran.answer["error"]["type"]) == (2, "ScopeError")
