"""Tools, retriever, byte store and cache over Weaviate: what one person leaves is found by that person alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from langchain_core.outputs import Generation

from mnemon_langchain import MnemonByteStore, MnemonLLMCache, MnemonRetriever, memory_tools

if TYPE_CHECKING:
    from mnemon import AsyncMemory, Memory

pytestmark = [pytest.mark.cassette, pytest.mark.anyio]

QUERY = "What does Ana drink?"
TOOLS = ["save_memory", "search_memories"]
ANSWER = [Generation(text="tea")]


def test_what_one_person_leaves_is_found_by_that_person_alone(memory: Memory) -> None:
    save, search = memory_tools(memory, user_id="ana", tools=TOOLS)
    others = memory_tools(memory, user_id="ana-2", tools=TOOLS)[1]
    values, cache = MnemonByteStore(memory), MnemonLLMCache(memory)

    save.invoke({"text": "Ana drinks green tea."})
    values.mset([("k", b"\0v")])
    cache.update("prompt", "model", ANSWER)

    assert "green tea" in search.invoke({"query": QUERY})
    assert "green tea" not in others.invoke({"query": QUERY})
    assert [one.page_content for one in MnemonRetriever(memory=memory, user_id="ana").invoke(QUERY)] == [
        "Ana drinks green tea."
    ]
    assert values.mget(["K", "k"]) == [None, b"\0v"]
    assert list(values.yield_keys(prefix="k")) == ["k"]
    assert (cache.lookup("prompt", "model"), cache.lookup("prompt", "other")) == (ANSWER, None)


async def test_what_one_person_leaves_is_found_by_that_person_alone_async(async_memory: AsyncMemory) -> None:
    save, search = memory_tools(async_memory, user_id="ana", tools=TOOLS)
    others = memory_tools(async_memory, user_id="ana-2", tools=TOOLS)[1]
    values, cache = MnemonByteStore(async_memory), MnemonLLMCache(async_memory)

    await save.ainvoke({"text": "Ana drinks green tea."})
    await values.amset([("k", b"\0v")])
    await cache.aupdate("prompt", "model", ANSWER)

    found = await MnemonRetriever(memory=async_memory, user_id="ana").ainvoke(QUERY)
    assert "green tea" in await search.ainvoke({"query": QUERY})
    assert "green tea" not in await others.ainvoke({"query": QUERY})
    assert [one.page_content for one in found] == ["Ana drinks green tea."]
    assert await values.amget(["K", "k"]) == [None, b"\0v"]
    assert [key async for key in values.ayield_keys(prefix="k")] == ["k"]
    assert (await cache.alookup("prompt", "model"), await cache.alookup("prompt", "other")) == (ANSWER, None)
