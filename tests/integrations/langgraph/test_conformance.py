"""LangGraph's own suite: every capability is detected, and every test of it passes."""

# As in graphs.py.
# pyright: reportMissingTypeStubs=false
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from langgraph.checkpoint.conformance import checkpointer_test, validate

from mnemon import AsyncMemory, InMemoryStore, Memory
from mnemon_langgraph import MnemonSaver
from tests.core.fakes import FakeAsyncStore
from tests.integrations.langgraph.shims import SyncHalf

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    from langgraph.checkpoint.base import BaseCheckpointSaver

CAPABILITIES = {
    "put",
    "put_writes",
    "get_tuple",
    "list",
    "delete_thread",
    "delete_for_runs",
    "copy_thread",
    "prune",
}
TESTS = 81
"""Of the suite's version 0.0.2; a later one may have more, and they must pass too."""


def sqlite(folder: Path) -> Memory:
    return Memory(folder / "memory.db", embedder=None)


def in_memory(_: Path) -> Memory:
    return Memory(store=InMemoryStore(), embedder=None)


def native(_: Path) -> AsyncMemory:
    return AsyncMemory(store=FakeAsyncStore(), embedder=None)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("opened", "half"),
    [(sqlite, MnemonSaver), (sqlite, "sync"), (in_memory, MnemonSaver), (in_memory, "sync"), (native, MnemonSaver)],
    ids=["sqlite async", "sqlite sync", "in memory async", "in memory sync", "a store that speaks async"],
)
async def test_all_capabilities_are_detected_and_all_tests_pass(
    opened: Callable[[Path], Memory | AsyncMemory], half: object, tmp_path: Path
) -> None:
    memory = opened(tmp_path)

    @checkpointer_test(name="MnemonSaver")
    async def savers() -> AsyncGenerator[BaseCheckpointSaver[str]]:
        saver = MnemonSaver(memory)
        yield SyncHalf(saver) if half == "sync" else saver

    report = (await validate(savers)).to_dict()["results"]

    assert {name for name, result in report.items() if result["detected"]} >= CAPABILITIES
    assert {name: result["failures"] for name, result in report.items() if not result["passed"]} == {}
    assert sum(result["tests_passed"] for result in report.values()) >= TESTS
    if isinstance(memory, Memory):
        memory.close()
