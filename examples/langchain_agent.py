"""An agent of LangChain with a memory: told on one thread, known on another, and to nobody else.

The model is scripted, so that this runs offline: it answers with what its prompt holds. Put yours
there: `create_agent("openai:gpt-5", ...)`. The memory is the file `agent.db`, here.

Prints:
    ana, on Monday: I will remember that.
    ana, on Friday: I know: I am allergic to peanuts.
    ben, on Friday: I do not know that.
    kept of ana: 4 turns; 0 of them in the agent's state on Friday
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from langchain.agents import create_agent  # pyright: ignore[reportUnknownVariableType]
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langgraph.checkpoint.memory import InMemorySaver

from mnemon import Memory
from mnemon_langchain import MnemonMiddleware


class Scripted(BaseChatModel):
    """Answers a question with the memory that its prompt holds of what the user said."""

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _generate(self, messages: list[BaseMessage], *_: object, **__: object) -> ChatResult:
        told = re.findall(r'speaker="user">(.*?)</memory>', messages[0].text)
        answer = "I will remember that."
        if messages[-1].text.endswith("?"):
            answer = f"I know: {told[0]}" if told else "I do not know that."
        return ChatResult(generations=[ChatGeneration(message=AIMessage(answer))])


@dataclass
class Context:
    """Who is talking; your application knows, and the model is never asked."""

    user_id: str


def main() -> None:
    """Tell the agent something, and ask for it on another thread."""
    with Memory("agent.db") as memory:
        agent: Any = create_agent(
            Scripted(),
            middleware=[MnemonMiddleware(memory)],
            context_schema=Context,
            checkpointer=InMemorySaver(),
        )

        def say(user_id: str, day: str, words: str) -> None:
            answer = agent.invoke(
                {"messages": [("user", words)]},
                config={"configurable": {"thread_id": f"{user_id}-{day}"}},
                context=Context(user_id),
            )
            print(f"{user_id}, on {day}: {answer['messages'][-1].text}")

        say("ana", "Monday", "I am allergic to peanuts.")
        say("ana", "Friday", "What am I allergic to?")
        say("ben", "Friday", "What am I allergic to?")

        state = agent.get_state({"configurable": {"thread_id": "ana-Friday"}}).values["messages"]
        leaked = sum("<memories" in message.text for message in state)
        print(f"kept of ana: {memory.count(user_id='ana')} turns; {leaked} of them in the agent's state on Friday")


if __name__ == "__main__":
    main()
