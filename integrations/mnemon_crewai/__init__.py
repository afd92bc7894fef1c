"""CrewAI on mnemon: the memory of crews, agents and flows, its storage, tools, states of flows, and messages."""

from __future__ import annotations

from mnemon.adapting.extras import requires_extra

with requires_extra("crewai", "crewai"):
    import crewai.memory  # noqa: F401  # pyright: ignore[reportUnusedImport] - its absence is told here

from mnemon_crewai.conversing import aconverse, converse
from mnemon_crewai.errors import MemoryAbortedError
from mnemon_crewai.flows import MnemonFlowPersistence
from mnemon_crewai.memory import MnemonMemory
from mnemon_crewai.messages import from_crew_messages, to_crew_messages
from mnemon_crewai.scoping import scope_from_inputs
from mnemon_crewai.storage import MnemonStorage
from mnemon_crewai.tools import memory_tools
from mnemon_crewai.using import use_mnemon

__all__ = [
    "MemoryAbortedError",
    "MnemonFlowPersistence",
    "MnemonMemory",
    "MnemonStorage",
    "aconverse",
    "converse",
    "from_crew_messages",
    "memory_tools",
    "scope_from_inputs",
    "to_crew_messages",
    "use_mnemon",
]
