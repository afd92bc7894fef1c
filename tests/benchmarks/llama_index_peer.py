"""Turns of an agent of LlamaIndex with a memory."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.llms.mock import MockFunctionCallingLLM
from llama_index.core.memory import Memory as LlamaMemory

from mnemon_llama_index import MnemonMemory

from .agent_turns import imports, remembered, turns

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .report import Figure


def llama_index_turns(folder: Path) -> Iterator[Figure]:
    """Measure a turn of LlamaIndex's agent with a memory of a session, and the adapter's import."""

    def answer(*_: object, **__: object) -> ChatMessage:
        return ChatMessage(role="assistant", content="Noted.")

    model: Any = MockFunctionCallingLLM
    agent = FunctionAgent(llm=model(response_generator=answer), streaming=False, tools=None)

    async def measured() -> list[Figure]:
        with remembered(folder) as memory:
            own: Any = LlamaMemory
            theirs = own.from_defaults(session_id="now")
            ours = MnemonMemory.from_defaults(session_id="now", user_id="alice", memory=memory)

            async def turn(said: str, kept: Any) -> None:  # noqa: ANN401 - either memory, or none
                await agent.run(user_msg=said, memory=kept)  # pyright: ignore[reportDeprecated] - its other forms are

            return await turns(
                ("the buffer that an agent has without a memory", lambda said: turn(said, None)),
                ("LlamaIndex's Memory, which recalls nothing,", lambda said: turn(said, theirs)),
                ("MnemonMemory", lambda said: turn(said, ours)),
            )

    yield from asyncio.run(measured())
    yield from imports("llama_index.core.memory,llama_index.core.agent.workflow", "mnemon_llama_index")
