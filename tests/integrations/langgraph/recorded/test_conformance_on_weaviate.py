"""LangGraph's own suite over Weaviate, each half by itself, from what a server said: a cassette each.

The other capabilities would take cassettes of more than the bytes that one may have; test_live.py has all.
"""

# As in graphs.py.
# pyright: reportMissingTypeStubs=false
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from langgraph.checkpoint.conformance import checkpointer_test, validate

from mnemon_langgraph import MnemonSaver
from tests.integrations.langgraph.shims import SyncHalf

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from langgraph.checkpoint.base import BaseCheckpointSaver

    from mnemon import AsyncMemory, Memory

pytestmark = [pytest.mark.cassette, pytest.mark.anyio, pytest.mark.usefixtures("pinned")]

RECORDED = {"put_writes": 10, "get_tuple": 10, "delete_thread": 5}
"""Capabilities, and how many tests the suite has of each."""


async def run(capability: str, made: Callable[[], BaseCheckpointSaver[str]]) -> None:
    @checkpointer_test(name="MnemonSaver")
    async def savers() -> AsyncGenerator[BaseCheckpointSaver[str]]:
        yield made()

    report = (await validate(savers, capabilities={capability})).to_dict()["results"][capability]

    assert report["failures"] == []
    assert (report["detected"], report["passed"]) == (True, True)
    assert report["tests_passed"] >= RECORDED[capability]


@pytest.mark.parametrize("capability", RECORDED)
async def test_the_sync_half_passes(memory: Memory, capability: str) -> None:
    await run(capability, lambda: SyncHalf(MnemonSaver(memory)))


@pytest.mark.parametrize("capability", RECORDED)
async def test_the_async_half_passes(async_memory: AsyncMemory, capability: str) -> None:
    await run(capability, lambda: MnemonSaver(async_memory))
