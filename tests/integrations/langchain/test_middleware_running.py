"""The middleware in event loops, in other processes, and with a queue behind it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from langgraph.checkpoint.memory import InMemorySaver

import mnemon
from mnemon import AsyncMemory, Memory, StoreUnavailableError
from mnemon_langchain import MnemonMiddleware
from tests.integrations.langchain.scripted import UnreachableStore, agent_of, answering, call, says, system_of
from tests.integrations.langchain.test_middleware import texts

if TYPE_CHECKING:
    from pathlib import Path


def test_async_turns_do_the_same(tmp_path: Path) -> None:
    async def talk() -> tuple[str, list[str], str]:
        async with AsyncMemory(tmp_path / "a.db", embedder=None) as memory:
            model = answering("Noted.", "Momo.")
            agent = agent_of(model, MnemonMiddleware(memory), checkpointer=InMemorySaver())
            await agent.ainvoke(says("My cat is called Momo."), call("ana"))
            stream = agent.astream(says("How is my cat called?"), call("ana", "t2"), stream_mode="messages")
            tokens = [str(part[0].content) async for part in stream]
            page = await memory.get_all(user_id="ana", sort="said_at", descending=False)
            return system_of(model.prompts[1]), [one.text for one in page], "".join(tokens)

    system, kept, tokens = asyncio.run(talk())

    assert "My cat is called Momo." in system
    assert kept == ["My cat is called Momo.", "Noted.", "How is my cat called?", "Momo."]
    assert tokens == "Momo."


BUILT = MnemonMiddleware(name="built at import")
MODEL = answering()
AGENT = agent_of(MODEL, BUILT)


def test_built_at_import_it_serves_two_event_loops_and_sync_code(isolated_user_store: Path) -> None:
    asyncio.run(AGENT.ainvoke(says("My cat is called Momo."), call("ana")))
    asyncio.run(AGENT.ainvoke(says("How is my cat called?"), call("ana", "t2")))
    AGENT.invoke(says("And how is my cat called today?"), call("ana", "t3"))
    BUILT.close()

    assert "Momo" not in system_of(MODEL.prompts[0])
    assert all("Momo" in system_of(prompt) for prompt in MODEL.prompts[1:])
    with Memory() as memory:
        assert memory.count(user_id="ana") == 6


CHILD = """
import sys
from mnemon import Memory
from mnemon_langchain import MnemonMiddleware
from tests.integrations.langchain.scripted import agent_of, answering, call, says, system_of
model = answering()
with Memory(sys.argv[1], embedder=None) as memory:
    agent_of(model, MnemonMiddleware(memory)).invoke(says(sys.argv[2]), call("ana", sys.argv[2]))
print(system_of(model.prompts[0]))
"""


def test_another_process_recalls_what_the_first_was_told(tmp_path: Path) -> None:
    def run(words: str) -> str:
        command = [sys.executable, "-c", CHILD, str(tmp_path / "p.db"), words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    first, second = run("My cat is called Momo."), run("How is my cat called?")

    assert "Momo" not in first
    assert "My cat is called Momo." in second


def test_in_the_background_the_next_turn_sees_what_waits(memory: Memory) -> None:
    model = answering("Noted.")
    with MnemonMiddleware(memory, background=True) as middleware:
        agent = agent_of(model, middleware)
        agent.invoke(says("My cat is called Momo."), call("ana"))
        agent.invoke(says("How is my cat called?"), call("ana", "t2"))
        with mnemon.scope(user_id="ben"):
            agent.invoke(says("I am Ben."))
        middleware.flush()

        kept = texts(memory, "ana"), texts(memory, "ben")

    assert "My cat is called Momo." in system_of(model.prompts[1])
    assert kept == (["My cat is called Momo.", "Noted.", "How is my cat called?", "ok"], ["I am Ben.", "ok"])


def test_a_write_that_failed_in_the_background_is_raised_by_the_next_turn_of_its_person(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = UnreachableStore()
    with Memory(store=store, embedder=None) as memory:
        middleware = MnemonMiddleware(memory, background=True, recall=None)
        agent = agent_of(answering(), middleware)
        store.down = True
        agent.invoke(says("My cat is called Momo."), call("ana"))

        with pytest.raises(StoreUnavailableError):
            middleware.flush()
        middleware.flush()  # told once

    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]
