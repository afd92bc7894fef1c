"""LlamaIndex on mnemon: memory, memory block, chat stores, retriever, tools and embeddings."""

from __future__ import annotations

from mnemon.adapting.extras import requires_extra

with requires_extra("llama-index", "llama_index"):
    import llama_index.core  # noqa: F401  # pyright: ignore[reportUnusedImport] - its absence is told here

from mnemon_llama_index.block import MnemonMemoryBlock
from mnemon_llama_index.chat_stores import MnemonAsyncChatStore, MnemonChatStore
from mnemon_llama_index.embedder import MnemonEmbedder
from mnemon_llama_index.memory import MnemonMemory
from mnemon_llama_index.messages import from_chat_messages, to_chat_messages
from mnemon_llama_index.retriever import MnemonRetriever
from mnemon_llama_index.tools import MnemonToolSpec

__all__ = [
    "MnemonAsyncChatStore",
    "MnemonChatStore",
    "MnemonEmbedder",
    "MnemonMemory",
    "MnemonMemoryBlock",
    "MnemonRetriever",
    "MnemonToolSpec",
    "from_chat_messages",
    "to_chat_messages",
]
