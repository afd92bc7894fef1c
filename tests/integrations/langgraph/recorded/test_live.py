"""LangGraph's own suite over a real Weaviate: all capabilities are detected, and all tests pass, of both halves."""

# As in graphs.py.
# pyright: reportMissingTypeStubs=false
from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from langgraph.checkpoint.conformance import checkpointer_test, validate

from mnemon import AsyncMemory, Memory
from mnemon_langgraph import MnemonSaver
from tests.integrations.langgraph import graphs
from tests.integrations.langgraph.shims import SyncHalf
from tests.integrations.langgraph.test_conformance import CAPABILITIES, TESTS
from tests.live.conftest import place

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from langgraph.checkpoint.base import BaseCheckpointSaver

    from tests.live.conftest import Place

__all__ = ["place"]

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(os.environ.get("CASSETTES") != "live", reason="needs a server: CASSETTES=live"),
]


async def check(made: Callable[[], BaseCheckpointSaver[str]]) -> None:
    @checkpointer_test(name="MnemonSaver")
    async def savers() -> AsyncGenerator[BaseCheckpointSaver[str]]:
        yield made()

    report = (await validate(savers)).to_dict()["results"]

    assert {name for name, result in report.items() if result["detected"]} >= CAPABILITIES
    assert {name: result["failures"] for name, result in report.items() if not result["passed"]} == {}
    assert sum(result["tests_passed"] for result in report.values()) >= TESTS


async def test_all_tests_pass_for_both_halves(place: Place) -> None:
    with place.open() as store:
        memory = Memory(store=store, embedder=None)
        await check(lambda: SyncHalf(MnemonSaver(memory)))
    async with place.open_async() as store:
        native = AsyncMemory(store=store, embedder=None)
        await check(lambda: MnemonSaver(native))


async def test_sync_and_async_turns_of_one_thread_alternate(place: Place) -> None:
    with Memory(place.address, embedder=None) as memory:
        saver = MnemonSaver(memory)
        notes, items = graphs.noting(saver), graphs.delta(saver)

        notes.invoke({"notes": ["a"]}, graphs.config("1"))
        items.invoke({"items": ["a"]}, graphs.config("2"))
        noted = await notes.ainvoke({"notes": ["b"]}, graphs.config("1"))
        for word in ("b", "c"):
            await items.ainvoke({"items": [word]}, graphs.config("2"))
        saver.prune(["1", "2"])
        state = items.invoke({"items": ["d"]}, graphs.config("2"))
        listed = await saver.alist_threads()

    assert noted["notes"] == ["a", "1", "b", "3"]
    assert state["items"] == [text for word in "abcd" for text in (word, f"echo of {word}")]
    assert [thread.thread_id for thread in listed] == ["2", "1"]
