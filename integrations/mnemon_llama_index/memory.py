"""`MnemonMemory`: chat history and long-term recall in one memory of LlamaIndex."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from llama_index.core.base.llms.types import ChatMessage, MessageRole, TextBlock
from llama_index.core.bridge.pydantic import Field, PrivateAttr, field_validator
from llama_index.core.memory.types import BaseMemory
from llama_index.core.utils import get_tokenizer  # pyright: ignore[reportUnknownVariableType] - gives a bare List

from mnemon import InvalidInputError
from mnemon.adapting import OURS, AsyncHistory, History
from mnemon.protocols.clock import random_id
from mnemon_llama_index.messages import from_chat_messages, to_chat_messages
from mnemon_llama_index.scoped import Recalling
from mnemon_llama_index.turns import Turns, last_question
from mnemon_llama_index.window import fitting

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mnemon import AsyncMemory, Memory, Message
    from mnemon.adapting import CallScope

__all__ = ["MnemonMemory"]

TOKEN_LIMIT = 30_000
"""Tokens of a prompt's history, as LlamaIndex's own memory has it."""


class MnemonMemory(Recalling, BaseMemory):
    """The history of a session, with what is remembered of the user from all sessions, for agents and chat engines.

    Every message that is put is kept in the conversation log, and what users and assistants say is
    remembered word by word. `get` gives the newest messages that fit, and before them one system
    message with memories that answer the user's question. They are searched for once a turn.

    All its fields are JSON, so it survives in a `Context` that is stored and loaded. One object serves
    many users: leave `user_id` out, and call inside of `with mnemon.scope(user_id=...)`.

    Example:
        >>> from mnemon import Memory
        >>> memory = MnemonMemory.from_defaults(memory=Memory(":memory:"), user_id="ana", session_id="monday")
        >>> memory.put(ChatMessage(role="user", content="I moved to Lisbon."))
        >>> [message.content for message in memory.get()]
        ['I moved to Lisbon.']
        >>> tuesday = memory.model_copy(update={"session_id": "tuesday"})
        >>> "Lisbon" in tuesday.get(input="Where did I move?")[0].content
        True
    """

    session_id: str = Field(default_factory=random_id, description="The session: `run_id` of what is said in it.")
    token_limit: int = Field(default=TOKEN_LIMIT, gt=0, description="Tokens of what `get` returns, at most.")
    remember: bool = Field(default=True, description="False keeps the history and remembers nothing.")

    _turns: Turns = PrivateAttr(default_factory=Turns)
    _tokens: Callable[[str], Sequence[object]] | None = PrivateAttr(default=None)

    def __init__(self, *, memory: Memory | AsyncMemory | None = None, **fields: Any) -> None:
        """Take a memory, or the default one, and the fields; ids may be functions. Errors are `Scoped`'s."""
        super().__init__(memory=memory, **fields)

    @field_validator("session_id", mode="before")
    @classmethod
    def _named(cls, value: object) -> object:
        return random_id() if value is None else value

    @classmethod
    def class_name(cls) -> str:
        """Return the name under which LlamaIndex stores it."""
        return "MnemonMemory"

    @classmethod
    def from_defaults(
        cls,
        session_id: str | None = None,
        user_id: str | Callable[[], str | None] | None = None,
        token_limit: int = TOKEN_LIMIT,
        *,
        memory: Memory | AsyncMemory | None = None,
        tokenizer_fn: Callable[[str], Sequence[object]] | None = None,
        chat_history: list[ChatMessage] | None = None,
        **fields: Any,
    ) -> MnemonMemory:
        """Return a memory.

        Args:
            session_id: the session, which is the `run_id`; a new one if left out.
            user_id: whose memories: an id, a function that returns it, or None for that of `mnemon.scope`.
            token_limit: tokens of what `get` returns, at most.
            memory: an open memory; the user's default one if left out.
            tokenizer_fn: counts the tokens; LlamaIndex's own if left out.
            chat_history: what the history is set to.
            fields: other fields of this class.
        """
        made = cls(memory=memory, session_id=session_id, user_id=user_id, token_limit=token_limit, **fields)
        made._tokens = tokenizer_fn
        if chat_history is not None:
            made.set(chat_history)
        return made

    @property
    def tokenizer_fn(self) -> Callable[[str], Sequence[object]]:
        """What counts tokens."""
        if self._tokens is None:
            self._tokens = cast("Callable[[str], Sequence[object]]", get_tokenizer())
        return self._tokens

    def get(self, input: str | ChatMessage | None = None, initial_token_count: int = 0, **_: Any) -> list[ChatMessage]:  # noqa: A002 - LlamaIndex names it
        """Return what a prompt is to hold: memories, and the newest messages that fit beside them.

        What `get_all` keeps beside a message under `mnemon` is left out, since some models are told all of
        `additional_kwargs`.

        Args:
            input: what the user asks, where it is not in the history yet.
            initial_token_count: tokens that the prompt has besides.
        """
        scope, history = self._scope(self.session_id), History(self._policy())
        said = history.read(scope.writes)
        shown, carried, question, begun = self._shown(said, input, initial_token_count)
        recalled = self._turns.recalled(scope.writes, question) if begun else None
        if recalled is None:
            recalled = history.recall(scope, question, carried)
            self._turns.keep(scope.writes, question, recalled)
        return self._prompt(shown, recalled, initial_token_count)

    async def aget(
        self,
        input: str | ChatMessage | None = None,  # noqa: A002 - LlamaIndex names it
        initial_token_count: int = 0,
        **_: Any,
    ) -> list[ChatMessage]:
        """Return what `get` returns, while the event loop goes on."""
        scope, history = self._scope(self.session_id), AsyncHistory(self._policy())
        said = await history.read(scope.writes)
        shown, carried, question, begun = self._shown(said, input, initial_token_count)
        recalled = self._turns.recalled(scope.writes, question) if begun else None
        if recalled is None:
            recalled = await history.recall(scope, question, carried)
            self._turns.keep(scope.writes, question, recalled)
        return self._prompt(shown, recalled, initial_token_count)

    def get_all(self) -> list[ChatMessage]:
        """Return the whole history, and no memories."""
        return to_chat_messages(History(self._policy()).read(self._scope(self.session_id).writes))

    async def aget_all(self) -> list[ChatMessage]:
        """Return the whole history, and no memories."""
        return to_chat_messages(await AsyncHistory(self._policy()).read(self._scope(self.session_id).writes))

    def put(self, message: ChatMessage) -> None:
        """Add a message to the history, and remember it."""
        self.put_messages([message])

    async def aput(self, message: ChatMessage) -> None:
        """Add a message to the history, and remember it."""
        await self.aput_messages([message])

    def put_messages(self, messages: list[ChatMessage]) -> None:
        """Add messages to the history as one operation, and remember them."""
        scope, said = self._begin(messages)
        History(self._policy()).append(scope.writes, said, remember=self.remember)

    async def aput_messages(self, messages: list[ChatMessage]) -> None:
        """Add messages to the history as one operation, and remember them."""
        scope, said = self._begin(messages)
        await AsyncHistory(self._policy()).append(scope.writes, said, remember=self.remember)

    def set(self, messages: list[ChatMessage]) -> None:
        """Make these messages the history; what is in it stays, and memories are never taken away."""
        scope, said = self._begin(messages)
        History(self._policy()).replace(scope.writes, said, remember=self.remember)

    async def aset(self, messages: list[ChatMessage]) -> None:
        """Make these messages the history; what is in it stays, and memories are never taken away."""
        scope, said = self._begin(messages)
        await AsyncHistory(self._policy()).replace(scope.writes, said, remember=self.remember)

    def reset(self) -> None:
        """Empty the history of this session; memories stay."""
        scope, _ = self._begin([])
        History(self._policy()).clear(scope.writes)

    async def areset(self) -> None:
        """Empty the history of this session; memories stay."""
        scope, _ = self._begin([])
        await AsyncHistory(self._policy()).clear(scope.writes)

    def _begin(self, messages: Sequence[ChatMessage]) -> tuple[CallScope, list[Message]]:
        """Return whose history changes, and what is said; a turn that begins is searched for anew."""
        scope = self._scope(self.session_id)
        if not messages or any(message.role == MessageRole.USER for message in messages):
            self._turns.forget(scope.writes)
        return scope, from_chat_messages(messages)

    def _shown(
        self, said: Sequence[Message], asked: str | ChatMessage | None, initial: int
    ) -> tuple[list[ChatMessage], Sequence[Message], str, bool]:
        """Return the messages that fit, what they say, what to search for, and whether that begins a turn here.

        A question that is not in the history yet may be asked again at any time, so it is searched for each time.
        """
        if initial > self.token_limit:
            msg = f"initial_token_count {initial} is more than token_limit {self.token_limit}; raise the limit"
            raise InvalidInputError(msg)
        history = to_chat_messages(said)
        text = asked.content if isinstance(asked, ChatMessage) else asked
        shown = fitting(history, self.token_limit - initial, self.tokenizer_fn)
        carried = said if len(shown) == len(history) else from_chat_messages(shown)
        put = last_question(history)
        return shown, carried, text or put, text in {None, "", put}

    def _prompt(self, shown: list[ChatMessage], recalled: str, initial: int) -> list[ChatMessage]:
        """Return the messages with what was recalled, as far as both fit."""
        return [_for_model(message) for message in self._fitting(shown, recalled, initial)]

    def _fitting(self, shown: list[ChatMessage], recalled: str, initial: int) -> list[ChatMessage]:
        if not recalled:
            return shown
        left = self.token_limit - initial - len(self.tokenizer_fn(recalled))
        fit = fitting(shown, left, self.tokenizer_fn) if left > 0 else []
        if (shown and (not fit or fit[-1] is not shown[-1])) or left <= 0:
            return shown  # the turn itself takes the whole room
        place = next((index for index, message in enumerate(fit) if message.role != MessageRole.SYSTEM), len(fit))
        memories = ChatMessage(role=MessageRole.SYSTEM, blocks=[TextBlock(text=recalled)])
        return [*fit[:place], memories, *fit[place:]]


def _for_model(message: ChatMessage) -> ChatMessage:
    """Return a message without what is kept for the way back: LlamaIndex writes it into prompts of plain text."""
    told = {name: value for name, value in message.additional_kwargs.items() if name != OURS}
    return message.model_copy(update={"additional_kwargs": told})
