"""Turns of an agent of Agent Framework with a memory."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from agent_framework import Agent, AgentSession
from integrations.agent_framework.scripted import ScriptedClient

from mnemon_agent_framework import MnemonContextProvider, MnemonHistoryProvider

from .agent_turns import imports, remembered, turns

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .report import Figure


async def _turn(said: str, providers: list[Any], session: AgentSession | None) -> None:
    client = ScriptedClient("Noted.")
    helper: Agent[Any] = Agent(client=client, instructions="Be brief.", context_providers=providers)
    await helper.run(said, session=session)


def agent_framework_turns(folder: Path) -> Iterator[Figure]:
    """Measure a turn of Agent Framework's agent with memory and history, and the adapter's import."""

    async def measured() -> list[Figure]:
        with remembered(folder) as memory:
            ours = [MnemonHistoryProvider(memory, user_id="alice"), MnemonContextProvider(memory, user_id="alice")]
            own, mine = AgentSession(session_id="own"), AgentSession(session_id="now")
            return await turns(
                ("no session", lambda said: _turn(said, [], None)),
                ("InMemoryHistoryProvider, which recalls nothing,", lambda said: _turn(said, [], own)),
                ("MnemonHistoryProvider with MnemonContextProvider", lambda said: _turn(said, [*ours], mine)),
            )

    yield from asyncio.run(measured())
    yield from imports("agent_framework:Agent", "mnemon_agent_framework")
