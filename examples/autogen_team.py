"""A team of AutoGen that is remembered as it talks, and an agent in another process that knows it, for that user alone.

Run it with `pip install ".[autogen]" autogen-ext` and `python examples/autogen_team.py`. The model follows a
script, so it needs no key and no network. It leaves no file.

Prints:
    ana: I like pizza best.
    helper: Noted.
    ana, in another process: the model was told what Ana likes
    ben, in another process: the model was told nothing
    the team goes on from version 1
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.conditions import MaxMessageTermination
from autogen_agentchat.messages import TextMessage
from autogen_agentchat.teams import RoundRobinGroupChat
from autogen_ext.models.replay import ReplayChatCompletionClient

from mnemon import Memory
from mnemon_autogen import MnemonMemory, load_team, memory_tools, remember_run, remember_stream, save_team

if TYPE_CHECKING:
    from autogen_core.models import ModelInfo

INFO: ModelInfo = {
    "family": "unknown",
    "function_calling": True,
    "json_output": False,
    "structured_output": False,
    "vision": False,
}


def team_of_one(*answers: str) -> RoundRobinGroupChat:
    """Return a team whose model gives these answers."""
    agent = AssistantAgent("helper", ReplayChatCompletionClient(list(answers), model_info=INFO))
    return RoundRobinGroupChat([agent], termination_condition=MaxMessageTermination(2))


async def talk(memory: Memory) -> None:
    """Let a team talk; each message is remembered as it passes."""
    team = team_of_one("Noted.")
    stream = team.run_stream(task="I like pizza best.")
    async for item in remember_stream(stream, memory, user_id="ana", run_id="monday"):
        if isinstance(item, TextMessage):
            print(f"{'ana' if item.source == 'user' else item.source}: {item.content}")
    await save_team(team, memory, user_id="ana", run_id="monday")


async def ask(memory: Memory, user_id: str) -> str:
    """Ask an agent with memory, and say what its model was told."""
    client = ReplayChatCompletionClient(["Let me think."], model_info=INFO)
    agent = AssistantAgent(
        "helper",
        client,
        memory=[MnemonMemory(memory, user_id=user_id)],
        tools=list(memory_tools(memory, user_id=user_id)),
    )
    result = await agent.run(task="Which food do I prefer, pizza?")
    await remember_run(result, memory, user_id=user_id, run_id="tuesday")
    known = "I like pizza best." in str(client.create_calls[-1]["messages"])
    return "the model was told what Ana likes" if known else "the model was told nothing"


async def go_on(memory: Memory) -> int:
    """Give a new team the state of the first one; return its version."""
    return await load_team(team_of_one("Hello again."), memory, user_id="ana", run_id="monday")


def in_another_process(*arguments: str) -> str:
    """Let another process ask."""
    command = [sys.executable, __file__, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603 - ourselves


if __name__ == "__main__":
    if len(sys.argv) > 1:
        with Memory(sys.argv[1]) as opened:
            print(asyncio.run(ask(opened, sys.argv[2])))
    else:
        with TemporaryDirectory() as folder:
            path = str(Path(folder) / "memory.db")
            with Memory(path) as opened:
                asyncio.run(talk(opened))
            for name in ("ana", "ben"):
                print(f"{name}, in another process:", in_another_process(path, name))
            with Memory(path) as opened:
                print("the team goes on from version", asyncio.run(go_on(opened)))
