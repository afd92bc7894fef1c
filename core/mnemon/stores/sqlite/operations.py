"""What a store does over a connection that it is lent, from the pool or from a unit of work."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import ExitStack, nullcontext
from typing import TYPE_CHECKING

from mnemon.protocols.capabilities import Capability
from mnemon.stores.base import BaseStore
from mnemon.stores.sqlite import reader
from mnemon.stores.sqlite.audit import audit
from mnemon.stores.sqlite.damage import damaged_parts
from mnemon.stores.sqlite.findings import FILE_DAMAGED
from mnemon.stores.sqlite.indexes import audit_indexes
from mnemon.stores.sqlite.schema import declare_collection, project_number, stored_collections
from mnemon.stores.sqlite.search import place_of, search_terms, search_vector
from mnemon.stores.sqlite.writer import write_batch
from mnemon.types.storage import Applied, Finding, Nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from contextlib import AbstractContextManager

    from mnemon.stores.sqlite.connections import Connection
    from mnemon.stores.sqlite.matrices import Matrices
    from mnemon.types.requests import CountRequest, GetRequest, GroupRequest, ScanRequest, SearchRequest
    from mnemon.types.storage import Collection, Counts, GroupPage, Match, Page, Row, Write

__all__ = ["SQLiteOperations"]


class SQLiteOperations(BaseStore):
    """What a store does over connections that a subclass lends: from the pool, or the one of a unit of work."""

    _matrices: Matrices

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Everything: one file under one lock can promise it all."""
        return frozenset(Capability)

    @abstractmethod
    def _reading(self) -> AbstractContextManager[Connection]:
        """Lend a connection whose reads all see one state."""

    @abstractmethod
    def _writing(self) -> AbstractContextManager[Connection]:
        """Lend the connection that writes, inside a transaction."""

    @abstractmethod
    def _caches(self) -> bool:
        """Whether what is read may be kept for others: not while it may still be taken back."""

    def _declare(self, collection: Collection) -> Collection:
        with self._writing() as connection:
            connection.remembered.clear()
            return declare_collection(connection, collection)

    def _list_collections(self) -> Iterable[Collection]:
        with self._reading() as connection:
            return stored_collections(connection).values()

    def _get(self, request: GetRequest) -> dict[str, Row]:
        with self._reading() as connection:
            return reader.get(connection, request)

    def _list_ids(self, request: CountRequest) -> list[str]:
        with self._reading() as connection:
            return reader.list_ids(connection, request)

    def _scan(self, request: ScanRequest) -> Page:
        with self._reading() as connection:
            return reader.scan(connection, request)

    def _count(self, request: CountRequest) -> Counts:
        with self._reading() as connection:
            return reader.count(connection, request)

    def _groups(self, request: GroupRequest) -> GroupPage:
        with self._reading() as connection:
            return reader.groups(connection, request)

    def _search(self, request: SearchRequest) -> list[Match]:
        if isinstance(request.query, Nearest):
            return self._search_vector(request)
        with self._reading() as connection:
            project = project_number(connection, request.project)
            return [] if project is None else search_terms(connection, request, project)

    def _search_vector(self, request: SearchRequest) -> list[Match]:
        place = place_of(request) if self._caches() else None
        with ExitStack() as stack:
            with nullcontext() if place is None else self._matrices.turn(place):
                connection = stack.enter_context(self._reading())
                project = project_number(connection, request.project)
                if project is None:
                    return []
                matrix = None if place is None else self._matrices.fresh(connection, place, project)
            return search_vector(connection, request, project, matrix)

    def _apply(self, project: str, batch: Sequence[Write]) -> Applied:
        if not batch:
            return Applied(())
        with self._writing() as connection:
            return Applied(write_batch(connection, project, batch))

    def _check(self, *, repair: bool) -> list[Finding]:
        with self._writing() if repair else self._reading() as connection:
            damaged = damaged_parts(connection)
            if damaged.pages:
                return [Finding(collection="", kind=FILE_DAMAGED, ids=(), rows=0, repaired=False)]
            collections = stored_collections(connection)
            connection.remembered.clear()  # numbers that the damage has made wrong
            found = audit_indexes(connection, collections, damaged.indexes, repair=repair)
            if found and repair:
                self._matrices.clear()
            return found + audit(connection, [collections[name] for name in sorted(collections)], repair=repair)
