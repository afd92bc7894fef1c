"""LangChain on mnemon: memory for agents, tools, a retriever, histories and caches, in the store of a memory."""

from __future__ import annotations

from mnemon.adapting.extras import requires_extra

with requires_extra("langchain", "langchain", "langchain_core", "langgraph"):
    import langchain.agents  # noqa: F401  # pyright: ignore[reportUnusedImport] - asked for, so that its absence is told here

from mnemon_langchain.byte_store import MnemonByteStore
from mnemon_langchain.cache import MnemonLLMCache
from mnemon_langchain.embedder import MnemonEmbedder
from mnemon_langchain.history import MnemonChatMessageHistory
from mnemon_langchain.messages import from_langchain_messages, to_langchain_messages
from mnemon_langchain.middleware import MnemonMiddleware
from mnemon_langchain.retriever import MnemonRetriever
from mnemon_langchain.tools import memory_tools

__all__ = [
    "MnemonByteStore",
    "MnemonChatMessageHistory",
    "MnemonEmbedder",
    "MnemonLLMCache",
    "MnemonMiddleware",
    "MnemonRetriever",
    "from_langchain_messages",
    "memory_tools",
    "to_langchain_messages",
]
