"""Messages of LlamaIndex and of mnemon are the same messages."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from llama_index.core.base.llms.types import (
    AudioBlock,
    CachePoint,
    ChatMessage,
    CitableBlock,
    CitationBlock,
    DocumentBlock,
    ImageBlock,
    MessageRole,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    VideoBlock,
)

from mnemon import Image, InvalidInputError, Message, Text, ToolCall, ToolResult
from mnemon_llama_index.messages import from_chat_messages, to_chat_messages
from tests.integrations.conversions import PNG, bytes_texts, messages, objects, texts, unlike, values

if TYPE_CHECKING:
    from pathlib import Path

optional_texts = st.none() | texts
sources = st.sampled_from([{}, {"url": "https://example.org/a.png"}, {"url": "data:image/png;base64," + PNG}])
held = bytes_texts.map(str.encode)


def built(kind: type[Any], **parts: Any) -> st.SearchStrategy[Any]:
    return st.builds(lambda source, **more: kind(**source, **more), sources, **parts)


text_blocks = st.builds(TextBlock, text=texts)
image_blocks = built(ImageBlock, image=st.none() | held, image_mimetype=optional_texts, detail=optional_texts)
document_blocks = built(DocumentBlock, data=st.none() | held, title=optional_texts, document_mimetype=optional_texts)
chat_blocks = st.one_of(
    text_blocks,
    image_blocks,
    document_blocks,
    built(AudioBlock, audio=st.none() | held, format=st.none() | st.sampled_from(["mp3", "wav", ""])),
    built(VideoBlock, video=st.none() | held, video_mimetype=optional_texts, fps=st.none() | st.integers(1, 9)),
    st.builds(CachePoint, cache_control=st.just({"type": "ephemeral", "ttl": "5m"})),
    st.builds(ThinkingBlock, content=optional_texts, num_tokens=st.none() | st.integers(0, 9), additional_information=objects),
    st.builds(CitableBlock, title=texts, source=texts, content=st.lists(text_blocks | image_blocks, max_size=2)),
    st.builds(CitationBlock, cited_content=text_blocks, source=texts, title=texts, additional_location_info=st.just({"a": 1})),
    st.builds(
        ToolCallBlock,
        tool_call_id=optional_texts,
        tool_name=texts,
        tool_kwargs=objects | texts | st.just('{"a": 1}') | st.just("{not json"),
    ),
)  # fmt: skip
kwargs = st.dictionaries(
    st.sampled_from(["tool_call_id", "session_id", "cache_control", "name", "refusal"]) | texts.filter("mnemon".__ne__),
    values,
    max_size=3,
).filter(lambda told: "images" not in told and not isinstance(told.get("tool_calls"), list))
chat_messages = st.builds(
    ChatMessage, role=st.sampled_from(MessageRole), blocks=st.lists(chat_blocks, max_size=4), additional_kwargs=kwargs
)


@given(st.lists(messages, max_size=3).map(unlike))
def test_messages_come_back_from_llama_index_as_they_were(given_messages: list[Message]) -> None:
    there = to_chat_messages(given_messages)

    assert from_chat_messages(there) == given_messages


@given(st.lists(messages, max_size=2).map(unlike))
def test_messages_come_back_after_llama_index_stored_them_as_json(given_messages: list[Message]) -> None:
    stored = [message.model_dump_json() for message in to_chat_messages(given_messages)]

    assert from_chat_messages(map(ChatMessage.model_validate_json, stored)) == given_messages


@given(st.lists(chat_messages, max_size=3))
def test_chat_messages_come_back_from_mnemon_as_they_were(given_messages: list[ChatMessage]) -> None:
    there = from_chat_messages(given_messages)

    assert to_chat_messages(there) == given_messages
