"""`MnemonMemoryBlock`: long-term memories for LlamaIndex's own `Memory`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llama_index.core.base.llms.types import MessageRole
from llama_index.core.bridge.pydantic import Field, PrivateAttr
from llama_index.core.memory.memory import BaseMemoryBlock

from mnemon.adapting import AsyncHistory
from mnemon_llama_index.messages import from_chat_messages
from mnemon_llama_index.scoped import Recalling
from mnemon_llama_index.turns import Turns, last_question

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llama_index.core.base.llms.types import ChatMessage

    from mnemon import AsyncMemory, Memory

__all__ = ["MnemonMemoryBlock"]


class MnemonMemoryBlock(Recalling, BaseMemoryBlock[str]):
    """Memories of the user that answer the last question, searched for once a turn.

    LlamaIndex hands a block only the messages for which its queue has no room any more. So that each
    turn is remembered when it is said, give the `Memory` a `MnemonAsyncChatStore(remember=True)` as
    `chat_store`; what then comes here again is not stored twice.
    """

    name: str = Field(default="memories", description="Name of the block.")

    _turns: Turns = PrivateAttr(default_factory=Turns)

    def __init__(self, *, memory: Memory | AsyncMemory | None = None, **fields: Any) -> None:
        """Take a memory, or the default one, and the fields; ids may be functions. Errors are `Scoped`'s."""
        super().__init__(memory=memory, **fields)

    async def _aget(self, messages: list[ChatMessage] | None = None, **block_kwargs: Any) -> str:
        session = block_kwargs.get("session_id")
        scope = self._scope(session if isinstance(session, str) else None)
        asked = _questions(messages or [])
        question = last_question(messages or [])
        recalled = self._turns.recalled(scope.writes, asked)
        if recalled is None:
            history = from_chat_messages(messages or [])
            recalled = await AsyncHistory(self._policy()).recall(scope, question, history)
            self._turns.keep(scope.writes, asked, recalled)
        return recalled

    async def _aput(self, messages: list[ChatMessage]) -> None:
        for session, said in _by_session(messages):
            scope = self._scope(session)
            await AsyncHistory(self._policy()).append(scope.writes, from_chat_messages(said), remember=True)


def _questions(messages: Sequence[ChatMessage]) -> tuple[str, ...]:
    """Return what the user said; the last once, though LlamaIndex hands it over with the history and beside it."""
    said = [message.content or "" for message in messages if message.role == MessageRole.USER]
    return tuple(said[:-1] if said[-2:-1] == said[-1:] else said)


def _by_session(messages: Sequence[ChatMessage]) -> list[tuple[str | None, list[ChatMessage]]]:
    """Return messages by the session that LlamaIndex has written into them, and without it."""
    runs: list[tuple[str | None, list[ChatMessage]]] = []
    for message in messages:
        others = dict(message.additional_kwargs)
        session = others.pop("session_id", None)
        if not runs or runs[-1][0] != session:
            runs.append((session, []))
        runs[-1][1].append(message.model_copy(update={"additional_kwargs": others}))
    return runs
