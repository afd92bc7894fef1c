"""A search finds what answers best, and a score depends on nothing that it should not depend on."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

import pytest

from mnemon import InvalidInputError, Memory, Message
from mnemon.types.recall import RecallConfig
from tests.core.memory.sources import NOON, FakeEmbedder, SetClock, counting

if TYPE_CHECKING:
    from mnemon.protocols.store import Store

TEXTS = [f"{animal} number {number} sleeps {place}" for number in range(20) for animal, place in (
    ("cat", "on the sofa"), ("dog", "in the garden"), ("bird", "under the roof"))]  # fmt: skip


@pytest.fixture(params=["words", "words and vectors"])
def filled(request: pytest.FixtureRequest, store: Store, clock: SetClock) -> Memory:
    """Give a memory of sixty turns, with and without vectors."""
    embedder = FakeEmbedder() if request.param == "words and vectors" else None
    memory = Memory(store=store, embedder=embedder, clock=clock, new_id=counting())
    memory.add_many(TEXTS, user_id="alice")
    return memory


def ranked(memory: Memory, query: str = "Where does the cat sleep?", **call: object) -> list[tuple[str, float]]:
    """Return ids and scores of what a search finds."""
    hits = memory.search(query, user_id="alice", **cast("dict[str, Any]", call))
    return [(hit.memory.id, hit.score) for hit in hits]


def test_a_lower_limit_gives_the_beginning_of_what_a_higher_one_gives(filled: Memory) -> None:
    most = ranked(filled, limit=50)

    assert len(most) == 50
    for limit in (1, 5, 10, 49):
        assert ranked(filled, limit=limit) == most[:limit]


@pytest.mark.parametrize(("embedder", "brought"), [(None, 10), (FakeEmbedder(), 5)], ids=["words", "both channels"])
def test_words_bring_twice_as_many_candidates_where_they_are_the_only_channel(
    store: Store, clock: SetClock, embedder: FakeEmbedder | None, brought: int
) -> None:
    config = RecallConfig(candidates=5, rings=0)
    memory = Memory(store=store, embedder=embedder, recall=config, clock=clock, new_id=counting())
    added = memory.add_many([f"The cat saw {number} mice." for number in range(15)], user_id="alice")

    told = [memory.why_not("cat", memory_id, user_id="alice") for memory_id in added.ids]

    assert len(told) == 15
    assert sum(one.by_words for one in told) == brought


def test_scores_fall_and_lie_between_0_and_1(filled: Memory) -> None:
    scores = [score for _, score in ranked(filled, limit=60)]

    # Raw scores that agree to 6 digits stand in the order in which they were said.
    assert all(after <= before + 1e-5 for before, after in pairwise(scores))
    assert all(0 < score < 1 for score in scores)


def test_a_threshold_leaves_out_what_scores_less(filled: Memory) -> None:
    every = ranked(filled, limit=60)
    middle = every[30][1]

    assert ranked(filled, limit=60, threshold=middle) == [one for one in every if one[1] >= middle]
    assert ranked(filled, limit=60, threshold=1) == []
    assert ranked(filled, limit=60, threshold=0) == every


def test_others_memories_move_no_score(filled: Memory) -> None:
    before = ranked(filled, limit=60)

    filled.add_many(["the cat sleeps", "cat cat cat", *TEXTS], user_id="bob")
    filled.add_many([{"content": "the cat sleeps", "run_id": f"r{number}"} for number in range(50)])
    Memory(store=cast("Store", filled._opened.store), embedder=None, project="other").add(TEXTS, user_id="alice")  # pyright: ignore[reportPrivateUsage] # as a second application opens it

    after = ranked(filled, limit=60)
    assert [memory_id for memory_id, _ in after] == [memory_id for memory_id, _ in before]
    assert all(abs(one[1] - other[1]) < 1e-9 for one, other in zip(before, after, strict=True))


def test_the_signals_of_a_hit_explain_its_score(filled: Memory) -> None:
    hits = filled.search("Where does the cat sleep?", user_id="alice", limit=20, explain=True)

    calibration = filled._core.recall.calibration(filled.stats().embedder)  # pyright: ignore[reportPrivateUsage] # its constants
    assert hits
    for hit in hits:
        raw = math.fsum((hit.signals or {}).values())
        assert hit.score == pytest.approx(1 / (1 + math.exp(-calibration.slope * (raw - calibration.centre))), abs=1e-9)
    assert ranked(filled, limit=20) == [(hit.memory.id, hit.score) for hit in hits]
    assert filled.search("cat", user_id="alice")[0].signals is None


def test_days_begin_where_the_clock_is(store: Store) -> None:
    # In spring the clocks of Madrid go forward in the night to 29 March 2026: 22:30 and 21:30 in UTC.
    madrid = ZoneInfo("Europe/Madrid")
    now = datetime(2026, 3, 30, 0, 30, tzinfo=madrid)
    memory = Memory(store=store, embedder=None, clock=lambda: now, new_id=counting())
    before, after, today = (
        memory.add(f"I ate fish {run_id}.", user_id="alice", run_id=run_id, timestamp=said).ids[0]
        for run_id, said in (
            ("alone", datetime(2026, 3, 28, 23, 30, tzinfo=madrid)),
            ("outside", datetime(2026, 3, 29, 23, 30, tzinfo=madrid)),
            ("again", datetime(2026, 3, 30, 0, 15, tzinfo=madrid)),
        )
    )

    def of_day(words: str, as_of: datetime | None = None) -> list[str]:
        hits = memory.search(f"What fish did I eat {words}?", user_id="alice", explain=True, as_of=as_of)
        return [hit.memory.id for hit in hits if (hit.signals or {})["date"] == memory._core.recall.date]  # pyright: ignore[reportPrivateUsage] # its constants

    for as_of in (None, now, now.astimezone(UTC)):
        assert before not in of_day("on 29 March 2026", as_of)
        assert of_day("yesterday", as_of) == [after]
        assert of_day("today", as_of) == [today]


@pytest.mark.parametrize(("time", "hours"), [("0001-01-01T00:30:00Z", -5), ("9999-12-31T23:30:00Z", 9)])
def test_a_time_that_a_zone_has_no_year_for_stops_no_search(store: Store, time: str, hours: int) -> None:
    there = timezone(timedelta(hours=hours))
    memory = Memory(store=store, embedder=None, clock=lambda: NOON.astimezone(there), new_id=counting())
    memory.add("I ate fish.", user_id="alice", timestamp=time)

    assert len(memory.search("What fish did I eat yesterday?", user_id="alice")) == 1
    assert len(memory.search("fish yesterday", user_id="alice", as_of=time)) == (time > "2026")


def test_messages_that_a_prompt_holds_can_be_left_out(memory: Memory) -> None:
    turns = [Message(role="user", content=f"the cat {number}", id=f"m{number}") for number in range(4)]
    memory.add(turns, user_id="alice")
    memory.add("the cat is grey", user_id="alice", kind="semantic")

    hits = memory.search("cat", user_id="alice", exclude_message_ids=["m1", "m3", "unknown"])

    assert sorted(hit.memory.text for hit in hits) == ["the cat 0", "the cat 2", "the cat is grey"]


def test_only_the_kinds_asked_for_are_found(memory: Memory) -> None:
    for kind in ("semantic", "procedural", "summary"):
        memory.add(f"the cat, {kind}", user_id="alice", kind=kind)
    memory.add("the cat, episodic", user_id="alice")

    hits = memory.search("cat", user_id="alice", kinds=["semantic", "summary"])

    assert {hit.memory.kind for hit in hits} == {"semantic", "summary"}


def test_without_an_embedder_only_words_find(store: Store, clock: SetClock) -> None:
    memory = Memory(store=store, embedder=None, clock=clock, new_id=counting())
    memory.add("The feline naps.", user_id="alice", run_id="1")
    memory.add("The cat naps.", user_id="alice", run_id="2")

    assert [hit.memory.text for hit in memory.search("a cat", user_id="alice")] == ["The cat naps."]
    assert list(memory.search("a kitten", user_id="alice")) == []
    assert (memory.stats().embedder, memory.stats().waiting) == (None, 0)


def test_what_shares_no_word_is_found_by_its_vector(store: Store, clock: SetClock) -> None:
    near = FakeEmbedder({"a kitten": [1, 0], "The feline naps.": [0.9, 0.1], "Stocks fell.": [0, 1]})
    memory = Memory(store=store, embedder=near, clock=clock, new_id=counting())
    for number, text in enumerate(["The feline naps.", "Stocks fell."]):
        memory.add(text, user_id="alice", run_id=str(number))

    assert memory.search("a kitten", user_id="alice")[0].memory.text == "The feline naps."


def test_an_exact_code_is_found_although_its_vector_is_far(store: Store, clock: SetClock) -> None:
    code = "The order is ZX-81-4471."
    given = {"What about ZX-81-4471?": [1.0, 0.0], code: [0.0, 1.0]}
    crowd = {f"Some other thing, {number}.": [0.6, 0.0, 0.8] for number in range(150)}
    memory = Memory(store=store, embedder=FakeEmbedder(given | crowd), clock=clock, new_id=counting())
    memory.add_many([{"content": text, "run_id": text} for text in (*crowd, code)], user_id="alice")

    hits = memory.search("What about ZX-81-4471?", user_id="alice", limit=5)

    assert code in [hit.memory.text for hit in hits]


def test_a_search_tells_itself_as_mem0_does(memory: Memory) -> None:
    memory.add("the cat", user_id="alice", agent_id="x", metadata={"n": 1}, categories=["pets"], timestamp=NOON)

    told = memory.search("cat", user_id="alice").to_dict()["results"]

    assert isinstance(told, list)
    (one,) = told
    assert isinstance(one, dict)
    assert set(one) == {
        "id", "memory", "user_id", "agent_id", "app_id", "run_id", "metadata", "categories", "created_at",
        "updated_at", "score",
    }  # fmt: skip
    assert (one["memory"], one["user_id"], one["agent_id"], one["app_id"]) == ("the cat", "alice", "x", None)
    assert (one["metadata"], one["categories"]) == ({"n": 1}, ["pets"])


WRONG: list[tuple[str, object, str]] = [
    ("query", " ", "query is blank"),
    ("query", None, "query must be a string"),
    ("limit", 0, "limit must be"),
    ("limit", 1_001, "limit must be"),
    ("limit", True, "limit must be"),
    ("limit", 10**5_000, "limit must be"),
    ("threshold", 1.1, "threshold must be"),
    ("threshold", float("nan"), "threshold must be"),
    ("threshold", 10**400, "threshold must be"),
    ("threshold", "high", "threshold must be"),
    ("kinds", "semantic", "kinds is a list"),
    ("kinds", [], "kinds is a list"),
    ("kinds", ["fact"], "kind 'fact' is unknown"),
    ("as_of", "2026-01-01", "as_of .* no time zone"),
    ("exclude_message_ids", "m1", "exclude_message_ids is a list"),
    ("exclude_message_ids", [5], "message id must be"),
    ("filters", {"kind": {"like": "x"}}, "unknown operator"),
    ("filters", "text", "mapping"),
]


@pytest.mark.parametrize(("argument", "value", "said"), WRONG, ids=[f"{one[0]}-{n}" for n, one in enumerate(WRONG)])
def test_a_value_that_does_not_fit_is_named(memory: Memory, argument: str, value: object, said: str) -> None:
    call = cast("dict[str, Any]", {"query": "cat", argument: value})

    with pytest.raises(InvalidInputError, match=said):
        memory.search(**call, user_id="alice")


@pytest.mark.parametrize(
    ("name", "ours"),
    [("top_k", "limit"), ("k", "limit"), ("session_id", "run_id"), ("memory_type", "kind"), ("min_score", "threshold")],
)
def test_a_word_from_elsewhere_is_refused_with_our_word_for_it(memory: Memory, name: str, ours: str) -> None:
    for method in (memory.search, memory.get_all, memory.count, memory.operations, memory.scopes, memory.stats):
        words = {"query": "cat"} if method == memory.search else {}
        with pytest.raises(TypeError, match=rf"{method.__name__}\(\) has no argument '{name}'; here .* {ours}"):
            cast("Any", method)(**words, **{name: "x"})
