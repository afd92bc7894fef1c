"""Turns of an agent of AutoGen with a memory."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from autogen_agentchat.agents import AssistantAgent
from autogen_core.memory import ListMemory, MemoryContent, MemoryMimeType
from integrations.autogen.scripted import scripted

from mnemon_autogen import MnemonMemory, remember_run

from .agent_turns import KNOWN, imports, remembered, turns
from .engine import turns as texts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from autogen_agentchat.base import TaskResult

    from .report import Figure


async def _turn(said: str, kept: list[Any]) -> TaskResult:
    return await AssistantAgent("helper", scripted("Noted."), memory=kept or None).run(task=said)


def autogen_turns(folder: Path) -> Iterator[Figure]:
    """Measure a turn of AutoGen's agent with a memory, recall and write-back, and the adapter's import."""

    async def measured() -> list[Figure]:
        with remembered(folder) as memory:
            theirs = ListMemory()
            for text in texts(KNOWN):
                await theirs.add(MemoryContent(content=text, mime_type=MemoryMimeType.TEXT))
            ours = MnemonMemory(memory, user_id="alice")

            async def remembering(said: str) -> None:
                await remember_run(await _turn(said, [ours]), memory, user_id="alice", run_id="now")

            return await turns(
                ("no memory", lambda said: _turn(said, [])),
                ("ListMemory, which tells everything,", lambda said: _turn(said, [theirs])),
                ("MnemonMemory with remember_run", remembering),
            )

    yield from asyncio.run(measured())
    yield from imports("autogen_agentchat.agents,autogen_core.memory", "mnemon_autogen")
