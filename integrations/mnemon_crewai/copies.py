"""Copies of agents: CrewAI makes them of what the agents' fields say, and a memory is more than that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crewai.agents.agent_builder.base_agent import BaseAgent
from crewai.memory.memory_scope import MemoryScope, MemorySlice

if TYPE_CHECKING:
    from crewai.memory.unified_memory import Memory as CrewMemory

__all__ = ["share_with_copies"]


def share_with_copies(kind: type[CrewMemory]) -> None:
    """Let the copy of an agent have the agent's memory, where that is of this kind, or a scope or slice of one.

    `kickoff_for_each` copies a crew, and its agents. Of an agent's `MnemonMemory` CrewAI makes a memory of
    its own, and of a scope or slice of one a view of its default memory: another store, for everybody. It
    asks nobody how.
    """
    theirs: Any = BaseAgent.copy
    if theirs.__module__ == __name__:  # done already
        return

    def copy(agent: BaseAgent) -> BaseAgent:
        memory: Any = agent.memory
        if not isinstance(memory._memory if isinstance(memory, MemoryScope | MemorySlice) else memory, kind):  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
            return theirs(agent)
        made: BaseAgent = theirs(agent.model_copy(update={"memory": None}))
        made.memory = memory
        return made

    BaseAgent.copy = copy  # pyright: ignore[reportAttributeAccessIssue]
