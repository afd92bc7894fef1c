"""Agents of Agent Framework over Weaviate: what they recall and hear again is of one person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from agent_framework import AgentSession

from mnemon_agent_framework import MnemonContextProvider, MnemonHistoryProvider
from tests.integrations.agent_framework.scripted import ScriptedClient
from tests.integrations.agent_framework.test_agents import CALL, agent, look_up
from tests.integrations.recording import ALIKE

if TYPE_CHECKING:
    from mnemon import AsyncMemory

pytestmark = [pytest.mark.cassette, pytest.mark.anyio]

QUESTION = "Where did I move to?"


async def told(memory: AsyncMemory, user_id: str, said: str, session: str, *, remember: bool = True) -> str:
    """Return what an agent of a user tells its model."""
    client = ScriptedClient("Noted.")
    helper = agent(client, MnemonContextProvider(memory, user_id=user_id, remember=remember))
    await helper.run(said, session=AgentSession(session_id=session))
    return client.prompt()


@pytest.mark.parametrize("mine", ALIKE)
async def test_what_was_said_is_recalled_in_another_session_and_for_nobody_else(
    async_memory: AsyncMemory, mine: str
) -> None:
    await told(async_memory, mine, "I moved to Lisbon last spring.", "s1")

    assert "Lisbon" in await told(async_memory, mine, QUESTION, "s2", remember=False)
    assert "Lisbon" not in await told(async_memory, ALIKE[mine], QUESTION, "s1", remember=False)


async def test_a_turn_with_a_tool_comes_back_as_it_was(async_memory: AsyncMemory) -> None:
    client = ScriptedClient(CALL, "An animal.", "A cat.")
    helper = agent(client, MnemonHistoryProvider(async_memory, user_id="ana"), tools=[look_up])

    for question in ("What is a cat?", "What did I ask about?"):
        await helper.run(question, session=AgentSession(session_id="s1"))

    call, result = client.told[-1][1:3]
    assert client.texts() == ["What is a cat?", "", "", "An animal.", "What did I ask about?"]
    assert [one.to_dict() for one in call.contents] == [CALL.to_dict()]
    assert result.contents[0].result == "cat: a small animal"
    assert await MnemonHistoryProvider(async_memory, user_id="Ana").get_messages("s1") == []


async def test_who_is_forgotten_has_no_history_and_is_not_recalled(async_memory: AsyncMemory) -> None:
    for name in ("ana", "ana-2"):
        provider = MnemonContextProvider(async_memory, user_id=name, recall=None)
        await agent(ScriptedClient("Noted."), provider).run("I moved to Lisbon.", session=AgentSession(session_id="s1"))

    receipt = await async_memory.forget(user_id="ana")

    history = {name: MnemonHistoryProvider(async_memory, user_id=name) for name in ("ana", "ana-2")}
    assert {name for name, rows in receipt.rows.items() if rows} >= {"memories", "messages"}
    assert not any(receipt.left.values())
    assert await history["ana"].get_messages("s1") == []
    assert await async_memory.count(user_id="ana") == 0
    assert [one.text for one in await history["ana-2"].get_messages("s1")] == [
        "I moved to Lisbon.",
        "Noted.",
    ]
