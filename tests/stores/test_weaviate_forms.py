"""How texts, numbers and metadata are written so that the server compares them exactly; no server is asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("weaviate")

from mnemon.logic.filters import lookup
from mnemon.stores.weaviate import naming, numbers
from mnemon.stores.weaviate.rows import properties_read, row_read, stored
from mnemon.testing.samples import HOSTILE, NOTES, moment, note

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(HOSTILE)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["k", "k.j", "j", "é"]), inner, max_size=2)
    ),
    max_leaves=5,
)


@given(st.lists(TEXTS, min_size=2, max_size=8))
def test_ordered_texts_sort_as_their_code_points_even_without_regard_to_case(texts: list[str]) -> None:
    written = sorted(map(naming.ordered_text, texts), key=str.lower)

    assert [naming.text_of_ordered(text) for text in written] == sorted(texts)


@given(TEXTS)
def test_wrapped_texts_keep_their_white_space_and_are_never_the_mark_of_a_value(text: str) -> None:
    assert naming.wrapped(text).strip() == naming.wrapped(text)
    assert naming.unwrapped(naming.wrapped(text)) == text
    assert naming.wrapped(text) != naming.HELD


@given(st.dictionaries(st.sampled_from(["k", "k.j", "j", "é"]), JSON, max_size=3), JSON)
def test_tokens_of_metadata_say_what_a_filter_would(metadata: dict[str, object], value: object) -> None:
    tokens = set(naming.tokens_of(metadata))  # pyright: ignore[reportArgumentType] - JSON

    for path in ("k", "j", "k.j", "k.k", "j.k.j", "é"):
        found = lookup(metadata, path)  # pyright: ignore[reportArgumentType]
        assert (naming.metadata_token(path, None) in tokens) == (found is not None)
        for other in (value, found):
            if isinstance(other, bool | int | float | str):
                items = found if isinstance(found, list) else [found]
                same = any((type(one) is type(other) and one == other) or _equal_numbers(one, other) for one in items)
                assert (naming.metadata_token(path, other) in tokens) == same


def _equal_numbers(one: object, other: object) -> bool:
    numeric = all(isinstance(item, int | float) and not isinstance(item, bool) for item in (one, other))
    return numeric and one == other


@given(st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_come_back_equal(number: float) -> None:
    found = numbers.number_read(float(number))

    assert found == number
    assert isinstance(found, int) == float(number).is_integer() or abs(number) > 2**53


def test_a_row_comes_back_from_its_object() -> None:
    row = note(
        "a",
        run_id=" r\n",
        categories=("x", "", "X"),
        created_at=moment(3),
        closed_at="9999-12-31T23:59:59.999999Z",
        version=-1.5,
        label="\x00",
        terms=("t", "u", "t"),
        metadata={"n": 2**70},
        payload=bytes(3_000_000),
    )

    written = stored(row, NOTES)
    names = set(properties_read(NOTES, ("terms", "metadata", "payload"), None))
    kept = {name: value for name, value in written.properties.items() if name in names}

    assert len(written.parts) == 1
    assert row_read(kept, {}, NOTES, written.parts) == row
