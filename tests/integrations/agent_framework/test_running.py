"""Providers that are shared by event loops and processes, and whose memory is given or their own."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest
from agent_framework import AgentSession

from mnemon import AsyncMemory, ClosedError, Memory
from mnemon_agent_framework import MnemonContextProvider, MnemonHistoryProvider
from tests.integrations.agent_framework.scripted import ScriptedClient
from tests.integrations.agent_framework.test_agents import agent, turn

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio


async def test_an_async_memory_serves_as_well(tmp_path: Path) -> None:
    async with AsyncMemory(tmp_path / "memory.db", embedder=None) as memory:
        providers = [MnemonHistoryProvider(memory, user_id="ana"), MnemonContextProvider(memory, user_id="ana")]
        client = ScriptedClient("Noted.", "Pizza.")
        for session_id, said in (("s1", "My favourite dish is pizza"), ("s2", "What is my favourite dish?")):
            await agent(client, *providers).run(said, session=AgentSession(session_id=session_id))

        assert "My favourite dish is pizza" in client.prompt()
        assert len(await memory.conversations.read(user_id="ana", run_id="s1")) == 2


def test_one_object_serves_one_loop_after_another_and_sync_code_between(memory: Memory) -> None:
    client = ScriptedClient("Noted.", "Lisbon.")
    helper = agent(client, MnemonHistoryProvider(memory, user_id="ana"), MnemonContextProvider(memory, user_id="ana"))

    asyncio.run(turn(helper, "I moved to Lisbon.", AgentSession(session_id="s1")))
    memory.add("I like jazz.", user_id="ana")
    asyncio.run(turn(helper, "Where did I move to?", AgentSession(session_id="s1")))

    assert client.texts() == ["I moved to Lisbon.", "Noted.", "Where did I move to?"]


@pytest.mark.parametrize("provider", [MnemonContextProvider, MnemonHistoryProvider])
async def test_the_default_memory_is_closed_with_the_provider_and_one_that_was_given_is_not(
    memory: Memory, provider: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNEMON_HOME", str(tmp_path))
    own, given = provider(user_id="ana"), provider(memory, user_id="ana")
    for one in (own, given):
        await agent(ScriptedClient("Hello."), one).run("Hi")
        await one.aclose()

    with pytest.raises(ClosedError):
        await agent(ScriptedClient("Hello."), own).run("Hi")
    await agent(ScriptedClient("Hello."), given).run("Hi")
    memory.add("still open", user_id="ana")


def test_a_session_goes_on_in_another_process(memory: Memory, tmp_path: Path) -> None:
    code = dedent("""
        import asyncio, sys
        from agent_framework import Agent, AgentSession
        from mnemon import Memory
        from mnemon_agent_framework import MnemonHistoryProvider
        from tests.integrations.agent_framework.scripted import ScriptedClient

        with Memory(sys.argv[1], embedder=None) as memory:
            history = MnemonHistoryProvider(memory, user_id="ana")
            helper = Agent(client=ScriptedClient("Hello."), context_providers=[history])
            asyncio.run(helper.run("I am Ana.", session=AgentSession(session_id="s1")))
    """)
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "memory.db")], check=True)
    client = ScriptedClient("Ana.")

    helper = agent(client, MnemonHistoryProvider(memory, user_id="ana"))
    asyncio.run(turn(helper, "Who am I?", AgentSession(session_id="s1")))

    assert client.texts() == ["I am Ana.", "Hello.", "Who am I?"]


def test_the_adapter_imports_no_other_framework() -> None:
    code = "import sys, mnemon_agent_framework; print(sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout

    assert "agent_framework" in loaded
    assert not any(f"'{name}'" in loaded for name in ("langchain_core", "llama_index", "crewai", "autogen_core"))


def test_the_adapter_imports_no_workflows() -> None:
    code = "import sys, mnemon_agent_framework; print([name for name in sys.modules if '_workflows' in name])"

    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"
