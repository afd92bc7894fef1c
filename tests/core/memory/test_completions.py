"""Messages of OpenAI's chat APIs are added as they are."""

from __future__ import annotations

from typing import Any

import pytest

from mnemon import File, Image, InvalidInputError, Memory, Text, ToolCall, ToolResult
from tests.core.memory.sources import events

PNG = "iVBORw0KGgo="
CALL = {"id": "call-1", "type": "function", "function": {"name": "look", "arguments": '{"at": "photo"}'}}
TALK: list[dict[str, Any]] = [
    {"role": "developer", "content": "Be brief."},
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "What is this?"},
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
        ],
    },
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [CALL],
        "refusal": None,
        "annotations": [],
        "audio": None,
        "function_call": None,
    },
    {"role": "tool", "tool_call_id": "call-1", "content": "a grey cat"},
    {"role": "assistant", "content": "A cat.", "refusal": None, "annotations": []},
]


def test_a_talk_with_tools_and_pictures_is_kept_whole(memory: Memory) -> None:
    added = memory.add(TALK, user_id="alice", run_id="r")

    assert events(added) == ["LOG", "ADD", "LOG", "LOG", "ADD"]
    assert [record.text for record in added.memories] == ["What is this?", "A cat."]
    kept = memory.conversations.read(user_id="alice", run_id="r")
    assert [(message.role, message.content) for message in kept] == [
        ("system", (Text("Be brief."),)),
        ("user", (Text("What is this?"), Image(data=PNG, media_type="image/png"))),
        ("assistant", (ToolCall(id="call-1", name="look", arguments={"at": "photo"}),)),
        ("tool", (ToolResult(call_id="call-1", content=(Text("a grey cat"),)),)),
        ("assistant", (Text("A cat."),)),
    ]


def test_a_talk_with_tools_that_is_sent_again_adds_its_new_end_only(memory: Memory) -> None:
    memory.add(TALK, user_id="alice", run_id="r")

    again = memory.add([*TALK, {"role": "user", "content": "Which colour?"}], user_id="alice", run_id="r")

    assert events(again) == ["REPEAT"] * 5 + ["ADD"]


@pytest.mark.parametrize(
    ("part", "block"),
    [
        ({"type": "input_text", "text": "hi"}, Text("hi")),
        ({"type": "refusal", "refusal": "I cannot."}, Text("I cannot.")),
        ({"type": "input_image", "image_url": "https://x.org/a.png"}, Image(url="https://x.org/a.png")),
        (
            {"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA", "filename": "a.pdf"}},
            File(data="AAAA", media_type="application/pdf", name="a.pdf"),
        ),
    ],
)
def test_each_part_becomes_a_block(memory: Memory, part: dict[str, Any], block: object) -> None:
    memory.add({"role": "user", "content": [part, {"type": "text", "text": "and this"}]}, user_id="alice", run_id="r")

    (message,) = memory.conversations.read(user_id="alice", run_id="r")
    assert message.content == (block, Text("and this"))


def test_what_a_model_refused_is_what_it_said(memory: Memory) -> None:
    added = memory.add({"role": "assistant", "content": None, "refusal": "I cannot."}, user_id="alice")

    assert [record.text for record in added.memories] == ["I cannot."]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"role": "assistant", "content": "x", "audio": {"id": "a"}}, "'audio' cannot be kept"),
    ({"role": "user", "content": [{"type": "input_audio", "input_audio": {}}, {"type": "refusal"}]}, "input_audio"),
    ({"role": "user", "content": [{"type": [], "text": "x"}]}, "is unknown"),
    ({"role": "assistant", "content": "x", "tool_calls": 5}, "tool_calls must be a list"),
    ({"role": "assistant", "content": "x", "tool_calls": [{"id": "1"}]}, "tool_calls must be a list"),
    ({"role": "tool", "content": "x", "tool_call_id": 5}, "call_id of a ToolResult"),
    ({"role": "assistant", "content": 5, "tool_calls": [CALL]}, "not a int"),
    ({"role": "assistant", "content": None, "tool_calls": None}, "is empty"),
]


@pytest.mark.parametrize(("message", "told"), REFUSED)
def test_what_has_no_place_is_an_error_that_names_it(memory: Memory, message: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidInputError, match=told):
        memory.add(message, user_id="alice")

    assert memory.stats().messages == 0
