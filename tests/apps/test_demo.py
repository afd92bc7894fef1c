from __future__ import annotations

import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mnemon.apps.cli.commands.demo import conversation

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.apps.conftest import Ran

ROOT = Path(__file__).parents[2]
ANSWERS = {"a fact": "cashews", "a date": "June 13th", "who said it": "Biscuit", "a change of mind": "Connewitz"}


@pytest.fixture(params=["none", "local"])
def embedder(request: pytest.FixtureRequest, cli: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> str:
    """With and without vectors."""
    if request.param == "local" and find_spec("onnxruntime") is None:
        pytest.skip("the extra local is not installed")
    monkeypatch.setenv("MNEMON_EMBEDDER", request.param)
    return request.param


def test_the_demo_answers_its_questions(cli: Callable[..., Ran], embedder: str) -> None:
    data = cli("demo", "--json").data

    best = {answer["kind"]: [hit["memory"] for hit in answer["results"]] for answer in data["answers"]}
    assert data["turns"] == data["memories"] >= 60
    for kind, word in ANSWERS.items():
        first = best[kind][:1] if embedder == "local" else best[kind]  # by words alone it is among the best three
        assert any(word in text for text in first), (kind, best[kind])
    found = {answer["kind"]: answer["results"] for answer in data["answers"]}
    assert any("Connewitz" in hit["memory"] and hit["speaker"] == "Maya" for hit in found["a change of mind"])
    assert any("Biscuit" in hit["memory"] and hit["speaker"] == "Tomás" for hit in found["who said it"])


def test_what_was_never_said_scores_below_every_answer(cli: Callable[..., Ran], embedder: str) -> None:
    answers = cli("demo", "--json").data["answers"]

    scores = {one["kind"]: max((hit["score"] for hit in one["results"]), default=0) for one in answers}
    assert scores.pop("never said") < min(scores.values())


def test_the_demo_shows_score_date_and_speaker_and_how_to_ask(cli: Callable[..., Ran]) -> None:
    out = cli("demo").out

    (row,) = [line.split("\t") for line in out.splitlines() if "allergic to cashews" in line]
    assert 0 < float(row[0]) < 1
    assert (row[1][:10], row[2]) == ("2026-03-02", "Maya")
    assert "mnemon demo --ask" in out


def test_a_question_of_ones_own_is_answered(cli: Callable[..., Ran]) -> None:
    (answer,) = cli("demo", "--ask", "Who is the author of the whale book?", "--json").data["answers"]

    assert any("Ingrid Solheim" in hit["memory"] for hit in answer["results"])


def test_the_demo_touches_no_store_of_the_user(
    cli: Callable[..., Ran], isolated_user_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))

    assert cli("demo", "--store", "mine.db").code == 0

    assert not isolated_user_store.exists()
    assert not Path("mine.db").exists()
    assert list(temporary.iterdir()) == []


def test_the_conversation_is_what_was_promised() -> None:
    turns = conversation()

    assert len(turns) >= 60
    assert {(turn["name"], turn["role"]) for turn in turns} == {
        ("Maya", "user"),
        ("Tomás", "user"),
        ("Juno", "assistant"),
    }
    assert len({turn["time"][:10] for turn in turns}) >= 6
    assert [turn["time"] for turn in turns] == sorted(turn["time"] for turn in turns)
    assert len({turn["content"] for turn in turns}) == len(turns)


def test_the_example_is_the_conversation_of_the_package(cli: Callable[..., Ran]) -> None:
    example = ROOT / "examples/data/summer.json"

    assert example.read_bytes() == (ROOT / "core/mnemon/apps/cli/data/summer.json").read_bytes()
    assert cli("import", str(example), "--user", "me", "--json").data["memories"] == len(conversation())


def test_what_to_type_next_is_what_the_shell_finds(
    cli: Callable[..., Ran], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = folder / "env" / "bin" / "mnemon"
    script.parent.mkdir(parents=True)
    script.write_text("#!/bin/sh\n", encoding="utf-8")
    script.chmod(0o700)
    monkeypatch.setattr(sys, "argv", [str(script)])

    monkeypatch.setenv("PATH", "")
    hidden = cli("demo", "--ask", "tea").out
    monkeypatch.setenv("PATH", str(script.parent))
    found = cli("demo", "--ask", "tea").out

    assert "Begin your own:  env/bin/mnemon add" in hidden
    assert "Begin your own:  mnemon add" in found
