"""A crew of CrewAI that serves many customers at once, and knows in another process what each of them likes.

Run it with `pip install ".[crewai]"` and `python examples/crewai_crew.py`. The model follows a script, so it
needs no key and no network. It leaves no file but those that CrewAI itself writes into the user's data folder.

Prints:
    ana: Ana likes pizza best.
    ben: Ben likes soup best.
    ana, in another process: I know that Ana likes pizza best.
    ben, in another process: I know that Ben likes soup best.
    eva, in another process: I know nothing yet.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

# CrewAI uses what it has deprecated itself, and reports to its makers unless it is told not to.
warnings.filterwarnings("ignore", category=DeprecationWarning)
warnings.filterwarnings("ignore", category=ImportWarning)
os.environ["CREWAI_DISABLE_TELEMETRY"] = "true"

from crewai import Agent, BaseLLM, Crew, Task  # noqa: E402 - after the filter
from crewai.events.event_listener import event_listener  # noqa: E402 - the same

from mnemon import Memory  # noqa: E402 - the same
from mnemon_crewai import MnemonMemory, scope_from_inputs  # noqa: E402 - the same

event_listener.formatter.verbose = False  # CrewAI tells the terminal what it does


class Script(BaseLLM):
    """A model that notes what it is told, and answers from the memories in its prompt."""

    def __init__(self) -> None:
        """Have a name."""
        super().__init__(model="script")

    def call(self, messages: Any, *_: Any, **__: Any) -> str:  # noqa: ANN401 - the base class has more
        """Answer."""
        prompt = str(messages)
        likes = r"\w+ likes \w+ best\."
        told = re.search(f"Note: ({likes})", prompt)
        known = re.search(likes, prompt.partition("Relevant memories")[2])
        if told is not None:
            return told[1]
        return f"I know that {known[0]}" if known is not None else "I know nothing yet."


def crew_of(memory: Memory, task: str) -> Crew:
    """Return a crew that serves everybody: each kickoff says which customer it is for."""
    agent = Agent(role="host", goal="know the guests", backstory="You run a restaurant.", llm=Script())
    return Crew(
        agents=[agent],
        tasks=[Task(description=task, expected_output="a sentence", agent=agent)],
        memory=MnemonMemory(memory),
        before_kickoff_callbacks=[scope_from_inputs("customer_id")],
    )


async def learn(memory: Memory) -> None:
    """Serve two customers at once."""
    crew: Any = crew_of(memory, "Note: {fact}")
    inputs = [
        {"customer_id": "ana", "fact": "Ana likes pizza best."},
        {"customer_id": "ben", "fact": "Ben likes soup best."},
    ]
    for given, answer in zip(inputs, await crew.kickoff_for_each_async(inputs=inputs), strict=True):
        print(f"{given['customer_id']}: {answer}")


def ask(memory: Memory, customer_id: str) -> str:
    """Ask for one customer."""
    crew: Any = crew_of(memory, "What does the guest like best?")
    return str(crew.kickoff(inputs={"customer_id": customer_id}))


def in_another_process(*arguments: str) -> str:
    """Let another process ask."""
    command = [sys.executable, __file__, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603 - ourselves


if __name__ == "__main__":
    if len(sys.argv) > 1:
        with Memory(sys.argv[1]) as opened:
            print(ask(opened, sys.argv[2]))
    else:
        with TemporaryDirectory() as folder:
            path = str(Path(folder) / "memory.db")
            with Memory(path) as opened:
                asyncio.run(learn(opened))
            for name in ("ana", "ben", "eva"):
                print(f"{name}, in another process:", in_another_process(path, name))
