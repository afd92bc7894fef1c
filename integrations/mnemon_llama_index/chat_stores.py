"""LlamaIndex's chat stores on the conversation log."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from llama_index.core.bridge.pydantic import Field
from llama_index.core.storage.chat_store.base import BaseChatStore
from llama_index.core.storage.chat_store.base_db import AsyncDBChatStore, MessageStatus

from mnemon.adapting import AsyncHistory, History
from mnemon_llama_index.messages import from_chat_messages, to_chat_messages, to_logged_messages
from mnemon_llama_index.scoped import Scoped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llama_index.core.base.llms.types import ChatMessage

    from mnemon import AsyncMemory, Memory, Message, Scope

__all__ = ["MnemonAsyncChatStore", "MnemonChatStore"]


class _ChatStore(Scoped):
    remember: bool = Field(default=False, description="True remembers what is said, beside keeping it.")

    def __init__(self, *, memory: Memory | AsyncMemory | None = None, **fields: Any) -> None:
        """Take a memory, or the default one, and the fields; ids may be functions. Errors are `Scoped`'s."""
        super().__init__(memory=memory, **fields)

    def _run(self, key: str) -> Scope:
        """Return the session of a key; another one that a `mnemon.scope` names is an error."""
        return self._rule.resolve({"run_id": key}, bound=self._opened().scope).writes

    def _people(self) -> Scope:
        return self._rule.resolve(bound=self._opened().scope).reads


class MnemonChatStore(_ChatStore, BaseChatStore):
    """Histories by key, which is the session: the `run_id`. Keys are those of the user that the store is bound to."""

    def __init__(self, *, memory: Memory | AsyncMemory | None = None, **fields: Any) -> None:
        """Take a memory, or the default one, and the fields; ids may be functions. Errors are `Scoped`'s."""
        super().__init__(memory=memory, **fields)

    @classmethod
    def class_name(cls) -> str:
        """Return the name under which LlamaIndex stores it."""
        return "MnemonChatStore"

    def set_messages(self, key: str, messages: list[ChatMessage]) -> None:
        """Make these messages the history of a key; those that are in it stay as they are."""
        History(self._policy()).replace(self._run(key), from_chat_messages(messages), remember=self.remember)

    async def aset_messages(self, key: str, messages: list[ChatMessage]) -> None:
        """Make these messages the history of a key; those that are in it stay as they are."""
        said = from_chat_messages(messages)
        await AsyncHistory(self._policy()).replace(self._run(key), said, remember=self.remember)

    def get_messages(self, key: str) -> list[ChatMessage]:
        """Return the history of a key, in order; empty for a key that there is not."""
        return to_chat_messages(History(self._policy()).read(self._run(key)))

    async def aget_messages(self, key: str) -> list[ChatMessage]:
        """Return the history of a key, in order; empty for a key that there is not."""
        return to_chat_messages(await AsyncHistory(self._policy()).read(self._run(key)))

    def add_message(self, key: str, message: ChatMessage) -> None:
        """Add a message at the end."""
        History(self._policy()).append(self._run(key), from_chat_messages([message]), remember=self.remember)

    async def async_add_message(self, key: str, message: ChatMessage) -> None:
        """Add a message at the end."""
        said = from_chat_messages([message])
        await AsyncHistory(self._policy()).append(self._run(key), said, remember=self.remember)

    def delete_messages(self, key: str) -> list[ChatMessage] | None:
        """Delete a history; return what it was, or None where there was none."""
        history, run = History(self._policy()), self._run(key)
        there = history.read(run)
        history.clear(run)
        return to_chat_messages(there) or None

    async def adelete_messages(self, key: str) -> list[ChatMessage] | None:
        """Delete a history; return what it was, or None where there was none."""
        history, run = AsyncHistory(self._policy()), self._run(key)
        there = await history.read(run)
        await history.clear(run)
        return to_chat_messages(there) or None

    def delete_message(self, key: str, idx: int) -> ChatMessage | None:
        """Delete the message at a position, from the end where it is negative; None where there is none."""
        history, run = History(self._policy()), self._run(key)
        found = _at(history.read(run), idx)
        history.delete(run, _ids(found))
        return _first(found)

    async def adelete_message(self, key: str, idx: int) -> ChatMessage | None:
        """Delete the message at a position, from the end where it is negative; None where there is none."""
        history, run = AsyncHistory(self._policy()), self._run(key)
        found = _at(await history.read(run), idx)
        await history.delete(run, _ids(found))
        return _first(found)

    def delete_last_message(self, key: str) -> ChatMessage | None:
        """Delete the last message and return it; None where there is none."""
        return self.delete_message(key, -1)

    async def adelete_last_message(self, key: str) -> ChatMessage | None:
        """Delete the last message and return it; None where there is none."""
        return await self.adelete_message(key, -1)

    def get_keys(self) -> list[str]:
        """Return the sessions that the user has, by name."""
        return History(self._policy()).sessions(self._people())

    async def aget_keys(self) -> list[str]:
        """Return the sessions that the user has, by name."""
        return await AsyncHistory(self._policy()).sessions(self._people())


class MnemonAsyncChatStore(_ChatStore, AsyncDBChatStore):
    """The queue of LlamaIndex's own `Memory`: histories by key, each message active or archived.

    `delete_message` takes a position among all messages of the key. Whether a message is archived stands
    in its metadata, under `mnemon`.
    """

    def __init__(self, *, memory: Memory | AsyncMemory | None = None, **fields: Any) -> None:
        """Take a memory, or the default one, and the fields; ids may be functions. Errors are `Scoped`'s."""
        super().__init__(memory=memory, **fields)

    @classmethod
    def class_name(cls) -> str:
        """Return the name under which LlamaIndex stores it."""
        return "MnemonAsyncChatStore"

    async def get_messages(
        self,
        key: str,
        status: MessageStatus | None = MessageStatus.ACTIVE,
        limit: int | None = None,
        offset: int | None = None,
    ) -> list[ChatMessage]:
        """Return messages of a status, or of both; `limit` of them, from the one at `offset`."""
        there = _of_status(await AsyncHistory(self._policy()).read(self._run(key)), status)
        start = offset or 0
        return _told(there[start:] if limit is None else there[start : start + limit])

    async def count_messages(self, key: str, status: MessageStatus | None = MessageStatus.ACTIVE) -> int:
        """Return how many messages of a status there are, or of both."""
        return len(_of_status(await AsyncHistory(self._policy()).read(self._run(key)), status))

    async def add_message(self, key: str, message: ChatMessage, status: MessageStatus = MessageStatus.ACTIVE) -> None:
        """Add a message at the end."""
        await self.add_messages(key, [message], status)

    async def add_messages(
        self, key: str, messages: list[ChatMessage], status: MessageStatus = MessageStatus.ACTIVE
    ) -> None:
        """Add messages at the end, as one operation."""
        said = [_with_status(message, status) for message in from_chat_messages(messages)]
        await AsyncHistory(self._policy()).append(self._run(key), said, remember=self.remember)

    async def set_messages(
        self, key: str, messages: list[ChatMessage], status: MessageStatus = MessageStatus.ACTIVE
    ) -> None:
        """Make these messages the history, archived ones included; those that are in it stay."""
        history, run = AsyncHistory(self._policy()), self._run(key)
        said = from_chat_messages(messages)
        await history.replace(run, said, remember=self.remember)
        there = await history.read(run)
        await history.change(run, [_with_status(one, status) for one in there if _status(one) is not status])

    async def delete_message(self, key: str, idx: int) -> ChatMessage | None:
        """Delete the message at a position, from the end where it is negative; None where there is none."""
        history, run = AsyncHistory(self._policy()), self._run(key)
        found = _at(await history.read(run), idx)
        await history.delete(run, _ids(found))
        return next(iter(_told(found)), None)

    async def delete_messages(self, key: str, status: MessageStatus | None = None) -> None:
        """Delete messages of a status, or of both."""
        history, run = AsyncHistory(self._policy()), self._run(key)
        if status is None:
            await history.clear(run)
        else:
            await history.delete(run, _ids(_of_status(await history.read(run), status)))

    async def delete_oldest_messages(self, key: str, n: int) -> list[ChatMessage]:
        """Delete the oldest active messages and return them."""
        history, run = AsyncHistory(self._policy()), self._run(key)
        oldest = _of_status(await history.read(run), MessageStatus.ACTIVE)[: max(n, 0)]
        await history.delete(run, _ids(oldest))
        return _told(oldest)

    async def archive_oldest_messages(self, key: str, n: int) -> list[ChatMessage]:
        """Archive the oldest active messages and return them."""
        history, run = AsyncHistory(self._policy()), self._run(key)
        oldest = _of_status(await history.read(run), MessageStatus.ACTIVE)[: max(n, 0)]
        await history.change(run, [_with_status(message, MessageStatus.ARCHIVED) for message in oldest])
        return _told(oldest)

    async def get_keys(self) -> list[str]:
        """Return the sessions that the user has, by name."""
        return await AsyncHistory(self._policy()).sessions(self._people())


_OURS, _ARCHIVED = "mnemon", "archived"


def _status(message: Message) -> MessageStatus:
    ours = message.metadata.get(_OURS)
    archived = isinstance(ours, dict) and ours.get(_ARCHIVED) is True
    return MessageStatus.ARCHIVED if archived else MessageStatus.ACTIVE


def _with_status(message: Message, status: MessageStatus) -> Message:
    ours = message.metadata.get(_OURS)
    others = {name: value for name, value in ours.items() if name != _ARCHIVED} if isinstance(ours, dict) else {}
    mark = {_ARCHIVED: True} if status is MessageStatus.ARCHIVED else {}
    metadata = {name: value for name, value in message.metadata.items() if name != _OURS}
    return replace(message, metadata={**metadata, _OURS: {**others, **mark}} if others or mark else metadata)


def _of_status(messages: Sequence[Message], status: MessageStatus | None) -> list[Message]:
    return [message for message in messages if status is None or _status(message) is status]


def _told(messages: Sequence[Message]) -> list[ChatMessage]:
    return to_logged_messages(_with_status(message, MessageStatus.ACTIVE) for message in messages)


def _at(messages: Sequence[Message], place: int) -> list[Message]:
    return [messages[place]] if -len(messages) <= place < len(messages) else []


def _ids(messages: Sequence[Message]) -> list[str]:
    return [message.id for message in messages if message.id is not None]


def _first(messages: Sequence[Message]) -> ChatMessage | None:
    return next(iter(to_chat_messages(messages)), None)
