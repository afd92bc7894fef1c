"""Messages of CrewAI and of mnemon are the same messages."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnemon import Image, InvalidInputError, Message, Text, ToolCall, ToolResult
from mnemon_crewai.messages import from_crew_messages, to_crew_messages
from tests.integrations.conversions import PNG, messages, texts, unlike

addresses = st.sampled_from(["https://x.org/a.png", "data:image/png;base64," + PNG, "data:,hi"])
pictures = addresses.map(lambda url: {"url": url, "detail": "low"})
parts = st.one_of(
    st.fixed_dictionaries({"type": st.just("text"), "text": texts}),
    st.fixed_dictionaries(
        {
            "type": st.just("image_url"),
            "image_url": addresses.map(lambda url: {"url": url, "detail": "low"}) | addresses,
        }
    ),
    st.fixed_dictionaries({"type": st.just("input_audio"), "input_audio": st.just({"data": "", "format": "mp3"})}),
)
calls: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"id": texts, "type": st.just("function")},
    optional={"function": st.fixed_dictionaries({"name": texts}, optional={"arguments": texts | st.just('{"a":1}')})},
)
crew_messages: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["system", "user", "assistant", "tool"]),
        "content": st.none() | texts | st.lists(parts, max_size=3),
    },
    optional={"tool_calls": st.lists(calls, max_size=2), "tool_call_id": texts, "name": texts, "refusal": texts},
)


@given(st.lists(messages, max_size=3).map(unlike))
def test_messages_come_back_from_crewai_as_they_were(given_messages: list[Message]) -> None:
    there = to_crew_messages(given_messages, form="whole")

    assert from_crew_messages(json.loads(json.dumps(there))) == given_messages


@given(st.lists(crew_messages, max_size=3))
def test_crew_messages_come_back_from_mnemon_as_they_were(given_messages: list[dict[str, Any]]) -> None:
    there = from_crew_messages(given_messages)

    assert to_crew_messages(there) == given_messages


@given(st.lists(messages, max_size=3))
def test_a_provider_is_told_what_it_knows(given_messages: list[Message]) -> None:
    told = to_crew_messages(given_messages)

    assert {key for one in told for key in one} <= {"role", "content", "name", "tool_calls", "tool_call_id"}


def test_a_message_says_in_crewai_what_it_says_in_mnemon() -> None:
    asked = Message(
        role="assistant", content=[Text("Let me look."), ToolCall(id="c1", name="weather", arguments={"p": 1})]
    )
    results = [ToolResult(call_id=one, content=(Text(one),)) for one in ("c1", "c2")]
    shown = Message(role="user", name="ana", content=[Text("See"), Image(data=PNG, media_type="image/png")])

    told = to_crew_messages([asked, Message(role="tool", content=results), shown])

    assert told == [
        {
            "role": "assistant",
            "content": "Let me look.",
            "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"p": 1}'}}],
        },
        {"role": "tool", "content": "c1", "tool_call_id": "c1"},
        {"role": "tool", "content": "c2", "tool_call_id": "c2"},
        {
            "role": "user",
            "name": "ana",
            "content": [
                {"type": "text", "text": "See"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64," + PNG}},
            ],
        },
    ]


def test_files_of_another_package_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="image_url"):
        from_crew_messages([{"role": "user", "content": "Hi", "files": {"a": object()}}])
