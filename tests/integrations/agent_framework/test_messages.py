"""Messages of Agent Framework and of mnemon are the same messages."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from agent_framework import Content
from agent_framework import Message as AgentMessage
from hypothesis import given
from hypothesis import strategies as st

from mnemon import Image, InvalidInputError, Message, Text, ToolCall, ToolResult
from mnemon_agent_framework.messages import from_agent_messages, to_agent_messages
from tests.integrations.conversions import messages, objects, texts, unlike

optional_texts = st.none() | texts
properties = objects.filter(lambda told: not {"server_label", "type"} & told.keys())
text_contents = st.builds(Content.from_text, texts, additional_properties=properties)
contents = st.one_of(
    text_contents,
    st.builds(Content.from_text_reasoning, text=optional_texts, protected_data=optional_texts),
    st.builds(Content.from_data, st.binary(max_size=9), st.sampled_from(["image/png", "a/b"]), name=optional_texts),
    st.builds(
        Content.from_uri,
        st.sampled_from(["https://x.org/a.png", "data:text/plain,hi"]),
        media_type=st.just("image/png"),
    ),
    st.builds(Content.from_function_call, texts, texts, arguments=st.none() | objects | texts | st.just('{"a": [1]}')),
    st.builds(
        Content.from_function_result,
        texts,
        result=optional_texts | st.lists(text_contents, max_size=2),
        additional_properties=properties,
    ),
    st.builds(Content.from_error, message=optional_texts, error_code=optional_texts),
    st.builds(Content.from_hosted_file, texts),
)
agent_messages = st.builds(
    AgentMessage,
    st.sampled_from(["system", "developer", "user", "assistant", "tool", "critic"]),
    st.lists(contents, max_size=3),
    author_name=optional_texts,
    message_id=optional_texts,
    additional_properties=properties,
)


def told(message: AgentMessage) -> dict[str, Any]:
    return {**vars(message), "contents": [content.to_dict() for content in message.contents]}


@given(st.lists(messages, max_size=3).map(unlike))
def test_messages_come_back_from_agent_framework_as_they_were(given_messages: list[Message]) -> None:
    there = to_agent_messages(given_messages)

    assert from_agent_messages(there) == given_messages


@given(st.lists(messages, max_size=2).map(unlike))
def test_messages_come_back_from_a_session_that_was_stored(given_messages: list[Message]) -> None:
    stored = [json.dumps(message.to_dict()) for message in to_agent_messages(given_messages)]

    assert from_agent_messages(map(AgentMessage.from_json, stored)) == given_messages


@given(st.lists(agent_messages, max_size=3))
def test_agent_messages_come_back_from_mnemon_as_they_were(given_messages: list[AgentMessage]) -> None:
    there = from_agent_messages(given_messages)

    assert [told(message) for message in to_agent_messages(there)] == [told(message) for message in given_messages]


def test_a_message_says_in_agent_framework_what_it_says_in_mnemon() -> None:
    noon = datetime(2026, 5, 1, 12, tzinfo=UTC)
    result = ToolResult(call_id="c1", content=(Text("a"), Image(url="https://x.org/a.png")), is_error=True)
    said = Message(
        role="tool", name="weather", id="m", time=noon, metadata={"source": "web"}, content=[Text("b"), result]
    )

    (told,) = to_agent_messages([said])

    assert (told.role, told.author_name, told.message_id) == ("tool", "weather", "m")
    assert told.additional_properties["source"] == "web"
    assert told.contents[0].text == "b"
    assert (told.contents[1].call_id, told.contents[1].result) == ("c1", "a")
    assert told.contents[1].exception is not None
    assert from_agent_messages([told]) == [said]


def test_arguments_that_a_model_wrote_wrongly_are_kept() -> None:
    call = Content.from_function_call("c1", "weather", arguments="{place: Oslo")

    (read,) = from_agent_messages([AgentMessage("assistant", [call])])

    assert read.tool_calls == (ToolCall(id="c1", name="weather", arguments={"arguments": "{place: Oslo"}),)
    (told,) = to_agent_messages([read])
    assert told.contents[0].arguments == "{place: Oslo"


def test_what_json_cannot_say_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="metadata"):
        from_agent_messages([AgentMessage("user", ["Hi"], additional_properties={"client": object()})])
