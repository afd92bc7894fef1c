"""The dict form and the builder say the same, and what cannot be understood is refused by name."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnemon import InvalidFilterError, parse_filter, where
from mnemon.logic.filters import bind, conjuncts, evaluate, holds, lookup, matcher
from mnemon.logic.requests import bind_filter
from mnemon.testing.samples import NOTES, note
from mnemon.types.filters import MAX_CHOICES, MAX_CONDITIONS, MAX_DEPTH, And, Condition, Filter, Not, Operator, Or

if TYPE_CHECKING:
    from mnemon.types.jsonvalue import Json


def test_the_dict_form_means_what_the_builder_builds() -> None:
    a, b, c = where("a").eq(1), where("b").gte(2), where("b").lt(9)

    assert parse_filter({"a": 1}) == parse_filter({"a": {"eq": 1}}) == parse_filter({"a": {"$eq": 1}}) == a
    assert parse_filter({"a": 1, "b": {"gte": 2, "lt": 9}}) == And((a, And((b, c))))
    assert parse_filter({"AND": [{"a": 1}, {"b": {"gte": 2}}]}) == (a & b)
    assert parse_filter({"$or": [{"a": 1}, {"b": {"lt": 9}}]}) == (a | c)
    assert parse_filter({"NOT": {"a": 1}}) == ~a
    assert parse_filter({"NOT": [{"a": 1}, {"b": {"gte": 2}}]}) == Not(Or((a, b)))
    assert parse_filter({"NOT": a}) == parse_filter({"$not": a}) == ~a
    assert parse_filter({"NOT": [a, {"b": {"gte": 2}}]}) == Not(Or((a, b)))
    assert parse_filter({"metadata.or": [1]}) == where("metadata.or").in_([1])
    assert parse_filter({"a": ["x", None]}) == where("a").in_(["x", None])
    assert parse_filter({"a": {"x", "y"}}) in {where("a").in_(["x", "y"]), where("a").in_(["y", "x"])}
    assert parse_filter({}) == And()
    assert parse_filter(a) is a


def test_combining_stays_flat() -> None:
    a, b, c = (where(name).exists() for name in "abc")

    assert (a & b & c).parts == (a, b, c)
    assert (a | b | c).parts == (a, b, c)
    assert (a | b & c).parts == (a, b & c)
    assert conjuncts(a & (b & ~c)) == (a, b, ~c)


REFUSED: list[tuple[object, str]] = [
    ([], "must be a mapping"),
    ("a = 1", "must be a mapping"),
    ({1: 2}, "must be a string"),
    ({"": 1}, "''"),
    ({"a..b": 1}, "a..b"),
    ({".a": 1}, ".a"),
    ({"$near": 1}, r"\$near"),
    ({"a": {"~": 1}}, "unknown operator '~'"),
    ({"a": {"regex": "x"}}, "unknown operator 'regex'"),
    ({"a": {"EQ": 1}}, "unknown operator 'EQ'"),
    ({"a": {"eq": 1, "k": 2}}, "a.k"),
    ({"a": {}}, "empty mapping"),
    ({"a": {1: 2}}, "unknown operator 1"),
    ({"AND": []}, "at least one"),
    ({"OR": []}, "at least one"),
    ({"NOT": []}, "at least one"),
    ({"AND": {"a": 1}}, "AND takes a list"),
    ({"OR": "a"}, "OR takes a list"),
    ({"OR": [dict[str, object]()]}, "empty filter"),
    ({"NOT": {}}, "empty filter"),
    ({"AND": [1]}, "must be a mapping"),
    ({"or": [{"a": 1}]}, r"'or' .* write OR or \$or.*'metadata\.or'"),
    ({"and": [{"a": 1}]}, r"write AND or \$and"),
    ({"Or": [{"a": 1}]}, r"'Or' .* write OR"),
    ({"not": {"a": 1}}, r"write NOT"),
    ({"not": [{"a": 1}]}, r"write NOT"),
    ({"$AND": [{"a": 1}]}, r"write AND or \$and"),
    ({"OR": [{"or": 1}]}, r"write OR"),
    ({"AND": where("a").eq(1)}, "AND takes a list"),
    ({"a": {"in": "abc"}}, "in takes a list"),
    ({"a": {"in": 5}}, "in takes a list"),
    ({"a": {"in": {"k": 1}}}, "in takes a list"),
    ({"a": {"nin": None}}, "nin takes a list"),
    ({"a": {"gt": None}}, "gt takes"),
    ({"a": {"gt": True}}, "gt takes"),
    ({"a": {"lte": [1]}}, "lte takes"),
    ({"a": {"exists": 1}}, "exists takes True or False"),
    ({"a": {"contains": None}}, "contains takes"),
    ({"a": {"contains": ["x"]}}, "contains takes"),
    ({"a": {"icontains": 3}}, "icontains takes a text"),
    ({"a": math.nan}, "finite"),
    ({"a": {"gt": math.inf}}, "finite"),
    ({"a": {"in": [math.nan]}}, "finite"),
    ({"a": b"bytes"}, "JSON value"),
    ({"a": {"eq": object()}}, "JSON value"),
    ({"a": {"eq": [datetime(2026, 1, 1, tzinfo=UTC)]}}, "JSON values"),
    ({"a": {"eq": {"k": math.nan}}}, "no number"),
    ({"a": "\ud800"}, "surrogate"),
    ({"\ud800": 1}, "surrogate"),
]


@pytest.mark.parametrize(("tree", "named"), REFUSED, ids=map(str, range(len(REFUSED))))
def test_what_cannot_be_understood_is_refused_by_name(tree: dict[str, object], named: str) -> None:
    with pytest.raises(InvalidFilterError, match=named):
        parse_filter(tree)


@pytest.mark.parametrize("field", ["", "$a", "a.", ".", "\ud800"])
def test_the_builder_refuses_the_same_fields(field: str) -> None:
    with pytest.raises(InvalidFilterError):
        where(field)


def nested(levels: int) -> dict[str, object]:
    tree: dict[str, object] = {"a": 1}
    for _ in range(levels):
        tree = {"NOT": tree}
    return tree


def deep_list(levels: int) -> Json:
    value: Json = []
    for _ in range(levels):
        value = [value]
    return value


def test_a_text_is_no_list_of_choices() -> None:
    for refused in (lambda: where("a").in_("alice"), lambda: where("a").nin("alice")):
        with pytest.raises(InvalidFilterError, match="list of values"):
            refused()


def test_depth_and_size_are_bounded_and_the_bounds_are_allowed() -> None:
    tree: Filter = where("a").eq(1)
    for _ in range(MAX_DEPTH):
        tree = ~tree

    assert parse_filter(nested(MAX_DEPTH)) == tree == parse_filter(tree)
    assert parse_filter({"a": ["x"] * MAX_CHOICES})
    assert parse_filter({"OR": [{"a": 1}] * MAX_CONDITIONS})
    for refused in (
        lambda: parse_filter(nested(MAX_DEPTH + 1)),
        lambda: parse_filter(nested(100_000)),
        lambda: parse_filter(~tree),
        lambda: where("a").eq(deep_list(100_000)),
        lambda: parse_filter({"OR": [{"a": ["x"] * 6_000}, {"b": ["x"] * 6_000}]}),
        lambda: parse_filter({"a": ["x"] * (MAX_CHOICES + 1)}),
        lambda: parse_filter({"OR": [{"a": 1}] * (MAX_CONDITIONS + 1)}),
    ):
        with pytest.raises(InvalidFilterError, match=r"16 levels|10000 values|1000 conditions|64 levels"):
            refused()


SAME: tuple[tuple[Json, Json], ...] = (
    (1, 1.0),
    (0, -0.0),
    (2**60, 2**60),
    ("a", "a"),
    (True, True),
    (None, None),
    ([1, "a"], [1.0, "a"]),
    ({"k": [1]}, {"k": [1]}),
)
OTHER: tuple[tuple[Json, Json], ...] = (
    (1, True),
    (0, False),
    (1, "1"),
    ("", None),
    (False, None),
    (0, None),
    ("a", "A"),
    ("José", "Jose\u0301"),
    ("a", "a "),
    (2**60, 2**60 + 1),
    (2**60 + 1, float(2**60)),
    ([], None),
    ([1, 2], [2, 1]),
    ([True], [1]),
    ({"k": 1}, {"k": True}),
    ({"k": 1}, {"k": 1, "j": None}),
    ([], {}),
)


@pytest.mark.parametrize(("one", "other"), SAME, ids=map(str, SAME))
def test_what_json_holds_equal_is_equal(one: Json, other: Json) -> None:
    assert holds(Operator.EQ, one, other)
    assert holds(Operator.EQ, other, one)
    assert not holds(Operator.NE, one, other)
    assert holds(Operator.IN, one, ("x", other))
    assert not holds(Operator.NIN, one, ("x", other))


@pytest.mark.parametrize(("one", "other"), OTHER, ids=map(str, OTHER))
def test_what_json_holds_apart_is_not_equal(one: Json, other: Json) -> None:
    for left, right in ((one, other), (other, one)):
        assert not holds(Operator.EQ, left, right)
        assert holds(Operator.NE, left, right)
        assert not holds(Operator.IN, left, (right,))
        assert holds(Operator.NIN, left, (right,))


@pytest.mark.parametrize(
    ("found", "operator", "value", "expected"),
    [
        (2, "gt", 1.5, True),
        (2, "gte", 2.0, True),
        (2**60 + 1, "gt", float(2**60), True),
        ("b", "lt", "c", True),
        ("Z", "lt", "a", True),
        ("10", "lt", "9", True),
        (True, "gte", 1, False),
        (1, "lte", "1", False),
        (None, "lt", 1, False),
        ([5, 1], "lt", 2, True),
        ([5, "x"], "lt", 2, False),
        ({"k": 1}, "gt", 0, False),
        ("Straße", "icontains", "STRASSE", True),
        ("Straße", "contains", "strasse", False),
        ("100%", "contains", "%", True),
        ("abc", "contains", "_", False),
        (["Ab"], "contains", "b", False),
        (["Ab", 1], "icontains", "AB", True),
        ([1], "contains", True, False),
        (5, "contains", 5, False),
        (None, "exists", False, True),
        (False, "exists", True, True),
        ("", "exists", True, True),
        ([], "exists", True, True),
        ([None], "eq", None, True),
        (["a", "b"], "eq", "b", True),
        (["a", "b"], "ne", "b", False),
        ([["a"]], "eq", ["a"], True),
    ],
)
def test_each_operator_means_what_the_reference_page_says(
    found: Json,
    operator: str,
    value: Json,
    expected: bool,  # noqa: FBT001
) -> None:
    assert holds(Operator(operator), found, value) is expected


def test_a_missing_value_is_never_greater_or_less_and_differs_from_everything() -> None:
    row = note("a", metadata={"nothing": None})

    for path in ("metadata.gone", "metadata.nothing", "version", "kind"):
        held = {
            operator
            for operator in ("eq", "ne", "gt", "gte", "lt", "lte")
            if not (path == "kind" and operator[0] in "gl")
            and evaluate(bind(parse_filter({path: {operator: "x" if path == "kind" else 1}}), NOTES), row)
        }
        assert held == {"ne"}
        assert evaluate(bind(where(path).nin(["x"] if path == "kind" else [1]), NOTES), row)
        assert evaluate(bind(where(path).eq(None), NOTES), row)
        assert not evaluate(bind(where(path).exists(), NOTES), row)


@pytest.mark.parametrize(
    ("path", "found"),
    [("a", {"b": 1, "b.c": 2}), ("a.b", 1), ("a.b.c", 2), ("d.e", 3), ("d.e.f", None), ("g.h.i", 4), ("x", None)],
)
def test_a_path_finds_the_longest_key_first(path: str, found: Json) -> None:
    metadata: dict[str, Json] = {"a": {"b": 1, "b.c": 2}, "d.e": 3, "d": {"e": {"f": 9}}, "g.h": {"i": 4}}
    metadata["d"] = {"e": 8}

    assert lookup(metadata, path) == found


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(codec="utf-8")),
        st.lists,
    )
)
def test_equality_is_that_of_json(value: Json) -> None:
    row = note("a", metadata={"k": json.loads(json.dumps(value))})
    condition = bind(where("metadata.k").eq(value), NOTES)

    assert evaluate(condition, row)
    assert not evaluate(~condition, row)


class Compared(str):
    """A text that counts how often it is compared."""

    __slots__ = ()
    times = 0

    def __eq__(self, other: object) -> bool:
        Compared.times += 1
        return str(self) == other

    def __hash__(self) -> int:
        return super().__hash__()


LETTERS = st.none() | st.integers(0, 1) | st.booleans() | st.sampled_from(["a", "A", "b", "", "1", "a\0"])


@given(LETTERS | st.lists(LETTERS, max_size=3), st.lists(LETTERS.filter(lambda one: one is not None), max_size=4))
def test_a_list_of_choices_means_the_same_for_rows_as_for_values(found: Json, choices: list[Json]) -> None:
    row = note("a", metadata={"k": found})

    for operator, condition in (
        (Operator.IN, where("metadata.k").in_(choices)),
        (Operator.NIN, where("metadata.k").nin(choices)),
    ):
        assert evaluate(bind(condition, NOTES), row) is holds(operator, found, tuple(choices))


def test_a_row_is_not_compared_with_each_of_many_choices() -> None:
    meets = matcher(bind(where("metadata.k").nin([Compared(number) for number in range(1_000)]), NOTES))
    rows = [note("a", metadata={"k": [f"other {number}", "999"]}) for number in range(10)]
    Compared.times = 0

    assert not any(map(meets, rows))
    assert Compared.times <= 10 * len(rows)


def test_a_time_in_metadata_is_compared_as_the_text_it_is() -> None:
    with pytest.raises(InvalidFilterError, match="text that you stored"):
        bind(where("metadata.day").gt(datetime(2026, 1, 1, tzinfo=UTC)), NOTES)


def test_every_operator_has_its_builder() -> None:
    built = {
        where("a").eq(1).operator,
        where("a").ne(1).operator,
        where("a").in_([1]).operator,
        where("a").nin([1]).operator,
        where("a").gt(1).operator,
        where("a").gte(1).operator,
        where("a").lt(1).operator,
        where("a").lte(1).operator,
        where("a").contains(1).operator,
        where("a").icontains("x").operator,
        where("a").exists().operator,
    }

    assert built == set(Operator)


MADE_BY_HAND: list[tuple[Any, str]] = [
    (Condition("colour", Operator.EQ, "red"), "has no field 'colour'"),
    (Condition("$user_id", Operator.EQ, "alice"), "is not a field"),
    (Condition("user_id", Operator.EQ, "a\ud800"), "lone surrogate"),
    (Condition("user_id", Operator.EQ, 1), "compare it with a text"),
    (Condition("user_id", Operator.GT, "a"), "does not know the operator gt"),
    (Condition("created_at", Operator.EQ, "yesterday"), "created_at"),
    (And((Condition("user_id", Operator.EQ, "a"), Condition("run_id", Operator.EQ, b"b"))), "run_id"),
    (And((Condition("user_id", Operator.EQ, "a"), "run_id")), "no filter"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("condition", "said"), MADE_BY_HAND)
def test_a_condition_that_looks_plain_is_looked_at_all_the_same(condition: Filter, said: str) -> None:
    with pytest.raises(InvalidFilterError, match=said):
        bind_filter(condition, NOTES)


@pytest.mark.parametrize(
    "condition",
    [
        where("user_id").eq("alice"),
        where("user_id").eq("Jos\u00e9"),
        where("user_id").eq("alice") & where("run_id").eq("*"),
        where("user_id").eq(None) & where("kind").eq("%"),
        where("categories").eq("food"),
        And((And((where("user_id").eq("alice"),)), where("kind").eq("a"))),
        And(),
    ],
)
def test_a_plain_condition_is_bound_as_any_other(condition: Filter) -> None:
    assert bind_filter(condition, NOTES) == bind(parse_filter(condition), NOTES)
