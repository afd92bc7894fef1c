"""Words that a finger slipped on."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnemon.logic.analysis import terms_of
from mnemon.logic.recall import Query, near_terms, read_query, repair
from mnemon.types.recall import RecallConfig

CONFIG = RecallConfig()
HELD = Counter(terms_of("She adopted a kitten in Lisbon and went hiking with friends from abroad"))


def repaired(text: str, held: Counter[str] = HELD) -> Query:
    query = read_query(text, now=datetime(2023, 5, 1, tzinfo=UTC), zone=UTC, participants=(), config=CONFIG)
    near = near_terms(query, frequencies=held, config=CONFIG)
    return repair(query, frequencies={term: held[term] for term in (*query.terms, *near)}, config=CONFIG)


@pytest.mark.parametrize(
    ("wrong", "right"), [("kittne", "kitten"), ("Libson", "lisbon"), ("hikking", "hiking"), ("freinds", "friends")]
)
def test_a_slip_is_read_as_the_word_that_the_scope_holds(wrong: str, right: str) -> None:
    query = repaired(f"where is the {wrong}?")

    assert query.text == f"where is the {right}?"
    assert dict(query.terms) == dict.fromkeys(terms_of(right), 1)


def test_a_slip_that_is_a_part_of_another_word_leaves_that_word_alone() -> None:
    assert repaired("kittne and kittneland and kittne").text == "kitten and kittneland and kitten"


def test_a_word_that_the_scope_holds_is_left_alone() -> None:
    held = Counter({"kitttn": 1, "kittn": 90})

    assert set(repaired("my kitttn and zebras", held).terms) == {"kitttn", "zebra"}


def test_a_word_with_no_near_one_is_left_alone() -> None:
    assert repaired("my elephants").text == "my elephants"


@pytest.mark.parametrize("word", ["form", "v2.1.0", "12345", "我的猫叫咪咪"])
def test_short_words_and_codes_are_not_looked_at(word: str) -> None:
    query = read_query(word, now=datetime(2023, 5, 1, tzinfo=UTC), zone=UTC, participants=(), config=CONFIG)

    assert near_terms(query, frequencies={}, config=CONFIG) == ()


@pytest.mark.parametrize(("planets", "plants", "taken"), [(3, 1, "planet"), (1, 3, "plant"), (2, 2, "planet")])
def test_the_commoner_of_two_near_words_is_taken(planets: int, plants: int, taken: str) -> None:
    assert set(repaired("a plaent", Counter({"planet": planets, "plant": plants})).terms) == {taken}


@given(st.text(max_size=300))
def test_no_query_asks_a_store_for_too_many_terms(text: str) -> None:
    query = read_query(text, now=datetime(2023, 5, 1, tzinfo=UTC), zone=UTC, participants=(), config=CONFIG)

    near = near_terms(query, frequencies={}, config=CONFIG)

    assert len(near) <= 240
    assert not any(char.isspace() for term in near for char in term)


def test_a_long_query_of_unknown_words_asks_for_few_terms() -> None:
    words = " ".join(chr(97 + one) * 3 + chr(97 + two) * 6 + "q" for one in range(26) for two in range(26))
    query = read_query(words, now=datetime(2023, 5, 1, tzinfo=UTC), zone=UTC, participants=(), config=CONFIG)

    assert 0 < len(near_terms(query, frequencies={}, config=CONFIG)) <= 240
