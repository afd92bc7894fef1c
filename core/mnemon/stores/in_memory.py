"""The reference store: rows in dictionaries, every answer computed by the shared evaluator."""

from __future__ import annotations

import math
import threading
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from mnemon.errors import StoreConflictError
from mnemon.logic.declarations import merge_declarations
from mnemon.logic.filters import evaluate, matcher
from mnemon.protocols.capabilities import Capability
from mnemon.stores.base import BaseStore
from mnemon.types.storage import (
    Applied,
    Counts,
    Delete,
    DeleteWhere,
    Evidence,
    Group,
    GroupPage,
    Match,
    Nearest,
    Page,
    Patch,
    Put,
    Row,
    Scrubbed,
    Terms,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence

    from mnemon.types.filters import Filter
    from mnemon.types.requests import CountRequest, GetRequest, GroupRequest, ScanRequest, SearchRequest
    from mnemon.types.storage import Collection, Cursor, Finding, Part, Vector, Write

__all__ = ["InMemoryStore"]

_Table = dict[str, Row]


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
        self._depth = 0

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Everything but what needs a file."""
        return frozenset(Capability) - {Capability.PERSISTENT, Capability.SCRUBS}

    @contextmanager
    def exclusive(self) -> Generator[InMemoryStore]:
        """Keep every other thread out until the block ends; see `SupportsExclusive`."""
        with self._lock:
            self._check_open()
            mark = len(self._journal)
            self._depth += 1
            try:
                yield self
            except BaseException:
                self._take_back(mark)
                raise
            finally:
                self._depth -= 1
                if not self._depth:
                    self._journal.clear()

    def _declare(self, collection: Collection) -> Collection:
        stored = self._declared.get(collection.name)
        return collection if stored is None else merge_declarations(stored, collection)

    def _get(self, request: GetRequest) -> dict[str, Row]:
        with self._lock:
            table = self._table(request.project, request.collection.name)
            return {item: _trim(table[item], request.include) for item in request.ids if item in table}

    def _list_ids(self, request: CountRequest) -> list[str]:
        return sorted(row.id for row in self._matching(request.project, request.collection, request.where))

    def _scan(self, request: ScanRequest) -> Page:
        rows = self._matching(request.project, request.collection, request.where)
        keyed = sorted((_sort_key(_cursor(row, request.order)), row.id, row) for row in rows)
        if request.descending:
            keyed.reverse()
        if request.after is not None:
            edge = _sort_key(request.after)
            keyed = [item for item in keyed if (item[0] < edge if request.descending else item[0] > edge)]
        page = [row for _, _, row in keyed[: request.limit]]
        more = len(keyed) > len(page)
        return Page(
            rows=tuple(_trim(row, request.include) for row in page),
            after=_cursor(page[-1], request.order) if more else None,
        )

    def _search(self, request: SearchRequest) -> list[Match]:
        rows = self._matching(request.project, request.collection, request.where)
        query = request.query
        scored = _by_terms(query, rows) if isinstance(query, Terms) else _by_cosine(query, rows)
        best = sorted(scored, key=lambda item: (-item[0], item[2].id))[: request.limit]
        return [Match(row=_trim(row, request.include), evidence=evidence) for _, evidence, row in best]

    def _count(self, request: CountRequest) -> Counts:
        rows = self._matching(request.project, request.collection, request.where)
        return Counts(rows=len(rows), terms={term: sum(term in row.terms for row in rows) for term in request.terms})

    def _groups(self, request: GroupRequest) -> GroupPage:
        groups: dict[str, list[Row]] = {}
        for row in self._matching(request.project, request.collection, request.where):
            value = row.fields.get(request.field)
            for text in (value,) if isinstance(value, str) else cast("tuple[str, ...]", value or ()):
                if request.after is None or text > request.after:
                    groups.setdefault(text, []).append(row)
        values = sorted(groups)
        page = values[: request.limit]
        return GroupPage(
            groups=tuple(_group(value, groups[value], request.of) for value in page),
            after=page[-1] if len(values) > len(page) else None,
        )

    def _apply(self, project: str, batch: Sequence[Write]) -> Applied:
        with self.exclusive():
            return Applied(tuple(self._write(project, write, index) for index, write in enumerate(batch)))

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
                test = matcher(write.where)
                found = sorted(row.id for row in table.values() if test(row))[: write.limit]
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
        fields = {name: value for name, value in {**row.fields, **write.fields}.items() if value is not None}
        changed = replace(
            row,
            fields=fields,
            metadata=row.metadata if write.metadata is None else write.metadata,
            payload=row.payload if write.payload is None else write.payload,
        )
        return self._set(table, write.id, changed)

    def _scrub(self) -> Scrubbed:
        return Scrubbed(bytes="pending", reason="memory that the process gave up is not overwritten; end the process")

    def _check(self, *, repair: bool) -> list[Finding]:  # noqa: ARG002 - nothing is derived, nothing to mend
        return []

    def _close(self) -> None:
        with self._lock:
            self._tables.clear()

    def _table(self, project: str, collection: str) -> _Table:
        return self._tables.setdefault((project, collection), {})

    def _matching(self, project: str, collection: Collection, where: Filter) -> list[Row]:
        test: Callable[[Row], bool] = matcher(where)
        with self._lock:
            return [row for row in self._table(project, collection.name).values() if test(row)]

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


def _trim(row: Row, include: frozenset[Part]) -> Row:
    return Row(
        id=row.id,
        fields=dict(row.fields),
        terms=row.terms if "terms" in include else (),
        metadata=deepcopy(row.metadata) if "metadata" in include else {},
        payload=row.payload if "payload" in include else b"",
        vectors={name: vector for name, vector in row.vectors.items() if name in include},
    )


def _kept(vectors: Mapping[str, Vector]) -> Mapping[str, Vector]:
    """Return copies that neither who stored them nor who reads them can change."""
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    kept = {name: np.array(vector, dtype=np.float32) for name, vector in vectors.items()}
    for vector in kept.values():
        vector.flags.writeable = False
    return kept


def _cursor(row: Row, order: str | None) -> Cursor:
    value = None if order is None else row.fields.get(order)
    return cast("Cursor", (value, row.id))


def _sort_key(cursor: Cursor) -> tuple[bool, str | int | float, str]:
    value, row_id = cursor
    return (value is not None, 0 if value is None else value, row_id)


def _group(value: str, rows: list[Row], of: str | None) -> Group:
    if of is None:
        return Group(value=value, rows=len(rows))
    bounds = [cast("float", row.fields[of]) for row in rows if of in row.fields]
    return Group(value=value, rows=len(rows), least=min(bounds, default=None), most=max(bounds, default=None))


def _by_terms(query: Terms, rows: Iterable[Row]) -> Iterator[tuple[float, Evidence, Row]]:
    for row in rows:
        held = frozenset(query.weights).intersection(row.terms)
        if held:
            yield math.fsum(query.weights[term] for term in held), Evidence(terms=held), row


def _by_cosine(query: Nearest, rows: Iterable[Row]) -> Iterator[tuple[float, Evidence, Row]]:
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    wanted = np.asarray(query.vector, dtype=np.float64)
    for row in rows:
        vector = row.vectors.get(query.space)
        if vector is not None:
            kept = np.asarray(vector, dtype=np.float64)
            length = float(np.linalg.norm(wanted) * np.linalg.norm(kept))
            cosine = float(wanted @ kept) / length if length else 0.0
            yield cosine, Evidence(cosine=cosine), row
