from __future__ import annotations

import gzip
import json
import math
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from mnemon import InvalidInputError, Memory
from mnemon.apps.evaluation import read_conversations
from mnemon.types.recall import Calibration

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from tests.apps.conftest import Ran

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "examples/data/questions.jsonl"
OWN = ROOT / "tests/recall/data"


def test_the_chart_has_a_bar_for_each_category_of_each_system(cli: Callable[..., Ran], folder: Path) -> None:
    cli("eval", "jsonl", "--data", str(SAMPLE), "--baseline", "bm25", "--chart", "recall.svg")

    tree = ET.parse(folder / "recall.svg")  # noqa: S314 - our own file
    assert len([bar for bar in tree.findall(".//{*}rect") if bar.find("{*}title") is not None]) == 2 * 7


def test_the_report_holds_figures_configuration_and_seed(cli: Callable[..., Ran]) -> None:
    data = cli("eval", "jsonl", "--data", str(SAMPLE), "--baseline", "bm25", "--seed", "7", "--json").data

    assert data["questions"] == {"overall": 5, "change": 1, "code": 1, "date": 1, "fact": 1, "names": 1, "who": 1}
    assert (data["embedder"], data["seed"], data["recall"]["session_words"]) == (None, 7, 1.25)
    assert set(data["figures"]) == {"mnemon", "bm25"}
    overall = data["figures"]["mnemon"]["overall"]
    assert set(overall) >= {"recall@1", "recall@50", "hit@10", "mrr", "recall in 2,000 tokens"}
    # Without vectors a question that shares no word with its evidence finds nothing.
    assert overall["recall@10"]["value"] == 0.4
    assert overall["recall@10"]["low"] < 0.4 < overall["recall@10"]["high"]


def test_people_see_a_table(cli: Callable[..., Ran]) -> None:
    rows = cli("eval", "jsonl", "--data", str(SAMPLE)).rows

    assert rows[0][:4] == ["system", "category", "questions", "recall@1"]
    assert rows[1][:3] == ["mnemon", "overall", "5"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("no json", "line 10: not a JSON object"),
        ('{"conversation": "kitchen", "id": "10", "text": "x", "time": "tomorrow"}', "'tomorrow' is not an ISO 8601"),
        ('{"conversation": "kitchen", "id": "10", "text": "x", "tme": "y"}', "'tme' is not known"),
        (
            '{"conversation": "kitchen", "id": "1", "text": "x", "time": "2026-05-01T09:00:00Z"}',
            "two turns with the id",
        ),
        ('{"conversation": "kitchen", "question": "x", "evidence": "77"}', "names the evidence '77'"),
        (
            '{"conversation": "kitchen", "id": "10", "text": "x", "time": "0001-01-01T00:00:00+05:00"}',
            "line 10: the time '0001-01-01T00:00:00+05:00' lies outside",
        ),
        (
            '{"conversation": "kitchen", "question": "x", "evidence": "1", "category": ["fact", "overall"]}',
            "the category 'overall', which stands for all of them",
        ),
        ('{"conversation": "kitchen", "question": "x", "evidence": []}', "'evidence' must be a text or a list"),
    ],
)
def test_a_file_that_is_wrong_is_an_error_with_its_place(
    cli: Callable[..., Ran], folder: Path, line: str, said: str
) -> None:
    turns = SAMPLE.read_text(encoding="utf-8").splitlines()[:9]
    (folder / "wrong.jsonl").write_text("\n".join([*turns, line]), encoding="utf-8")

    ran = cli("eval", "jsonl", "--data", "wrong.jsonl")

    assert ran.code == 2
    assert said in ran.err


@pytest.mark.parametrize(
    "content", [gzip.compress(b"{}"), "{}".encode("utf-16"), b'{"text": "\xe4"}'], ids=["gzip", "UTF-16", "Latin-1"]
)
def test_a_file_that_is_no_text_is_an_error_with_its_name(
    cli: Callable[..., Ran], folder: Path, content: bytes
) -> None:
    (folder / "packed.jsonl").write_bytes(content)

    ran = cli("eval", "jsonl", "--data", "packed.jsonl")

    assert ran.code == 2
    assert "packed.jsonl is not text in UTF-8" in ran.err


@pytest.mark.parametrize("content", ["", "{}", '{"a": [1]}', "\ufeff[]", "null"])
def test_a_published_file_that_is_no_list_is_an_error_with_its_name(
    cli: Callable[..., Ran], folder: Path, content: str
) -> None:
    (folder / "one.json").write_text(content, encoding="utf-8")

    ran = cli("eval", "locomo", "--data", "one.json")

    assert ran.code == 2
    assert "one.json is not a JSON list" in ran.err


@pytest.mark.parametrize(
    ("turn", "question", "said"),
    [
        ({"role": "system"}, {}, "the turn '3' of conversation '1' has the role 'system'"),
        ({"text": " "}, {}, "the turn '3' of conversation '1' has no text"),
        ({}, {"question": " "}, "question 1 of conversation '1' is blank"),
    ],
)
def test_what_cannot_be_asked_is_an_error_before_anything_is(
    cli: Callable[..., Ran], folder: Path, turn: dict[str, str], question: dict[str, str], said: str
) -> None:
    message = {"id": 3, "role": "user", "date": "March-15-2024", "text": "I moved to Porto.", **turn}
    asked = {"type": "fact", "question": "Where did I move?", "source_ids": [3], **question}
    chat = {"id": 1, "messages": [message], "questions": [asked]}
    (folder / "chats.json").write_text(json.dumps([chat]), encoding="utf-8")

    ran = cli("eval", "beam", "--data", "chats.json")

    assert ran.code == 2
    assert said in ran.err


def test_a_format_that_there_is_not_is_named(folder: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"format 'csv' is unknown; formats are locomo, beam"):
        read_conversations(folder / "any", "csv")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("recall.png", "ends with .svg, not recall.png"),
        ("no/recall.svg", "no folder no"),
        ("is.svg", "is.svg is a folder"),
    ],
)
def test_a_chart_that_could_not_be_written_is_an_error_before_anything_is_asked(
    cli: Callable[..., Ran], folder: Path, path: str, said: str
) -> None:
    (folder / "is.svg").mkdir()

    ran = cli("eval", "jsonl", "--data", "there is no such file", "--chart", path)

    assert ran.code == 2
    assert said in ran.err


def test_a_file_for_constants_that_could_not_be_written_is_an_error_before_anything_is_fitted(
    cli: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNEMON_EMBEDDER", "local")

    ran = cli("calibrate", "--data", "there is no such file", "--out", "no/constants.json")

    assert ran.code == 2
    assert "no folder no" in ran.err


@contextmanager
def _written_to(pipe: Path, by: subprocess.Popen[str]) -> Generator[None]:
    """Hold a named pipe open that a process is reading from; wait until it does, unless it ends before."""
    end = None
    while by.poll() is None:
        with suppress(OSError):  # nobody reads yet
            end = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
            break
        time.sleep(0.01)
    assert end is not None, by.stderr and by.stderr.read()
    try:
        yield
    finally:
        os.close(end)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a named pipe")
def test_an_interrupted_evaluation_does_not_say_that_it_goes_on_from_there(folder: Path) -> None:
    os.mkfifo(folder / "questions")
    # What runs in the background of a shell ignores the signal, and so does what it starts.
    program = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); import mnemon.apps.cli as c"
    )
    command = [sys.executable, "-c", f"{program}; sys.exit(c.main(['eval', 'jsonl', '--data', 'questions']))"]

    with (
        subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True) as running,
        _written_to(folder / "questions", running),
    ):
        running.send_signal(signal.SIGINT)
        said = running.stderr.read() if running.stderr else ""

    assert running.returncode == 1
    assert said == "mnemon: interrupted; nothing was kept, and the same command begins anew\n"


def test_published_files_are_read_as_they_are_published(cli: Callable[..., Ran], folder: Path) -> None:
    talk = {
        "speaker_a": "Ana",
        "session_2": [{"speaker": "Ben", "dia_id": "D2:1", "text": "Me too!"}],
        "session_2_date_time": "8:00 pm on 9 May, 2023",
        "session_1": [{"speaker": "Ana", "dia_id": "D1:1", "text": "Look", "blip_caption": "a red kayak"}],
        "session_1_date_time": "1:56 pm on 8 May, 2023",
    }
    asked: list[dict[str, Any]] = [
        {"question": "What did Ana show of a kayak?", "evidence": ["D:1:01; D9:9"], "category": 4},
        {"question": "What did Ben show?", "evidence": ["D2:1"], "category": 5},
        {"question": "Nobody said so", "evidence": [], "category": 1},
    ]
    message = {"id": 3, "role": "user", "date": "March-15-2024", "text": "I moved to Porto."}
    chat = {
        "id": 1,
        "messages": [message],
        "questions": [
            {"type": "information_extraction", "question": "Where did I move?", "source_ids": [3]},
            {"type": "abstention", "question": "Where does my cat live?", "source_ids": [3]},
        ],
    }
    instance = {
        "question_id": "q1",
        "question_type": "single-session-user",
        "question": "Which degree do I have?",
        "question_date": "2023/05/30 (Tue) 23:40",
        "haystack_session_ids": ["s1", "s1"],
        "haystack_dates": ["2023/05/20 (Sat) 02:21", "2023/05/21 (Sun) 02:21"],
        "haystack_sessions": [
            [{"role": "user", "content": "I have a degree in botany.", "has_answer": True}],
            [{"role": "assistant", "content": "Good morning."}],
        ],
    }
    files: dict[str, list[dict[str, Any]]] = {
        "locomo": [{"sample_id": "c", "conversation": talk, "qa": asked}],
        "beam": [chat],
        "longmemeval": [instance, {**instance, "question_id": "q2_abs"}],
    }
    for form, content in files.items():
        (folder / form).write_text(json.dumps(content), encoding="utf-8")

        found = cli("eval", form, "--data", form, "--json").data

        assert (found["questions"]["overall"], found["figures"]["mnemon"]["overall"]["recall@1"]["value"]) == (1, 1.0)


def test_another_format_than_it_says_is_an_error(cli: Callable[..., Ran], folder: Path) -> None:
    (folder / "list.json").write_text('[{"id": 1}]', encoding="utf-8")

    ran = cli("eval", "beam", "--data", "list.json")

    assert ran.code == 2
    assert "item 1 of list.json is not as beam publishes it (KeyError at 'messages')" in ran.err


def test_the_cosine_needs_an_embedder(cli: Callable[..., Ran]) -> None:
    ran = cli("eval", "jsonl", "--data", str(SAMPLE), "--baseline", "cosine")

    assert ran.code == 2
    assert "mnemon[local]" in ran.err


def test_there_is_nothing_to_calibrate_without_an_embedder(cli: Callable[..., Ran]) -> None:
    ran = cli("calibrate", "--data", str(SAMPLE))

    assert ran.code == 2
    assert "no embedder to calibrate" in ran.err


def test_too_few_questions_fit_nothing(cli: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNEMON_EMBEDDER", "local")

    ran = cli("calibrate", "--data", str(SAMPLE))

    assert ran.code == 2
    assert "5 questions are too few" in ran.err


def test_questions_fit_all_constants(cli: Callable[..., Ran], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNEMON_EMBEDDER", "local")
    both = [(OWN / name).read_text(encoding="utf-8") for name in ("delhi.jsonl", "hangzhou.jsonl")]
    (folder / "both.jsonl").write_text("".join(both), encoding="utf-8")

    data = cli("calibrate", "--data", "both.jsonl", "--out", "fitted.json", "--json").data

    fitted = json.loads((folder / "fitted.json").read_text(encoding="utf-8"))
    assert fitted == {name: data[name] for name in ("embedder", "calibration")}
    assert data["embedder"] == "local:all-MiniLM-L6-v2-int8"
    assert "CJK" not in data["calibration"]["scripts"]  # the model ruins Chinese, and that shows
    assert "LATIN" in data["calibration"]["scripts"]
    assert data["calibration"]["languages"] == ["en", "es"]  # no question told otherwise


def test_what_was_fitted_ranks_where_the_setting_names_its_file(
    cli: Callable[..., Ran], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNEMON_EMBEDDER", "local")
    fitted = cli("calibrate", "--data", str(OWN / "delhi.jsonl"), "--out", "fitted.json", "--json").data["calibration"]
    monkeypatch.setenv("MNEMON_CALIBRATION", str(folder / "fitted.json"))

    setup = cli("eval", "jsonl", "--data", str(SAMPLE), "--json").data
    with Memory(":memory:") as memory:
        memory.add("I adopted a kitten in Lisbon.", user_id="ana")
        (hit,) = memory.search("Which pet does she have?", user_id="ana", explain=True)

    assert setup["recall"]["calibrations"]["local:all-MiniLM-L6-v2-int8"] == fitted
    raw = sum((hit.signals or {}).values())
    assert hit.score == pytest.approx(1 / (1 + math.exp(-fitted["slope"] * (raw - fitted["centre"]))), abs=1e-9)
    assert (fitted["slope"], fitted["centre"]) != (Calibration().slope, Calibration().centre)
