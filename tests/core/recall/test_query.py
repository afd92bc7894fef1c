"""What is read out of a query."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnemon.logic.recall import Query, dense_applies, read_query
from mnemon.logic.recall.bands import closeness
from mnemon.types.recall import Calibration, RecallConfig

FRAGMENTS = (
    *("last", "this", "ago", "two", "a", "few", "week", "weeks", "weekend", "", "summer", "may", "march", "tuesday"),
    *(
        "on",
        "in",
        "of",
        "the",
        "5",
        "5th",
        "31",
        "2023",
        "2023-02-31",
        "letzten",
        "vor",
        "zwei",
        "wochen",
        "30. februar",
    ),
    *("hace", "dos", "semanas", "fin de semana", "pasado", "año", "29 de febrero", "2023年13月", "@", "'", "'s"),
)
NOW = datetime(2023, 6, 15, 12, tzinfo=UTC)  # a Thursday


def read(text: str, *participants: str, language: str = "en", now: datetime = NOW) -> Query:
    return read_query(
        text, now=now, zone=now.tzinfo, participants=set(participants), config=RecallConfig(language=language)
    )


def worth(text: str, day: date, language: str = "en") -> float:
    return closeness(day, read(text, language=language).dates)


@pytest.mark.parametrize(
    "text",
    [
        "When did we go there?",
        "We wed on a sat in the sun",
        "May I go?",
        "they may march to the sun",
        "the march of time",
        "Mon amour, a second second",
        "I walked 2000 steps",
        "it costs $2023",
        "every Monday",
        "next Monday",
        "on the 5th floor",
        "version 1.2.3",
        "42/7",
        "the 2011/12 season",
        "PyCharm 2023.1.2",
        "https://example.org/2023/05/02/notes",
        "",
    ],
)
def test_no_date_is_read_where_there_is_none(text: str) -> None:
    assert read(text).dates == ()


@pytest.mark.parametrize(
    ("language", "text", "day"),
    [
        ("en", "What did I do last Tuesday?", date(2023, 6, 13)),
        ("en", "last Thursday", date(2023, 6, 8)),
        ("en", "What happened on Monday?", date(2023, 6, 12)),
        ("en", "yesterday", date(2023, 6, 14)),
        ("en", "the day before yesterday", date(2023, 6, 13)),
        ("en", "two weeks ago", date(2023, 6, 1)),
        ("en", "last week", date(2023, 6, 7)),
        ("en", "last weekend", date(2023, 6, 10)),
        ("en", "last month", date(2023, 5, 2)),
        ("en", "last summer", date(2022, 7, 2)),
        ("en", "on May 2nd", date(2021, 5, 2)),
        ("en", "in the march of 2021", date(2021, 3, 9)),
        ("en", "late may", date(2021, 5, 29)),
        ("en", "in 2021", date(2021, 12, 31)),
        ("en", "2021-03-04", date(2021, 3, 4)),
        ("en", "5/2/2023", date(2023, 5, 2)),
        ("de", "am 5. Mai 2022", date(2022, 5, 5)),
        ("de", "5.2.2023", date(2023, 2, 5)),
        ("de", "Was habe ich letzten Dienstag gesagt?", date(2023, 6, 13)),
        ("de", "vor zwei Wochen", date(2023, 6, 1)),
        ("de", "letztes Jahr", date(2022, 2, 1)),
        ("es", "el 5 de mayo de 2022", date(2022, 5, 5)),
        ("es", "¿Qué dije el martes pasado?", date(2023, 6, 13)),
        ("es", "hace dos semanas", date(2023, 6, 1)),
        ("es", "el año pasado", date(2022, 2, 1)),
        ("ja", "2023年5月2日に何をした", date(2023, 5, 2)),
        ("ja", "2023/5/2に何をした", date(2023, 5, 2)),
        ("en", "2023/05/02", date(2023, 5, 2)),
    ],
)
def test_a_turn_of_the_day_that_a_query_names_fits_it(language: str, text: str, day: date) -> None:
    assert worth(text, day, language) == 1
    assert worth(text, date(1999, 9, 9), language) == 0


def test_the_month_after_fits_less_and_the_one_before_not_at_all() -> None:
    assert worth("in December 2022", date(2022, 12, 1)) == 1
    assert worth("in December 2022", date(2023, 1, 20)) == pytest.approx(0.4)
    assert worth("in December 2022", date(2022, 11, 30)) == 0
    assert worth("in December", date(2023, 1, 20)) == pytest.approx(0.4)


def test_a_day_is_told_of_within_the_next_ten_days() -> None:
    assert worth("on 7 May 2023", date(2023, 5, 17)) == 1
    assert worth("on 7 May 2023", date(2023, 5, 18)) < 0.5
    assert worth("on 7 May 2023", date(2023, 5, 1)) < 0.5


def test_what_was_said_in_the_days_after_last_tuesday_fits_less() -> None:
    fits = [worth("last Tuesday", date(2023, 6, day)) for day in range(12, 18)]

    assert fits == [0, 1, 0.4, 0.4, 0.4, 0]


def test_one_year_holds_for_all_months_of_a_query() -> None:
    assert worth("in May and June of 2022", date(2022, 5, 3)) == 1
    assert worth("in May and June of 2022", date(2021, 5, 3)) == 0
    assert worth("in May and June of 2022", date(2022, 2, 3)) == 0


def test_a_participant_called_june_is_no_month() -> None:
    assert read("What did June say?", "@june").dates == ()


def test_days_begin_where_the_one_who_asks_is() -> None:
    late = datetime(2023, 6, 15, 23, tzinfo=UTC)
    tokyo = timezone(timedelta(hours=9))

    query = read_query("yesterday", now=late, zone=tokyo, participants=(), config=RecallConfig())

    assert closeness(date(2023, 6, 15), query.dates) == 1


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of this system cannot be changed within a process")
def test_the_zone_of_the_machine_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    late = datetime(2023, 6, 15, 23, tzinfo=UTC)
    monkeypatch.setenv("TZ", "XXX-9")  # nine hours ahead, where it is the sixteenth
    time.tzset()
    try:
        query = read_query("today", now=late, zone=None, participants=(), config=RecallConfig())
    finally:
        monkeypatch.undo()
        time.tzset()

    assert query.zone is UTC
    assert closeness(date(2023, 6, 15), query.dates) == 1
    assert closeness(date(2023, 6, 14), query.dates) == 0


@pytest.mark.parametrize("day", [date(1, 1, 1), date(9999, 12, 31)])
def test_dates_at_the_ends_of_the_calendar_do_no_harm(day: date) -> None:
    now = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)

    for text in ("999 years ago", "last weekend", "in May", "last month", "last year", "last summer", "today"):
        closeness(day, read(text, now=now).dates)


def test_names_are_dropped_from_the_words_and_are_i_in_the_text() -> None:
    query = read("What is Caroline's favourite book, and did Caroline read it?", "@caroline")

    assert query.text == "What is my favourite book, and did I read it?"
    assert "carolin" not in query.terms
    assert query.names == ("@caroline",)


def test_a_name_of_nobody_here_is_a_word() -> None:
    query = read("What did Caroline read?")

    assert query.text == "What did Caroline read?"
    assert "carolin" in query.terms
    assert query.names == ()


def test_a_query_that_is_a_name_looks_for_it() -> None:
    assert set(read("Caroline", "@caroline").terms) == {"carolin"}


def test_the_longest_name_wins() -> None:
    query = read("What did Ana Lopez buy?", "@ana", "@lopez", "@ana_lopez")

    assert query.names == ("@ana_lopez",)


@pytest.mark.parametrize("text", ["will it rain", "Will it rain", "it may rain"])
def test_a_participant_called_will_is_not_meant_by_every_will(text: str) -> None:
    assert read(text, "@will", "@may").names == ()


def test_a_participant_called_will_is_meant_by_name() -> None:
    assert read("What did Will say?", "@will").names == ("@will",)


def test_names_are_found_where_nothing_parts_words() -> None:
    assert read("田中さんは何を買いましたか", "@田中", language="ja").names == ("@田中",)


@pytest.mark.parametrize(
    ("language", "text", "role"),
    [
        ("en", "What is my sister's name?", "user"),
        ("en", "Summarise my progress", None),
        ("en", "What did you recommend to me?", "assistant"),
        ("en", "The book you suggested", "assistant"),
        ("en", "What did I tell you that you mentioned again?", "user"),
        ("en", "Do you know what I like?", "user"),
        ("en", "Would you say it is good?", None),
        ("en", "What is the capital of France?", None),
        ("de", "Was ist mein Lieblingsbuch?", "user"),
        ("de", "Was hast du mir empfohlen?", "assistant"),
        ("es", "¿Cuál es mi libro favorito?", "user"),
        ("es", "¿Qué me recomendaste?", "assistant"),
    ],
)
def test_whose_turns_are_asked_for(language: str, text: str, role: str | None) -> None:
    assert read(text, language=language).role == role


@pytest.mark.parametrize(
    ("text", "matter"),
    [
        ("Can you tell me which book it was?", "which book it was?"),
        ("What happened in our conversations so far about bees?", "What happened about bees?"),
        ("Which bees? List only two.", "Which bees?"),
        ("Which bees did I mention?", "Which bees?"),
        ("Can you tell me", "Can you tell me"),
        ("the weather in our town", "the weather in our town"),
    ],
)
def test_talk_about_the_talk_is_cut(text: str, matter: str) -> None:
    assert read(text).text == matter


@pytest.mark.parametrize(
    ("language", "text", "asks"),
    [
        ("en", "When was it?", True),
        ("en", "How long did it take?", True),
        ("en", "I know when it was", False),
        ("en", "Whenever", False),
        ("de", "Wann war das?", True),
        ("es", "¿Cuándo fue?", True),
    ],
)
def test_a_question_for_a_time_is_told(language: str, text: str, asks: bool) -> None:  # noqa: FBT001 - a value
    assert read(text, language=language).asks_when is asks


@pytest.mark.parametrize(
    ("language", "text", "spread"),
    [
        ("en", "How many times has Nate won?", True),
        ("en", "how  many different sizes did I mention?", True),
        ("en", "List the order in which I brought up my plans", True),
        ("en", "What did I plan, in order? Name five.", True),
        ("en", "Can you give me a summary of my garden?", True),
        ("en", "What have I said across our conversations?", True),
        ("en", "How many sources are in my library?", False),
        ("en", "How many days did the trip take?", False),
        ("en", "What was done to keep it fair throughout the evaluation?", False),
        ("en", "What did I do in order to sleep?", False),
        ("en", "What is the difference?", False),
        ("en", "Which songs are on the shopping list?", False),
        ("de", "Wie viele Male war Jan dort?", True),
        ("de", "In welcher Reihenfolge war ich dort?", True),
        ("de", "Wie viele Tage war ich dort?", False),
        ("de", "Wo war die Katze?", False),
        ("es", "¿Cuántas veces fue Ana?", True),
        ("es", "¿En qué orden los visité?", True),
        ("es", "¿Cuántos días estuve allí?", False),
        ("neutral", "How many times has Nate won?", False),
    ],
)
def test_a_query_whose_answer_is_spread_over_many_turns_is_told(language: str, text: str, spread: bool) -> None:  # noqa: FBT001 - a value
    assert read(text, language=language).gathers is spread


def test_terms_are_counted() -> None:
    assert read("cats and dogs and cats").terms == {"cat": 2, "dog": 1}


def test_a_pasted_text_gives_a_bounded_query() -> None:
    query = read(" ".join(f"word{number}" for number in range(100_000)))

    assert len(query.terms) == 64


def test_an_embedder_stays_out_of_scripts_that_it_does_not_know() -> None:
    config = RecallConfig(calibrations={"english": Calibration(scripts=frozenset({"LATIN"}))})

    def applies(text: str, embedder: str | None) -> bool:
        return dense_applies(read(text), embedder=embedder, config=config)

    assert applies("my cat", "english")
    assert not applies("我的猫叫咪咪", "english")
    assert applies("我的猫叫咪咪", "another")
    assert not applies("my cat", None)
    assert applies("2023", "english")


@pytest.mark.parametrize(
    ("own", "text", "language"),
    [
        ("en", "What did we do in the garden?", "en"),
        ("en", "Was hat Lukas im Mai gekauft?", "de"),
        ("en", "¿Qué compró Ana en el mercado?", "es"),
        ("en", "war stories", "en"),  # "war" alone is a stop word of German
        ("en", "kitten Lisbon 2024", "en"),
        ("en", "我的猫叫咪咪", "en"),
        ("en-GB", "What did we do?", "en"),
        ("de", "Wo war die Katze?", "de"),
        ("de", "What did we do in the garden?", "en"),
        ("neutral", "Was hat Lukas im Mai gekauft?", "de"),
        ("neutral", "kitten Lisbon 2024", ""),
        ("fr", "What did we do in the garden?", "fr"),
    ],
)
def test_stop_words_tell_the_language_of_a_query(own: str, text: str, language: str) -> None:
    assert read(text, language=own).language == language


def test_an_embedder_stays_out_of_languages_that_it_does_not_know() -> None:
    known = {"english": Calibration(languages=frozenset({"en"}))}

    def applies(text: str, language: str, embedder: str = "english") -> bool:
        config = RecallConfig(language=language, calibrations=known)
        return dense_applies(read(text, language=language), embedder=embedder, config=config)

    assert applies("What did my cat do?", "en")
    assert not applies("Was hat meine Katze gemacht?", "de")
    assert not applies("Was hat meine Katze gemacht?", "en")
    assert applies("Was hat meine Katze gemacht?", "en", "another")
    assert not applies("Katze", "de")
    assert applies("Katze", "neutral")


@given(
    st.lists(
        st.sampled_from(FRAGMENTS) | st.text(max_size=8),
        max_size=12,
    ).map(" ".join),
    st.sampled_from(["en", "de", "es", "ja"]),
)
def test_any_query_is_read(text: str, language: str) -> None:
    query = read(text, "@may", language=language)

    assert 0 <= closeness(NOW.date(), query.dates) <= 1
