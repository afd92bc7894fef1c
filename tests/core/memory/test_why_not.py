"""A search tells where it lost a memory, and of those that say the same it finds the best alone."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from mnemon import ConfigError, InMemoryStore, InvalidInputError, Memory, Message, ScopeError
from mnemon.types.recall import RecallConfig
from tests.core.memory.sources import NOON, FakeEmbedder, SetClock, counting

if TYPE_CHECKING:
    from mnemon.protocols.store import Store


def add(memory: Memory, text: str, **parts: object) -> str:
    return memory.add(text, **{"user_id": "alice", **parts}).ids[0]  # pyright: ignore[reportArgumentType] - a test names arguments freely


def step(memory: Memory, memory_id: str, query: str = "Where does the cat sleep?", **call: object) -> str:
    return memory.why_not(query, memory_id, **{"user_id": "alice", **call}).step  # pyright: ignore[reportArgumentType] - the same


def test_a_memory_that_is_found_has_the_rank_and_score_that_it_was_found_with(memory: Memory) -> None:
    ids = [add(memory, f"The cat sleeps on {place}.", run_id=place) for place in ("sofas", "roofs", "beds")]

    hits = memory.search("the cat on a roof", user_id="alice", explain=True)

    assert len(hits) == 3
    for rank, hit in enumerate(hits, 1):
        told = memory.why_not("the cat on a roof", hit.memory.id, user_id="alice")
        assert (told.step, told.rank, told.score, told.signals) == ("found", rank, hit.score, hit.signals)
        assert (told.by_words, told.by_meaning) == (True, False)
    assert {hit.memory.id for hit in hits} == set(ids)


def test_others_memories_are_not_told_from_those_that_are_not_there(memory: Memory) -> None:
    theirs = add(memory, "The cat sleeps.", user_id="bob")

    told = memory.why_not("cat", theirs, user_id="alice").to_dict()

    assert told == {**memory.why_not("cat", "nothing", user_id="alice").to_dict(), "memory_id": theirs}
    assert told["step"] == "scope"
    assert memory.scoped(user_id="alice").why_not("cat", theirs).step == "scope"


def test_what_was_deleted_or_was_not_there_yet_is_not_current(memory: Memory) -> None:
    before = NOON - timedelta(days=1)
    memory_id = add(memory, "The cat sleeps.")

    assert step(memory, memory_id, as_of=before) == "current"
    memory.delete(memory_id)
    assert step(memory, memory_id) == "current"


def test_what_has_expired_is_told_and_found_where_that_counts_too(memory: Memory, clock: SetClock) -> None:
    memory_id = add(memory, "The cat sleeps.", expires_at=NOON + timedelta(hours=1))
    clock.pass_(hours=2)

    assert step(memory, memory_id) == "expired"
    assert step(memory, memory_id, include_expired=True) == "found"
    memory.update(memory_id, pinned=True)
    assert step(memory, memory_id) == "found"


def test_what_expires_now_has_expired(store: Store) -> None:
    memory = Memory(store=store, embedder=None, clock=lambda: NOON, new_id=counting())
    now, later = (
        add(memory, f"The cat sleeps {number}.", run_id=f"r{number}", expires_at=NOON + timedelta(microseconds=number))
        for number in (0, 1)
    )

    assert [hit.memory.id for hit in memory.search("cat", user_id="alice")] == [later]
    assert step(memory, now) == "expired"


def test_an_excluded_message_and_a_filter_are_told_apart(memory: Memory) -> None:
    turn = Message(role="user", content="The cat sleeps.", id="m1")
    memory_id = memory.add([turn], user_id="alice", metadata={"room": "kitchen"}).ids[0]

    assert step(memory, memory_id, exclude_message_ids=["m1"]) == "excluded"
    assert step(memory, memory_id, exclude_message_ids=["m2"]) == "found"
    assert step(memory, memory_id, filters={"room": "yard"}) == "filter"
    assert step(memory, memory_id, kinds=["semantic"]) == "filter"
    assert step(memory, memory_id, filters={"room": "kitchen"}) == "found"


def test_what_no_channel_brings_is_no_candidate(memory: Memory) -> None:
    memory_id = add(memory, "Stocks fell.", run_id="elsewhere")
    add(memory, "The cat sleeps.", run_id="here")

    told = memory.why_not("cat", memory_id, user_id="alice")

    assert (told.step, told.rank, told.score, told.by_words) == ("candidates", None, None, False)


def test_meaning_brings_what_words_do_not(store: Store, clock: SetClock) -> None:
    near = FakeEmbedder({"a kitten": [1, 0], "The feline naps.": [0.9, 0.1]})
    memory = Memory(store=store, embedder=near, clock=clock, new_id=counting())

    told = memory.why_not("a kitten", add(memory, "The feline naps."), user_id="alice")

    assert (told.step, told.by_words, told.by_meaning) == ("found", False, True)


def test_a_threshold_and_a_limit_lose_what_others_keep(memory: Memory) -> None:
    for place in ("sofa", "roof", "bed"):
        add(memory, f"The cat sleeps on the {place}.", run_id=place)
    best, _, last = memory.search("the cat on the roof", user_id="alice")

    assert step(memory, last.memory.id, "the cat on the roof", limit=2) == "limit"
    assert step(memory, last.memory.id, "the cat on the roof", threshold=best.score) == "threshold"
    assert memory.why_not("the cat on the roof", last.memory.id, user_id="alice", limit=1).rank == 3


def test_of_those_that_say_the_same_the_best_is_found(memory: Memory) -> None:
    first = add(memory, "The grey cat sleeps on the sofa.", run_id="one")
    second = add(memory, "The grey cat sleeps on the sofa!", run_id="two")

    hits = memory.search("grey cat", user_id="alice")

    assert [hit.memory.id for hit in hits] == [first]
    told = memory.why_not("grey cat", second, user_id="alice")
    assert (told.step, told.same_as, told.score) == ("duplicate", first, hits[0].score)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"text": "The train leaves at 3."}, {"text": "The train leaves at 4."}),
        ({"text": "I like fish."}, {"text": "I do not like fish."}),
        ({"text": "I ran today.", "timestamp": NOON}, {"text": "I ran today.", "timestamp": NOON - timedelta(7)}),
        ({"text": "The fish is good.", "speaker": "Ana"}, {"text": "The fish is good.", "speaker": "Ben"}),
        ({"text": "The fish is good.", "role": "user"}, {"text": "The fish is good.", "role": "assistant"}),
    ],
    ids=["number", "negation", "day", "speaker", "role"],
)  # fmt: skip
def test_what_differs_in_what_counts_is_not_the_same(
    memory: Memory, one: dict[str, object], other: dict[str, object]
) -> None:
    for run_id, told in (("one", one), ("two", other)):
        turn = Message(role=told.get("role", "user"), name=told.get("speaker"), content=told["text"])  # pyright: ignore[reportArgumentType] - a test names fields freely
        memory.add([turn], user_id="alice", run_id=run_id, timestamp=told.get("timestamp"))  # pyright: ignore[reportArgumentType] - the same

    assert len(memory.search("the train, the fish; who ran?", user_id="alice")) == 2


@pytest.mark.parametrize("scope", [{"agent_id": "guide"}, {"project_wide": True}], ids=["agent", "project"])
def test_two_users_who_say_the_same_are_both_found(memory: Memory, scope: dict[str, Any]) -> None:
    said = [add(memory, "I am allergic to peanuts.", user_id=user_id, agent_id="guide") for user_id in ("ana", "ben")]

    assert {hit.memory.id for hit in memory.search("Who is allergic?", **scope)} == set(said)
    assert [memory.why_not("Who is allergic?", one, **scope).step for one in said] == ["found", "found"]


LONG = (
    "Doctor Meyer told me on the telephone that the new blue pills from the pharmacy beside the old station {} "
    "dangerous for anybody with asthma like my brother Tom"
)


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", LONG.format("are"), LONG.format("are not")),
        ("en", LONG.format("can be"), LONG.format("can't be")),
        ("en-GB", LONG.format("are"), LONG.format("are never")),
        ("de", "Ich habe eine Allergie.", "Ich habe keine Allergie."),
        ("de", "Ich esse Fisch mit Haut.", "Ich esse Fisch ohne Haut."),
        ("es", "Tengo alergia a las nueces.", "No tengo alergia a las nueces."),
        ("es", "Tomo el café con leche.", "Tomo el café sin leche."),
    ],
)
def test_what_says_the_opposite_does_not_say_the_same(language: str, one: str, other: str) -> None:
    memory = Memory(store=InMemoryStore(), embedder=None, recall=RecallConfig(language=language))
    ids = {add(memory, text, run_id=text[:3] + text[-40:]) for text in (one, other)}

    assert {hit.memory.id for hit in memory.search(one, user_id="alice")} == ids


def test_a_limit_counts_what_is_left_when_the_same_is_left_out(memory: Memory) -> None:
    for number in range(12):
        add(memory, f"The cat sleeps in room {number // 3}.", run_id=f"r{number}")

    every = [hit.memory.id for hit in memory.search("the cat in the room", user_id="alice", limit=50)]

    assert len(every) == 4
    for limit in (1, 2, 3, 4):
        found = memory.search("the cat in the room", user_id="alice", limit=limit)
        assert [hit.memory.id for hit in found] == every[:limit]


def test_leaving_out_the_same_can_be_switched_off(store: Store, clock: SetClock) -> None:
    memory = Memory(store=store, embedder=None, clock=clock, new_id=counting(), recall=RecallConfig(alike=None))
    for run_id in ("one", "two"):
        add(memory, "The cat sleeps.", run_id=run_id)

    assert len(memory.search("cat", user_id="alice")) == 2


@pytest.mark.parametrize("alike", [0, -0.1, 1.1])
def test_a_share_that_is_none_is_refused(alike: float) -> None:
    with pytest.raises(ConfigError, match="alike must be a share"):
        RecallConfig(alike=alike)


@pytest.mark.parametrize("language", ["", "English", "EN", "e", "en_"])
def test_what_is_no_code_of_a_language_is_refused(language: str) -> None:
    with pytest.raises(ConfigError, match="no code such as 'en'"):
        RecallConfig(language=language)


@pytest.mark.parametrize(
    ("language", "text", "query", "found"),
    [
        ("de", "Die Wohnung ist hell.", "Wohnungen", True),
        ("es", "La canción suena.", "canciones", True),
        ("neutral", "Die Wohnung ist hell.", "Wohnungen", False),
        ("ja", "La canción suena.", "canciones", False),
        ("neutral", "Die Wohnung ist hell.", "WOHNUNG", True),
    ],
)
def test_the_language_that_is_given_decides_which_words_are_one(
    language: str, text: str, query: str, *, found: bool
) -> None:
    memory = Memory(store=InMemoryStore(), embedder=None, recall=RecallConfig(language=language))
    memory.add(text, user_id="alice")

    assert bool(memory.search(query, user_id="alice")) is found


def test_numbers_say_whether_a_threshold_means_what_is_documented(store: Store) -> None:
    unknown = Memory(store=store, embedder=FakeEmbedder())
    assert unknown.stats().calibrated is False
    assert unknown.stats(user_id="alice").to_dict()["calibrated"] is False
    assert Memory(store=store, embedder=None).stats().calibrated is True


def test_a_context_is_what_a_search_finds_for_a_prompt(memory: Memory) -> None:
    turns = [Message(role="user", name="Ana", content=f"The cat sleeps in room {number}.") for number in range(8)]
    memory.add(turns, user_id="alice", timestamp=NOON)
    add(memory, "The cat sleeps at Bob's.", user_id="bob")

    context = memory.context("Where does the cat sleep?", user_id="alice", max_tokens=120)
    everything = memory.scoped(user_id="alice").context("Where does the cat sleep?")

    best = [hit.memory.id for hit in memory.search("Where does the cat sleep?", user_id="alice", limit=50)]
    assert {hit.memory.id for hit in context.hits} == set(best[: len(context.hits)])
    assert 0 < len(context.hits) < 8
    assert context.tokens <= 120
    assert len(context.left_out) == 8 - len(context.hits)
    assert everything.text.count("<memory ") == 8
    assert 'speaker="Ana"' in everything.text
    assert "Bob" not in everything.text
    assert set(context.to_dict()) == {"text", "tokens", "results", "left_out"}
    assert memory.context("Who won?", user_id="nobody").text == ""


def test_why_not_and_context_refuse_what_search_refuses(memory: Memory) -> None:
    with pytest.raises(ScopeError, match=r"context\(\) needs to know"):
        memory.context("cat")
    with pytest.raises(ScopeError, match=r"why_not\(\) needs to know"):
        memory.why_not("cat", "m")
    with pytest.raises(ScopeError, match="bound to"):
        memory.scoped(user_id="alice").context("cat", project_wide=True)
    with pytest.raises(InvalidInputError, match="max_tokens"):
        memory.context("cat", user_id="alice", max_tokens=1)
    with pytest.raises(InvalidInputError, match="memory_id is blank"):
        memory.why_not("cat", " ", user_id="alice")
    with pytest.raises(TypeError, match="here it is called limit"):
        memory.context("cat", user_id="alice", top_k=3)
