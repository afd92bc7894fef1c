"""The async face of the suite, which native async stores inherit, tried on the reference store."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

import pytest

from mnemon.stores.in_memory import InMemoryStore
from mnemon.testing import AsyncStoreSuite

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from mnemon.protocols.async_store import AsyncStore
    from mnemon.protocols.capabilities import Capability

OPERATIONS = (
    "collections",
    "declare",
    "get",
    "list_ids",
    "scan",
    "search",
    "count",
    "groups",
    "apply",
    "scrub",
    "check",
)


class FakeAsyncStore:
    """A fake: a store whose operations may be awaited, and block all the same. Only for testing the suite."""

    def __init__(self, store: InMemoryStore) -> None:
        self._store = store
        for name in OPERATIONS:
            setattr(self, name, self._awaitable(name))
        self.aclose = self._awaitable("close")

    @property
    def capabilities(self) -> frozenset[Capability]:
        return self._store.capabilities

    def _awaitable(self, name: str) -> Callable[..., Awaitable[object]]:
        async def operation(*arguments: object, **named: object) -> object:
            return getattr(self._store, name)(*arguments, **named)

        return operation

    @asynccontextmanager
    async def exclusive(self) -> AsyncGenerator[AsyncStore]:
        with self._store.exclusive() as unit:
            yield cast("AsyncStore", FakeAsyncStore(unit))


@pytest.mark.anyio
class TestFakeAsyncStore(AsyncStoreSuite):
    @pytest.fixture
    def anyio_backend(self) -> str:
        return "asyncio"

    @pytest.fixture
    async def store(self) -> AsyncStore:
        return cast("AsyncStore", FakeAsyncStore(InMemoryStore()))
