"""What is said in tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llama_index.core.base.llms.types import ChatMessage, ToolCallBlock
from llama_index.core.memory import Memory

from mnemon_llama_index import MnemonMemory

if TYPE_CHECKING:
    from collections.abc import Sequence

    import mnemon


def of(memory: mnemon.Memory, session: str, user_id: str | None = "ana", **fields: Any) -> MnemonMemory:
    return MnemonMemory.from_defaults(session_id=session, user_id=user_id, memory=memory, **fields)


def user(text: str) -> ChatMessage:
    return ChatMessage(role="user", content=text)


def assistant(text: str) -> ChatMessage:
    return ChatMessage(role="assistant", content=text)


def called(call_id: str) -> ChatMessage:
    return ChatMessage(role="assistant", blocks=[ToolCallBlock(tool_call_id=call_id, tool_name="look")])


def answered(call_id: str, text: str = "found") -> ChatMessage:
    return ChatMessage(role="tool", content=text, additional_kwargs={"tool_call_id": call_id})


def texts(messages: Sequence[ChatMessage]) -> list[str | None]:
    return [message.content for message in messages]


def llama_memory(**fields: Any) -> Memory:
    return Memory.from_defaults(**fields)  # pyright: ignore[reportUnknownMemberType] - a bare List


def split(text: str) -> list[str]:
    return text.split()
