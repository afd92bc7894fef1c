"""`MnemonStorage`: where CrewAI's own `Memory` keeps its records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mnemon import where
from mnemon.adapting import Closing
from mnemon.adapting.storage import Storage
from mnemon_crewai._async import records as async_work
from mnemon_crewai._sync import records as work
from mnemon_crewai.errors import aborting
from mnemon_crewai.listing import Listing
from mnemon_crewai.rows import RECORDS, selected, stamp
from mnemon_crewai.scoping import Ids, Whose

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from crewai.memory.types import MemoryRecord

    from mnemon import AsyncMemory, Memory
    from mnemon.adapting import IdSource
    from mnemon.types.filters import Filter

__all__ = ["MnemonStorage"]

_MOST = 10_000
"""What one search of a store gives at most."""


class MnemonStorage(Closing, Listing):
    """A `StorageBackend` for CrewAI's own `Memory`, which embeds, ranks and asks its model by itself.

    Use it to keep what is CrewAI's way and have one store, customers apart, erasure and Weaviate.
    `MnemonMemory` also searches by words, needs no embedder and no model, and fails a kickoff when the store
    fails; CrewAI's `Memory` takes a storage that fails for one that is empty.

    Whose records a call means comes from here, from `scope_from_inputs` or from `mnemon.scope`; nothing
    crosses that, neither a path nor what CrewAI consolidates. A path is matched by whole labels, and what
    is private stays so when it is rewritten.

    Example:
        >>> from crewai.memory.types import MemoryRecord
        >>> from mnemon import Memory
        >>> with Memory(":memory:") as memory:
        ...     storage = MnemonStorage(memory, user_id="ana")
        ...     storage.save([MemoryRecord(content="Ana lives in Lisbon.", embedding=[0.0, 1.0])])
        ...     [(record.content, score) for record, score in storage.search([0.0, 2.0])]
        [('Ana lives in Lisbon.', 1.0)]
    """

    def __init__(
        self,
        memory: Memory | AsyncMemory | None = None,
        /,
        *,
        user_id: IdSource = None,
        agent_id: IdSource = None,
        app_id: IdSource = None,
        run_id: IdSource = None,
        required: tuple[str, ...] = ("user_id",),
    ) -> None:
        """Keep records in the store of a memory, or of the default one, which is opened when it is needed.

        Args:
            memory: an open memory, no view.
            user_id: whose records: an id, a function that returns it, or None for that of the kickoff.
            agent_id: as `user_id`.
            app_id: as `user_id`.
            run_id: as `user_id`.
            required: ids without which a call fails.

        Raises:
            ConfigError: the memory is a view, or a wrong option.
            ScopeError: an id that cannot be one.
        """
        self._storage = Storage(memory, RECORDS)
        self._whose = Whose(Ids(user_id=user_id, agent_id=agent_id, app_id=app_id, run_id=run_id), required)
        self._lengths: set[int] = set()

    @aborting()
    def save(self, records: list[MemoryRecord]) -> None:
        """Store records with their vectors; one that is there is replaced.

        Raises:
            EmbeddingDimensionMismatchError: vectors of another length than those that are there.
        """
        scope = self._whose.scope()
        self._make_room({len(record.embedding or ()) for record in records})
        self._storage.run(work.save, scope, records)

    async def asave(self, records: list[MemoryRecord]) -> None:
        """Do what `save` does, while the event loop goes on."""
        with aborting():
            scope = self._whose.scope()
            await self._amake_room({len(record.embedding or ()) for record in records})
            await self._storage.arun(async_work.save, scope, records)

    @aborting()
    def search(
        self,
        query_embedding: list[float],
        scope_prefix: str | None = None,
        categories: list[str] | None = None,
        metadata_filter: dict[str, Any] | None = None,
        limit: int = 10,
        min_score: float = 0.0,
    ) -> list[tuple[MemoryRecord, float]]:
        """Return the records that are nearest to a vector, each with a score from 0 to 1.

        The score is 1 / (1 + d²) of the distance d between the vectors at length 1: that of CrewAI's own
        storage, for which the thresholds of its `Memory` are meant.

        Raises:
            EmbeddingDimensionMismatchError: the records have vectors of another length.
        """
        scope = self._whose.scope()
        self._make_room({len(query_embedding)})
        condition = selected(scope, scope_prefix, categories, metadata_filter)
        found = self._storage.run(work.search, scope, condition, query_embedding, min(limit, _MOST))
        return _scored(found, min_score)

    async def asearch(
        self,
        query_embedding: list[float],
        scope_prefix: str | None = None,
        categories: list[str] | None = None,
        metadata_filter: dict[str, Any] | None = None,
        limit: int = 10,
        min_score: float = 0.0,
    ) -> list[tuple[MemoryRecord, float]]:
        """Do what `search` does, while the event loop goes on."""
        with aborting():
            scope = self._whose.scope()
            await self._amake_room({len(query_embedding)})
            condition = selected(scope, scope_prefix, categories, metadata_filter)
            found = await self._storage.arun(async_work.search, scope, condition, query_embedding, min(limit, _MOST))
            return _scored(found, min_score)

    @aborting()
    def delete(
        self,
        scope_prefix: str | None = None,
        categories: list[str] | None = None,
        record_ids: list[str] | None = None,
        older_than: datetime | None = None,
        metadata_filter: dict[str, Any] | None = None,
    ) -> int:
        """Delete what fits all of these, of whom the call means; return how many they were."""
        condition = self._doomed(scope_prefix, categories, record_ids, older_than, metadata_filter)
        return self._storage.run(work.remove, condition)

    async def adelete(
        self,
        scope_prefix: str | None = None,
        categories: list[str] | None = None,
        record_ids: list[str] | None = None,
        older_than: datetime | None = None,
        metadata_filter: dict[str, Any] | None = None,
    ) -> int:
        """Do what `delete` does, while the event loop goes on."""
        with aborting():
            condition = self._doomed(scope_prefix, categories, record_ids, older_than, metadata_filter)
            return await self._storage.arun(async_work.remove, condition)

    @aborting()
    def update(self, record: MemoryRecord) -> None:
        """Put a record in the place of the one with its id; what is private stays private, and its source's."""
        scope = self._whose.scope()
        self._make_room({len(record.embedding or ())})
        self._storage.run(work.change, scope, record)

    @aborting()
    def get_record(self, record_id: str) -> MemoryRecord | None:
        """Return a record with its vector, or None."""
        return self._storage.run(work.find, self._whose.scope(), record_id)

    @aborting()
    def count(self, scope_prefix: str | None = None) -> int:
        """Return how many records a path has, with what is under it."""
        return self._storage.run(work.count, selected(self._whose.scope(), scope_prefix))

    @aborting()
    def touch_records(self, record_ids: list[str]) -> None:
        """Note that these records were recalled now."""
        self._storage.run(work.touch, selected(self._whose.scope()) & where("record").in_(record_ids))

    def close(self) -> None:
        """Close the default memory if it was opened here; one that was handed over stays open."""
        self._storage.close()

    def _make_room(self, lengths: set[int]) -> None:
        """Declare the spaces of vectors of lengths that this object meets for the first time."""
        for length in lengths - self._lengths - {0}:
            self._storage.run(work.make_room, length)
            self._lengths.add(length)

    async def _amake_room(self, lengths: set[int]) -> None:
        for length in lengths - self._lengths - {0}:
            await self._storage.arun(async_work.make_room, length)
            self._lengths.add(length)

    def newest(self, path: str | None, most: int | None = None) -> list[MemoryRecord]:
        """Return records at a path and under it, newest first, so many or all."""
        return self._storage.run(work.newest, selected(self._whose.scope(), path), most)

    def _doomed(
        self,
        path: str | None,
        categories: list[str] | None,
        record_ids: list[str] | None,
        older_than: datetime | None,
        metadata: dict[str, Any] | None,
    ) -> Filter:
        condition = selected(self._whose.scope(), path, categories, metadata)
        if record_ids is not None:
            condition &= where("record").in_(record_ids)
        if older_than is not None:
            condition &= where("created_at").lt(stamp(older_than))
        return condition


def _scored(found: Iterable[tuple[MemoryRecord, float]], least: float) -> list[tuple[MemoryRecord, float]]:
    scored = ((record, 1 / (3 - 2 * cosine)) for record, cosine in found)  # d² = 2 - 2 cos
    return [(record, score) for record, score in scored if score >= least]
