"""Settings as a call gets them, and what it is told where it gets none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mnemon import ConfigError
from mnemon.config import MemoryConfig

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["SECRET", "load", "refusal"]

SECRET = "sk-hush-1234567890"  # noqa: S105 - not one


def load(path: str | Path | None = None, **explicit: object) -> MemoryConfig:
    return MemoryConfig.load(path, **explicit)


def refusal(path: str | Path | None = None, **explicit: object) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path, **explicit)
    return str(caught.value)
