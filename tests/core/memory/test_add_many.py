"""Many things are added as one operation: all of them, or none and an error that names the one at fault."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from mnemon import EmbeddingError, InvalidInputError, Memory, Message, ScopeError
from tests.core.memory.sources import NOON, FakeEmbedder, counting, events

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy
    from numpy.typing import NDArray

    from mnemon.protocols.embedder import Purpose
    from mnemon.protocols.store import Store
    from tests.core.memory.sources import SetClock


def test_items_are_texts_messages_and_dicts_with_arguments_of_add(memory: Memory) -> None:
    added = memory.add_many(
        [
            "one",
            Message(role="assistant", content="two"),
            {"role": "user", "content": "three"},
            {"content": "four", "kind": "semantic", "categories": ["x"], "metadata": {"n": 4}, "pinned": True},
            {"content": {"role": "assistant", "content": "five"}, "expires_at": NOON + timedelta(days=1)},
            {"content": "six", "run_id": "r", "timestamp": NOON},
        ],
        user_id="alice",
    )

    assert [one.text for one in added.memories] == ["one", "two", "three", "four", "five", "six"]
    four, five, six = added.memories[3:]
    assert (four.kind, four.categories, four.metadata, four.pinned) == ("semantic", ("x",), {"n": 4}, True)
    assert (five.role, five.expires_at) == ("assistant", NOON + timedelta(days=1))
    assert (six.scope.user_id, six.scope.run_id, six.said_at) == ("alice", "r", NOON)
    operation = memory.operations(user_id="alice")[0]
    assert {one.memory_id for one in operation.touched} == set(added.ids)


def test_items_may_belong_to_different_scopes(memory: Memory) -> None:
    added = memory.add_many([{"content": f"of {name}", "user_id": name} for name in ("a", "b")])

    assert events(added) == ["ADD"] * 2
    assert [one.text for one in memory.get_all(user_id="b")] == ["of b"]
    assert list(memory.operations(user_id="a")) == []
    assert memory.operations(project_wide=True)[0].scope is None


def test_an_operation_on_several_scopes_is_that_of_what_they_share(memory: Memory) -> None:
    memory.add_many([{"content": "x", "run_id": "1"}, {"content": "y", "run_id": "2"}], user_id="alice")

    assert len(memory.operations(user_id="alice")) == 1
    assert len(memory.operations(user_id="alice", run_id="1")) == 0


WRONG: list[tuple[object, str]] = [
    ("text", "takes a list"),
    ({"content": "x"}, "takes a list"),
    (None, "takes a list"),
    ([], "empty list"),
    (["a", ""], "item 1: text is empty"),
    (["a", None], "item 1: .*NoneType"),
    (["a", {}], "item 1: a dict needs content"),
    (["a", {"text": "x"}], "item 1: a dict needs content"),
    (["a", {"content": "x", "top_k": 5}], "item 1: .*top_k.*limit"),
    (["a", {"content": "x", "data": 5}], "item 1: .*data.*text"),
    (["a", {"content": "x", "infer": True}], "item 1: .*infer"),
    (["a", {"content": "x", "timestamp": "2026-01-01T00:00:00"}], "item 1: timestamp .* no time zone"),
    (["a", {"content": "x", "kind": "fact"}], "item 1: kind"),
    (["a", {"content": ["x", ""]}], "item 1: message 1 is empty"),
    (["a", {"content": "x", 5: "y"}], "item 1: .*5"),
]


@pytest.mark.parametrize(("items", "said"), WRONG)
def test_what_cannot_be_added_is_named_and_nothing_is_stored(memory: Memory, items: object, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        memory.add_many(cast("Any", items), user_id="alice")

    assert memory.stats().messages == 0


def test_a_scope_that_is_none_is_named_by_its_item(memory: Memory) -> None:
    with pytest.raises(ScopeError, match="item 1: user_id is blank"):
        memory.add_many(["a", {"content": "x", "user_id": " "}], run_id="r")
    with pytest.raises(ScopeError, match=r"item 1: .*contradicts"):
        memory.add_many(["a", {"content": "x", "user_id": "bob"}], user_id="alice")

    assert memory.stats().messages == 0


def test_an_embedder_that_fails_midway_leaves_nothing(store: Store, clock: SetClock) -> None:
    given = {f"text {number}": [float(number)] for number in range(1, 600)}
    given["text 599"] = [float("nan")]
    memory = Memory(store=store, embedder=FakeEmbedder(given), clock=clock, new_id=counting())

    with pytest.raises(EmbeddingError, match="fake:words"):
        memory.add_many(list(given), user_id="alice")

    assert (memory.stats().messages, memory.stats().memories) == (0, 0)


def test_of_a_history_that_is_sent_again_only_the_new_end_is_embedded(store: Store, clock: SetClock) -> None:
    embedder = FakeEmbedder()
    memory = Memory(store=store, embedder=embedder, clock=clock, new_id=counting())
    history = [f"turn {number}" for number in range(20)]
    memory.add_many(history, user_id="alice")
    embedder.asked.clear()

    added = memory.add_many([*history, "a new one"], user_id="alice")

    assert embedder.asked == ["a new one"]
    assert events(added) == ["REPEAT"] * 20 + ["ADD"]


def test_what_is_only_in_the_log_is_embedded_when_it_becomes_a_memory(store: Store, clock: SetClock) -> None:
    embedder = FakeEmbedder()
    memory = Memory(store=store, embedder=embedder, clock=clock, new_id=counting())
    said = [{"role": "user", "content": f"turn {number}", "id": f"m{number}"} for number in range(6)]
    memory.add_many(said, user_id="alice", roles=["assistant"])

    memory.add_many(said, user_id="alice")

    assert embedder.asked == [f"turn {number}" for number in range(6)]
    assert memory.stats().waiting == 0


class Interrupted(FakeEmbedder):
    """An embedder that something else happens beside, once."""

    def __init__(self, beside: Callable[[], object]) -> None:
        super().__init__()
        self._beside = [beside]

    def embed(self, texts: Sequence[str], *, purpose: Purpose = "document") -> NDArray[numpy.float32]:
        while self._beside:
            self._beside.pop()()
        return super().embed(texts, purpose=purpose)


def test_what_another_adds_while_this_one_embeds_is_not_stored_twice(store: Store, clock: SetClock) -> None:
    history = [f"turn {number}" for number in range(20)]
    other = Memory(store=store, embedder=FakeEmbedder(), clock=clock, new_id=counting(1_000))
    embedder = Interrupted(lambda: other.add_many(history, user_id="alice"))
    memory = Memory(store=store, embedder=embedder, clock=clock, new_id=counting())

    added = memory.add_many([*history, "a new one"], user_id="alice")

    assert events(added) == ["REPEAT"] * 20 + ["ADD"]
    assert memory.count(user_id="alice") == 21


@pytest.mark.parametrize("items", [3, 600])
def test_progress_is_told_until_all_texts_are_embedded(store: Store, clock: SetClock, items: int) -> None:
    memory = Memory(store=store, embedder=FakeEmbedder(), clock=clock, new_id=counting())
    told: list[tuple[int, int]] = []

    def tell(done: int, total: int) -> None:
        told.append((done, total))

    memory.add_many([f"text {number}" for number in range(items)], user_id="alice", progress=tell)

    assert told[-1] == (items, items)
    assert [done for done, _ in told] == sorted({done for done, _ in told})


def test_the_same_list_twice_adds_nothing(memory: Memory, clock: SetClock) -> None:
    items = [{"role": ("user", "assistant")[number % 2], "content": f"turn {number // 2}"} for number in range(200)]
    first = memory.add_many(items, user_id="alice")
    clock.pass_(days=1)

    again = memory.add_many(items, user_id="alice")

    assert (set(events(first)), set(events(again)), again.op_id) == ({"ADD"}, {"REPEAT"}, None)
    assert memory.count(user_id="alice") == 200


def test_the_same_diary_of_another_day_is_another_diary(memory: Memory) -> None:
    """Items that tell their times are other turns at other times, whatever they say."""
    for day in range(3):
        items = [
            {"content": text, "timestamp": NOON + timedelta(days=day, minutes=number)}
            for number, text in enumerate(["Slept well.", "Ran 5 km."])
        ]
        assert events(memory.add_many(items, user_id="alice")) == ["ADD", "ADD"]


@pytest.mark.parametrize("with_ids", [True, False])
@pytest.mark.parametrize("count", [1_000, pytest.param(10_000, marks=pytest.mark.nightly)])
def test_ten_thousand_items_are_added_and_known_again(
    memory: Memory,
    count: int,
    with_ids: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    ids = [{"id": f"m{number}"} if with_ids else {} for number in range(count)]
    items: list[dict[str, str]] = [
        {"role": "user", "content": f"note {number}", **one} for number, one in enumerate(ids)
    ]
    first = memory.add_many(items, user_id="alice")

    again = memory.add_many(items, user_id="alice")

    assert len(first.ids) == memory.count(user_id="alice") == count
    assert set(events(again)) == {"REPEAT"}
