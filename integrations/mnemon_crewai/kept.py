"""The memories of whom a call means, as the storage that CrewAI's `Memory` lists, deletes and resets by."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING, Any

from mnemon import NotFoundError, where
from mnemon_crewai.errors import aborting
from mnemon_crewai.listing import Listing
from mnemon_crewai.records import about_of, chosen, to_record, with_marks

if TYPE_CHECKING:
    from collections.abc import Generator
    from datetime import datetime

    from crewai.memory.types import MemoryRecord

    import mnemon
    from mnemon.types.filters import Filter
    from mnemon_crewai.scoping import Bound

__all__ = ["KeptMemories"]

_PAGE = 1_000


class KeptMemories(Listing):
    """What `StorageBackend` asks beside saving and searching, which `MnemonMemory` does with the text itself.

    Every method is about the memories of whom the call means, and about no others, whatever path it names.

    Raises:
        MemoryAbortedError: nobody says whose memories are meant, or the memory cannot be reached.
    """

    def __init__(self, bound: Bound) -> None:
        """Take a memory, and whose it is."""
        self._bound = bound

    @aborting()
    def delete(
        self,
        scope_prefix: str | None = None,
        categories: list[str] | None = None,
        record_ids: list[str] | None = None,
        older_than: datetime | None = None,
        metadata_filter: dict[str, Any] | None = None,
    ) -> int:
        """Delete what fits all of these; return how many they were."""
        condition: Filter = chosen(scope_prefix, categories, metadata_filter)
        if record_ids is not None:
            condition &= where("id").in_(record_ids)
        if older_than is not None:
            condition &= where("created_at").lt(older_than if older_than.tzinfo else older_than.replace(tzinfo=UTC))
        return self._bound.memory().delete_all(filters=condition).count

    @aborting()
    def change(self, record: MemoryRecord) -> MemoryRecord:
        """Give a memory what a record says, and return it; what is private stays private, and of its source.

        Raises:
            ValueError: this scope has no memory of that id.
        """
        view = self._bound.memory()
        try:
            before = about_of(view.get(record.id))
        except NotFoundError as error:
            msg = f"Record not found: {record.id}"
            raise ValueError(msg) from error
        about = replace(
            before,
            scope=record.scope,
            importance=record.importance,
            source=before.source if before.private else record.source,
            private=before.private or record.private,
        )
        metadata = with_marks(record.metadata, about)
        changed = view.update(
            record.id, record.content, metadata=metadata, replace_metadata=True, categories=record.categories
        )
        return to_record(changed)

    @aborting()
    def get_record(self, record_id: str) -> MemoryRecord | None:
        """Return a memory as a record, or None where this scope has none of that id."""
        try:
            return to_record(self._bound.memory().get(record_id))
        except NotFoundError:
            return None

    @aborting()
    def count(self, scope_prefix: str | None = None) -> int:
        """Return how many records a path has, with what is under it."""
        return self._bound.memory().count(filters=chosen(scope_prefix))

    def close(self) -> None:
        """Close the default memory if it was opened here; one that was handed over stays open."""
        self._bound.handle.close()

    def newest(self, path: str | None, most: int | None = None) -> list[MemoryRecord]:
        """Return records at a path and under it, newest first, so many or all."""
        found = [to_record(memory) for memory in _pages(self._bound.memory(), chosen(path), most)]
        return found if most is None else found[:most]


def _pages(view: mnemon.Memory, condition: Filter, most: int | None) -> Generator[mnemon.MemoryRecord]:
    """Yield memories, newest first, page by page until there are so many."""
    cursor: str | None = None
    told = 0
    while most is None or told < most:
        page = view.get_all(filters=condition, limit=_PAGE, cursor=cursor)
        yield from page
        told += len(page)
        cursor = page.cursor
        if cursor is None:
            return
