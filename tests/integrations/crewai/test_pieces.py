"""What is kept of a finished task."""

from __future__ import annotations

import pytest

from mnemon.adapting import estimated_tokens
from mnemon_crewai.pieces import MOST_TOKENS, pieces, result_of

TASK = "Task: {}\nAgent: helper\nExpected result: a text\nResult: {}"


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        (TASK.format("Write", "The sky is blue."), "The sky is blue."),
        (TASK.format("Write\nResult: nothing", "The sky is blue."), "The sky is blue."),
        (TASK.format("Write", "One.\n\nResult: two"), "One.\n\nResult: two"),
        (TASK.format("Write", "Thought: I now can give a great answer\nFinal Answer: It is blue."), "It is blue."),
        (TASK.format("Write", "I now can give a great answer\nFinal Answer: It is\nblue."), "It is\nblue."),
        (TASK.format("Write", "The sum.\nFinal Answer: 42"), "The sum.\nFinal Answer: 42"),
        ("Input: Hi\nAgent: helper\nResult: Hello.", "Hello."),
        ("A note\nResult: none", "A note\nResult: none"),
    ],
)
def test_the_result_is_kept_without_what_crewai_says_around_it(content: str, kept: str) -> None:
    assert result_of(content) == kept


@pytest.mark.parametrize(
    "text",
    [
        "A sentence of some words. " * 100,
        "Ein Absatz.\n\n" * 200,
        "字" * 2_000,
        "これは日本語の文章です。" * 100,
        "x" * 5_000,
        "आकाश नीला है। " * 200,
    ],
)
def test_pieces_fit_the_embedder_and_lose_nothing(text: str) -> None:
    cut = pieces(text)

    assert len(cut) > 1
    assert max(map(estimated_tokens, cut)) <= MOST_TOKENS
    assert min(map(estimated_tokens, cut[:-1])) > MOST_TOKENS // 4
    assert "".join("".join(cut).split()) == "".join(text.split())


def test_a_piece_ends_where_a_paragraph_does() -> None:
    assert pieces("Aa bb. Cc.\n\nDd ee ff gg hh.", most=6) == ["Aa bb. Cc.", "Dd ee ff gg hh."]


@pytest.mark.parametrize("blank", ["", " \n\t"])
def test_a_blank_text_has_no_pieces(blank: str) -> None:
    assert pieces(blank) == []
