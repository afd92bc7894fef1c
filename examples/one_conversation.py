"""One conversation that goes on from one framework to the next, each model seeing all that was said before.

Run it with `pip install ".[langchain,llama-index,crewai,autogen,agent-framework]" autogen-ext` and
`python examples/one_conversation.py`. The models follow a script, so it needs no key and no network. It leaves
no file but those that CrewAI itself writes into the user's data folder.

Prints:
    LangGraph: I have heard 1 message.
    LlamaIndex: I have heard 3 messages.
    CrewAI: I have heard 5 messages.
    AutoGen: I have heard 7 messages.
    Agent Framework: I have heard 9 messages.
    LangGraph, again: I have heard 11 messages.
    the conversation has 12 messages, Ana's memory 12, and Ben's none
"""

from __future__ import annotations

import asyncio
import os
import warnings
from typing import TYPE_CHECKING, Any

# LlamaIndex's workflows and CrewAI use what they or pydantic are about to take away.
warnings.filterwarnings("ignore", category=DeprecationWarning)
warnings.filterwarnings("ignore", category=ImportWarning)
os.environ["CREWAI_DISABLE_TELEMETRY"] = "true"  # read while CrewAI is imported

from agent_framework import (  # noqa: E402 - after the filter
    Agent,
    AgentSession,
    BaseChatClient,
    ChatMiddlewareLayer,
    ChatResponse,
    FunctionInvocationLayer,
)
from agent_framework import Message as AgentMessage  # noqa: E402 - the same
from autogen_agentchat.agents import AssistantAgent  # noqa: E402 - the same
from autogen_agentchat.messages import TextMessage  # noqa: E402 - the same
from autogen_core.models import SystemMessage  # noqa: E402 - the same
from autogen_ext.models.replay import ReplayChatCompletionClient  # noqa: E402 - the same
from crewai import Agent as CrewAgent  # noqa: E402 - the same
from crewai import BaseLLM  # noqa: E402 - the same
from crewai.events.event_listener import event_listener  # noqa: E402 - the same
from langchain.agents import create_agent  # noqa: E402  # pyright: ignore[reportUnknownVariableType] - the same
from langchain_core.language_models import SimpleChatModel  # noqa: E402 - the same
from langchain_core.messages import HumanMessage  # noqa: E402 - the same
from llama_index.core.agent.workflow import FunctionAgent  # noqa: E402 - the same
from llama_index.core.base.llms.types import ChatMessage  # noqa: E402 - the same
from llama_index.core.llms.mock import MockFunctionCallingLLM  # noqa: E402 - the same

from mnemon import Memory  # noqa: E402 - the same
from mnemon_agent_framework import MnemonContextProvider, MnemonHistoryProvider  # noqa: E402 - the same
from mnemon_autogen import MnemonChatCompletionContext  # noqa: E402 - the same
from mnemon_crewai import aconverse  # noqa: E402 - the same
from mnemon_langchain import MnemonMiddleware, from_langchain_messages, to_langchain_messages  # noqa: E402 - the same
from mnemon_llama_index import MnemonMemory  # noqa: E402 - the same

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from autogen_core.models import ModelInfo
    from langchain_core.messages import BaseMessage
    from llama_index.core.workflow import Workflow

event_listener.formatter.verbose = False  # CrewAI tells the terminal what it does
INFO: ModelInfo = {
    "family": "unknown",
    "function_calling": True,
    "json_output": False,
    "structured_output": False,
    "vision": False,
}


def reply(heard: int) -> str:
    """Return what each model answers to a prompt of so many messages, its instructions not counted."""
    return f"I have heard {heard} message{'s' if heard > 1 else ''}."


class LangChainModel(SimpleChatModel):
    """A model of LangChain that says how much it has heard."""

    def _call(self, messages: list[BaseMessage], *_: object, **__: object) -> str:
        return reply(sum(message.type != "system" for message in messages))

    @property
    def _llm_type(self) -> str:
        return "script"


class AgentFrameworkModel(FunctionInvocationLayer[Any], ChatMiddlewareLayer[Any], BaseChatClient[Any]):
    """A model of Agent Framework that says how much it has heard."""

    def _inner_get_response(
        self,
        *,
        messages: Sequence[AgentMessage],
        stream: bool,  # noqa: ARG002 - the base class names it
        options: Mapping[str, Any],  # noqa: ARG002 - the same
        **_: Any,  # noqa: ANN401 - the same
    ) -> Awaitable[ChatResponse[Any]]:
        heard = sum(message.role != "system" for message in messages)

        async def answer() -> ChatResponse[Any]:
            return ChatResponse(messages=[AgentMessage("assistant", [reply(heard)])])

        return answer()


class AutoGenModel(ReplayChatCompletionClient):
    """A model of AutoGen that says how much it has heard."""

    async def create(self, messages: Sequence[Any], **options: Any) -> Any:  # noqa: ANN401 - the base class has more
        """Answer."""
        heard = sum(not isinstance(message, SystemMessage) for message in messages)
        self.chat_completions = [reply(heard)]
        self.reset()
        return await super().create(messages, **options)


class CrewModel(BaseLLM):
    """A model of CrewAI that says how much it has heard."""

    def __init__(self) -> None:
        """Have a name."""
        super().__init__(model="script")

    def call(self, messages: Any, *_: Any, **__: Any) -> str:  # noqa: ANN401 - the base class has more
        """Answer."""
        return reply(sum(message["role"] != "system" for message in messages))

    async def acall(self, messages: Any, *_: Any, **__: Any) -> str:  # noqa: ANN401 - the same
        """Answer."""
        return self.call(messages)


def llama_model(messages: Sequence[ChatMessage], **_: object) -> ChatMessage:
    """Answer as a model of LlamaIndex that says how much it has heard."""
    return ChatMessage(role="assistant", content=reply(sum(message.role != "system" for message in messages)))


def langgraph_agent(memory: Memory, user_id: str) -> Any:  # noqa: ANN401 - its type has a hundred lines
    """Return an agent that writes the log."""
    return create_agent(LangChainModel(), middleware=[MnemonMiddleware(memory, user_id=user_id)])


def llama_agent() -> Workflow:
    """Return an agent; its memory is given to each run."""
    return FunctionAgent(llm=MockFunctionCallingLLM(response_generator=llama_model), streaming=False)


async def in_langgraph(memory: Memory, user_id: str, run_id: str, words: str) -> str:
    """Take a turn in LangGraph: the log is given to the agent, and the middleware writes what is new."""
    before = to_langchain_messages(memory.conversations.read(user_id=user_id, run_id=run_id))
    messages = [*before, HumanMessage(words)]
    config = {"configurable": {"thread_id": run_id}}
    state = await langgraph_agent(memory, user_id).ainvoke({"messages": messages}, config=config)
    return from_langchain_messages(state["messages"])[-1].text


async def in_llama_index(memory: Memory, user_id: str, run_id: str, words: str) -> str:
    """Take a turn in LlamaIndex: its memory reads and writes the log."""
    talk = MnemonMemory.from_defaults(session_id=run_id, user_id=user_id, memory=memory)
    agent: Any = llama_agent()
    return str(await agent.run(user_msg=words, memory=talk))


async def in_crewai(memory: Memory, user_id: str, run_id: str, words: str) -> str:
    """Take a turn in CrewAI: the adapter reads and writes the log, since CrewAI keeps no history."""
    agent = CrewAgent(role="helper", goal="help", backstory="You help.", llm=CrewModel())
    return (await aconverse(agent, words, memory, user_id=user_id, run_id=run_id)).raw


async def in_autogen(memory: Memory, user_id: str, run_id: str, words: str) -> str:
    """Take a turn in AutoGen: the model context reads and writes the log."""
    context = MnemonChatCompletionContext(memory, user_id=user_id, run_id=run_id, remember=True)
    model = AutoGenModel([], model_info=INFO)
    result = await AssistantAgent("helper", model, model_context=context).run(task=words)
    last = result.messages[-1]
    return last.content if isinstance(last, TextMessage) else ""


async def in_agent_framework(memory: Memory, user_id: str, run_id: str, words: str) -> str:
    """Take a turn in Agent Framework: the two providers read and write the log."""
    providers = [MnemonHistoryProvider(memory, user_id=user_id), MnemonContextProvider(memory, user_id=user_id)]
    agent = Agent(client=AgentFrameworkModel(), context_providers=providers)
    return (await agent.run(words, session=AgentSession(session_id=run_id))).text


TURNS: dict[str, Callable[[Memory, str, str, str], Awaitable[str]]] = {
    "LangGraph": in_langgraph,
    "LlamaIndex": in_llama_index,
    "CrewAI": in_crewai,
    "AutoGen": in_autogen,
    "Agent Framework": in_agent_framework,
}
SAID = (
    "Mia starts school in autumn.",
    "She is six.",
    "Her brother Leo is three.",
    "He stays at home.",
    "They like boats.",
    "Who are they?",
)


async def main() -> None:
    """Hold the conversation."""
    with Memory(":memory:") as memory:
        for (name, turn), words in zip(TURNS.items(), SAID[:5], strict=True):
            print(f"{name}: {await turn(memory, 'ana', 'school', words)}")
        print(f"LangGraph, again: {await in_langgraph(memory, 'ana', 'school', SAID[5])}")
        log = memory.conversations.read(user_id="ana", run_id="school")
        known, others = memory.count(user_id="ana"), memory.count(user_id="ben")
        print(f"the conversation has {len(log)} messages, Ana's memory {known}, and Ben's {others or 'none'}")


if __name__ == "__main__":
    asyncio.run(main())
