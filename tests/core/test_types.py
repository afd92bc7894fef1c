"""Scopes, messages, memories and times: what they accept, and what they refuse by name."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime, timedelta, timezone
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnemon import (
    DimensionMismatchError,
    File,
    Hit,
    Image,
    InvalidInputError,
    MemoryRecord,
    Message,
    MissingExtraError,
    MnemonError,
    Scope,
    ScopeError,
    Text,
    ToolCall,
    ToolResult,
)
from mnemon.logic.messages import message_row_id
from mnemon.logic.scopes import row_id
from mnemon.protocols.clock import random_id
from mnemon.testing.samples import HOSTILE
from mnemon.types.jsonvalue import check_json_object
from mnemon.types.times import format_time, is_canonical_time, parse_time

NOON = datetime(2026, 5, 8, 12, 0, tzinfo=UTC)


def test_a_scope_needs_an_id_and_keeps_it_as_it_is() -> None:
    with pytest.raises(ScopeError, match="at least one of user_id, agent_id, app_id, run_id"):
        Scope()

    for text in HOSTILE:
        if text.strip() and len(text) < 1_000:
            assert Scope(user_id=text).to_dict() == {"user_id": text}


@pytest.mark.parametrize("bad", ["", " ", "\n\t", "x" * 1_025, "é" * 513, "\ud800", 3, b"x", True, ["a"]])
def test_an_id_that_cannot_be_one_is_refused_by_name(bad: str) -> None:
    with pytest.raises(ScopeError, match="agent_id"):
        Scope(user_id="fine", agent_id=bad)


@pytest.mark.parametrize("number", [7, True, 7.5])
def test_an_id_that_is_no_text_is_refused_with_its_value_and_the_remedy(number: str) -> None:
    with pytest.raises(ScopeError, match=rf"user_id is {number}, of type .*give str\(\) of it"):
        Scope(user_id=number)


def test_the_longest_id_is_accepted() -> None:
    assert Scope(run_id="é" * 512).run_id == "é" * 512


def test_a_message_takes_a_text_or_blocks_and_says_its_words() -> None:
    call = ToolCall(id="c1", name="weather", arguments={"city": "Rome"})
    result = ToolResult(call_id="c1", content=(Text("sunny"),))
    image = Image(url="https://example.org/cat.png", caption="a cat")
    message = Message(role="assistant", content=[Text("look"), image, call, result, File(data="eA==", name="x.txt")])

    assert Message(role="user", content="hello").blocks == (Text("hello"),)
    assert message.text == "look\na cat"
    assert (message.tool_calls, message.tool_results) == ((call,), (result,))
    assert message.blocks[1] is image


@pytest.mark.parametrize(
    ("parts", "named"),
    [
        ({"role": "robot", "content": "x"}, "robot"),
        ({"role": "user", "content": 3}, "not a int"),
        ({"role": "user", "content": [{"type": "text"}]}, "holds a dict"),
        ({"role": "user", "content": "x", "id": " "}, "id"),
        ({"role": "user", "content": "x", "name": ""}, "name"),
        ({"role": "user", "content": "x", "time": datetime(2026, 1, 1)}, "time zone"),  # noqa: DTZ001
        ({"role": "user", "content": "x", "metadata": {"k": math.nan}}, "metadata.k"),
        ({"role": "user", "content": "\ud800"}, "surrogate"),
    ],
)
def test_a_malformed_message_is_refused_by_name(parts: dict[str, object], named: str) -> None:
    with pytest.raises(InvalidInputError, match=named):
        Message(**parts)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("kind", [Image, File])
@pytest.mark.parametrize("places", [{}, {"url": "https://example.org/x", "data": "eA=="}])
def test_an_attachment_is_in_exactly_one_place(kind: type[Image | File], places: dict[str, str]) -> None:
    with pytest.raises(InvalidInputError, match=r"url or base64"):
        kind(**places)


def test_a_block_with_a_text_that_cannot_be_kept_is_refused() -> None:
    for build in (
        lambda: Image(url="\ud800"),
        lambda: Image(data="eA==", caption="\ud800"),
        lambda: File(url="https://example.org", name="\ud800"),
        lambda: ToolCall(id="\ud800", name="x"),
        lambda: ToolResult(call_id="\ud800"),
    ):
        with pytest.raises(InvalidInputError, match="surrogate"):
            build()


def test_arguments_of_a_tool_call_are_json() -> None:
    with pytest.raises(InvalidInputError, match=r"'tool'\.when"):
        ToolCall(id="1", name="tool", arguments={"when": NOON})  # pyright: ignore[reportArgumentType]


def test_a_memory_and_a_hit_speak_the_names_that_users_of_mem0_know() -> None:
    memory = MemoryRecord(
        id="m",
        text="likes tea",
        scope=Scope(user_id="a"),
        said_at=NOON,
        created_at=NOON,
        updated_at=NOON,
        categories=("food",),
    )

    found = Hit(memory=memory, score=0.5, signals={"words": 0.25}).to_dict()

    assert found == {
        "id": "m",
        "memory": "likes tea",
        "user_id": "a",
        "agent_id": None,
        "app_id": None,
        "run_id": None,
        "metadata": {},
        "categories": ["food"],
        "created_at": "2026-05-08T12:00:00+00:00",
        "updated_at": "2026-05-08T12:00:00+00:00",
        "score": 0.5,
        "signals": {"words": 0.25},
    }


@given(st.datetimes(timezones=st.timezones()), st.datetimes(timezones=st.timezones()))
def test_canonical_times_sort_as_the_times_do(one: datetime, other: datetime) -> None:
    try:
        first, second = format_time(one), format_time(other)
    except InvalidInputError:
        return

    assert is_canonical_time(first)
    assert (first < second) == (one.astimezone(UTC) < other.astimezone(UTC))
    assert parse_time(first, "t") == first


@pytest.mark.parametrize(
    "text",
    [
        "2026-W23-1T00:00:00.000000Z",
        "2026-11-21T22:10:00,000000Z",
        "2026-11-21T221000.00000000Z",
        "2026-11-21T24:00:00.000000Z",
        "2026-11-21T22:60:00.000000Z",
        "2026-02-30T22:10:00.000000Z",
        "2026-11-21T22:10:00.000000Z\n",
        "2026-11-21T22:10:00.00000\u0660Z",
        "2026-11-21T22:10+00:00:00Z",
        "2026-11-21T22:10:00.00000Z",
        "2026-11-21t22:10:00.000000Z",
    ],
)
def test_a_time_that_reads_back_as_another_text_is_not_canonical(text: str) -> None:
    assert not is_canonical_time(text)


def test_every_accepted_form_of_a_time_gives_the_same_text() -> None:
    berlin = timezone(timedelta(hours=2))
    forms = (
        NOON,
        NOON.astimezone(berlin),
        "2026-05-08T12:00:00Z",
        "2026-05-08T14:00:00+02:00",
        1_778_241_600,
        1_778_241_600.0,
    )

    assert {parse_time(form, "t") for form in forms} == {"2026-05-08T12:00:00.000000Z"}
    assert parse_time("0001-01-01T00:00:00Z", "t") == "0001-01-01T00:00:00.000000Z"


@pytest.mark.parametrize(
    ("bad", "named"),
    [
        (datetime(2026, 1, 1), "time zone"),  # noqa: DTZ001
        ("2026-01-01T00:00:00", "time zone"),
        ("2026-01-01", "time zone"),
        ("tomorrow", "tomorrow"),
        ("", "ISO 8601"),
        (True, "bool"),
        (None, "NoneType"),
        (1e20, "1e\\+20"),
        (math.nan, "nan"),
        (datetime.max.replace(tzinfo=timezone(-timedelta(hours=1))), "years"),
    ],
)
def test_a_time_that_is_none_is_refused_by_name(bad: object, named: str) -> None:
    with pytest.raises(InvalidInputError, match=f"said_at.*{named}"):
        parse_time(bad, "said_at")


def test_json_is_copied_and_its_faults_are_named_by_path() -> None:
    value = {"a": [1, (2, "x")], "b": {"c": None}}

    checked = check_json_object(value, "metadata")

    assert checked == {"a": [1, [2, "x"]], "b": {"c": None}}
    assert checked["a"] is not value["a"]
    faults: tuple[tuple[object, str], ...] = (
        ({"a": [0, {1}]}, r"metadata\.a\[1\]"),
        ({"a": {2: 1}}, r"a key of metadata\.a"),
        ("text", "metadata must"),
    )
    for bad, path in faults:
        with pytest.raises(InvalidInputError, match=path):
            check_json_object(bad, "metadata")


def test_json_deeper_than_any_reader_goes_is_refused() -> None:
    deep: dict[str, object] = {}
    for _ in range(100_000):
        deep = {"k": deep}

    with pytest.raises(InvalidInputError, match="64 levels"):
        check_json_object(deep, "metadata")


def test_metadata_of_plain_texts_is_copied_too() -> None:
    given_by_caller = {"source": "mail"}

    checked = check_json_object(given_by_caller, "metadata")
    given_by_caller["source"] = "chat"

    assert checked == {"source": "mail"}


def made_alone() -> str:
    """Make an id after the microsecond of the one before: within a millisecond, and not within a step of its own."""
    since = time.time_ns()
    while time.time_ns() < since + 1_000:
        pass
    return random_id()


def test_new_ids_are_uuids_whose_order_is_that_of_time() -> None:
    before = time.time_ns() // 1_000_000
    first = UUID(random_id())
    time.sleep(0.002)
    ids = [made_alone() for _ in range(1_000)]
    after = time.time_ns() // 1_000_000

    assert (first.version, first.variant) == (7, RFC_4122)
    assert len({first, *map(UUID, ids)}) == 1_001
    assert all(before <= UUID(made).int >> 80 <= after for made in (str(first), *ids))
    assert sorted(ids) == ids
    assert all(str(first) < made for made in ids)


@pytest.mark.parametrize("message_id", HOSTILE)
def test_a_message_has_the_row_that_its_scope_and_id_always_gave(message_id: str) -> None:
    scope = Scope(user_id="alice", run_id='"quoted", "1"')

    row = message_row_id(scope, message_id)

    assert row == row_id("message", "alice", None, None, '"quoted", "1"', message_id)
    assert row != message_row_id(Scope(user_id="alice"), message_id)


def test_errors_are_of_one_family_and_carry_their_facts() -> None:
    missing = MissingExtraError("LocalEmbedder", "local")
    mismatch = DimensionMismatchError("space", expected=3, got=4)

    assert isinstance(missing, MnemonError)
    assert isinstance(missing, ImportError)
    assert 'pip install "mnemon[local]"' in str(missing)
    assert isinstance(mismatch, ValueError)
    assert (mismatch.space, mismatch.expected, mismatch.got) == ("space", 3, 4)
