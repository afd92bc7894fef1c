"""A key-value store of bytes, for LangChain's `CacheBackedEmbeddings` and the like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_core.stores import BaseStore

from mnemon import InvalidInputError
from mnemon.adapting import Closing, IdSource, ScopeRule
from mnemon.adapting.storage import Storage
from mnemon_langchain._async import entries as async_entries
from mnemon_langchain._sync import entries
from mnemon_langchain.calls import person
from mnemon_langchain.entries import ENTRIES, Place

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from mnemon import AsyncMemory, Memory
    from mnemon.types.storage import Cursor

__all__ = ["MnemonByteStore"]


class MnemonByteStore(Closing, BaseStore[str, bytes]):
    """Bytes under text keys, in the store of a memory.

    Where a person is known (here, in the call's config or context, or by `mnemon.scope`) entries are that
    person's: nobody else sees them, and `Memory.forget` erases them. Otherwise they are everybody's.

    Example:
        >>> from mnemon import Memory
        >>> with Memory(":memory:") as memory:
        ...     store = MnemonByteStore(memory)
        ...     store.mset([("a", b"1"), ("b", b"2")])
        ...     store.mget(["b", "c"])
        [b'2', None]
    """

    def __init__(
        self,
        memory: Memory | AsyncMemory | None = None,
        *,
        namespace: str = "default",
        user_id: IdSource = None,
    ) -> None:
        """Build it; nothing is opened.

        Args:
            memory: a `Memory` or an `AsyncMemory`, no view; the default one if left out.
            namespace: keys of one namespace are not those of another.
            user_id: a fixed id, or a function that returns it; the caller's if left out, where there is one.

        Raises:
            ConfigError: the memory is a view.
        """
        self._storage = Storage(memory, ENTRIES)
        self._space = f"bytes:{namespace}"
        self._rule = ScopeRule(user_id=user_id)

    def mget(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return the value of each key, in their order; None where there is none."""
        return self._storage.run(entries.read, self._place(), list(keys))

    async def amget(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return what `mget` returns, while the event loop goes on."""
        return await self._storage.arun(async_entries.read, self._place(), list(keys))

    def mset(self, key_value_pairs: Sequence[tuple[str, bytes]]) -> None:
        """Store values; of one key twice the last one.

        Raises:
            InvalidInputError: a value is no bytes.
        """
        self._storage.run(entries.write, self._place(), _checked(key_value_pairs))

    async def amset(self, key_value_pairs: Sequence[tuple[str, bytes]]) -> None:
        """Do what `mset` does, while the event loop goes on."""
        await self._storage.arun(async_entries.write, self._place(), _checked(key_value_pairs))

    def mdelete(self, keys: Sequence[str]) -> None:
        """Take values away; a key that there is not counts nothing."""
        self._storage.run(entries.remove, self._place(), list(keys))

    async def amdelete(self, keys: Sequence[str]) -> None:
        """Do what `mdelete` does, while the event loop goes on."""
        await self._storage.arun(async_entries.remove, self._place(), list(keys))

    def yield_keys(self, *, prefix: str | None = None) -> Iterator[str]:
        """Yield the keys that begin with a prefix, or all, in the order of their text."""
        place, after = self._place(), None
        while True:
            names, after = self._storage.run(entries.keys, place, prefix or "", after)
            yield from names
            if after is None:
                return

    async def ayield_keys(  # pyright: ignore[reportIncompatibleMethodOverride] - declared as no generator there
        self, *, prefix: str | None = None
    ) -> AsyncIterator[str]:
        """Yield what `yield_keys` yields, while the event loop goes on."""
        place = self._place()
        after: Cursor | None = None
        while True:
            names, after = await self._storage.arun(async_entries.keys, place, prefix or "", after)
            for name in names:
                yield name
            if after is None:
                return

    def close(self) -> None:
        """Close the default memory if it was opened here."""
        self._storage.close()

    def _place(self) -> Place:
        return Place(space=self._space, user_id=person(self._rule))


def _checked(pairs: Sequence[tuple[str, bytes]]) -> dict[str, bytes]:
    values = dict(pairs)
    for value in values.values():
        if not isinstance(value, bytes):  # pyright: ignore[reportUnnecessaryIsInstance]
            msg = f"a byte store holds bytes, not a {type(value).__name__}; encode it"
            raise InvalidInputError(msg)
    return values
