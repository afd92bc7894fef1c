"""Messages of AutoGen and of mnemon are the same messages."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from autogen_agentchat.messages import (
    HandoffMessage,
    MessageFactory,
    MultiModalMessage,
    StopMessage,
    StructuredMessage,
    TextMessage,
    ThoughtEvent,
    ToolCallExecutionEvent,
    ToolCallRequestEvent,
    ToolCallSummaryMessage,
)
from autogen_core import FunctionCall
from autogen_core import Image as AutogenImage
from autogen_core.models import (
    AssistantMessage,
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    LLMMessage,
    RequestUsage,
    SystemMessage,
    UserMessage,
)
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from mnemon import File, Image, Message, Text, ToolCall, ToolResult
from mnemon_autogen.messages import from_agentchat, from_llm_messages, to_agentchat, to_llm_messages
from tests.integrations.conversions import PNG, messages, texts, times, unlike

if TYPE_CHECKING:
    from collections.abc import Iterable

PICTURE = AutogenImage.from_base64(PNG)

sources = st.sampled_from(["user", "assistant", "writer", "critic_2"])
function_calls = st.builds(
    FunctionCall, id=texts, name=texts, arguments=texts | st.sampled_from(["{}", '{"a": 1}', '{ "b":null}', "[1]"])
)
function_results = st.builds(
    FunctionExecutionResult, content=texts, name=texts, call_id=texts, is_error=st.none() | st.booleans()
)
said = st.lists(texts | st.just(PICTURE), max_size=3)
llm_messages: st.SearchStrategy[LLMMessage] = st.one_of(
    st.builds(SystemMessage, content=texts),
    st.builds(UserMessage, content=texts | said, source=sources | texts),
    st.builds(
        AssistantMessage,
        content=texts | st.lists(function_calls, max_size=2),
        thought=st.none() | texts,
        source=sources | texts,
    ),
    st.builds(FunctionExecutionResultMessage, content=st.lists(function_results, max_size=3)),
)


def chat(kind: type[Any], **parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(
        kind,
        id=texts,
        source=sources | texts,
        models_usage=st.none() | st.just(RequestUsage(prompt_tokens=1, completion_tokens=2)),
        metadata=st.dictionaries(texts.filter("mnemon".__ne__), texts, max_size=2),
        created_at=times,
        **parts,
    )


agentchat_messages = st.one_of(
    chat(TextMessage, content=texts),
    chat(StopMessage, content=texts),
    chat(MultiModalMessage, content=said),
    chat(HandoffMessage, content=texts, target=texts, context=st.lists(llm_messages, max_size=2)),
    chat(
        ToolCallSummaryMessage,
        content=texts,
        tool_calls=st.lists(function_calls, max_size=1),
        results=st.lists(function_results, max_size=1),
    ),
    chat(ToolCallRequestEvent, content=st.lists(function_calls, max_size=2)),
    chat(ToolCallExecutionEvent, content=st.lists(function_results, max_size=2)),
    chat(ThoughtEvent, content=texts),
)


def dumped(items: Iterable[BaseModel]) -> list[Any]:
    return [item.model_dump(mode="json") for item in items]


@given(st.lists(messages, max_size=3).map(unlike))
def test_messages_come_back_from_agentchat_as_they_were(given_messages: list[Message]) -> None:
    there = to_agentchat(given_messages)

    assert from_agentchat(there) == given_messages


@given(st.lists(messages, max_size=2).map(unlike))
def test_messages_come_back_from_a_team_that_was_stored(given_messages: list[Message]) -> None:
    stored = [json.dumps(message.dump()) for message in to_agentchat(given_messages)]

    assert from_agentchat(map(MessageFactory().create, map(json.loads, stored))) == given_messages


@given(st.lists(agentchat_messages, max_size=3))
def test_agentchat_messages_come_back_from_mnemon_as_they_were(given_messages: list[Any]) -> None:
    there = from_agentchat(given_messages)

    assert dumped(to_agentchat(there)) == dumped(given_messages)


@given(st.lists(llm_messages, max_size=3))
def test_llm_messages_come_back_from_mnemon_as_they_were(given_messages: list[LLMMessage]) -> None:
    there = from_llm_messages(given_messages)

    assert dumped(to_llm_messages(there)) == dumped(given_messages)


def test_results_without_a_name_get_their_calls_unless_autogen_gave_them_none() -> None:
    call = FunctionCall(id="c1", name="look", arguments="{}")
    result = FunctionExecutionResult(content="4", name="", call_id="c1")
    given_messages = [
        AssistantMessage(content=[call], source="assistant"),
        FunctionExecutionResultMessage(content=[result]),
    ]

    there = from_llm_messages(given_messages)

    assert to_llm_messages(there) == given_messages
    (_, told) = to_llm_messages(
        [there[0], Message(role="tool", content=[ToolResult(call_id="c1", content=(Text("4"),))])]
    )
    assert dumped([told])[0]["content"][0]["name"] == "look"


@pytest.mark.parametrize("others", [5, None, "autogen_llm", ["autogen_llm"]])
def test_metadata_that_others_wrote_under_our_key_says_nothing_of_names(others: Any) -> None:
    result = Message(role="tool", content=[ToolResult(call_id="c1", content=(Text("4"),))], metadata={"mnemon": others})
    call = Message(role="assistant", content=[ToolCall(id="c1", name="look", arguments={})])

    (_, told) = to_llm_messages([call, result])

    assert dumped([told])[0]["content"][0]["name"] == "look"


@given(st.lists(messages, max_size=3))
def test_any_message_can_be_handed_to_a_model(given_messages: list[Message]) -> None:
    told = to_llm_messages(given_messages)

    calls = [call.id for message in given_messages for call in message.tool_calls]
    results = [result.call_id for message in given_messages for result in message.tool_results]
    told_calls = [
        call.id
        for message in told
        if isinstance(message, AssistantMessage) and isinstance(message.content, list)
        for call in message.content
    ]
    told_results = [
        result.call_id
        for message in told
        if isinstance(message, FunctionExecutionResultMessage)
        for result in message.content
    ]
    assert (told_calls, told_results) == (calls, results)


NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_a_model_is_told_who_speaks_in_letters_that_its_client_accepts() -> None:
    (told,) = to_llm_messages([Message(role="user", name="José Pérez", content="Hi")])

    assert told == UserMessage(content="Hi", source="Jos__P_rez")


def test_a_model_is_told_the_name_of_the_tool_that_answered() -> None:
    asked = Message(role="assistant", content=[Text("Let me look."), ToolCall(id="c1", name="weather")])
    answered = Message(role="tool", content=[ToolResult(call_id="c1", content=(Text("sleet"),))])

    told = to_llm_messages([asked, answered])

    assert told == [
        AssistantMessage(
            content=[FunctionCall(id="c1", arguments="{}", name="weather")], thought="Let me look.", source="assistant"
        ),
        FunctionExecutionResultMessage(
            content=[FunctionExecutionResult(content="sleet", name="weather", call_id="c1", is_error=False)]
        ),
    ]


def test_what_autogen_cannot_show_is_named() -> None:
    shown = [
        Image(url="https://example.org/a.png"),
        Image(data="no picture", caption="a cat"),
        File(data="", name="a.pdf"),
    ]

    (told,) = to_llm_messages([Message(role="user", content=shown)])

    assert told.content == ["[image: https://example.org/a.png]", "[image: a cat]", "[file: a.pdf]"]


def test_people_are_told_from_agents_by_their_source() -> None:
    said = [TextMessage(source=source, content="Hi") for source in ("user", "customer", "helper")]

    read = from_agentchat(said, users=("user", "customer"))

    assert [(one.role, one.name) for one in read] == [("user", None), ("user", "customer"), ("assistant", "helper")]


class Weather(BaseModel):
    degrees: int


def test_a_structured_message_is_read_as_the_json_that_it_is() -> None:
    (read,) = from_agentchat([StructuredMessage[Weather](source="helper", content=Weather(degrees=3))])
    (told,) = to_agentchat([read])

    assert read.text == '{"degrees": 3}'
    assert isinstance(told, TextMessage)
    assert told.content == '{"degrees": 3}'


def test_words_and_calls_are_messages_of_their_own() -> None:
    message = Message(
        role="assistant", id="m", time=NOON, content=[Text("Let me look."), ToolCall(id="c1", name="weather")]
    )

    told = to_agentchat([message])

    assert [type(one) for one in told] == [TextMessage, ToolCallRequestEvent]
    assert from_agentchat(told) == [message]
