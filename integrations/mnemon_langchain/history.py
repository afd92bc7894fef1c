"""A thread's messages for LangChain's older chains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_core.chat_history import BaseChatMessageHistory

from mnemon.adapting import Closing, Handle, IdSource, ScopeRule
from mnemon_langchain.calls import REMEDY, resolve
from mnemon_langchain.messages import from_langchain_messages, to_langchain_messages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from langchain_core.messages import BaseMessage

    from mnemon import AsyncMemory, Memory

__all__ = ["MnemonChatMessageHistory"]


class MnemonChatMessageHistory(Closing, BaseChatMessageHistory):
    """The messages of one session in a memory's conversation log, for `RunnableWithMessageHistory`.

    LangChain has deprecated this interface; `create_agent` with a checkpointer is its successor. It is
    cheap to build, as LangChain builds one for every call, and holds nothing: what another process or
    framework adds to the session is seen. Messages keep the order in which they were added.

    Example:
        >>> from mnemon import Memory
        >>> with Memory(":memory:") as memory:
        ...     history = MnemonChatMessageHistory("s1", memory, user_id="ana")
        ...     history.add_user_message("Hello")
        ...     history.messages[0].content
        'Hello'
    """

    def __init__(
        self,
        session_id: str,
        memory: Memory | AsyncMemory | None = None,
        *,
        user_id: IdSource = None,
        agent_id: IdSource = None,
        app_id: IdSource = None,
        required: tuple[str, ...] = ("user_id",),
        remember: bool = False,
    ) -> None:
        """Name a session.

        Args:
            session_id: the session, or thread.
            memory: a `Memory`, an `AsyncMemory`, or a view of one; the default one if left out.
            user_id: whose session: the same `session_id` of two people is two sessions.
            agent_id: as `user_id`.
            app_id: as `user_id`.
            required: ids that every call must have; `("run_id",)` for sessions of nobody in particular.
            remember: whether turns become memories too, which a search finds; else the log alone has them.

        Raises:
            ScopeError: an id that cannot be one.
        """
        self._handle = Handle(memory)
        self._rule = ScopeRule(
            user_id=user_id, agent_id=agent_id, app_id=app_id, run_id=session_id, required=required, remedy=REMEDY
        )
        self._remember = remember

    @property
    def messages(self) -> list[BaseMessage]:  # type: ignore[override]
        """The messages in order; a new list each time."""
        return to_langchain_messages(self._view().conversations.read())

    async def aget_messages(self) -> list[BaseMessage]:
        """Return what `messages` is, while the event loop goes on."""
        return to_langchain_messages(await (await self._aview()).conversations.read())

    def add_messages(self, messages: Sequence[BaseMessage]) -> None:
        """Add messages at the end; one whose id is there already is left as it is."""
        if not messages:
            return
        said, view = from_langchain_messages(messages), self._view()
        if self._remember:
            view.add(said)
        else:
            view.conversations.append(said)

    async def aadd_messages(self, messages: Sequence[BaseMessage]) -> None:
        """Do what `add_messages` does, while the event loop goes on."""
        if not messages:
            return
        said, view = from_langchain_messages(messages), await self._aview()
        if self._remember:
            await view.add(said)
        else:
            await view.conversations.append(said)

    def clear(self) -> None:
        """Take the messages of this session out of the log; memories made of them stay."""
        self._view().conversations.delete_all()

    async def aclear(self) -> None:
        """Do what `clear` does, while the event loop goes on."""
        await (await self._aview()).conversations.delete_all()

    def close(self) -> None:
        """Close the default memory if it was opened here."""
        self._handle.close()

    def _view(self) -> Memory:
        return self._handle.memory().scoped(**self._ids())

    async def _aview(self) -> AsyncMemory:
        return (await self._handle.amemory()).scoped(**self._ids())

    def _ids(self) -> dict[str, str]:
        return dict(resolve(self._rule, self._handle).reads.to_dict())
