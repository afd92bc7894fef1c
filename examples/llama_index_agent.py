"""An agent of LlamaIndex that learns in one session and knows it in the next, in another process, for that user alone.

Run it with `pip install ".[llama-index]"` and `python examples/llama_index_agent.py`. The model follows a
script, so it needs no key and no network. It leaves no file.

Prints:
    ana, monday: Noted.
    ana, tuesday, in another process: You like pizza best.
    ben, tuesday, in another process: I do not know.
    ana's monday: user, assistant
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

# LlamaIndex's workflows use what pydantic is about to take away.
warnings.filterwarnings("ignore", category=DeprecationWarning)

from llama_index.core.agent.workflow import FunctionAgent  # noqa: E402 - after the filter
from llama_index.core.base.llms.types import ChatMessage  # noqa: E402 - the same
from llama_index.core.llms.mock import MockFunctionCallingLLM  # noqa: E402 - the same

from mnemon import Memory  # noqa: E402 - the same
from mnemon_llama_index import MnemonMemory, MnemonToolSpec  # noqa: E402 - the same

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llama_index.core.workflow import Workflow


def script(messages: Sequence[ChatMessage], **_: object) -> ChatMessage:
    """Answer as a model would that reads its prompt."""
    if "like pizza" in (messages[-1].content or ""):
        return ChatMessage(role="assistant", content="Noted.")
    known = any("I like pizza best." in (message.content or "") for message in messages[:-1])
    return ChatMessage(role="assistant", content="You like pizza best." if known else "I do not know.")


def agent_of(memory: Memory, user_id: str) -> Workflow:
    """Return an agent that may also search and keep memories by itself."""
    return FunctionAgent(
        tools=MnemonToolSpec(memory, user_id=user_id).to_tool_list(),
        llm=MockFunctionCallingLLM(response_generator=script),
        streaming=False,
    )


async def ask(memory: Memory, user_id: str, session_id: str, question: str) -> str:
    """Let an agent with memory answer."""
    talk = MnemonMemory.from_defaults(session_id=session_id, user_id=user_id, memory=memory)
    answer: object = await agent_of(memory, user_id).run(user_msg=question, memory=talk)  # pyright: ignore[reportUnknownVariableType] - not typed there
    return str(answer)  # pyright: ignore[reportUnknownArgumentType]


def main(file: str, user_id: str, session_id: str, question: str) -> str:
    """Open the memory, ask one question, and close it."""
    with Memory(file) as memory:
        return asyncio.run(ask(memory, user_id, session_id, question))


def in_another_process(*arguments: str) -> str:
    """Do what `main` does there."""
    command = [sys.executable, __file__, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603 - ourselves


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(main(*sys.argv[1:]))
    else:
        with TemporaryDirectory() as folder:
            path = str(Path(folder) / "memory.db")
            print("ana, monday:", main(path, "ana", "monday", "I like pizza best."))
            for name in ("ana", "ben"):
                answer = in_another_process(path, name, "tuesday", "Which food do I prefer, pizza?")
                print(f"{name}, tuesday, in another process:", answer)
            with Memory(path) as log:
                monday = log.conversations.read(user_id="ana", run_id="monday")
                print("ana's monday:", ", ".join(message.role for message in monday))
