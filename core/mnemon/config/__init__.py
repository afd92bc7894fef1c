"""Settings, and what they open.

The names below are loaded when they are asked for, so that importing this package brings no pydantic.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mnemon.config.opening import (
        choose_embedder,
        choose_ranking,
        default_path,
        open_async_store,
        open_settings,
        open_store,
    )
    from mnemon.config.settings import EmbeddingConfig, MemoryConfig

__all__ = [
    "EmbeddingConfig",
    "MemoryConfig",
    "choose_embedder",
    "choose_ranking",
    "default_path",
    "open_async_store",
    "open_settings",
    "open_store",
]

_PLACES = {
    "EmbeddingConfig": "settings",
    "MemoryConfig": "settings",
    "choose_embedder": "opening",
    "choose_ranking": "opening",
    "default_path": "opening",
    "open_async_store": "opening",
    "open_settings": "opening",
    "open_store": "opening",
}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
