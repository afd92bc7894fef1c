"""What the figures of an evaluation mean."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from mnemon.apps.evaluation import MEASURES, Conversation, Engine, Question, Turn, bar_chart, bm25, evaluate
from mnemon.apps.evaluation.figures import Figure, bootstrap, measures

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextlib import AbstractContextManager

from contextlib import contextmanager

MORNING = datetime(2026, 5, 1, 9, tzinfo=UTC)


def figure_of(found: list[str], evidence: set[str], name: str, each: int = 7) -> float:
    return dict(zip(MEASURES, measures(found, evidence, dict.fromkeys(found, "x" * each)), strict=True))[name]


def test_recall_is_the_share_of_the_evidence_among_the_first() -> None:
    found = ["a", "b", "c", "d", "e", "f"]

    assert figure_of(found, {"b", "f", "never found"}, "recall@1") == 0
    assert figure_of(found, {"b", "f", "never found"}, "recall@3") == pytest.approx(1 / 3)
    assert figure_of(found, {"b", "f", "never found"}, "recall@10") == pytest.approx(2 / 3)


def test_a_hit_is_any_of_the_evidence() -> None:
    assert figure_of(["a", "b"], {"b", "c"}, "hit@1") == 0
    assert figure_of(["a", "b"], {"b", "c"}, "hit@3") == 1


def test_the_reciprocal_rank_is_that_of_the_first_evidence() -> None:
    assert figure_of(["a", "b", "c"], {"b", "c"}, "mrr") == 0.5
    assert figure_of(["a"], {"b"}, "mrr") == 0


def test_recall_within_tokens_counts_what_fits() -> None:
    found = [f"t{number}" for number in range(10)]  # of 350 characters, so 100 tokens, each

    assert figure_of(found, {"t4"}, "recall in 500 tokens", each=350) == 1
    assert figure_of(found, {"t5"}, "recall in 500 tokens", each=350) == 0
    assert figure_of(found, {"t5"}, "recall in 1,000 tokens", each=350) == 1


def test_an_interval_holds_the_mean_and_repeats_with_its_seed() -> None:
    rows = np.array([[0.0], [1.0]] * 50)

    (first,), (again,), (other,) = bootstrap(rows, seed=1), bootstrap(rows, seed=1), bootstrap(rows, seed=2)

    assert first == again != other
    assert first.value == 0.5
    # The standard error of 100 coins is .05: 95 % of the means lie within .098 of the middle.
    assert first.low == pytest.approx(0.402, abs=0.02)
    assert first.high == pytest.approx(0.598, abs=0.02)


def test_figures_are_given_for_each_category_and_only_what_counts_is_in_the_overall_ones() -> None:
    asked = (
        Question(text="one", evidence=frozenset({"t1"}), categories=("kind", "en")),
        Question(text="two", evidence=frozenset({"t2"}), categories=("kind", "de")),
        Question(text="three", evidence=frozenset({"t2"}), categories=("unanswerable",), counts=False),
    )
    steps: list[tuple[int, int]] = []

    report = evaluate(
        [talk(asked)], {"always t1": always("t1")}, progress=lambda done, total: steps.append((done, total))
    )

    assert dict(report.questions) == {"overall": 2, "de": 1, "en": 1, "kind": 2, "unanswerable": 1}
    assert report.value("always t1", category="en") == 1
    assert report.value("always t1", category="de") == 0
    assert report.value("always t1", category="kind") == report.value("always t1") == 0.5
    assert steps[-1] == (5, 5)


def test_the_engine_is_asked_at_the_time_of_the_question() -> None:
    turns = (
        Turn(id="then", text="We went to the theatre with Olga.", said_at=datetime(2024, 3, 5, 9, tzinfo=UTC)),
        Turn(id="now", text="We went to the theatre with Boris.", said_at=datetime(2026, 3, 5, 9, tzinfo=UTC)),
    )
    text, evidence = "Who went to the theatre with us last year?", frozenset({"then"})
    asked = [
        Question(text=text, evidence=evidence, categories=(str(year),), asked_at=datetime(year, 6, 1, tzinfo=UTC))
        for year in (2025, 2027)
    ]

    report = evaluate([Conversation(name="talk", turns=turns, questions=tuple(asked))], {"e": Engine(embedder=None)})

    assert report.value("e", "recall@1", "2025") == 1
    assert report.value("e", "recall@1", "2027") == 0


def test_bm25_finds_the_rarer_word_first_and_nothing_that_shares_none() -> None:
    with bm25(talk(()), lambda _: None) as ask:
        found = ask(Question(text="tea with lemon", evidence=frozenset({"t3"})))

    assert found == ["t3", "t1"]


def test_a_chart_is_svg_whose_bars_are_as_long_as_their_values() -> None:
    drawn = bar_chart(
        "recall <of> ours", {"all & every": {"mnemon": Figure(0.5, 0.4, 0.6), "bm25": Figure(0.25, 0.2, 0.3)}}
    )

    tree = ET.fromstring(drawn)  # noqa: S314 - our own text
    bars = [bar for bar in tree.findall(".//{*}rect") if bar.find("{*}title") is not None]

    assert [float(bar.get("width", "")) for bar in bars] == [210, 105]
    assert "all & every" in [text.text for text in tree.findall(".//{*}text")]
    assert tree.findtext("{*}title") == "recall <of> ours"


def talk(questions: tuple[Question, ...]) -> Conversation:
    said = {"t1": "I drink tea.", "t2": "It rains.", "t3": "Lemon tea, please."}
    turns = tuple(Turn(id=name, text=text, said_at=MORNING) for name, text in said.items())
    return Conversation(name="talk", turns=turns[: 2 if questions else 3], questions=questions)


def always(name: str) -> Callable[..., AbstractContextManager[Callable[[Question], list[str]]]]:
    @contextmanager
    def system(conversation: Conversation, took: Callable[[int], None]) -> Generator[Callable[[Question], list[str]]]:
        took(len(conversation.turns))
        yield lambda _: [name]

    return system
