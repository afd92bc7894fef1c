"""Promises about filters, scans, counts and groups."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

import pytest

from mnemon.errors import (
    InvalidFilterError,
    InvalidInputError,
)
from mnemon.logic.filters import bind, evaluate
from mnemon.protocols.async_store import AsyncStore
from mnemon.testing._async.base import ALICE, AsyncPromises
from mnemon.testing.filter_samples import FILTERED, FILTERS
from mnemon.testing.samples import HOSTILE, NOTES, PROJECT, moment, note, put
from mnemon.types.filters import (
    MAX_CHOICES,
    MAX_CONDITIONS,
    MAX_DEPTH,
    And,
    Condition,
    Not,
    Operator,
    Or,
    parse_filter,
    where,
)
from mnemon.types.storage import (
    Delete,
    DeleteWhere,
)

if TYPE_CHECKING:
    from mnemon.protocols.async_store import AsyncStore
    from mnemon.types.filters import Filter

__all__ = ["AsyncConditionPromises"]


class AsyncConditionPromises(AsyncPromises):
    """Promises about filters, scans, counts and groups."""

    @pytest.mark.parametrize("field", ["id", "user_id", "run_id", "kind", "categories", "label", "metadata.m"])
    async def test_equality_is_whole_and_exact(self, notes: AsyncStore, field: str) -> None:
        await notes.apply(PROJECT, put(*(self.holding(field, text) for text in HOSTILE)))

        for text in HOSTILE:
            same = await notes.list_ids(PROJECT, "notes", where(field).eq(text))
            others = await notes.list_ids(PROJECT, "notes", where(field).ne(text))
            assert same == [text]
            assert len(others) == len(HOSTILE) - 1

    async def test_a_list_of_thousands_of_values_is_matched(self, notes: AsyncStore) -> None:
        await notes.apply(PROJECT, put(*(note(f"{number}", user_id=f"u{number}") for number in range(10))))

        wanted = where("user_id").in_([f"u{number}" for number in range(5, 5_005)])

        assert await notes.list_ids(PROJECT, "notes", wanted) == ["5", "6", "7", "8", "9"]

    @pytest.mark.parametrize("condition", FILTERS, ids=map(str, FILTERS))
    async def test_a_filter_means_what_the_evaluator_says(
        self, notes: AsyncStore, condition: dict[str, object]
    ) -> None:
        await notes.apply(PROJECT, put(*FILTERED))
        tree = parse_filter(condition)
        bound = bind(tree, NOTES)
        expected = sorted(row.id for row in FILTERED if evaluate(bound, row))

        listed = await notes.list_ids(PROJECT, "notes", tree)
        paged = [row.id for row in (await notes.scan(PROJECT, "notes", tree)).rows]
        counted = (await notes.count(PROJECT, "notes", tree)).rows
        by_text, by_vector = await self.found(notes, tree)
        await notes.apply(PROJECT, [DeleteWhere(collection="notes", where=tree)])

        assert listed == paged == by_text == by_vector == expected
        assert counted == len(expected)
        assert (await notes.count(PROJECT, "notes")).rows == len(FILTERED) - len(expected)

    async def test_the_largest_filters_that_may_be_asked_are_answered(self, notes: AsyncStore) -> None:
        await notes.apply(PROJECT, put(note("a", metadata={"k": 1}), note("b", user_id="bob")))
        many = Or(tuple(where("label").eq(f"{number}") for number in range(MAX_CONDITIONS - 1))) | ALICE
        lists = Or(tuple(where("user_id").in_([f"{number}", "bob"]) for number in range(MAX_CONDITIONS)))
        choices = where("id").in_(["a", *(f"{number}" for number in range(MAX_CHOICES - 1))])
        deep: Filter = ALICE & where("metadata.k").eq(1)
        for level in range(MAX_DEPTH - 1):
            deep = (Not(deep), And((deep, And())), Or((deep, where("id").eq("zz"))))[level % 3]

        assert await notes.list_ids(PROJECT, "notes", many) == ["a"]
        assert await notes.list_ids(PROJECT, "notes", lists) == ["b"]
        assert await notes.list_ids(PROJECT, "notes", choices) == ["a"]
        assert await notes.list_ids(PROJECT, "notes", deep) in (["a"], ["b"])
        nested: Filter = ALICE
        for _ in range(MAX_DEPTH):
            nested = Not(nested)
        assert await notes.list_ids(PROJECT, "notes", nested) == ["a"]

    async def test_filters_on_unknown_fields_or_with_wrong_types_are_refused(self, notes: AsyncStore) -> None:
        for condition, named in (
            (where("usr_id").eq("a"), "usr_id"),
            (where("user_id").gt("a"), "gt"),
            (where("user_id").eq(1), "user_id"),
            (where("version").eq("1"), "version"),
            (where("version").contains(1), "contains"),
            (where("created_at").gt("yesterday"), "yesterday"),
            (where("created_at").gt("2026-01-01T00:00:00"), "time zone"),
            (where("metadata").eq(1), "metadata"),
            (where("categories").lt("x"), "lt"),
        ):
            with pytest.raises(InvalidFilterError, match=named):
                await notes.scan(PROJECT, "notes", condition)

    async def test_times_in_a_filter_may_have_any_zone(self, notes: AsyncStore) -> None:
        await notes.apply(PROJECT, put(note("a", created_at=moment(0)), note("b", created_at=moment(1))))

        same_times = ("2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00Z", 1_767_225_600)
        same_forms = ("2026-W01-4T00:00:00.000000Z", "2026-01-01T00:00:00,000000Z")
        for same in (*same_times, *same_forms):
            assert await notes.list_ids(PROJECT, "notes", where("created_at").gt(same)) == ["b"]
            assert await notes.list_ids(PROJECT, "notes", where("created_at").eq(same)) == ["a"]

    async def test_a_scan_goes_by_the_field_and_then_by_id(self, notes: AsyncStore) -> None:
        rows = [
            note("d", created_at=moment(1), label="b"),
            note("c", created_at=moment(2), label="B"),
            note("b", created_at=moment(1), label="\u00e9"),
            note("a"),
            note("e", created_at=moment(3), label=""),
        ]
        await notes.apply(PROJECT, put(*rows))

        async def order(field: str | None, *, descending: bool) -> str:
            page = await notes.scan(PROJECT, "notes", order=field, descending=descending)
            return "".join(row.id for row in page.rows)

        assert await order(None, descending=False) == "abcde"
        assert await order(None, descending=True) == "edcba"
        assert await order("created_at", descending=False) == "abdce"
        assert await order("created_at", descending=True) == "ecdba"
        assert await order("label", descending=False) == "aecdb"

    @pytest.mark.parametrize("descending", [False, True])
    @pytest.mark.parametrize("order", [None, "created_at", "version"])
    async def test_pages_hold_every_row_once_while_others_write(
        self,
        notes: AsyncStore,
        order: str | None,
        descending: bool,  # noqa: FBT001
    ) -> None:
        stable = [
            note(f"s{number:02}", created_at=moment(number // 3), version=None if number % 4 == 0 else number % 5)
            for number in range(30)
        ]
        await notes.apply(PROJECT, put(*stable, *(note(f"d{number}", created_at=moment(5)) for number in range(5))))
        seen: list[str] = []
        after = None

        for step in range(100):
            page = await notes.scan(PROJECT, "notes", ALICE, order=order, descending=descending, after=after, limit=4)
            seen += [row.id for row in page.rows]
            after = page.after
            new = note(f"n{step:03}", created_at=moment(step % 10), version=step % 5)
            await notes.apply(PROJECT, [*put(new), Delete(collection="notes", ids=[f"d{step}"])])
            if after is None:
                break

        assert after is None
        assert sorted(name for name in seen if name.startswith("s")) == [row.id for row in stable]
        assert len(seen) == len(set(seen))

    async def test_a_cursor_of_another_order_or_form_is_refused(self, notes: AsyncStore) -> None:
        cursors: list[tuple[str | None, object]] = [
            (None, ("x", "a")),
            (None, "a"),
            (None, (None, "\ud800")),
            (None, (None, 1)),
            ("version", ("x", "a")),
            ("version", (2**70, "a")),
            ("version", (True, "a")),
            ("label", (1, "a")),
            ("created_at", (moment(1),)),
        ]
        for order, after in cursors:
            with pytest.raises(InvalidInputError, match=r"after"):
                await notes.scan(PROJECT, "notes", order=order, after=cast("Any", after))

    async def test_conditions_made_by_hand_are_checked_too(self, notes: AsyncStore) -> None:
        for condition in (
            Condition("categories", Operator.CONTAINS, None),
            Condition("kind", Operator.EXISTS, "no"),
            Condition("metadata.k", cast("Any", "exists"), "no"),
            Condition("kind", Operator.ICONTAINS, None),
            Condition("kind", Operator.EQ, "\ud800"),
            Condition("kind", Operator.IN, None),
            Condition("", Operator.EQ, "a"),
            And(cast("Any", None)),
            cast("Any", "kind = 1"),
        ):
            with pytest.raises(InvalidFilterError):
                await notes.scan(PROJECT, "notes", condition)

    async def test_the_operator_of_a_condition_made_by_hand_may_be_its_plain_name(self, notes: AsyncStore) -> None:
        await notes.apply(PROJECT, put(note("a", metadata={"k": "x"}), note("b", user_id="bob"), note("c")))
        chosen = Condition("user_id", cast("Any", "in"), ("alice",))
        conditions: list[tuple[Condition, list[str]]] = [
            (chosen, ["a", "c"]),
            (Condition("user_id", cast("Any", "nin"), ("alice",)), ["b"]),
            (Condition("metadata.k", cast("Any", "eq"), "x"), ["a"]),
            (Condition("metadata.k", cast("Any", "exists"), False), ["b", "c"]),  # noqa: FBT003
        ]

        for condition, expected in conditions:
            assert await notes.list_ids(PROJECT, "notes", condition) == expected
        await notes.apply(PROJECT, [DeleteWhere(collection="notes", where=chosen)])
        assert await notes.list_ids(PROJECT, "notes") == ["b"]

    @pytest.mark.parametrize("operator", ["like", "$eq", "EQ", "", 7, None, ["eq"]], ids=str)
    async def test_a_condition_with_an_unknown_operator_is_refused_by_its_name(
        self, notes: AsyncStore, operator: object
    ) -> None:
        await notes.apply(PROJECT, put(note("a", metadata={"k": "aa"})))

        for field in ("metadata.k", "user_id", "version"):
            condition = Condition(field, cast("Any", operator), "mm")
            with pytest.raises(InvalidFilterError, match=f"unknown operator {re.escape(repr(operator))}"):
                await notes.scan(PROJECT, "notes", condition)
            with pytest.raises(InvalidFilterError, match="unknown operator"):
                await notes.apply(PROJECT, [DeleteWhere(collection="notes", where=condition)])
        assert await notes.list_ids(PROJECT, "notes") == ["a"]

    async def test_the_last_page_says_that_there_is_no_more(self, notes: AsyncStore) -> None:
        await notes.apply(PROJECT, put(*(note(name) for name in "abcd")))

        first = await notes.scan(PROJECT, "notes", limit=2)
        second = await notes.scan(PROJECT, "notes", limit=2, after=first.after)

        assert [row.id for row in second.rows] == ["c", "d"]
        assert (first.after, second.after) == ((None, "b"), None)

    async def test_groups_come_by_value_with_counts_and_bounds(self, notes: AsyncStore) -> None:
        await notes.apply(
            PROJECT,
            put(
                note("1", run_id="b", created_at=moment(3), version=1),
                note("2", run_id="b", created_at=moment(1)),
                note("3", run_id="a", created_at=moment(2), version=5),
                note("4", run_id="B"),
                note("5", user_id="bob", run_id="c", created_at=moment(4)),
                note("6"),
            ),
        )

        page = await notes.groups(PROJECT, "notes", "run_id", ALICE, of="created_at")
        everyone = await notes.groups(PROJECT, "notes", "run_id", limit=2)
        rest = await notes.groups(PROJECT, "notes", "run_id", after=everyone.after, limit=2)

        assert [(group.value, group.rows, group.least, group.most) for group in page.groups] == [
            ("B", 1, None, None),
            ("a", 1, moment(2), moment(2)),
            ("b", 2, moment(1), moment(3)),
        ]
        assert [group.value for group in (*everyone.groups, *rest.groups)] == ["B", "a", "b", "c"]
        assert (everyone.after, rest.after) == ("a", None)

    async def test_groups_of_a_tag_count_a_row_in_each_of_its_values(self, notes: AsyncStore) -> None:
        await notes.apply(
            PROJECT,
            put(
                note("1", categories=("x", "y"), version=1),
                note("2", categories=("y",), version=2),
                note("3", kind="y"),
            ),
        )

        page = await notes.groups(PROJECT, "notes", "categories", of="version")

        assert [(group.value, group.rows, group.least, group.most) for group in page.groups] == [
            ("x", 1, 1, 1),
            ("y", 2, 1, 2),
        ]

    @pytest.mark.parametrize("field", ["run_id", "categories"])
    async def test_hostile_values_are_groups_of_their_own(self, notes: AsyncStore, field: str) -> None:
        await notes.apply(PROJECT, put(*(self.holding(field, text) for text in HOSTILE)))
        values: list[str] = []
        after = None

        while after is not None or not values:
            page = await notes.groups(PROJECT, "notes", field, after=after, limit=7)
            values += [group.value for group in page.groups]
            after = page.after

        assert values == sorted(HOSTILE)
