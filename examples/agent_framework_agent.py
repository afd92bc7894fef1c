"""An agent of Agent Framework that learns in one session and recalls in another process, for that user alone.

Run it with `pip install ".[agent-framework]"` and `python examples/agent_framework_agent.py`. The model follows a
script, so it needs no key and no network. It leaves no file.

Prints:
    ana: I like pizza best.
    agent: Noted.
    ana, in another process: the model was told what Ana likes
    ben, in another process: the model was told nothing
    ana's session goes on: 4 messages
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from agent_framework import Agent, AgentSession, BaseChatClient, ChatResponse, Message

import mnemon
from mnemon import Memory
from mnemon_agent_framework import MnemonContextProvider, MnemonHistoryProvider

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping, Sequence


class Script(BaseChatClient[Any]):
    """A model that always gives the same answer, and keeps what it was told."""

    told = ""

    def _inner_get_response(
        self,
        *,
        messages: Sequence[Message],
        stream: bool,  # noqa: ARG002 - the base class names it
        options: Mapping[str, Any],
        **kwargs: Any,  # noqa: ANN401, ARG002 - the same
    ) -> Awaitable[ChatResponse[Any]]:
        self.told = "\n".join([str(options.get("instructions")), *(message.text for message in messages)])

        async def answer() -> ChatResponse[Any]:
            return ChatResponse(messages=[Message("assistant", ["Noted."])])

        return answer()


def build(memory: Memory) -> tuple[Agent[Any], Script]:
    """Return one agent for all users, and its model."""
    client = Script()
    providers = [MnemonHistoryProvider(memory), MnemonContextProvider(memory)]
    return Agent(client=client, instructions="Be brief.", context_providers=providers), client


async def talk(memory: Memory) -> None:
    """Tell the agent something."""
    agent, _ = build(memory)
    with mnemon.scope(user_id="ana"):
        response = await agent.run("I like pizza best.", session=AgentSession(session_id="monday"))
    print("ana: I like pizza best.")
    print(f"agent: {response.text}")


async def ask(memory: Memory, user_id: str) -> str:
    """Ask in a new session, and say what the model was told."""
    agent, client = build(memory)
    with mnemon.scope(user_id=user_id):
        await agent.run("Which food do I like best?", session=AgentSession(session_id="tuesday"))
    return "the model was told what Ana likes" if "I like pizza best." in client.told else "the model was told nothing"


async def go_on(memory: Memory) -> int:
    """Go on with the first session; return how many messages it has."""
    agent, _ = build(memory)
    with mnemon.scope(user_id="ana"):
        await agent.run("And with olives.", session=AgentSession(session_id="monday"))
    return len(memory.conversations.read(user_id="ana", run_id="monday"))


def in_another_process(*arguments: str) -> str:
    """Run this file with arguments, and return what it prints."""
    command = [sys.executable, __file__, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603 - our own


def main() -> None:
    """Talk here, ask in other processes."""
    if len(sys.argv) > 1:
        path, user_id = sys.argv[1:]
        with Memory(path) as memory:
            print(asyncio.run(ask(memory, user_id)))
        return
    with TemporaryDirectory() as folder:
        path = str(Path(folder) / "memory.db")
        with Memory(path) as memory:
            asyncio.run(talk(memory))
        for user_id in ("ana", "ben"):
            print(f"{user_id}, in another process: {in_another_process(path, user_id)}")
        with Memory(path) as memory:
            print(f"ana's session goes on: {asyncio.run(go_on(memory))} messages")


if __name__ == "__main__":
    main()
