"""Agent Framework on mnemon: memory for agents, and the history of their sessions."""

from __future__ import annotations

from mnemon.adapting.extras import requires_extra

with requires_extra("agent-framework", "agent_framework"):
    import agent_framework  # noqa: F401  # pyright: ignore[reportUnusedImport] - its absence is told here

from mnemon_agent_framework.history import MnemonHistoryProvider
from mnemon_agent_framework.messages import from_agent_messages, to_agent_messages
from mnemon_agent_framework.provider import MnemonContextProvider

__all__ = ["MnemonContextProvider", "MnemonHistoryProvider", "from_agent_messages", "to_agent_messages"]
