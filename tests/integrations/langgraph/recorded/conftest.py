"""Tests over Weaviate that run twice, as those of tests/cassettes, with what LangGraph's suites draw pinned."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, tzinfo
from itertools import count
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from mnemon_langgraph.checkpoints import COLLECTIONS
from mnemon_langgraph.items import ITEMS, VECTORS, VERSIONS
from tests.integrations.recording import *  # noqa: F403 - fixtures, all of them

if TYPE_CHECKING:
    from mnemon.types.storage import Collection

SUITE = "langgraph.checkpoint.conformance"


@pytest.fixture
def collections() -> tuple[Collection, ...]:
    return (*COLLECTIONS, ITEMS, VECTORS, VERSIONS)


class FixedTime(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> FixedTime:
        return cls(2026, 3, 1, tzinfo=tz or UTC)


@pytest.fixture
def pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let LangGraph's suite draw the same ids and times in every run: its requests hold them."""
    numbers = count(1)

    def uuid4() -> UUID:
        return UUID(int=next(numbers), version=4)

    def uuid6(**_: object) -> UUID:
        return UUID(f"1f1e0000-0000-6000-8000-{next(numbers):012x}")

    for name, module in list(sys.modules.items()):
        if name.startswith(SUITE):
            for drawn, fixed in (("uuid4", uuid4), ("uuid6", uuid6), ("datetime", FixedTime)):
                if hasattr(module, drawn):
                    monkeypatch.setattr(module, drawn, fixed)
