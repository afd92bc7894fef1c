"""One memory engine beneath all agent frameworks.

Importing this package opens no socket and no file, and brings no framework and no model.
"""

from __future__ import annotations

from mnemon.errors import (
    ClosedError,
    ConfigError,
    ConflictError,
    DimensionMismatchError,
    EmbedderUnavailableError,
    EmbeddingError,
    InvalidFilterError,
    InvalidInputError,
    MissingExtraError,
    MnemonError,
    NotFoundError,
    SchemaMismatchError,
    ScopeError,
    StoreConflictError,
    StoreCorruptError,
    StoreError,
    StoreFullError,
    StoreReadOnlyError,
    StoreUnavailableError,
)
from mnemon.logic.ambient import scope
from mnemon.memory import AsyncMemory, Memory
from mnemon.stores.in_memory import InMemoryStore
from mnemon.stores.sqlite.store import SQLiteStore
from mnemon.types.filters import Filter, parse_filter, where
from mnemon.types.memory import Hit, MemoryRecord, Operation, Version
from mnemon.types.message import File, Image, Message, Text, ToolCall, ToolResult
from mnemon.types.recall import RecallConfig
from mnemon.types.scope import Scope

__all__ = [
    "AsyncMemory",
    "ClosedError",
    "ConfigError",
    "ConflictError",
    "DimensionMismatchError",
    "EmbedderUnavailableError",
    "EmbeddingError",
    "File",
    "Filter",
    "Hit",
    "Image",
    "InMemoryStore",
    "InvalidFilterError",
    "InvalidInputError",
    "Memory",
    "MemoryRecord",
    "Message",
    "MissingExtraError",
    "MnemonError",
    "NotFoundError",
    "Operation",
    "RecallConfig",
    "SQLiteStore",
    "SchemaMismatchError",
    "Scope",
    "ScopeError",
    "StoreConflictError",
    "StoreCorruptError",
    "StoreError",
    "StoreFullError",
    "StoreReadOnlyError",
    "StoreUnavailableError",
    "Text",
    "ToolCall",
    "ToolResult",
    "Version",
    "parse_filter",
    "scope",
    "where",
]
