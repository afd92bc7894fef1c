"""LangGraph on mnemon: checkpoints, the long-term store and the node cache, in the store of a memory."""

from __future__ import annotations

from mnemon.adapting.extras import requires_extra

with requires_extra("langgraph", "langgraph", "langchain_core"):
    import langgraph.checkpoint.base  # noqa: F401 - asked for, so that its absence is told here
