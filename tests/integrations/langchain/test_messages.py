"""Messages of LangChain and of mnemon are the same messages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    RemoveMessage,
    SystemMessage,
    ToolMessage,
)

from mnemon import File, Image, InvalidInputError, Message, Text, ToolCall, ToolResult
from mnemon_langchain import from_langchain_messages, to_langchain_messages
from tests.integrations.conversions import PNG, messages, objects, texts, unlike, values, words

Part = dict[str, Any]


def text_part(text: str, more: Part) -> Part:
    return {"type": "text", "text": text, **more}


def odd_part(inner: object) -> Part:
    return {"type": "odd", "inner": inner}


def asked_call(call_id: str | None, name: str, args: Part) -> Part:
    return {"id": call_id, "name": name, "args": args}


extras: st.SearchStrategy[Part] = st.sampled_from([{}, {"index": 0}])
parts: st.SearchStrategy[str | Part] = st.one_of(
    texts,
    st.builds(text_part, texts, extras),
    st.just({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}", "detail": "low"}}),
    st.just({"type": "image", "base64": PNG, "mime_type": "image/png"}),
    st.just({"type": "image", "url": "https://example.org/a.png"}),
    st.just({"type": "file", "file_id": "f1"}),
    st.just({"type": "audio", "base64": "AAAA", "mime_type": "audio/wav"}),
    st.just({"type": "reasoning", "reasoning": "hm", "extras": {"signature": "x"}}),
    st.builds(odd_part, values),
)
content = texts | st.lists(parts, max_size=4)
common: dict[str, Any] = {
    "content": content,
    "id": st.none() | words,
    "name": st.none() | words,
    "additional_kwargs": objects,
    "response_metadata": objects,
}
asked = st.lists(st.builds(asked_call, st.none() | words, words, objects), max_size=2)
usage = st.none() | st.just({"input_tokens": 1, "output_tokens": 2, "total_tokens": 3})
langchain_messages = st.one_of(
    st.builds(HumanMessage, **common),
    st.builds(SystemMessage, **common),
    st.builds(AIMessage, tool_calls=asked, usage_metadata=usage, **common),
    st.builds(ToolMessage, tool_call_id=words, artifact=values, status=st.sampled_from(["success", "error"]), **common),
    st.builds(ChatMessage, role=words | st.sampled_from(["user", "assistant", "developer"]), **common),
    st.builds(FunctionMessage, **{**common, "name": words}),
)


@given(st.lists(messages, max_size=3))
def test_messages_come_back_as_they_were(given_messages: list[Message]) -> None:
    said = unlike(given_messages)

    assert from_langchain_messages(to_langchain_messages(said)) == said


@given(st.lists(langchain_messages, max_size=3))
def test_langchains_messages_come_back_as_they_were(given_messages: list[BaseMessage]) -> None:
    assert to_langchain_messages(from_langchain_messages(given_messages)) == given_messages


def test_a_turn_with_a_picture_and_a_call_says_the_same_on_both_sides() -> None:
    noon = datetime(2026, 5, 1, 12, tzinfo=UTC)
    call = ToolCall(id="c1", name="weather", arguments={"place": "Oslo"})
    said = [
        Message(
            role="user", content=[Text("What is this?"), Image(url="https://example.org/a.png")], id="m1", time=noon
        ),
        Message(role="assistant", content=[Text("Let me see."), call], id="m2"),
        Message(role="tool", content=[ToolResult(call_id="c1", content=(Text("A cat."),), is_error=True)], id="m3"),
    ]

    human, ai, tool = to_langchain_messages(said)

    assert human.content == [
        {"type": "text", "text": "What is this?"},
        {"type": "image", "url": "https://example.org/a.png"},
    ]
    assert isinstance(ai, AIMessage)
    assert (ai.content, ai.tool_calls[0]["args"]) == ("Let me see.", {"place": "Oslo"})
    assert isinstance(tool, ToolMessage)
    assert (tool.content, tool.tool_call_id, tool.status) == ("A cat.", "c1", "error")


def test_what_langchain_says_is_read_as_parts() -> None:
    told = HumanMessage(
        [
            {"type": "text", "text": "See", "cache_control": {"type": "ephemeral"}},
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
            {"type": "file", "base64": "AAAA", "mime_type": "application/pdf", "extras": {"filename": "a.pdf"}},
        ]
    )

    (message,) = from_langchain_messages([told])

    assert message.blocks == (
        Text("See"),
        Image(data=PNG, media_type="image/png"),
        File(data="AAAA", media_type="application/pdf", name="a.pdf"),
    )


def test_a_chunk_is_the_message_that_it_is_a_part_of() -> None:
    (message,) = from_langchain_messages(
        [AIMessageChunk(content="Hel", id="m1") + AIMessageChunk(content="lo", id="m1")]
    )

    assert (message.role, message.text, message.id) == ("assistant", "Hello", "m1")


def test_what_is_no_turn_or_no_json_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="no turn"):
        from_langchain_messages([RemoveMessage(id="m1")])
    with pytest.raises(InvalidInputError, match="JSON"):
        from_langchain_messages([ToolMessage("x", tool_call_id="c1", artifact=object())])
