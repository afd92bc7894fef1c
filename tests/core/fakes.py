"""Fakes of what an engine is opened with: a clock, ids, an embedder, and a store that only speaks async."""

from __future__ import annotations

import asyncio
import threading
import zlib
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from mnemon.errors import StoreError
from mnemon.protocols.capabilities import Capability
from mnemon.stores.in_memory import InMemoryStore
from mnemon.types.storage import Applied

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from numpy.typing import NDArray

    from mnemon.logic.requests import CountRequest, GetRequest, GroupRequest, ScanRequest
    from mnemon.protocols.embedder import Purpose
    from mnemon.types.filters import Filter
    from mnemon.types.storage import (
        Collection,
        Counts,
        Cursor,
        Finding,
        GroupPage,
        Match,
        Nearest,
        Page,
        Part,
        Row,
        Scrubbed,
        Terms,
        Write,
    )


Answer = TypeVar("Answer")


def ticking_clock() -> Callable[[], datetime]:
    """Return a clock that goes on by a second each time it is asked, in any thread."""
    seconds = count()
    return lambda: datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(seconds=next(seconds))


def counted_ids() -> Callable[[], str]:
    """Return a source of the ids id-1, id-2, ..."""
    numbers = count(1)
    return lambda: f"id-{next(numbers)}"


class WordEmbedder:
    """An embedder whose vectors are the words of a text, hashed to places; it can be told to fail, and counts texts.

    `knows` says whether its dimensions are known before the first text was embedded.
    """

    def __init__(self, name: str = "words", dimensions: int = 64, *, knows: bool = True) -> None:
        self.name = name
        self.dimensions: int | None = dimensions if knows else None
        self.texts: list[str] = []
        self.queries: list[str] = []
        self.threads: set[int] = set()
        self.fails_after: int | None = None
        self.spoils: Callable[[NDArray[np.float32]], object] | None = None
        self._length = dimensions

    def embed(self, texts: Sequence[str], *, purpose: Purpose = "document") -> NDArray[np.float32]:
        self.threads.add(threading.get_ident())
        if self.fails_after is not None and len(self.texts) + len(texts) > self.fails_after:
            msg = "the embedder is down"
            raise OSError(msg)
        (self.queries if purpose == "query" else self.texts).extend(texts)
        vectors = np.array([self._vector(text) for text in texts], np.float32).reshape(len(texts), self._length)
        if texts:
            self.dimensions = self._length
        return vectors if self.spoils is None else self.spoils(vectors)  # pyright: ignore[reportReturnType]

    async def aembed(self, texts: Sequence[str], *, purpose: Purpose = "document") -> NDArray[np.float32]:
        return await asyncio.to_thread(self.embed, texts, purpose=purpose)

    def _vector(self, text: str) -> NDArray[np.float32]:
        vector = np.full(self._length, 0.01, np.float32)
        for word in text.lower().split():
            vector[zlib.crc32(word.strip(".?!").encode()) % self._length] += 1
        return (vector / np.linalg.norm(vector)).astype(np.float32)


class FakeAsyncStore:
    """A fake: the reference store for those who await it. It has no sync face, and no second writer comes between."""

    def __init__(self, store: InMemoryStore | None = None) -> None:
        self.store = InMemoryStore() if store is None else store
        self._turn = asyncio.Lock()
        self._working: asyncio.Task[object] | None = None

    @property
    def capabilities(self) -> frozenset[Capability]:
        return self.store.capabilities

    @asynccontextmanager
    async def exclusive(self) -> AsyncGenerator[FakeAsyncStore]:
        if self._working is asyncio.current_task():  # which would wait for itself
            msg = "this task is inside a unit of work, and units do not nest; use the store that it gave"
            raise StoreError(msg)
        async with self._turn:
            self._working = asyncio.current_task()
            try:
                with self.store.exclusive() as unit:
                    yield FakeAsyncStore(unit)
            finally:
                self._working = None

    @asynccontextmanager
    async def snapshot(self) -> AsyncGenerator[FakeAsyncStore]:
        await asyncio.sleep(0)
        with self.store.snapshot() as moment:
            yield FakeAsyncStore(moment)

    async def declare(self, *collections: Collection) -> None:
        await asyncio.sleep(0)
        self.store.declare(*collections)

    async def collections(self) -> list[Collection]:
        await asyncio.sleep(0)
        return self.store.collections()

    async def get(
        self,
        project: str,
        collection: str,
        ids: Sequence[str],
        *,
        include: Sequence[Part] = ("metadata", "payload"),
        fields: Sequence[str] | None = None,
        decisive: bool = False,
    ) -> dict[str, Row]:
        await asyncio.sleep(0)
        return self.store.get(project, collection, ids, include=include, fields=fields, decisive=decisive)

    async def list_ids(self, project: str, collection: str, where: Filter | None = None) -> list[str]:
        await asyncio.sleep(0)
        return self.store.list_ids(project, collection, where)

    async def scan(
        self,
        project: str,
        collection: str,
        where: Filter | None = None,
        *,
        order: str | None = None,
        descending: bool = False,
        after: Cursor | None = None,
        limit: int = 100,
        include: Sequence[Part] = ("metadata", "payload"),
        fields: Sequence[str] | None = None,
    ) -> Page:
        await asyncio.sleep(0)
        return self.store.scan(
            project,
            collection,
            where,
            order=order,
            descending=descending,
            after=after,
            limit=limit,
            include=include,
            fields=fields,
        )

    async def search(
        self,
        project: str,
        collection: str,
        query: Terms | Nearest,
        where: Filter | None = None,
        *,
        limit: int = 100,
        include: Sequence[Part] = ("metadata", "payload"),
        fields: Sequence[str] | None = None,
    ) -> list[Match]:
        await asyncio.sleep(0)
        return self.store.search(project, collection, query, where, limit=limit, include=include, fields=fields)

    async def count(
        self, project: str, collection: str, where: Filter | None = None, *, terms: Sequence[str] = ()
    ) -> Counts:
        await asyncio.sleep(0)
        return self.store.count(project, collection, where, terms=terms)

    async def groups(
        self,
        project: str,
        collection: str,
        field: str,
        where: Filter | None = None,
        *,
        of: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> GroupPage:
        await asyncio.sleep(0)
        return self.store.groups(project, collection, field, where, of=of, after=after, limit=limit)

    async def apply(self, project: str, batch: Sequence[Write]) -> Applied:
        await asyncio.sleep(0)
        return self.store.apply(project, batch)

    async def scrub(self) -> Scrubbed:
        await asyncio.sleep(0)
        return self.store.scrub()

    async def check(self, *, repair: bool = False) -> list[Finding]:
        await asyncio.sleep(0)
        return self.store.check(repair=repair)

    async def aclose(self) -> None:
        await asyncio.sleep(0)
        self.store.close()


class FakeCrowdedStore(InMemoryStore):
    """A fake: the reference store without units of work, in which somebody else acts after a step of one's own.

    A batch is written one by one, and is no transaction.
    """

    exclusive = None  # pyright: ignore[reportAssignmentType] - it has none

    def __init__(self) -> None:
        super().__init__()
        self._steps = 0
        self._act: Callable[[], object] | None = None

    @property
    def capabilities(self) -> frozenset[Capability]:
        return super().capabilities - {Capability.EXCLUSIVE}

    def after(self, steps: int, act: Callable[[], object]) -> None:
        """Let somebody act once, after so many reads and writes."""
        self._steps, self._act = steps, act

    @property
    def acted(self) -> bool:
        return self._act is None

    def after_each(self, act: Callable[[], object]) -> None:
        """Let somebody act after every read and write of others; their own steps are followed by none."""

        def acting() -> None:
            act()
            self.after(1, acting)

        self.after(1, acting)

    def _step(self, answer: Answer) -> Answer:
        self._steps -= 1
        if self._steps == 0 and self._act is not None:
            act, self._act = self._act, None
            act()
        return answer

    def _get(self, request: GetRequest) -> dict[str, Row]:
        return self._step(super()._get(request))

    def _list_ids(self, request: CountRequest) -> list[str]:
        return self._step(super()._list_ids(request))

    def _scan(self, request: ScanRequest) -> Page:
        return self._step(super()._scan(request))

    def _groups(self, request: GroupRequest) -> GroupPage:
        return self._step(super()._groups(request))

    def _apply(self, project: str, batch: Sequence[Write]) -> Applied:
        one_by_one = [self._step(super(FakeCrowdedStore, self)._apply(project, [write])) for write in batch]
        return Applied(tuple(count for done in one_by_one for count in done.counts))
