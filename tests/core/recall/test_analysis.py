"""What a text is found by, in any language."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnemon.logic.analysis import analyse, name_terms, speaker_terms, terms_of


def shared(language: str, turn: str, query: str) -> set[str]:
    return set(analyse(turn, language).terms) & set(analyse(query, language).terms)


@pytest.mark.parametrize(
    ("language", "turn", "query"),
    [
        ("en", "We were hiking in the Alps", "who hikes?"),
        ("de", "Ich habe zwei Katzen adoptiert", "Welche Katze gehört ihr?"),
        ("de", "Die Straße war gesperrt", "STRASSE"),
        ("es", "Me encantan los gatos negros", "¿Qué gato?"),
        ("es", "Estudié biología", "estudie biologia"),
        ("zh", "我的猫叫咪咪", "你的猫叫什么名字"),
        ("ja", "東京タワーに行きました", "東京で何をした"),
        ("ko", "고양이가 좋아요", "고양이를 키워요?"),
        ("th", "ฉันชอบแมวมาก", "แมวตัวไหน"),
        ("ar", "أُحِبُّ القَهْوَة في الصباح", "من يحب القهوة"),
        ("hi", "मुझे किताबें पढ़ना पसंद है", "किताबें कौन पढ़ता है"),
        ("en", "我的猫叫咪咪", "猫叫"),
        ("xx", "Zwei Katzen", "katzen"),
        ("xx", "Straße", "STRASSE"),
    ],
)
def test_a_turn_is_found_by_a_word_of_it(language: str, turn: str, query: str) -> None:
    assert shared(language, turn, query)


@pytest.mark.parametrize("word", ["किताबें", "القهوة", "Größe", "ภาษา", "naïve"])
def test_marks_do_not_split_a_word(word: str) -> None:
    spaceless = word == "ภาษา"

    terms = analyse(word, "xx").terms

    assert len(terms) == (len("ภาษา") - 1 if spaceless else 1)


@pytest.mark.parametrize(
    ("whole", "parts"),
    [
        ("ABC-123", ["abc", "123"]),
        ("v2.1.0", ["v2", "1"]),
        ("ana.lopez@example.org", ["ana", "lopez", "org"]),
        ("https://example.org/a?b=9", ["org", "9"]),
        ("get_user_name", ["get", "user", "name"]),
        ("2023-05-02", ["2023", "05", "02"]),
        ("1,200.50", ["200", "50"]),
        ("AT&T", ["t"]),
        ("C++", ["c"]),
        ("notes.txt", ["note", "txt"]),
    ],
)
def test_codes_are_found_whole_and_by_their_parts(whole: str, parts: list[str]) -> None:
    terms = analyse(f"It was ({whole}), he said.").terms

    assert whole.lower().replace(",", "") in terms
    assert set(parts) <= set(terms)


def test_a_hyphen_makes_no_code_of_words() -> None:
    assert terms_of("a well-known and/or other") == ("well", "known", "other")


@pytest.mark.parametrize("text", ["", "the of and", "\0\x01\x02", "😀🎉", "....", "___", "@@@"])
def test_texts_without_content_have_no_terms(text: str) -> None:
    assert analyse(text).terms == ()


def test_repeats_and_order_are_kept() -> None:
    assert terms_of("cats dogs cats") == ("cat", "dog", "cat")


def test_forms_of_characters_are_one() -> None:
    assert terms_of("\ufb01le \uff21\uff22\uff23 don\u2019t cafe\u0301") == terms_of("file abc don't café")


def test_digits_of_any_script_are_digits() -> None:
    assert terms_of("٢٠٢٣", "ar") == ("2023",)


def test_invisible_signs_do_not_matter() -> None:
    assert terms_of("re\u00adcord नम\u200cस्ते") == terms_of("record नमस्ते")


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("How are you?", True),
        ("How are you? ", True),
        ('He asked "why?"', True),
        ("你好吗？", True),  # noqa: RUF001 - the full-width mark is what is tested
        ("كيف حالك؟", True),
        ("Why? Because.", False),
        ("", False),
    ],
)
def test_a_text_that_ends_with_a_question_is_told(text: str, question: bool) -> None:  # noqa: FBT001 - a value
    assert analyse(text).question is question


@pytest.mark.parametrize(
    ("language", "text", "holds"),
    [
        ("en", "I went there yesterday", True),
        ("en", "two years ago", True),
        ("en", "It was in 2019", True),
        ("en", "We may go", False),
        ("en", "The sun was out, a second sun", False),
        ("de", "Das war gestern", True),
        ("de", "Wir mögen Hunde", False),
        ("es", "Fue la semana pasada", True),
        ("es", "Me gustan los perros", False),
        ("zh", "2019年", False),
    ],
)
def test_time_expressions_are_told(language: str, text: str, holds: bool) -> None:  # noqa: FBT001 - a value
    assert analyse(text, language).time_words is holds


@given(st.text(), st.sampled_from(["en", "de", "es", "zz"]))
def test_a_term_is_never_empty_and_holds_no_white_space_or_control(text: str, language: str) -> None:
    for term in (*analyse(text, language).terms, *name_terms(text, language), *speaker_terms(text)):
        assert term
        assert not any(char.isspace() or char < " " for char in term)


@given(st.text())
def test_no_term_of_a_text_can_be_taken_for_a_name(text: str) -> None:
    assert not any(term.startswith("@") for term in analyse(text).terms)


@given(st.text(alphabet="aB1.-_@:/' \u0301我", max_size=200))
def test_analysis_does_not_depend_on_what_was_analysed_before(text: str) -> None:
    first = analyse(text)

    analyse("something else " + text)

    assert analyse(text) == first


@pytest.mark.parametrize("pattern", ["a", "a.", "我", "@", "a'", "\u0301", "1,", "https://", "in ", "\0", "😀", "A-1 "])
def test_a_million_characters_of_anything_are_analysed(pattern: str) -> None:
    text = pattern * (1_000_000 // len(pattern))

    terms = analyse(text).terms

    assert all(len(term) <= 128 for term in terms)


def test_a_name_is_found_by_each_of_its_words_and_as_a_whole() -> None:
    assert speaker_terms("Ana María López") == ("@ana_maria_lopez", "@ana", "@maria", "@lopez")


@pytest.mark.parametrize("name", ["user", "Assistant", "", "  ", "!?"])
def test_a_role_is_nobodys_name(name: str) -> None:
    assert speaker_terms(name) == ()


@pytest.mark.parametrize(
    ("query", "language", "name"),
    [
        ("What did Caroline buy?", "en", "Caroline"),
        ("what did caroline buy", "en", "Caroline"),
        ("What is Caroline’s job?", "en", "Caroline"),  # noqa: RUF001 - the curly apostrophe is what is tested
        ("Where does O'Brien live", "en", "O'Brien"),
        ("Was ist Annas Beruf?", "de", "Anna"),
        ("田中さんは何を買いましたか", "ja", "田中"),
        ("¿Qué compró José?", "es", "Jose"),
    ],
)
def test_a_participant_is_among_the_names_of_a_query(query: str, language: str, name: str) -> None:
    assert set(speaker_terms(name)) & set(name_terms(query, language))


def test_a_full_name_is_asked_for_as_one() -> None:
    assert "@ana_lopez" in name_terms("When did Ana Lopez call?")


def test_a_long_query_asks_for_few_names_and_those_written_large_first() -> None:
    query = " ".join(f"word{number}" for number in range(50)) + " and then Zoe"

    terms = name_terms(query)

    assert len(terms) <= 16
    assert terms[:1] == ("@zoe",)


def test_stop_words_are_no_names() -> None:
    assert name_terms("What will it be") == ()


def test_terms_are_lower_case_words_of_ascii_for_english() -> None:
    assert all(re.fullmatch(r"[a-z0-9']+", term) for term in terms_of("Naïve Café RÉSUMÉ dogs"))
