"""Messages of LlamaIndex and of mnemon are the same messages."""

from __future__ import annotations

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
from mnemon_llama_index.messages import from_chat_messages, to_chat_messages, to_logged_messages
from tests.integrations.conversions import PNG, bytes_texts, messages, objects, texts, unlike, values

if TYPE_CHECKING:
    from pathlib import Path

ASKED = ToolCall(id="c1", name="weather", arguments={"place": "Oslo"})
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)

optional_texts = st.none() | texts
sources = st.sampled_from([{}, {"url": "https://example.org/a.png"}, {"url": "data:image/png;base64," + PNG}])
held = bytes_texts.map(str.encode)


def built(kind: type[Any], **parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    def made(source: dict[str, str], **more: object) -> object:
        return kind(**source, **more)

    return st.builds(made, sources, **parts)


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
    st.builds(ThinkingBlock, content=optional_texts, num_tokens=st.none() | st.just(3), additional_information=objects),
    st.builds(CitableBlock, title=texts, source=texts, content=st.lists(text_blocks | image_blocks, max_size=2)),
    st.builds(
        CitationBlock, cited_content=text_blocks, source=texts, title=texts, additional_location_info=st.just({})
    ),
    st.builds(
        ToolCallBlock,
        tool_call_id=optional_texts,
        tool_name=texts,
        tool_kwargs=objects | texts | st.just('{"a": 1}') | st.just("{not json"),
    ),
)
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


@given(st.lists(messages, max_size=3).map(unlike))
def test_messages_come_back_from_a_queue_as_they_were(given_messages: list[Message]) -> None:
    there = to_logged_messages(given_messages)

    assert from_chat_messages(there) == given_messages


@given(st.lists(messages, max_size=2).map(unlike))
def test_messages_come_back_after_llama_index_stored_them_as_json(given_messages: list[Message]) -> None:
    stored = [message.model_dump_json() for message in to_chat_messages(given_messages)]

    assert from_chat_messages(map(ChatMessage.model_validate_json, stored)) == given_messages


@given(st.lists(chat_messages, max_size=3))
def test_chat_messages_come_back_from_mnemon_as_they_were(given_messages: list[ChatMessage]) -> None:
    there = from_chat_messages(given_messages)

    assert to_chat_messages(there) == given_messages


def test_a_message_says_in_llama_index_what_it_says_in_mnemon() -> None:
    (told,) = to_chat_messages([Message(role="assistant", name="José", content=[Text("Hi"), ASKED], id="m", time=NOON)])

    assert told.role is MessageRole.ASSISTANT
    assert told.blocks == [
        TextBlock(text="Hi"),
        ToolCallBlock(tool_call_id="c1", tool_name="weather", tool_kwargs={"place": "Oslo"}),
    ]


def test_what_llama_index_has_no_place_for_stands_under_one_key() -> None:
    (told,) = to_chat_messages([Message(role="user", content="Hi", id="m", time=NOON, metadata={"source": "web"})])

    assert told.additional_kwargs.keys() == {"mnemon"}


def test_tool_results_are_messages_of_their_own_that_name_their_calls() -> None:
    results = [ToolResult(call_id=one, content=(Text(one.upper()),), is_error=True) for one in ("c1", "c2")]
    message = Message(role="tool", content=results, id="m", time=NOON, metadata={"k": 1})

    told = to_chat_messages([message])

    assert [(one.role, one.content, one.additional_kwargs["tool_call_id"]) for one in told] == [
        (MessageRole.TOOL, "C1", "c1"),
        (MessageRole.TOOL, "C2", "c2"),
    ]
    assert from_chat_messages(told) == [message]


def test_a_message_that_an_agent_has_changed_is_read_as_it_stands_then() -> None:
    said = Message(role="user", content=[Text("Look"), Image(data=PNG, caption="a dot")], id="m", metadata={"k": 1})
    (told,) = to_chat_messages([said])
    told.blocks.insert(0, TextBlock(text="State: none"))
    told.additional_kwargs["session_id"] = "s1"

    (read,) = from_chat_messages([told])

    assert [block.text for block in read.blocks if isinstance(block, Text)] == ["State: none", "Look"]
    assert (read.id, read.metadata["k"]) == ("m", 1)
    (again,) = to_chat_messages([read])
    assert again.additional_kwargs["session_id"] == "s1"


def test_changing_a_chat_message_leaves_the_message_that_it_was_made_of() -> None:
    said = Message(role="user", content="Hi", id="m", metadata={"tags": ["a"]})
    (told,) = to_chat_messages([said])

    (read,) = from_chat_messages([told])
    told.blocks.append(TextBlock(text="more"))
    told.additional_kwargs["mnemon"]["head"]["in"]["metadata"]["in"]["tags"]["is"].append("b")

    assert said.metadata == read.metadata == {"tags": ["a"]}


def test_tool_calls_of_the_old_form_are_read_as_blocks_and_written_as_blocks() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"place": "Oslo"}'}}
    old = ChatMessage(role="assistant", content=None, additional_kwargs={"tool_calls": [call]})

    (read,) = from_chat_messages([old])

    assert read.tool_calls == (ASKED,)
    (again,) = to_chat_messages([read])
    assert again.blocks == [ToolCallBlock(tool_call_id="c1", tool_name="weather", tool_kwargs='{"place": "Oslo"}')]
    assert "tool_calls" not in again.additional_kwargs


def test_a_file_that_is_no_longer_there_keeps_its_address(tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    picture.write_bytes(b"\x89PNG")
    (read,) = from_chat_messages([ChatMessage(role="user", blocks=[ImageBlock(path=picture)])])
    picture.unlink()

    (told,) = to_chat_messages([read])

    assert read.content == (Image(url=picture.as_uri(), media_type="image/png"),)
    assert isinstance(told.blocks[0], ImageBlock)
    assert str(told.blocks[0].url) == picture.as_uri()


def test_what_json_cannot_say_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="additional_kwargs"):
        from_chat_messages([ChatMessage(role="user", content="Hi", additional_kwargs={"client": object()})])


def test_a_key_of_another_owner_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="'mnemon'"):
        from_chat_messages([ChatMessage(role="user", content="Hi", additional_kwargs={"mnemon": "mine"})])
