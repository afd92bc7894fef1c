"""LangGraph on mnemon: checkpoints, the long-term store and the node cache, in the store of a memory."""

from __future__ import annotations

from mnemon.adapting.extras import requires_extra

with requires_extra("langgraph", "langgraph", "langchain_core"):
    from mnemon_langgraph._async.moving import acopy_threads, alog_thread
    from mnemon_langgraph._sync.moving import copy_threads, log_thread
    from mnemon_langgraph.cache import MnemonCache
    from mnemon_langgraph.errors import CheckpointIncompleteError, UnreadableTypeError
    from mnemon_langgraph.listing import Thread
    from mnemon_langgraph.namespaces import memory_namespace
    from mnemon_langgraph.saver import MnemonSaver
    from mnemon_langgraph.serving import checkpointer
    from mnemon_langgraph.store import MnemonStore

__all__ = [
    "CheckpointIncompleteError",
    "MnemonCache",
    "MnemonSaver",
    "MnemonStore",
    "Thread",
    "UnreadableTypeError",
    "acopy_threads",
    "alog_thread",
    "checkpointer",
    "copy_threads",
    "log_thread",
    "memory_namespace",
]
