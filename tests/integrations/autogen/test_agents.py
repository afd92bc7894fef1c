"""Agents and teams of AutoGen with memory, and a model that follows a script."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from autogen_agentchat.agents import AssistantAgent, UserProxyAgent
from autogen_agentchat.base import TaskResult
from autogen_agentchat.conditions import MaxMessageTermination
from autogen_agentchat.messages import (
    HandoffMessage,
    MemoryQueryEvent,
    MultiModalMessage,
    SelectorEvent,
    TextMessage,
    ThoughtEvent,
    ToolCallExecutionEvent,
    ToolCallRequestEvent,
    ToolCallSummaryMessage,
)
from autogen_agentchat.teams import RoundRobinGroupChat
from autogen_core import FunctionCall, Image
from autogen_core.models import CreateResult, RequestUsage

import mnemon
from mnemon import InvalidInputError, Memory, NotFoundError, ScopeError, StoreUnavailableError
from mnemon_autogen import (
    MnemonChatCompletionContext,
    MnemonMemory,
    load_team,
    memory_tools,
    remember_run,
    remember_stream,
    save_team,
)
from tests.integrations.autogen.scripted import scripted
from tests.integrations.conversions import PNG
from tests.integrations.failing import FailingStore

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from autogen_ext.models.replay import ReplayChatCompletionClient

pytestmark = pytest.mark.anyio

FRIENDS = [("1", "10"), ("a@b.com", "a-b.com"), ("José", "Jose\u0301"), ("alice", "Alice"), ("*", "%")]


def call(name: str, arguments: str) -> CreateResult:
    usage = RequestUsage(prompt_tokens=0, completion_tokens=0)
    content = [FunctionCall(id="1", name=name, arguments=arguments)]
    return CreateResult(finish_reason="function_calls", content=content, usage=usage, cached=False)


def prompt(client: ReplayChatCompletionClient) -> str:
    return str(client.create_calls[-1]["messages"])


def texts(memory: Memory, user_id: str) -> list[str]:
    return [one.text for one in memory.get_all(user_id=user_id, descending=False)]


@pytest.mark.parametrize(("mine", "other"), FRIENDS)
async def test_an_agent_recalls_in_a_new_session_and_not_for_another_user(
    memory: Memory, mine: str, other: str
) -> None:
    first = AssistantAgent("first", scripted("Noted."))
    await remember_run(await first.run(task="My favourite dish is pizza"), memory, user_id=mine, run_id="s1")

    for name, knows in ((mine, True), (other, False)):
        client = scripted("Let me think.")
        agent = AssistantAgent("second", client, memory=[MnemonMemory(memory, user_id=name)])
        result = await agent.run(task="What is my favourite dish?")

        assert ("My favourite dish is pizza" in prompt(client)) is knows
        assert any(isinstance(message, MemoryQueryEvent) for message in result.messages) is knows


async def test_an_agent_saves_with_a_tool(memory: Memory) -> None:
    client = scripted(call("save_memory", '{"text": "Ana likes pizza"}'), "saved")
    agent = AssistantAgent("helper", client, tools=list(memory_tools(memory, user_id="ana")), reflect_on_tool_use=True)

    await agent.run(task="I like pizza")

    assert texts(memory, user_id="ana") == ["Ana likes pizza"]


async def test_three_turns_show_each_memory_once(memory: Memory) -> None:
    memory.add("My cat is called Milo.", user_id="ana")
    client = scripted("one", "two", "three")
    agent = AssistantAgent("helper", client, memory=[MnemonMemory(memory, user_id="ana")])

    for number in range(3):
        await agent.run(task=f"What is my cat called? ({number})")

    assert prompt(client).count("My cat is called Milo.") == 1


async def test_an_agent_goes_on_where_another_process_left_off(memory: Memory) -> None:
    def agent(client: ReplayChatCompletionClient) -> AssistantAgent:
        context = MnemonChatCompletionContext(memory, user_id="ana", run_id="s1")
        return AssistantAgent("helper", client, model_context=context)

    await agent(scripted("Hello Ana.")).run(task="I am Ana.")
    client = scripted("You are Ana.")
    await agent(client).run(task="Who am I?")

    assert [message.content for message in client.create_calls[-1]["messages"]][1:] == [
        "I am Ana.",
        "Hello Ana.",
        "Who am I?",
    ]
    await agent(scripted()).on_reset(Any)  # type: ignore[arg-type]
    assert memory.conversations.read(user_id="ana", run_id="s1") == []


async def test_memories_that_are_shown_are_not_kept_in_the_history(memory: Memory) -> None:
    memory.add("My cat is called Milo.", user_id="ana")
    client = scripted("Milo", "Still Milo")
    context = MnemonChatCompletionContext(memory, user_id="ana", run_id="s1")
    agent = AssistantAgent("helper", client, model_context=context, memory=[MnemonMemory(memory, user_id="ana")])

    for question in ("What is my cat called?", "Really?  What is my cat called?"):
        await agent.run(task=question)

    assert prompt(client).count("My cat is called Milo.") == 1
    said = [message.text for message in memory.conversations.read(user_id="ana", run_id="s1")]
    assert said == ["What is my cat called?", "Milo", "Really?  What is my cat called?", "Still Milo"]


async def test_a_run_is_remembered_once_and_without_its_events(memory: Memory) -> None:
    result = TaskResult(
        messages=[
            TextMessage(source="user", content="Find my cat."),
            MemoryQueryEvent(source="helper", content=[]),
            ThoughtEvent(source="helper", content="I could look."),
            SelectorEvent(source="selector", content="helper"),
            ToolCallRequestEvent(source="helper", content=[]),
            ToolCallExecutionEvent(source="helper", content=[]),
            ToolCallSummaryMessage(source="helper", content="a memory", tool_calls=[], results=[]),
            HandoffMessage(source="helper", target="writer", content="Transferred to writer."),
            HandoffMessage(source="user", target="writer", content="Write it down."),
            TextMessage(source="writer", content="It is in the garden."),
        ]
    )

    for _ in range(2):
        await remember_run(result, memory, user_id="ana", run_id="s1")

    assert sorted(texts(memory, user_id="ana")) == ["Find my cat.", "It is in the garden.", "Write it down."]
    said = memory.conversations.read(user_id="ana", run_id="s1")
    assert [(one.role, one.name) for one in said] == [("user", None), ("user", None), ("assistant", "writer")]
    assert said[0].time == result.messages[0].created_at


async def test_a_stream_is_remembered_as_it_passes(memory: Memory) -> None:
    team = RoundRobinGroupChat(
        [AssistantAgent("helper", scripted("Hello.")), UserProxyAgent("human", input_func=lambda _: "never asked")],
        termination_condition=MaxMessageTermination(5),
    )
    stream = remember_stream(team.run_stream(task="I am Ana."), memory, user_id="ana", run_id="s1")

    async for item in stream:
        if isinstance(item, TextMessage) and item.source == "helper":
            break

    assert texts(memory, user_id="ana") == ["I am Ana.", "Hello."]


async def test_a_stream_and_its_result_are_remembered_once(memory: Memory) -> None:
    agent = AssistantAgent("helper", scripted("Hello."))
    stream = remember_stream(agent.run_stream(task="I am Ana."), memory, user_id="ana", run_id="s1")
    result = [item async for item in stream][-1]

    assert isinstance(result, TaskResult)
    await remember_run(result, memory, user_id="ana", run_id="s1")

    assert texts(memory, user_id="ana") == ["I am Ana.", "Hello."]


async def test_without_a_user_nothing_is_remembered_and_it_is_an_error(memory: Memory) -> None:
    with pytest.raises(ScopeError, match="user_id"):
        await remember_run([TextMessage(source="user", content="Hi")], memory)


async def test_a_store_that_fails_ends_the_run_and_its_remembering() -> None:
    store = FailingStore()
    with Memory(store=store, embedder=None) as memory:
        agent = AssistantAgent("helper", scripted("Hello."), memory=[MnemonMemory(memory, user_id="ana")])
        store.down = True

        with pytest.raises(StoreUnavailableError):
            await agent.run(task="Hi")
        with pytest.raises(StoreUnavailableError):
            await remember_run([TextMessage(source="user", content="Hi")], memory, user_id="ana")


def team(*answers: str) -> tuple[RoundRobinGroupChat, ReplayChatCompletionClient]:
    client = scripted(*answers)
    agent = AssistantAgent("helper", client)
    return RoundRobinGroupChat([agent], termination_condition=MaxMessageTermination(2)), client


async def test_a_team_goes_on_from_any_version_of_its_state(memory: Memory) -> None:
    first, _ = team("Hello Ana.", "Goodbye.")
    await first.run(task="I am Ana.")
    assert await save_team(first, memory, user_id="ana", run_id="s1") == 1
    await first.run(task="Bye.")
    assert await save_team(first, memory, user_id="ana", run_id="s1") == 2

    told: list[Sequence[str]] = []
    for version in (None, 1):
        again, client = team("So be it.")
        assert await load_team(again, memory, user_id="ana", run_id="s1", version=version) == (version or 2)
        await again.run(task="Who am I?")
        told.append([message.content for message in client.create_calls[-1]["messages"]][1:])

    assert told == [
        ["I am Ana.", "Hello Ana.", "Bye.", "Goodbye.", "Who am I?"],
        ["I am Ana.", "Hello Ana.", "Who am I?"],
    ]


@pytest.mark.parametrize(("mine", "other"), FRIENDS)
async def test_a_state_is_of_one_user_and_one_session(memory: Memory, mine: str, other: str) -> None:
    one, _ = team()
    await save_team(one, memory, user_id=mine, run_id=mine)

    for user_id, run_id in ((other, mine), (mine, other)):
        with pytest.raises(NotFoundError, match="save_team"):
            await load_team(one, memory, user_id=user_id, run_id=run_id)
    with pytest.raises(NotFoundError, match="version 7"):
        await load_team(one, memory, user_id=mine, run_id=mine, version=7)


class Odd:
    """Stateful as a team is, with a state that JSON cannot say."""

    async def save_state(self) -> dict[str, Any]:
        return {"at": object()}

    async def load_state(self, state: Any) -> None:
        raise AssertionError(state)


async def test_a_state_that_is_no_json_is_refused_with_what_to_do(memory: Memory) -> None:
    with pytest.raises(InvalidInputError, match="what JSON can say"):
        await save_team(Odd(), memory, user_id="ana", run_id="s1")
    with pytest.raises(NotFoundError):
        await load_team(Odd(), memory, user_id="ana", run_id="s1")


async def test_forgetting_a_user_takes_the_states_too(memory: Memory) -> None:
    one, _ = team()
    for name in ("ana", "ben"):
        await save_team(one, memory, user_id=name, run_id="s1")

    memory.forget(user_id="ana")

    with pytest.raises(NotFoundError):
        await load_team(one, memory, user_id="ana", run_id="s1")
    assert await load_team(one, memory, user_id="ben", run_id="s1") == 1


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_message_of_pictures_alone_is_in_the_log_and_is_no_memory(memory: Memory, *, streamed: bool) -> None:
    said = [
        MultiModalMessage(source="user", content=[Image.from_base64(PNG)]),
        TextMessage(source="helper", content="A dot."),
    ]

    if streamed:
        _ = [one async for one in remember_stream(_each(said), memory, user_id="ana", run_id="s1")]
    else:
        await remember_run(said, memory, user_id="ana", run_id="s1")

    logged = memory.conversations.read(user_id="ana", run_id="s1")
    assert [(one.role, [type(block) for block in one.blocks]) for one in logged] == [
        ("user", [mnemon.Image]),
        ("assistant", [mnemon.Text]),
    ]
    assert [one.text for one in memory.get_all(user_id="ana")] == ["A dot."]


async def _each(messages: Sequence[Any]) -> AsyncGenerator[Any]:
    for message in messages:
        yield message
