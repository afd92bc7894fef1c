# Generated from core/mnemon/_async/desk.py by tests/contracts/unasync.py; edit that file.
"""What every piece of the engine works with, and the reads that several of them share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mnemon.logic.memories import MEMORIES, by_memory, is_superseded, newest_of, newest_row_id
from mnemon.logic.sheet import Sheets
from mnemon.logic.versions import without_current
from mnemon.protocols.capabilities import Capability
from mnemon.types.filters import where

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence
    from datetime import timedelta

    from mnemon.protocols.clock import Clock, NewId
    from mnemon.protocols.store import Store
    from mnemon.types.filters import Filter
    from mnemon.types.storage import Cursor, Part, Row

__all__ = ["Desk", "every_row", "in_chunks", "newest_rows", "pages", "versions_of"]

_PAGE = 1_000
_MOST_LOOKS = 10
"""How often a reader asks for the newest version of a memory that somebody updates without a pause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One project of a store, and what makes answers repeatable.

    Attributes:
        store: where everything is kept.
        project: the project; nothing crosses it.
        clock: tells the time.
        new_id: gives ids.
        language: language of the texts, for what is a word and its stem.
        session_gap: silence that ends a session where no `run_id` names one.
        sheets: what searches look at, as far as they have looked.
    """

    store: Store
    project: str
    clock: Clock
    new_id: NewId
    language: str
    session_gap: timedelta
    sheets: Sheets = field(default_factory=Sheets)


def newest_rows(
    store: Store, project: str, memory_ids: Iterable[str], include: Sequence[Part] = ("metadata", "payload")
) -> dict[str, Row]:
    """Return the newest row of each memory that is there, by the memory's id; it may be a deleted one's.

    One that lacks its successor (see `lacks_successor`) is of a memory that lost its newest version.

    Raises:
        ConflictError: others update one of the memories without a pause.
    """
    newest: dict[str, Row] = {}
    for chunk in in_chunks(list(memory_ids)):
        found = store.get(project, MEMORIES.name, chunk, include=include, decisive=True)
        firsts = {key: row for key, row in found.items() if row.fields.get("memory_id") == key}
        later = {newest_row_id(row): key for key, row in firsts.items() if newest_row_id(row) != key}
        rows = store.get(project, MEMORIES.name, list(later), include=include, decisive=True) if later else {}
        newest |= firsts | {later[row_id]: row for row_id, row in rows.items()}
    superseded = [key for key, row in newest.items() if is_superseded(row)]
    return newest | _successors(store, project, superseded, include) if superseded else newest


def _successors(store: Store, project: str, memory_ids: Sequence[str], include: Sequence[Part]) -> dict[str, Row]:
    """Return the newest rows of memories whose first one does not name it yet, by the memory's id.

    Where others cannot be kept out, a writer may be between closing a version and naming the next one.
    """
    ids: dict[str, str] = {}
    rows: dict[str, Row] = {}
    for _ in range(_MOST_LOOKS):
        versions = by_memory(versions_of(store, project, memory_ids, ()))
        ids = {newest_of(of_one).id: key for key, of_one in versions.items()}
        known, rows = rows, {}
        for chunk in in_chunks(list(ids)):
            rows |= store.get(project, MEMORIES.name, chunk, include=include, decisive=True)
        if known.keys() == rows.keys() or not any(map(is_superseded, rows.values())):
            return {ids[row_id]: row for row_id, row in rows.items()}
    raise without_current([ids[row_id] for row_id, row in rows.items() if is_superseded(row)])


def versions_of(
    store: Store, project: str, memory_ids: Sequence[str], include: Sequence[Part] = ("metadata", "payload")
) -> list[Row]:
    """Return the rows of all versions of these memories, in any order."""
    rows: list[Row] = []
    for memories in in_chunks(memory_ids):
        ids = store.list_ids(project, MEMORIES.name, where("memory_id").in_(list(memories)))
        for chunk in in_chunks(ids):
            rows += (store.get(project, MEMORIES.name, chunk, include=include, decisive=True)).values()
    known = {row.id for row in rows}
    named = {newest_row_id(row): row.id for row in rows if row.id == row.fields["memory_id"]}
    for chunk in in_chunks([row_id for row_id in named if row_id not in known]):  # lost, or written since the listing
        found = store.get(project, MEMORIES.name, chunk, include=include, decisive=True)
        rows += [row for row in found.values() if row.fields["memory_id"] == named[row.id]]
    return rows


def pages(
    store: Store,
    project: str,
    collection: str,
    condition: Filter | None = None,
    *,
    order: str | None = None,
    include: Sequence[Part] = ("metadata", "payload"),
) -> Generator[tuple[Row, ...]]:
    """Yield all rows that match, a page at a time."""
    after: Cursor | None = None
    while True:
        page = store.scan(project, collection, condition, order=order, after=after, limit=_PAGE, include=include)
        if page.rows:
            yield page.rows
        after = page.after
        if after is None:
            return


def every_row(
    store: Store, project: str, collection: str, condition: Filter, *, include: Sequence[Part] = ()
) -> Generator[tuple[Row, ...]]:
    """Return all rows that match, by id and some at a time: for choosing what is deleted, erased or undone.

    A page may come from a node that was away, and misses what was acknowledged meanwhile. A store that promises
    neither exact reads nor to tell every change may have such nodes: there the rows are listed decisively.
    """
    if store.capabilities & {Capability.EXACT_READS, Capability.CHANGES}:
        return pages(store, project, collection, condition, include=include)
    return _decisive_pages(store, project, collection, condition, include)


def _decisive_pages(
    store: Store, project: str, collection: str, condition: Filter, include: Sequence[Part]
) -> Generator[tuple[Row, ...]]:
    for chunk in in_chunks(store.list_ids(project, collection, condition)):
        found = store.get(project, collection, chunk, include=include, decisive=True)
        if found:
            yield tuple(found.values())


def in_chunks(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    """Yield ids a page at a time."""
    for start in range(0, len(ids), _PAGE):
        yield ids[start : start + _PAGE]
