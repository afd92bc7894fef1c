"""Turns of a crew of CrewAI with a memory."""

from __future__ import annotations

import asyncio
import os
import warnings
from typing import TYPE_CHECKING

from crewai.events.event_listener import event_listener
from crewai.memory.storage.lancedb_storage import LanceDBStorage
from crewai.memory.types import MemoryRecord
from crewai.memory.unified_memory import Memory as CrewMemory
from integrations.crewai.scripted import ScriptedLLM, crew_of

from mnemon_crewai import MnemonMemory

from .agent_turns import KNOWN, imports, remembered, turns
from .engine import PrecomputedEmbedder
from .engine import turns as texts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .report import Figure

event_listener.formatter.verbose = False


def _embed(said: list[str]) -> list[list[float]]:
    return [list(map(float, vector)) for vector in PrecomputedEmbedder().embed(said)]


async def _turn(said: str, kept: CrewMemory | None) -> None:
    await asyncio.to_thread(crew_of(ScriptedLLM(), said, memory=kept).kickoff)


def crewai_turns(folder: Path) -> Iterator[Figure]:
    """Measure a task of a crew with a memory, and the adapter's import."""
    os.environ |= {"HOME": str(folder), "CREWAI_STORAGE_DIR": str(folder / "crewai")}
    warnings.simplefilter("ignore")  # CrewAI uses what it has deprecated itself

    async def measured() -> list[Figure]:
        with remembered(folder) as memory:
            storage = LanceDBStorage(str(folder / "lancedb"))
            storage.save([MemoryRecord(content=text, embedding=_embed([text])[0]) for text in texts(KNOWN)])
            theirs = CrewMemory(llm=ScriptedLLM("{}"), storage=storage, embedder=_embed)
            told = await turns(
                ("no memory", lambda said: _turn(said, None)),
                ("CrewAI's Memory over LanceDB", lambda said: _turn(said, theirs)),
                ("MnemonMemory", lambda said: _turn(said, MnemonMemory(memory, user_id="alice"))),
            )
            theirs.close()
            return told

    yield from asyncio.run(measured())
    yield from imports("crewai,crewai.memory", "mnemon_crewai")
