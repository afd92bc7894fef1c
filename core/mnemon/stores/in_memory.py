"""The reference store: rows in dictionaries, every answer computed by the shared functions."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from mnemon.errors import InvalidInputError, StoreConflictError, StoreError, StoreReadOnlyError
from mnemon.logic.answers import count_rows, group_rows, matching, patched, scan_rows, search_rows, trimmed
from mnemon.logic.declarations import merge_declarations
from mnemon.logic.filters import evaluate
from mnemon.protocols.capabilities import Capability
from mnemon.stores.base import BaseStore
from mnemon.types.storage import Applied, Delete, DeleteWhere, Patch, Put, Scrubbed

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping, Sequence

    from mnemon.types.requests import CountRequest, GetRequest, GroupRequest, ScanRequest, SearchRequest
    from mnemon.types.storage import Collection, Counts, Finding, GroupPage, Match, Page, Row, Vector, Write

__all__ = ["InMemoryStore"]

_Table = dict[str, "Row"]


class InMemoryStore(BaseStore):
    """Keeps everything in this process and forgets it when closed.

    Slow and plain on purpose: what it answers is what every other store must answer. Safe to use
    from many threads.
    """

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self._tables: dict[tuple[str, str], _Table] = {}
        self._lock = threading.RLock()
        self._journal: list[tuple[_Table, str, Row | None]] = []
        self._in_unit = False

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Everything but what needs a file, and a log of changes."""
        return frozenset(Capability) - {Capability.PERSISTENT, Capability.SCRUBS, Capability.CHANGES}

    @contextmanager
    def exclusive(self) -> Generator[InMemoryStore]:
        """Keep every other thread out until the block ends; see `SupportsExclusive`."""
        with self._lock:
            self._check_open()
            if self._in_unit:
                msg = "this thread is inside a unit of work, and units do not nest; use the store that it gave"
                raise StoreError(msg)
            self._in_unit = True
            try:
                with self._undoing():
                    yield self
            finally:
                self._in_unit = False
                self._journal.clear()

    @contextmanager
    def snapshot(self) -> Generator[InMemoryStore]:
        """Return a store that reads what is there now; see `SupportsSnapshot`."""
        with self._lock:
            self._check_open()
            moment = _Snapshot(self._declared, self._tables)
        try:
            yield moment
        finally:
            moment.close()

    @contextmanager
    def _undoing(self) -> Generator[None]:
        """Take back what was written since, if the block raises."""
        mark = len(self._journal)
        try:
            yield
        except BaseException:
            self._take_back(mark)
            raise

    def declare(self, *collections: Collection) -> None:
        """Make the collections usable; see `Store.declare`."""
        with self._lock:  # two threads that declare different fields must both find theirs
            super().declare(*collections)

    def _list_collections(self) -> Iterable[Collection]:
        return self._declared.values()

    def _declare(self, collection: Collection) -> Collection:
        stored = self._declared.get(collection.name)
        return collection if stored is None else merge_declarations(stored, collection)

    def _get(self, request: GetRequest) -> dict[str, Row]:
        with self._lock:
            self._check_open()
            table = self._table(request.project, request.collection.name)
            return {
                item: trimmed(table[item], request.include, request.fields) for item in request.ids if item in table
            }

    def _list_ids(self, request: CountRequest) -> list[str]:
        return sorted(row.id for row in matching(self._rows(request), request.where))

    def _scan(self, request: ScanRequest) -> Page:
        return scan_rows(self._rows(request), request)

    def _search(self, request: SearchRequest) -> list[Match]:
        return search_rows(self._rows(request), request)

    def _count(self, request: CountRequest) -> Counts:
        return count_rows(self._rows(request), request)

    def _groups(self, request: GroupRequest) -> GroupPage:
        return group_rows(self._rows(request), request)

    def _apply(self, project: str, batch: Sequence[Write]) -> Applied:
        with self._lock:
            self._check_open()
            with self._undoing():
                counts = tuple(self._write(project, write, index) for index, write in enumerate(batch))
            if not self._in_unit:
                self._journal.clear()
            return Applied(counts)

    def _write(self, project: str, write: Write, index: int) -> int:
        table = self._table(project, write.collection)
        match write:
            case Put():
                return self._put(table, write, index)
            case Patch():
                return self._patch(table, write, index)
            case Delete():
                return sum(self._set(table, item, None) for item in write.ids)
            case DeleteWhere():
                found = sorted(row.id for row in matching(table.values(), write.where))[: write.limit]
                return sum(self._set(table, item, None) for item in found)

    def _put(self, table: _Table, write: Put, index: int) -> int:
        if write.row.id in table and write.existing != "replace":
            if write.existing == "abort":
                raise StoreConflictError(write.collection, write.row.id, index, "the row is there already")
            return 0
        return self._set(table, write.row.id, replace(write.row, vectors=_kept(write.row.vectors)))

    def _patch(self, table: _Table, write: Patch, index: int) -> int:
        row = table.get(write.id)
        if row is None or not evaluate(write.expect, row):
            if write.otherwise == "abort":
                reason = "there is no such row" if row is None else "it is not as expected"
                raise StoreConflictError(write.collection, write.id, index, reason)
            return 0
        return self._set(table, write.id, patched(row, write))

    def _scrub(self) -> Scrubbed:
        return Scrubbed(bytes="pending", reason="memory that the process gave up is not overwritten; end the process")

    def _check(self, *, repair: bool) -> list[Finding]:  # noqa: ARG002 - nothing is derived, nothing to mend
        return []

    def _close(self) -> None:
        with self._lock:
            self._tables.clear()

    def _table(self, project: str, collection: str) -> _Table:
        return self._tables.setdefault((project, collection), {})

    def _rows(self, request: ScanRequest | SearchRequest | CountRequest | GroupRequest) -> list[Row]:
        with self._lock:
            self._check_open()
            return list(self._table(request.project, request.collection.name).values())

    def _set(self, table: _Table, row_id: str, row: Row | None) -> int:
        before = table.get(row_id)
        self._journal.append((table, row_id, before))
        if row is not None:
            table[row_id] = row
        elif before is None:
            return 0
        else:
            del table[row_id]
        return 1

    def _take_back(self, mark: int) -> None:
        while len(self._journal) > mark:
            table, row_id, before = self._journal.pop()
            if before is None:
                table.pop(row_id, None)
            else:
                table[row_id] = before


class _Snapshot(InMemoryStore):
    """The store as it was at one moment."""

    def __init__(self, declared: Mapping[str, Collection], tables: Mapping[tuple[str, str], _Table]) -> None:
        super().__init__()
        self._declared = dict(declared)
        self._tables = {place: dict(table) for place, table in tables.items()}

    @property
    def capabilities(self) -> frozenset[Capability]:
        return super().capabilities - {Capability.EXCLUSIVE, Capability.SNAPSHOT}

    def _declare(self, collection: Collection) -> Collection:
        msg = f"declare {collection.name!r} on the store itself, before the snapshot begins"
        raise InvalidInputError(msg)

    def _apply(self, project: str, batch: Sequence[Write]) -> Applied:  # noqa: ARG002 - refused whatever it is
        msg = "a snapshot only reads; write to the store itself"
        raise StoreReadOnlyError(msg)


def _kept(vectors: Mapping[str, Vector]) -> Mapping[str, Vector]:
    """Return copies that neither who stored them nor who reads them can change."""
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    kept = {name: np.array(vector, dtype=np.float32) for name, vector in vectors.items()}
    for vector in kept.values():
        vector.flags.writeable = False
    return kept
