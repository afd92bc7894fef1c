"""LangGraph on mnemon: checkpoints, the long-term store and the node cache, in the store of a memory."""

from __future__ import annotations

from mnemon.adapting.extras import requires_extra

with requires_extra("langgraph", "langgraph", "langchain_core"):
    from mnemon_langgraph.errors import CheckpointIncompleteError, UnreadableTypeError
    from mnemon_langgraph.listing import Thread
    from mnemon_langgraph.saver import MnemonSaver

__all__ = ["CheckpointIncompleteError", "MnemonSaver", "Thread", "UnreadableTypeError"]
