"""One memory engine beneath all agent frameworks.

Importing this package opens no socket and no file, and brings no framework and no model.
"""

from __future__ import annotations

from mnemon.errors import (
    ClosedError,
    ConfigError,
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
from mnemon.stores.in_memory import InMemoryStore
from mnemon.stores.sqlite.store import SQLiteStore
from mnemon.types.filters import Filter, parse_filter, where
from mnemon.types.memory import Hit, MemoryRecord, Operation
from mnemon.types.message import File, Image, Message, Text, ToolCall, ToolResult
from mnemon.types.scope import Scope

__all__ = [
    "ClosedError",
    "ConfigError",
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
    "MemoryRecord",
    "Message",
    "MissingExtraError",
    "MnemonError",
    "NotFoundError",
    "Operation",
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
    "parse_filter",
    "where",
]
