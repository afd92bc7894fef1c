"""A conversation goes on from one framework to the next, and each sees all of it."""

from __future__ import annotations

import asyncio
import runpy
from pathlib import Path
from typing import Any

import pytest
from agent_framework import Content
from agent_framework import Message as AgentMessage
from autogen_core import FunctionCall
from autogen_core.models import AssistantMessage, FunctionExecutionResultMessage
from langchain_core.messages import AIMessage, ToolMessage
from llama_index.core.base.llms.types import ToolCallBlock

from mnemon import Memory, Message, Text, ToolCall, ToolResult
from mnemon_agent_framework import MnemonHistoryProvider
from mnemon_autogen import MnemonChatCompletionContext
from mnemon_langchain import to_langchain_messages
from mnemon_llama_index import MnemonMemory

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecationWarning"),  # LlamaIndex's workflows
    pytest.mark.filterwarnings("ignore::DeprecationWarning:crewai"),  # it uses what it deprecates
    pytest.mark.filterwarnings("ignore:is_running called from within a step:DeprecationWarning"),  # the same
]

EXAMPLE = Path(__file__).parents[3] / "examples" / "one_conversation.py"
TURNS: dict[str, Any] = runpy.run_path(str(EXAMPLE), run_name="example")["TURNS"]
ROTATIONS = [[*list(TURNS)[place:], *list(TURNS)[:place]] for place in range(len(TURNS))]
FRIENDS = [("1", "10"), ("a@b.com", "a-b.com"), ("José", "Jose\u0301"), ("*", "%")]


def heard(number: int) -> str:
    return f"I have heard {number} message{'s' if number > 1 else ''}."


@pytest.mark.parametrize("order", ROTATIONS, ids=lambda order: order[0])
async def test_a_conversation_goes_on_in_any_framework(memory: Memory, order: list[str]) -> None:
    answers = [await TURNS[name](memory, "ana", "s1", f"Words {place}") for place, name in enumerate([*order, *order])]

    assert answers == [heard(2 * place + 1) for place in range(2 * len(TURNS))]
    log = memory.conversations.read(user_id="ana", run_id="s1")
    said = [one for place, answer in enumerate(answers) for one in (("user", f"Words {place}"), ("assistant", answer))]
    assert [(one.role, one.text) for one in log] == said
    assert sorted(one.text for one in memory.get_all(user_id="ana", limit=100)) == sorted(text for _, text in said)


@pytest.mark.parametrize(("mine", "other"), FRIENDS)
@pytest.mark.parametrize("name", TURNS)
async def test_a_framework_sees_nothing_of_another_user_or_session(
    memory: Memory, name: str, mine: str, other: str
) -> None:
    for one in TURNS.values():
        await one(memory, mine, mine, "Between us.")

    assert await TURNS[name](memory, other, mine, "Anybody?") == heard(1)
    assert await TURNS[name](memory, mine, other, "Anybody?") == heard(1)
    assert len(memory.conversations.read(user_id=mine, run_id=mine)) == 2 * len(TURNS)


async def test_each_framework_sees_tools_as_its_own(memory: Memory) -> None:
    history = MnemonHistoryProvider(memory, user_id="ana")
    call = Content.from_function_call("c1", "look_up", arguments={"word": "cat"})
    result = Content.from_function_result("c1", result="a small animal")
    await history.save_messages(
        "s1",
        [
            AgentMessage("user", ["What is a cat?"]),
            AgentMessage("assistant", [call]),
            AgentMessage("tool", [result]),
            AgentMessage("assistant", ["An animal."]),
        ],
    )

    context = MnemonChatCompletionContext(memory, user_id="ana", run_id="s1")
    _, called, answered, _ = await context.get_messages()
    assert isinstance(called, AssistantMessage)
    assert called.content == [FunctionCall(id="c1", name="look_up", arguments='{"word": "cat"}')]
    assert isinstance(answered, FunctionExecutionResultMessage)
    assert [(one.call_id, one.content) for one in answered.content] == [("c1", "a small animal")]

    talk = MnemonMemory.from_defaults(session_id="s1", user_id="ana", memory=memory)
    messages = await asyncio.to_thread(talk.get_all)
    assert [type(block) for block in messages[1].blocks] == [ToolCallBlock]
    assert (messages[2].role, messages[2].content) == ("tool", "a small animal")

    _, called, answered, _ = to_langchain_messages(memory.conversations.read(user_id="ana", run_id="s1"))
    assert isinstance(called, AIMessage)
    assert [(one["name"], one["args"]) for one in called.tool_calls] == [("look_up", {"word": "cat"})]
    assert isinstance(answered, ToolMessage)
    assert (answered.tool_call_id, answered.text) == ("c1", "a small animal")


async def test_agent_framework_gets_back_what_went_through_the_others(memory: Memory) -> None:
    said = [
        Message(role="user", name="Ana", content=[Text("What is a cat?")], id="m1"),
        Message(role="assistant", content=[ToolCall(id="c1", name="look_up", arguments={"word": "cat"})], id="m2"),
        Message(role="tool", content=[ToolResult(call_id="c1", content=(Text("a small animal"),))], id="m3"),
    ]
    memory.conversations.append(said, user_id="ana", run_id="s1")

    question, call, result = await MnemonHistoryProvider(memory, user_id="ana").get_messages("s1")

    assert (question.role, question.author_name, question.text) == ("user", "Ana", "What is a cat?")
    assert [(one.type, one.call_id, one.parse_arguments()) for one in call.contents] == [
        ("function_call", "c1", {"word": "cat"})
    ]
    assert [(one.type, one.call_id, one.result) for one in result.contents] == [
        ("function_result", "c1", "a small animal")
    ]
