"""What of a ranking goes into a prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnemon.logic.recall import Heard, estimated_tokens, pack

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WORDS = st.lists(st.lists(st.sampled_from("abcdef"), max_size=12), max_size=20)


def collapse(terms: Iterable[Sequence[str]], *, alike: float = 0.9) -> list[int]:
    """Return the places of memories that say something new; `terms` are those of each, best first."""
    heard = Heard(alike)
    return [place for place, held in enumerate(terms) if heard.first(str(place), held) is None]


def test_what_says_the_same_as_a_better_memory_is_left_out() -> None:
    assert collapse([("tom", "cat"), ("rain",), ("tom", "cat", "cat"), ("cat", "dog")]) == [0, 1, 3]


def test_the_same_words_in_another_order_say_something_else() -> None:
    there, back = ("moved", "berlin", "munich"), ("moved", "munich", "berlin")

    assert collapse([there, back, there, back]) == [0, 1]


def test_nearly_the_same_is_the_same() -> None:
    long = [str(number) for number in range(20)]

    assert collapse([long, [*long, "one more"]]) == [0]
    assert collapse([long, [*long, "one", "two", "three"]]) == [0, 1]


def test_memories_without_terms_stay() -> None:
    assert collapse([(), ()]) == [0, 1]


@given(WORDS, st.sampled_from([0.5, 0.75, 0.9, 1.0]))
def test_no_two_that_stay_are_alike_and_each_that_goes_has_one_that_stays(terms: list[list[str]], alike: float) -> None:
    kept = collapse(terms, alike=alike)

    def similar(one: int, other: int) -> bool:
        first, second = set(terms[one]), set(terms[other])
        if not (first and second) or len(first & second) < alike * len(first | second):
            return False
        in_order = ([term for term in dict.fromkeys(terms[which]) if term in first & second] for which in (one, other))
        return next(in_order) == next(in_order)

    for place in range(len(terms)):
        better = [other for other in kept if other < place]
        assert (place in kept) is not any(similar(place, other) for other in better)


@given(WORDS, st.integers(0, 20))
def test_what_stays_of_the_first_does_not_depend_on_the_rest(terms: list[list[str]], limit: int) -> None:
    assert collapse(terms[:limit]) == [place for place in collapse(terms) if place < limit]


def test_texts_are_taken_while_they_fit_and_shorter_ones_after_them() -> None:
    assert pack(["a" * 7, "b" * 70, "c" * 7], max_tokens=4) == [0, 2]


def test_what_stands_around_each_text_counts() -> None:
    assert pack(["a" * 7, "c" * 7], max_tokens=5, each=1) == [0]


@pytest.mark.parametrize("max_tokens", [-1, 0])
def test_nothing_fits_into_nothing(max_tokens: int) -> None:
    assert pack(["word"], max_tokens=max_tokens) == []


def test_a_counter_of_ones_own_decides() -> None:
    assert pack(["a b c", "d"], max_tokens=2, count=lambda text: len(text.split())) == [1]


@given(st.lists(st.text(max_size=60)), st.integers(0, 100))
def test_what_is_packed_never_exceeds_the_budget(texts: list[str], max_tokens: int) -> None:
    taken = pack(texts, max_tokens=max_tokens)

    assert sum(estimated_tokens(texts[place]) for place in taken) <= max_tokens
    assert taken == sorted(taken)


def test_characters_of_other_scripts_are_tokens_of_their_own() -> None:
    assert estimated_tokens("我的猫") == 3
    assert estimated_tokens("cat") == 1
    assert estimated_tokens("") == 0
