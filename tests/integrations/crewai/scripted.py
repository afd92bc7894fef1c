"""Crews whose models follow a script."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from crewai import Agent, BaseLLM, Crew, Task
from pydantic import PrivateAttr

if TYPE_CHECKING:
    from collections.abc import Callable

    from mnemon import Memory

__all__ = ["QUIET", "ScriptedLLM", "agent_of", "crew_of", "prompts", "texts"]

QUIET = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:crewai",  # it uses what it deprecates
    "ignore:datetime.datetime.utcnow:DeprecationWarning",  # and what Python does, from 3.12 on, in its records
)


class ScriptedLLM(BaseLLM):
    """A model that answers by a script, and keeps what it was asked."""

    _answer: Callable[[str], str] = PrivateAttr()
    _asked: list[str] = PrivateAttr()

    def __init__(self, answer: str | Callable[[str], str] = "Noted.") -> None:
        """Answer with this text, or with what the function makes of the prompt."""
        super().__init__(model="script")
        self._answer = answer if callable(answer) else lambda _: answer
        self._asked = []

    def call(self, messages: Any, *_: Any, **__: Any) -> str:
        prompt = messages if isinstance(messages, str) else "\n".join(str(one.get("content")) for one in messages)
        self._asked.append(prompt)
        told = self._answer(prompt)
        return (
            told
            if "Action:" in told or told.startswith("{")
            else f"Thought: I now can give a great answer\nFinal Answer: {told}"
        )

    async def acall(self, messages: Any, *_: Any, **__: Any) -> str:
        return self.call(messages)

    def supports_function_calling(self) -> bool:
        return False


def prompts(model: ScriptedLLM) -> list[str]:
    """Return what the model was asked."""
    return model._asked  # pyright: ignore[reportPrivateUsage]


def agent_of(model: ScriptedLLM, **options: Any) -> Any:
    """Return an agent."""
    return Agent(role="helper", goal="help", backstory="You help.", llm=model, **options)


def crew_of(model: ScriptedLLM, *tasks: str, memory: Any = None, **options: Any) -> Any:
    """Return a crew of one agent."""
    agent = agent_of(model, tools=options.pop("tools", []), memory=options.pop("agent_memory", None))
    listed = [Task(description=one, expected_output="an answer", agent=agent) for one in tasks]
    return Crew(agents=[agent], tasks=listed, memory=memory or False, **options)


def texts(memory: Memory, user_id: str = "ana") -> list[str]:
    """Return what is remembered of somebody, in the order in which it was said."""
    return [one.text for one in memory.get_all(user_id=user_id, sort="said_at", descending=False)]
