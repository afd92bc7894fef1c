"""A chat model that says what it is told to, and keeps what it was asked; and a store that can be unreachable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain.agents import create_agent  # pyright: ignore[reportUnknownVariableType]
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, BaseMessage, SystemMessage

from mnemon import InMemoryStore, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from langchain_core.outputs import ChatResult
    from langchain_core.runnables import RunnableConfig

    from mnemon.types.storage import Applied, Match, Write

HOSTILE = (
    *("1", "10", "alice", "alice-2", "Alice", "a@b.com", "a-b.com", "José", "Jose", "Jose\u0301"),
    *("*", "%", "_", "o'brien", '"', "nul\0", " alice", "default"),
)
"""Ids of different people that something careless takes for one another."""


class ScriptedModel(GenericFakeChatModel):
    """Gives its answers in order; an exception among them is raised."""

    prompts: list[list[BaseMessage]] = []  # noqa: RUF012 - pydantic copies it

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        self.prompts.append(list(messages))
        return super()._generate(messages, *args, **kwargs)

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> ScriptedModel:
        return self


def answering(*answers: str | AIMessage | Exception) -> ScriptedModel:
    """Return a model with these answers, and then "ok" for ever."""

    def told() -> Iterator[AIMessage]:
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
            yield answer if isinstance(answer, AIMessage) else AIMessage(answer)
        while True:
            yield AIMessage("ok")

    return ScriptedModel(messages=told())


def agent_of(model: ScriptedModel, *middleware: Any, **options: Any) -> Any:
    """Return an agent with this middleware."""
    build: Any = create_agent  # pyright: ignore[reportUnknownVariableType]
    return build(model, middleware=middleware, **options)


def call(user_id: str, thread: str = "t1") -> RunnableConfig:
    """Return the config of a turn of this person."""
    return {"configurable": {"user_id": user_id, "thread_id": thread}}


def says(text: str) -> dict[str, Any]:
    """Return what an agent is invoked with for these words."""
    return {"messages": [("user", text)]}


def system_of(prompt: Sequence[BaseMessage]) -> str:
    """Return the system part of a prompt."""
    return "".join(str(message.content) for message in prompt if isinstance(message, SystemMessage))


class UnreachableStore(InMemoryStore):
    """A store that stops answering when it is told to."""

    down = False

    def search(self, *args: Any, **kwargs: Any) -> list[Match]:
        self._answer()
        return super().search(*args, **kwargs)

    def apply(self, project: str, batch: Sequence[Write]) -> Applied:
        self._answer()
        return super().apply(project, batch)

    def _answer(self) -> None:
        if self.down:
            msg = "the store did not answer within 1 s"
            raise StoreUnavailableError(msg)
