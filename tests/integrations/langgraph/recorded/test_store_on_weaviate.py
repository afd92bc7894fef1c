"""Items over Weaviate: kept, found by meaning and by filter, and gone; those of a person are memories."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from langgraph.store.base import GetOp, ListNamespacesOp, PutOp, SearchOp

from mnemon_langgraph import MnemonStore, memory_namespace
from tests.integrations.langgraph.test_store import index

if TYPE_CHECKING:
    from langgraph.store.base import Op, Result

    from mnemon import AsyncMemory, Memory

pytestmark = [pytest.mark.cassette, pytest.mark.anyio]

ANA, OTHER = memory_namespace("ana@example.com"), ("users", "ana-2")
NS = ("users", "ana")
PUTS = [
    PutOp(NS, "tea", {"t": "green tea", "cups": 2}),
    PutOp(NS, "milk", {"t": "milk", "cups": 1}),
    PutOp(OTHER, "tea", {"t": "green tea", "cups": 9}),
    PutOp(ANA, "diet", {"content": "Ana eats no nuts"}),
]
READS: list[Op] = [
    SearchOp(NS, query="tea green"),
    SearchOp(NS, filter={"cups": {"$lt": 2}}),
    GetOp(OTHER, "tea"),
    GetOp(ANA, "diet"),
    SearchOp(ANA, limit=5),
    ListNamespacesOp(),
]


def told(results: list[Result]) -> list[object]:
    """Return the keys of what was read."""
    return [
        [getattr(one, "key", one) for one in result] if isinstance(result, list) else getattr(result, "key", None)
        for result in results
    ]


WANTED = [["tea", "milk"], ["milk"], "tea", "diet", ["diet"], [ANA, NS, OTHER]]
LEFT = [["milk"], ["milk"], "tea", None, [], [NS, OTHER]]
GONE = [PutOp(NS, "tea", None), PutOp(ANA, "diet", None)]


def test_items_are_kept_found_and_deleted(memory: Memory) -> None:
    store = MnemonStore(memory, index=index("t"))

    store.batch(PUTS)
    found = told(store.batch(READS))
    store.batch(GONE)

    assert found == WANTED
    assert told(store.batch(READS)) == LEFT


async def test_items_are_kept_found_and_deleted_async(async_memory: AsyncMemory) -> None:
    store = MnemonStore(async_memory, index=index("t"))

    await store.abatch(PUTS)
    found = told(await store.abatch(READS))
    await store.abatch(GONE)

    assert found == WANTED
    assert told(await store.abatch(READS)) == LEFT
