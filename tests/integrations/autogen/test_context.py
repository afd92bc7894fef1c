"""The model context of AutoGen on mnemon: what it tells, stores as a state, and keeps for other frameworks."""

from __future__ import annotations

import json
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from autogen_core import FunctionCall
from autogen_core.models import (
    AssistantMessage,
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    SystemMessage,
    UserMessage,
)

from mnemon import (
    Image,
    Memory,
    Message,
    ScopeError,
    Text,
    ToolCall,
    ToolResult,
)
from mnemon_autogen import MnemonChatCompletionContext
from tests.integrations.autogen.scripted import contents, run_python, user

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.anyio


async def test_a_thought_alone_is_kept_in_a_context_and_not_remembered(memory: Memory) -> None:
    context = MnemonChatCompletionContext(memory, user_id="ana", run_id="s1", remember=True)
    thought = AssistantMessage(content="", thought="hm", source="helper")

    for message in (user("Hi"), thought, AssistantMessage(content="Hello", source="helper")):
        await context.add_message(message)

    assert (await context.get_messages())[1] == thought
    assert sorted(one.text for one in memory.get_all(user_id="ana")) == ["Hello", "Hi"]


async def test_what_other_frameworks_said_is_as_it_was_when_a_state_is_loaded(memory: Memory) -> None:
    picture = Image(url="https://example.com/cat.png", caption="a cat")
    said = [
        Message(role="user", name="Ana B.", content=[Text("Who is this?"), picture], metadata={"app": "web"}),
        Message(role="assistant", content=[Text("Let me look."), ToolCall(id="c1", name="look", arguments={})]),
        Message(role="tool", content=[ToolResult(call_id="c1", content=(Text("Milo"), picture))]),
        Message(role="assistant", content="Milo."),
    ]
    log = memory.scoped(user_id="ana", run_id="s1").conversations
    log.append(said)
    there = log.read()
    context = MnemonChatCompletionContext(memory, user_id="ana", run_id="s1")
    state = json.loads(json.dumps(await context.save_state()))
    await context.add_message(user("Thanks."))

    await context.load_state(state)

    assert log.read() == there
    log.delete([there[1].id or ""])
    await context.load_state(state)
    again = log.read()
    assert [one.text for one in again] == [one.text for one in there]
    assert again[0] == there[0]


async def test_messages_of_every_kind_are_there_in_the_next_process(tmp_path: Path) -> None:
    code = """
        import asyncio, sys
        from autogen_core import FunctionCall
        from autogen_core.models import (
            AssistantMessage, FunctionExecutionResult, FunctionExecutionResultMessage, SystemMessage, UserMessage,
        )
        from mnemon import Memory
        from mnemon_autogen import MnemonChatCompletionContext

        async def main(memory):
            log = MnemonChatCompletionContext(memory, user_id="ana", run_id="s")
            await log.add_message(SystemMessage(content="Be kind."))
            await log.add_message(UserMessage(content="Hi", source="user"))
            call = FunctionCall(id="1", name="look", arguments="{}")
            await log.add_message(AssistantMessage(content=[call], thought="I look.", source="helper"))
            results = [FunctionExecutionResult(content=text, name="look", call_id="1", is_error=False) for text in "ab"]
            await log.add_message(FunctionExecutionResultMessage(content=results))
            await log.add_message(AssistantMessage(content="Hello", thought="I greet.", source="helper"))

        with Memory(sys.argv[1], embedder=None) as memory:
            asyncio.run(main(memory))
    """
    file = tmp_path / "memory.db"
    run_python(dedent(code), str(file))

    with Memory(file, embedder=None) as memory:
        there = await MnemonChatCompletionContext(memory, user_id="ana", run_id="s").get_messages()

    results = [FunctionExecutionResult(content=text, name="look", call_id="1", is_error=False) for text in "ab"]
    assert there == [
        SystemMessage(content="Be kind."),
        UserMessage(content="Hi", source="user"),
        AssistantMessage(
            content=[FunctionCall(id="1", name="look", arguments="{}")], thought="I look.", source="helper"
        ),
        FunctionExecutionResultMessage(content=results),
        AssistantMessage(content="Hello", thought="I greet.", source="helper"),
    ]


async def test_a_context_tells_the_newest_and_no_answer_without_its_call(memory: Memory) -> None:
    log = MnemonChatCompletionContext(memory, user_id="ana", run_id="s", newest=2)
    await log.add_message(AssistantMessage(content=[FunctionCall(id="1", name="look", arguments="{}")], source="a"))
    await log.add_message(
        FunctionExecutionResultMessage(content=[FunctionExecutionResult(content="x", name="look", call_id="1")])
    )
    await log.add_message(user("Hi"))

    assert contents(await log.get_messages()) == ["Hi"]


async def test_a_state_that_is_loaded_again_leaves_what_it_says(memory: Memory) -> None:
    log = MnemonChatCompletionContext(memory, user_id="ana", run_id="s", remember=True)
    for text in ("Hi", "Bye"):
        await log.add_message(user(text))
    before = memory.conversations.read(user_id="ana", run_id="s")
    state = json.loads(json.dumps(await log.save_state()))
    await log.add_message(user("And one more"))

    await log.load_state(state)

    assert memory.conversations.read(user_id="ana", run_id="s") == before
    assert memory.count(user_id="ana") == 3


async def test_a_context_without_a_session_is_an_error(memory: Memory) -> None:
    with pytest.raises(ScopeError, match="run_id"):
        await MnemonChatCompletionContext(memory, user_id="ana").get_messages()
