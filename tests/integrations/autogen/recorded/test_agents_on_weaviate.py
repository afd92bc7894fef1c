"""Agents of AutoGen over Weaviate: what they recall, hear again and have as their state is of one person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.messages import TextMessage, ThoughtEvent
from autogen_core.models import AssistantMessage, UserMessage

from mnemon import NotFoundError
from mnemon_autogen import MnemonChatCompletionContext, MnemonMemory, load_team, remember_run, save_team
from tests.core.memory.sources import NOON
from tests.integrations.autogen.test_agents import prompt, scripted
from tests.integrations.recording import ALIKE

if TYPE_CHECKING:
    from mnemon import AsyncMemory

pytestmark = [pytest.mark.cassette, pytest.mark.anyio]

RUN = [
    TextMessage(id="m1", source="user", content="I moved to Lisbon last spring.", created_at=NOON),
    ThoughtEvent(source="helper", content="They moved."),
    TextMessage(id="m2", source="helper", content="Noted.", created_at=NOON),
]
QUESTION = "Where did I move to?"


async def told(memory: AsyncMemory, user_id: str) -> str:
    """Return what a new agent of a user tells its model, asked where the user moved to."""
    client = scripted("Let me think.")
    await AssistantAgent("helper", client, memory=[MnemonMemory(memory, user_id=user_id)]).run(task=QUESTION)
    return prompt(client)


@pytest.mark.parametrize("mine", ALIKE)
async def test_what_was_said_in_a_run_is_recalled_in_another_and_for_nobody_else(
    async_memory: AsyncMemory, mine: str
) -> None:
    await remember_run(RUN, async_memory, user_id=mine, run_id="s1")

    assert "Lisbon" in await told(async_memory, mine)
    assert "Lisbon" not in await told(async_memory, ALIKE[mine])


async def test_a_context_goes_on_where_another_left_off(async_memory: AsyncMemory) -> None:
    def context(user_id: str) -> MnemonChatCompletionContext:
        return MnemonChatCompletionContext(async_memory, user_id=user_id, run_id="s1")

    said = [UserMessage(content="Hi", source="user"), AssistantMessage(content="Hello", source="helper", thought="hm")]
    for message in said:
        await context("ana").add_message(message)

    assert await context("ana").get_messages() == said
    assert await context("Ana").get_messages() == []


async def test_the_state_of_an_agent_is_loaded_by_its_session_and_version(async_memory: AsyncMemory) -> None:
    versions: list[int] = []
    agent = AssistantAgent("helper", scripted("one", "two"))
    for text in ("first", "second"):
        await agent.run(task=text)
        versions.append(await save_team(agent, async_memory, user_id="ana", run_id="s1"))

    newest, oldest = (AssistantAgent("helper", scripted()) for _ in range(2))
    loaded = await load_team(newest, async_memory, user_id="ana", run_id="s1")
    await load_team(oldest, async_memory, user_id="ana", run_id="s1", version=1)

    assert (versions, loaded) == ([1, 2], 2)
    assert await newest.save_state() == await agent.save_state()
    assert [one.content for one in await oldest.model_context.get_messages()] == ["first", "one"]
    with pytest.raises(NotFoundError):
        await load_team(newest, async_memory, user_id="ana", run_id="s10")


async def test_who_is_forgotten_is_gone_from_every_collection(async_memory: AsyncMemory) -> None:
    agent = AssistantAgent("helper", scripted())
    for name in ("ana", "ana-2"):
        await remember_run(RUN, async_memory, user_id=name, run_id="s1")
        await save_team(agent, async_memory, user_id=name, run_id="s1")

    receipt = await async_memory.forget(user_id="ana")

    assert {name for name, rows in receipt.rows.items() if rows} >= {"memories", "messages", "autogen_states"}
    assert not any(receipt.left.values())
    with pytest.raises(NotFoundError):
        await load_team(agent, async_memory, user_id="ana", run_id="s1")
    assert await load_team(agent, async_memory, user_id="ana-2", run_id="s1") == 1
    assert await async_memory.count(user_id="ana") == 0
