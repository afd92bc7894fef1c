"""One memory engine beneath all agent frameworks.

Importing this package opens no socket and no file, and brings no framework and no model.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

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
from mnemon.types.filters import Filter, parse_filter, where
from mnemon.types.memory import Hit, MemoryRecord, Operation, Version
from mnemon.types.message import File, Image, Message, Text, ToolCall, ToolResult
from mnemon.types.recall import RecallConfig
from mnemon.types.scope import Scope

if TYPE_CHECKING:
    from mnemon.logic.ambient import scope
    from mnemon.memory import AsyncMemory, Memory
    from mnemon.stores.in_memory import InMemoryStore
    from mnemon.stores.sqlite.store import SQLiteStore

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

_LATER = {
    "AsyncMemory": "mnemon.memory",
    "InMemoryStore": "mnemon.stores.in_memory",
    "Memory": "mnemon.memory",
    "SQLiteStore": "mnemon.stores.sqlite.store",
    "scope": "mnemon.logic.ambient",
}
"""Names that are loaded when they are asked for: adapters import this package for its types alone."""


def __getattr__(name: str) -> object:
    if name not in _LATER:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(_LATER[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
