"""A model of Agent Framework that follows a script."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent_framework import (
    BaseChatClient,
    ChatMiddlewareLayer,
    ChatResponse,
    ChatResponseUpdate,
    Content,
    FunctionInvocationLayer,
    Message,
    ResponseStream,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Awaitable, Mapping, Sequence

    from agent_framework import AgentSession

Answer = str | Content | list[Content] | Exception


class ScriptedClient(FunctionInvocationLayer[Any], ChatMiddlewareLayer[Any], BaseChatClient[Any]):
    """Gives these answers in turn, and keeps what it was told; an answer that is an exception is raised."""

    def __init__(self, *answers: Answer) -> None:
        super().__init__()
        self.answers = list(answers)
        self.instructions: list[str] = []
        self.told: list[list[Message]] = []

    def _inner_get_response(
        self, *, messages: Sequence[Message], stream: bool, options: Mapping[str, Any], **kwargs: Any
    ) -> Awaitable[ChatResponse[Any]] | ResponseStream[ChatResponseUpdate, ChatResponse[Any]]:
        self.told.append(list(messages))
        self.instructions.append(options.get("instructions") or "")
        answer = self.answers.pop(0)
        if stream:
            return self._build_response_stream(_streamed(answer))
        return _answered(answer)

    def texts(self) -> list[str]:
        """Return what the model was told the last time, without its instructions."""
        return [message.text for message in self.told[-1]]

    def prompt(self) -> str:
        """Return everything that the model was told the last time, as one text."""
        return "\n".join([self.instructions[-1], *self.texts()])


async def _answered(answer: Answer) -> ChatResponse[Any]:
    return ChatResponse(messages=[Message("assistant", _contents(answer))])


async def _streamed(answer: Answer) -> AsyncIterable[ChatResponseUpdate]:
    for content in _contents(answer):
        for part in content.text.split(" ") if content.type == "text" and content.text else [content]:
            piece = Content.from_text(f"{part} ") if isinstance(part, str) else part
            yield ChatResponseUpdate(contents=[piece], role="assistant")


def _contents(answer: Answer) -> list[Content]:
    if isinstance(answer, Exception):
        raise answer
    if isinstance(answer, str):
        return [Content.from_text(answer)]
    return answer if isinstance(answer, list) else [answer]


def state_of(session: AgentSession) -> str:
    """Return what would be stored of a session."""
    return str(session.to_dict())
