"""AutoGen on mnemon: memory, model context, tools, and the writing that AutoGen leaves to its users."""

from __future__ import annotations

from mnemon.adapting.extras import requires_extra

with requires_extra("autogen", "autogen_core", "autogen_agentchat"):
    import autogen_agentchat.messages  # noqa: F401  # pyright: ignore[reportUnusedImport] - its absence is told here
    import autogen_core.memory  # noqa: F401  # pyright: ignore[reportUnusedImport] - the same

from mnemon_autogen.context import MnemonChatCompletionContext
from mnemon_autogen.memory import MnemonMemory
from mnemon_autogen.messages import from_agentchat, from_llm_messages, to_agentchat, to_llm_messages
from mnemon_autogen.remembering import remember_run, remember_stream
from mnemon_autogen.teams import load_team, save_team
from mnemon_autogen.tools import memory_tools

__all__ = [
    "MnemonChatCompletionContext",
    "MnemonMemory",
    "from_agentchat",
    "from_llm_messages",
    "load_team",
    "memory_tools",
    "remember_run",
    "remember_stream",
    "save_team",
    "to_agentchat",
    "to_llm_messages",
]
