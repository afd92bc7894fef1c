"""Who asks a memory in its own words finds it, by every search that an adapter offers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from autogen_core import CancellationToken

import mnemon_autogen
import mnemon_crewai
import mnemon_langchain
import mnemon_llama_index
from mnemon_langgraph import MnemonStore, memory_namespace

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mnemon import Memory

pytestmark = pytest.mark.anyio

SAID = "The deploy key is on the blue USB stick"


async def by_langchain_retriever(memory: Memory) -> list[str]:
    found = await mnemon_langchain.MnemonRetriever(memory=memory, user_id="ana").ainvoke(SAID)
    return [one.page_content for one in found]


async def by_langchain_tool(memory: Memory) -> list[str]:
    (search,) = mnemon_langchain.memory_tools(memory, user_id="ana", tools=["search_memories"])
    return _texts(await search.ainvoke({"query": SAID}))


async def by_langgraph_store(memory: Memory) -> list[str]:
    found = await MnemonStore(memory).asearch(memory_namespace("ana"), query=SAID)
    return [one.value["content"] for one in found]


async def by_llama_index_retriever(memory: Memory) -> list[str]:
    found = await mnemon_llama_index.MnemonRetriever(memory, user_id="ana").aretrieve(SAID)
    return [one.node.get_content() for one in found]


async def by_llama_index_tool(memory: Memory) -> list[str]:
    return _texts(await mnemon_llama_index.MnemonToolSpec(memory, user_id="ana").asearch_memories(SAID))


async def by_autogen_query(memory: Memory) -> list[str]:
    found = await mnemon_autogen.MnemonMemory(memory, user_id="ana").query(SAID)
    return [str(one.content) for one in found.results]


async def by_autogen_tool(memory: Memory) -> list[str]:
    (search,) = mnemon_autogen.memory_tools(memory, user_id="ana", tools=["search_memories"])
    return _texts(await search.run_json({"query": SAID}, CancellationToken()))


async def by_crewai_recall(memory: Memory) -> list[str]:
    found = await mnemon_crewai.MnemonMemory(memory, user_id="ana").arecall(SAID)
    return [one.record.content for one in found]


async def by_crewai_tool(memory: Memory) -> list[str]:
    (search,) = mnemon_crewai.memory_tools(memory, user_id="ana", tools=["search_memories"])
    return _texts(await search.arun(query=SAID))


def _texts(answer: Any) -> list[str]:
    return [one["text"] for one in json.loads(answer)]


SEARCHES = [
    by_langchain_retriever,
    by_langchain_tool,
    by_langgraph_store,
    by_llama_index_retriever,
    by_llama_index_tool,
    by_autogen_query,
    by_autogen_tool,
    by_crewai_recall,
    by_crewai_tool,
]


@pytest.mark.parametrize("search", SEARCHES)
async def test_a_memory_is_found_in_its_own_words(
    memory: Memory, search: Callable[[Memory], Awaitable[list[str]]]
) -> None:
    memory.add(SAID, user_id="ana")
    memory.add("The weather is fine", user_id="ana")

    assert (await search(memory))[:1] == [SAID]
