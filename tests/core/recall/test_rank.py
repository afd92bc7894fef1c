"""What decides how well a memory answers a query."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnemon.logic.analysis import analyse, speaker_terms
from mnemon.logic.recall import SIGNALS, Query, Ranked, Turn, rank, read_query, term_weights
from mnemon.types.recall import Calibration, RecallConfig

START = datetime(2023, 5, 1, 12, tzinfo=UTC)
CONFIG = RecallConfig()
EMBEDDER = "some-model"


def turn(number: int, text: str = "", **given: object) -> Turn:
    found = analyse(text)
    known: dict[str, object] = {
        "id": f"m{number}",
        "session": "s",
        "previous": None,
        "order": f"{number:04}",
        "speaker": None,
        "role": "user",
        "terms": found.terms,
        "question": found.question,
        "time_words": found.time_words,
        "said_at": START + timedelta(minutes=number),
        "cosine": None,
    }
    return Turn(**{**known, **given})  # pyright: ignore[reportArgumentType] - a test names fields freely


def talk(*texts: str, **given: object) -> list[Turn]:
    """Return the turns of one session, each after the one before."""
    return [turn(place, text, previous=f"m{place - 1}" if place else None, **given) for place, text in enumerate(texts)]


def ask(text: str, *participants: str) -> Query:
    return read_query(text, now=START, zone=UTC, participants=set(participants), config=CONFIG)


def ranked(query: Query | str, pool: list[Turn], *, config: RecallConfig = CONFIG, **given: object) -> list[Ranked]:
    asked = ask(query) if isinstance(query, str) else query
    known: dict[str, object] = {"rows": 100, "frequencies": {}, "embedder": EMBEDDER}
    return rank(asked, pool, config=config, **{**known, **given})  # pyright: ignore[reportArgumentType] - as above


def signals(found: list[Ranked]) -> dict[str, dict[str, float]]:
    return {item.id: dict(item.signals) for item in found}


def test_an_empty_pool_gives_nothing() -> None:
    assert ranked("cats", []) == []


def test_the_turn_that_says_it_is_first() -> None:
    pool = talk("We bought bread", "My cat is called Tom", "It rains", session=None)

    assert ranked("What is the cat called?", pool)[0].id == "m1"


def test_signals_add_up_to_raw_and_raw_makes_the_score() -> None:
    pool = talk("Where were you in May?", "I saw a cat yesterday", "Nice", cosine=0.4)

    found = ranked("When did you see a cat in May?", pool)

    assert len(found) == 3
    for item in found:
        assert sum(item.signals.values()) == pytest.approx(item.raw, abs=1e-12)
        assert tuple(item.signals) == SIGNALS
        assert 0 < item.score < 1


def test_more_raw_is_more_score() -> None:
    found = ranked("cat bread rain", talk("cat", "cat bread", "cat bread rain", "", session=None))

    assert [item.score for item in found] == sorted((item.score for item in found), reverse=True)
    assert len({item.score for item in found}) == 4


def test_the_lexical_share_is_that_of_the_recipe() -> None:
    pool = [turn(0, "cat " * 3 + "dog " * 7, session=None)]

    found = ranked("cat bird", pool, frequencies={"cat": 9, "bird": 0})

    weight = {
        term: term_weights({term: 1}, rows=100, frequencies={"cat": 9}, config=CONFIG)[term] for term in ("cat", "bird")
    }
    damping = 1.2 * (0.25 + 0.75 * 10 / 20)
    share = weight["cat"] / (weight["cat"] + weight["bird"]) * 3 / (3 + damping)
    assert found[0].signals["words"] == pytest.approx(share)
    assert found[0].signals["session_words"] == pytest.approx(1.25 * share / 3)


def test_rare_terms_weigh_more_and_missing_ones_most() -> None:
    weights = term_weights({"a": 1, "b": 1, "c": 1}, rows=100, frequencies={"a": 90, "b": 2}, config=CONFIG)

    assert 0 < weights["a"] < weights["b"] < weights["c"]


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_weights_are_positive_whatever_is_counted(rows: int, held: int) -> None:
    assert term_weights({"a": 1}, rows=rows, frequencies={"a": held}, config=CONFIG)["a"] > 0


def test_the_least_constants_that_are_taken_rank() -> None:
    least = RecallConfig(candidates=1, rings=0, imagined=2, usual_length=0.001, term_damping=0.001)

    assert term_weights({"a": 1}, rows=9, frequencies={"a": 9}, config=least)["a"] > 0
    assert [0 < one.score < 1 for one in ranked("cat", talk("cat", ""), config=least, embedder=None)] == [True, True]


def test_a_term_that_is_asked_for_twice_weighs_twice() -> None:
    once, twice = (term_weights({"a": times}, rows=9, frequencies={}, config=CONFIG)["a"] for times in (1, 2))

    assert twice == pytest.approx(2 * once)


def test_between_people_a_turn_is_about_what_its_neighbours_say() -> None:
    between_people = signals(ranked("cat", talk("My cat", "She is old", "")))
    chat = talk("My cat", "She is old", "")
    chat[2] = chat[2]._replace(role="assistant")

    assert between_people["m1"]["words"] > 0
    assert signals(ranked("cat", chat))["m1"]["words"] == 0


def test_the_answer_follows_the_question() -> None:
    found = signals(ranked("cat", talk("Is it your cat?", "Yes", "My cat.", "Yes")))

    assert found["m1"]["answer"] > 0
    assert found["m3"]["answer"] == 0
    assert found["m0"]["question"] == pytest.approx(-0.1)


def test_an_answer_gets_of_its_question_what_was_meant_and_what_was_said() -> None:
    found = signals(ranked("cat", talk("Is it your cat?", "Yes", cosine=0.4)))

    assert found["m0"]["words"] > 0
    assert found["m1"]["answer"] == pytest.approx(0.15 * (0.4 + found["m0"]["words"]))


def test_a_question_to_an_assistant_is_not_held_against_it() -> None:
    pool = talk("Is it your cat?", "Yes")
    pool[1] = pool[1]._replace(role="assistant")

    found = signals(ranked("cat", pool))

    assert found["m0"]["question"] == 0
    assert found["m1"]["answer"] == 0


def test_closeness_in_meaning_is_passed_to_neighbours_but_not_by_an_assistant() -> None:
    pool = [item._replace(cosine=0.4) for item in talk("", "", "")]
    pool[2] = pool[2]._replace(role="assistant")

    found = signals(ranked("cat", pool))

    assert found["m1"]["neighbours"] == pytest.approx(0.15 * 0.4)
    assert found["m2"]["neighbours"] == pytest.approx(0.15 * 0.4)
    assert found["m0"]["neighbours"] == pytest.approx(0.15 * 0.4)


def test_a_negative_cosine_counts_as_none() -> None:
    assert signals(ranked("cat", talk("", cosine=-0.5)))["m0"]["meaning"] == 0


def test_a_session_is_worth_what_its_three_best_turns_are() -> None:
    pool = [turn(place, cosine=cosine) for place, cosine in enumerate((0.9, 0.6, 0.3, 0.2))]
    pool.append(turn(9, session="t", cosine=0.9))

    found = signals(ranked("cat", pool))

    assert found["m3"]["session_meaning"] == pytest.approx(0.35 * 0.6)
    assert found["m9"]["session_meaning"] == pytest.approx(0.35 * 0.3)


def test_memories_without_a_session_do_not_share_one() -> None:
    pool = [turn(0, cosine=0.9, session=None), turn(1, cosine=0.1, session=None)]

    assert signals(ranked("cat", pool))["m1"]["session_meaning"] == pytest.approx(0.35 * 0.1 / 3)


def test_turns_of_the_participant_who_is_asked_about_are_preferred() -> None:
    pool = [turn(0, speaker="Ana López"), turn(1, speaker="Ben")]

    found = signals(ranked(ask("What did Ana buy?", "@ana"), pool))

    assert found["m0"]["speaker"] == pytest.approx(0.35)
    assert found["m1"]["speaker"] == 0


def test_of_two_names_the_subject_is_preferred_a_little() -> None:
    pool = [turn(0, speaker="Ana"), turn(1, speaker="Ben")]

    found = signals(ranked(ask("What did Ana tell Ben?", "@ana", "@ben"), pool))

    assert found["m0"]["speaker"] == pytest.approx(0.2)
    assert found["m1"]["speaker"] == 0


def test_two_names_side_by_side_prefer_nobody() -> None:
    pool = [turn(0, speaker="Ana"), turn(1, speaker="Ben")]

    found = signals(ranked(ask("What did Ana and Ben buy?", "@ana", "@ben"), pool))

    assert found["m0"]["speaker"] == found["m1"]["speaker"] == 0


def test_in_a_chat_with_an_assistant_a_query_about_oneself_prefers_ones_own_turns() -> None:
    pool = [turn(0), turn(1, role="assistant")]

    assert ranked("What is my name?", pool)[0].id == "m0"
    assert ranked("What did you recommend to me?", pool)[0].id == "m1"
    assert signals(ranked("Give me a summary of my plans", pool))["m0"]["speaker"] == 0


def test_between_people_a_query_about_oneself_prefers_nobody() -> None:
    pool = [turn(0, speaker="Ana"), turn(1, speaker="Ben")]

    assert signals(ranked("What is my name?", pool))["m0"]["speaker"] == 0


def test_a_session_counts_less_where_the_answer_is_spread_over_many() -> None:
    pool = [turn(0, "I bought red shoes", cosine=0.5), turn(1, "It rains", session="other", cosine=0.1)]

    one = signals(ranked("What shoes did I buy?", pool))["m0"]
    many = signals(ranked("What different shoes did I buy?", pool))["m0"]

    # The session has one turn of the three, so a third of its worth; of that three quarters, the rest is its own.
    assert one["session_meaning"] == pytest.approx(CONFIG.session_meaning * 0.5 / 3)
    assert many["session_meaning"] == pytest.approx(CONFIG.session_meaning * 0.5 * (0.75 / 3 + 0.25))
    assert one["session_words"] == pytest.approx(CONFIG.session_words * one["words"] / 3)
    assert many["session_words"] == pytest.approx(CONFIG.session_words * many["words"] * (0.75 / 3 + 0.25))


def test_dates_and_times_that_a_query_asks_for_are_preferred() -> None:
    pool = [turn(0, "I just went there"), turn(1, said_at=START - timedelta(days=400))]

    found = signals(ranked("When was it, in May 2023?", pool))

    assert found["m0"]["date"] == pytest.approx(0.5)
    assert found["m1"]["date"] == 0
    assert found["m0"]["when"] == pytest.approx(0.2)
    assert found["m1"]["when"] == 0


def test_the_day_of_a_turn_is_that_of_the_one_who_asks() -> None:
    # In the evening of the third in London, and on the fourth where the question comes from.
    late = turn(0, said_at=datetime(2023, 5, 3, 20, tzinfo=UTC))
    there = timezone(timedelta(hours=10))

    def date_signal(text: str) -> float:
        query = read_query(text, now=START, zone=there, participants=set(), config=CONFIG)
        return signals(ranked(query, [late]))["m0"]["date"]

    assert date_signal("What did I do on May 4, 2023?") == CONFIG.date
    assert date_signal("What did I do on 2023-05-05?") < CONFIG.date


def test_the_terms_of_a_speaker_make_a_turn_no_longer() -> None:
    plain = turn(0, "my cat")
    named = plain._replace(terms=plain.terms + speaker_terms("Ana López"))

    assert ranked("cat", [plain]) == ranked("cat", [named])


def test_equal_scores_stand_in_order_of_time() -> None:
    pool = [turn(number, id=name, session=None) for number, name in ((3, "a"), (1, "c"), (2, "b"))]

    assert [item.id for item in ranked("cat", pool)] == ["c", "b", "a"]


def test_differences_that_only_rounding_makes_do_not_decide() -> None:
    pool = [turn(0, session=None, cosine=0.5), turn(1, session=None, cosine=0.5 + 1e-9)]

    assert [item.id for item in ranked("cat", pool)] == ["m0", "m1"]


def test_the_order_of_the_pool_does_not_matter() -> None:
    pool = talk("My cat?", "Yes, in May", "Old", "cat cat", cosine=0.3)

    assert ranked("cat in May", pool) == ranked("cat in May", pool[::-1])


def test_a_score_does_not_depend_on_other_sessions() -> None:
    pool = talk("My cat?", "Yes, in May", cosine=0.3)
    others = [turn(number, "cat " * number, session="other", cosine=0.9) for number in range(5, 15)]

    alone = {item.id: item for item in ranked("cat in May", pool)}
    together = {item.id: item for item in ranked("cat in May", pool + others)}

    assert len(alone) == 2
    for name, item in alone.items():
        assert together[name].raw == pytest.approx(item.raw, abs=1e-12)


def test_without_an_embedder_cosines_do_not_count() -> None:
    pool = talk("cat", cosine=0.9)

    found = ranked("cat", pool, embedder=None)

    assert found == ranked("cat", talk("cat"), embedder=None)
    assert found[0].signals["meaning"] == found[0].signals["session_meaning"] == 0


def test_an_embedder_that_does_not_know_the_script_is_left_out() -> None:
    config = RecallConfig(calibrations={EMBEDDER: Calibration(scripts=frozenset({"LATIN"}))})
    pool = talk("我的猫叫咪咪", cosine=0.9)

    assert signals(ranked("猫叫什么名字", pool, config=config))["m0"]["meaning"] == 0
    assert signals(ranked("cat", pool, config=config))["m0"]["meaning"] == pytest.approx(0.9)


def test_a_calibration_moves_meaning_and_score() -> None:
    config = RecallConfig(calibrations={EMBEDDER: Calibration(weight=2, floor=0.5, slope=1, centre=0)})

    found = ranked("cat", [turn(0, session=None, cosine=0.75)], config=config)

    assert found[0].signals["meaning"] == pytest.approx(0.5)


def test_a_memory_without_a_vector_is_ranked_by_its_words() -> None:
    pool = [turn(0, "cat", session=None), turn(1, "dog", session=None, cosine=0.1)]

    assert ranked("cat", pool)[0].id == "m0"


def test_a_query_without_content_ranks_without_words() -> None:
    found = ranked("what is the", talk("cat", "dog"))

    assert [item.id for item in found] == ["m0", "m1"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["cat", "cat dog?", "in May", "", "我的猫"]),
            st.sampled_from([None, "a", "b"]),
            st.sampled_from([None, "user", "assistant", "tool"]),
            st.sampled_from([None, "Ana", "Ben", ""]),
            st.none() | st.floats(-1, 1),
        ),
        max_size=12,
    ),
    st.sampled_from(["", "cat", "my cat?", "What did Ana say in May?", "我的猫"]),
    st.sampled_from([None, EMBEDDER]),
)
def test_any_pool_is_ranked_whole(
    rows: list[tuple[str, str | None, str | None, str | None, float | None]], query: str, embedder: str | None
) -> None:
    pool = [
        turn(place, text, session=session, role=role, speaker=speaker, cosine=cosine, previous=f"m{place - 1}")
        for place, (text, session, role, speaker, cosine) in enumerate(rows)
    ]

    found = ranked(ask(query, "@ana"), pool, embedder=embedder)

    assert sorted(item.id for item in found) == sorted(item.id for item in pool)
    for item in found:
        assert 0 < item.score < 1
        assert sum(item.signals.values()) == pytest.approx(item.raw, abs=1e-9)
