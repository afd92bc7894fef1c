"""Tools that agents of CrewAI are given."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import mnemon
from mnemon import ConfigError, Memory
from mnemon_crewai import MemoryAbortedError, memory_tools, scope_from_inputs
from tests.integrations.crewai.scripted import QUIET, ScriptedLLM, crew_of, prompts, texts
from tests.integrations.failing import FailingStore

if TYPE_CHECKING:
    from crewai.tools import BaseTool

pytestmark = [pytest.mark.anyio, QUIET]


def by_name(tools: list[BaseTool]) -> dict[str, BaseTool]:
    return {tool.name: tool for tool in tools}


@pytest.mark.parametrize("cached", [False, True])
def test_an_agent_saves_and_finds_for_each_customer_apart(memory: Memory, *, cached: bool) -> None:
    def script(prompt: str) -> str:
        if "saved memory" in prompt:
            return "Done."
        return 'Thought: save\nAction: save_memory\nAction Input: {"text": "The code word is tulip."}'

    crew = crew_of(
        ScriptedLLM(script),
        "Hi",
        tools=memory_tools(memory, tools=["save_memory"]),
        before_kickoff_callbacks=[scope_from_inputs("customer_id")],
        cache=cached,
    )
    for name in ("ana", "ben"):
        crew.kickoff(inputs={"customer_id": name})

    assert [texts(memory, name) for name in ("ana", "ben")] == [["The code word is tulip."]] * 2


async def test_each_tool_does_its_work_sync_and_async(memory: Memory) -> None:
    tools = by_name(memory_tools(memory, user_id="ana"))
    assert tools["save_memory"].run(text="The code word is tulip.").startswith("saved memory ")
    (found,) = json.loads(await tools["search_memories"].arun(query="code word"))

    assert tools["update_memory"].run(memory_id=found["id"], text="The code word is rose.") == (
        f"updated memory {found['id']}"
    )
    assert [one["text"] for one in json.loads(tools["list_memories"].run())] == ["The code word is rose."]
    assert await tools["delete_memory"].arun(memory_id=found["id"]) == f"deleted memory {found['id']}"
    assert texts(memory) == []


async def test_another_customers_memory_is_one_that_there_is_not(memory: Memory) -> None:
    memory.add("The code word is tulip.", user_id="ana")
    (hers,) = memory.get_all(user_id="ana")
    tools = by_name(memory_tools(memory))

    with mnemon.scope(user_id="ben"):
        assert tools["delete_memory"].run(memory_id=hers.id).startswith("error: ")
        assert (await tools["update_memory"].arun(memory_id=hers.id, text="x")).startswith("error: ")
        assert tools["search_memories"].run(query="code word") == "[]"
    assert texts(memory) == ["The code word is tulip."]


async def test_a_store_that_fails_and_a_call_for_nobody_are_no_answers() -> None:
    store = FailingStore()
    with Memory(store=store, embedder=None) as memory:
        (search,) = memory_tools(memory, tools=["search_memories"])
        with pytest.raises(MemoryAbortedError, match="scope_from_inputs"):
            search.run(query="code word")
        store.down = True
        with mnemon.scope(user_id="ana"), pytest.raises(MemoryAbortedError, match="down"):
            await search.arun(query="code word")


def test_a_tool_has_the_name_and_the_words_that_it_is_given(memory: Memory) -> None:
    (tool,) = memory_tools(
        memory, tools=["save_memory"], names={"save_memory": "note"}, descriptions={"save_memory": "Write it down."}
    )
    model = ScriptedLLM()
    crew_of(model, "Hi", tools=[tool]).kickoff()

    assert tool.name == "note"
    assert "Write it down." in prompts(model)[0]
    with pytest.raises(ConfigError, match="no memory tool"):
        memory_tools(memory, tools=["remember"])
