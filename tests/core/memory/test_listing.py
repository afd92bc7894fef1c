"""Lists come in the order asked for, a page at a time, and counts agree with them."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from mnemon import InvalidFilterError, InvalidInputError, Memory, Message, where
from tests.core.memory.sources import NOON

if TYPE_CHECKING:
    from mnemon._sync.reads import Sort
    from mnemon.types.filters import Filter
    from tests.core.memory.sources import SetClock

RED = Message(role="user", content="red", name="Ana", id="m-red", time=NOON - timedelta(days=2))
BLUE = Message(role="assistant", content="blue", id="m-blue", time=NOON - timedelta(days=1))


@pytest.fixture
def colours(memory: Memory, clock: SetClock) -> Memory:
    """Give a memory of three: red, blue and green, a day apart."""
    later = NOON + timedelta(days=30)
    memory.add(RED, user_id="a", agent_id="x", categories=["warm", "one"], metadata={"n": 1, "at": {"city": "Rome"}})
    clock.pass_(days=1)
    memory.add(BLUE, user_id="a", app_id="p", run_id="r", categories=["cold"], expires_at=later, valid_from=NOON)
    clock.pass_(days=1)
    memory.add("green", user_id="a", kind="semantic", metadata={"n": 3}, valid_to=later, pinned=True)
    return memory


FILTERS: list[tuple[dict[str, object] | Filter, str]] = [
    ({"agent_id": "x"}, "red"),
    ({"agent_id": {"ne": "x"}}, "blue green"),
    ({"agent_id": ["x", "y"]}, "red"),
    ({"app_id": "p"}, "blue"),
    ({"run_id": {"exists": True}}, "blue"),
    ({"run_id": {"exists": False}}, "red green"),
    ({"run_id": None}, "red green"),
    ({"kind": "semantic"}, "green"),
    ({"kind": {"in": ["episodic"]}}, "red blue"),
    ({"role": "assistant"}, "blue"),
    ({"speaker": "Ana"}, "red"),
    ({"speaker": {"icontains": "AN"}}, "red"),
    ({"categories": "warm"}, "red"),
    ({"categories": ["cold", "one"]}, "red blue"),
    ({"categories": {"contains": "cold"}}, "blue"),
    ({"categories": {"nin": ["cold"]}}, "red green"),
    ({"version": 1}, "red blue green"),
    ({"version": {"gt": 1}}, ""),
    ({"said_at": {"lt": NOON - timedelta(hours=25)}}, "red"),
    ({"timestamp": {"gte": NOON}}, "green"),
    ({"created_at": {"gt": NOON + timedelta(hours=1)}}, "blue green"),
    ({"created_at": {"gte": "2026-05-09T00:00:00+00:00", "lt": "2026-05-10T00:00:00Z"}}, "blue"),
    ({"updated_at": {"lte": NOON + timedelta(hours=1)}}, "red"),
    ({"expires_at": {"exists": True}}, "blue"),
    ({"valid_from": {"lte": NOON}}, "blue"),
    ({"valid_to": {"gt": NOON}}, "green"),
    ({"pinned": True}, "green"),
    ({"pinned": False}, "red blue"),
    ({"source_ids": "m-red"}, "red"),
    ({"n": 1}, "red"),
    ({"n": {"gte": 2}}, "green"),
    ({"metadata.n": 3}, "green"),
    ({"at.city": "Rome"}, "red"),
    ({"at": {"exists": True}}, "red"),
    ({"OR": [{"n": 1}, {"role": "assistant"}]}, "red blue"),
    ({"NOT": {"OR": [{"n": 1}, {"n": 3}]}}, "blue"),
    ({"$and": [{"kind": "episodic"}, {"$not": {"role": "user"}}]}, "blue"),
    (where("n").eq(1) | where("pinned").eq(value=True), "red green"),
    ({"n": "1"}, ""),
    ({"speaker": "*"}, ""),
]


@pytest.mark.parametrize(("filters", "expected"), FILTERS, ids=range(len(FILTERS)))
def test_filters_of_every_form_on_every_field(
    colours: Memory, filters: dict[str, object] | Filter, expected: str
) -> None:
    page = colours.get_all(user_id="a", filters=filters, descending=False)

    assert " ".join(record.text for record in page) == expected
    assert colours.count(user_id="a", filters=filters) == len(expected.split())
    hits = colours.search("red blue green", user_id="a", filters=filters)
    assert {hit.memory.text for hit in hits} == set(expected.split())


def test_a_filter_by_id_finds_the_memory_whatever_version_it_has(colours: Memory) -> None:
    red = colours.get_all(user_id="a", descending=False)[0]
    colours.update(red.id, "crimson")

    assert [one.text for one in colours.get_all(user_id="a", filters={"id": red.id})] == ["crimson"]


@pytest.mark.parametrize(
    "filters", [{"pinned": 1}, {"created_at": "yesterday"}, {"kind": 5}, {"version": "1"}, {"AND": []}, {"kind": {}}]
)
def test_a_filter_that_is_not_understood_is_an_error(colours: Memory, filters: dict[str, object]) -> None:
    with pytest.raises(InvalidFilterError):
        colours.get_all(user_id="a", filters=filters)


@pytest.mark.parametrize("sort", ["created_at", "updated_at", "said_at", "expires_at"])
@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("limit", [1, 3, 7])
def test_pages_hold_everything_once_and_in_order(
    memory: Memory,
    sort: Sort,
    descending: bool,  # noqa: FBT001 - a parameter of the test
    limit: int,
) -> None:
    for number in range(8):
        said = NOON - timedelta(days=number * 7 % 5)
        expires = None if number % 3 == 0 else NOON + timedelta(days=1 + number % 2)
        memory.add(f"note {number}", user_id="a", timestamp=said, expires_at=expires)

    found: list[str] = []
    cursor: str | None = None
    while True:
        page = memory.get_all(user_id="a", sort=sort, descending=descending, limit=limit, cursor=cursor)
        found += [one.id for one in page]
        cursor = page.cursor
        if cursor is None:
            break

    whole = memory.get_all(user_id="a", sort=sort, descending=descending)
    assert found == [one.id for one in whole]
    assert len(set(found)) == 8
    times = [getattr(one, sort) for one in whole if getattr(one, sort) is not None]
    assert times == sorted(times, reverse=descending)


def test_what_is_added_or_deleted_between_two_pages_moves_nothing(memory: Memory) -> None:
    ids = memory.add_many([f"note {number}" for number in range(6)], user_id="a").ids
    first = memory.get_all(user_id="a", limit=3, descending=False)
    memory.delete(first[0].id)
    memory.add("note 6", user_id="a")

    rest = memory.get_all(user_id="a", descending=False, cursor=first.cursor)

    assert [one.id for one in (*first, *rest)][:6] == sorted(ids)
    assert rest[-1].text == "note 6"


IN_ORDER = base64.urlsafe_b64encode(b'["created_at", true, 1, 2]').decode()


@pytest.mark.parametrize("cursor", ["", "x", "e30=", "WzFd", "\u00e9", 5, "WzEsMl0=", IN_ORDER])
def test_a_cursor_that_is_none_is_an_error(memory: Memory, cursor: object) -> None:
    with pytest.raises(InvalidInputError, match=r"cursor|after"):
        memory.get_all(user_id="a", cursor=cast("Any", cursor))


@pytest.mark.parametrize("order", [{"sort": "said_at"}, {"descending": False}])
def test_a_cursor_of_another_order_is_an_error_and_skips_nothing(memory: Memory, order: dict[str, Any]) -> None:
    memory.add(["one", "two"], user_id="a")
    cursor = memory.get_all(user_id="a", limit=1).cursor

    with pytest.raises(InvalidInputError, match="another listing or order"):
        memory.get_all(user_id="a", cursor=cursor, **order)
    with pytest.raises(InvalidInputError, match="another listing or order"):
        memory.operations(user_id="a", cursor=cursor)


def test_a_sort_that_is_none_is_an_error(memory: Memory) -> None:
    with pytest.raises(InvalidInputError, match="sort by created_at, updated_at, said_at, expires_at"):
        memory.get_all(user_id="a", sort=cast("Any", "text"))


def test_scopes_tells_who_has_memories_how_many_and_when_last(memory: Memory, clock: SetClock) -> None:
    added = memory.add_many(["one", "two"], user_id="a", run_id="1")
    memory.add("three", user_id="b", run_id="1")
    memory.add("gone", user_id="c")
    memory.delete_all(user_id="c")
    clock.pass_(days=1)
    changed = memory.update(added.ids[0], "changed")

    users = memory.scopes("user")

    assert [(one.id, one.memories) for one in users] == [("a", 2), ("b", 1)]
    assert users[0].last_activity == changed.updated_at
    assert [(one.id, one.memories) for one in memory.scopes("run")] == [("1", 3)]
    assert [one.id for one in memory.scopes("user", after="a")] == ["b"]
    assert [one.id for one in memory.scopes("user", limit=1)] == ["a"]
    assert [one.id for one in memory.scopes("user", run_id="1", user_id="b")] == ["b"]
    assert memory.scopes("agent") == []
    with pytest.raises(InvalidInputError, match="user, agent, app or run"):
        memory.scopes(cast("Any", "tenant"))


def test_operations_come_newest_first_in_pages_and_since_a_time(memory: Memory, clock: SetClock) -> None:
    first = memory.add("one", user_id="a", actor="me")
    clock.pass_(days=1)
    middle = clock.now
    memory.update(first.ids[0], "changed", actor="you")
    deleted = memory.delete(first.ids[0])
    memory.add("other", user_id="b")

    page = memory.operations(user_id="a", limit=2)
    rest = memory.operations(user_id="a", limit=2, cursor=page.cursor)

    assert [(one.kind, one.actor) for one in (*page, *rest)] == [("delete", None), ("update", "you"), ("add", "me")]
    assert (page[0].op_id, rest[0].op_id, rest.cursor) == (deleted.op_id, first.op_id, None)
    assert [one.kind for one in memory.operations(user_id="a", since=middle)] == ["delete", "update"]
    assert len(memory.operations(project_wide=True)) == 4


def test_stats_count_what_is_there(memory: Memory) -> None:
    added = memory.add(["one", {"role": "tool", "content": "log"}], user_id="a")
    memory.update(added.ids[0], "changed")
    memory.delete(memory.add("gone", user_id="b").ids[0])

    whole, of_a = memory.stats(), memory.stats(user_id="a")

    assert (whole.memories, whole.versions, whole.messages, whole.operations) == (1, 3, 3, 4)
    assert (of_a.memories, of_a.versions, of_a.messages, of_a.operations) == (1, 2, 2, 2)
    assert (whole.project, whole.embedder, whole.dimensions) == ("default", None, None)


@pytest.mark.parametrize(
    "filters",
    [
        {"kind": "bogus"},
        {"kind": ["episodic", "Episodic"]},
        {"NOT": {"kind": "bogus"}},
        {"OR": [{"categories": "food"}, {"role": {"ne": "robot"}}]},
        where("role").in_(["user", "robot"]),
        where("kind").eq(1),
    ],
    ids=repr,
)
def test_a_kind_or_role_that_there_is_not_is_refused_with_those_that_are(
    memory: Memory, filters: dict[str, Any] | Filter
) -> None:
    memory.add("soup", user_id="alice")

    for call in (memory.get_all, memory.count, memory.delete_all):
        with pytest.raises(InvalidFilterError, match=r"one of (episodic|system)"):
            call(user_id="alice", filters=filters)
    assert memory.count(user_id="alice", filters={"kind": ["episodic", "summary"], "metadata.kind": None}) == 1
