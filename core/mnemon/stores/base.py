# Generated from core/mnemon/stores/async_base.py by tests/contracts/unasync.py; edit that file.
"""The scaffold of a backend: checks everything once, so that a backend only stores and finds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Self

from mnemon.errors import ClosedError
from mnemon.logic.requests import (
    check_batch,
    check_project,
    count_request,
    find_collection,
    get_request,
    group_request,
    scan_request,
    search_request,
)
from mnemon.protocols.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mnemon.protocols.capabilities import Capability
    from mnemon.types.filters import Filter
    from mnemon.types.requests import CountRequest, GetRequest, GroupRequest, ScanRequest, SearchRequest
    from mnemon.types.storage import (
        Applied,
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

__all__ = ["BaseStore"]


class BaseStore(Store, ABC):
    """Checks what comes in, and hands the checked form to the methods that a backend writes.

    A backend writes the underscored methods. They get requests whose project and collection
    exist, whose filters are bound (`mnemon.logic.filters`) and whose limits are within bounds, and
    rows and vectors as they are to be kept.
    """

    def __init__(self) -> None:
        """Start with nothing declared."""
        self._declared: dict[str, Collection] = {}
        self._closed = False

    @property
    @abstractmethod
    def capabilities(self) -> frozenset[Capability]:
        """The promises that this store keeps beyond those that all keep."""

    def __enter__(self) -> Self:
        """Return the store; leaving the context closes it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the store."""
        self.close()

    def declare(self, *collections: Collection) -> None:
        """Make the collections usable; see `Store.declare`."""
        self._check_open()
        for collection in collections:
            if self._declared.get(collection.name) != collection:
                self._declared[collection.name] = self._declare(collection)

    def collections(self) -> list[Collection]:
        """Return every collection that was ever declared here; see `Store.collections`."""
        self._check_open()
        found = sorted(self._list_collections(), key=lambda collection: collection.name)
        for collection in found:  # what another program declared can be used here, too: erasing a person needs it
            self._declared.setdefault(collection.name, collection)
        return found

    def get(
        self,
        project: str,
        collection: str,
        ids: Sequence[str],
        *,
        include: Sequence[Part] = ("metadata", "payload"),
        fields: Sequence[str] | None = None,
        decisive: bool = False,
    ) -> dict[str, Row]:
        """Return the rows of these ids that exist; see `Store.get`."""
        request = get_request(self._find(collection), project, ids, include=include, fields=fields, decisive=decisive)
        found = self._get(request)
        return {item: found[item] for item in request.ids if item in found}

    def list_ids(self, project: str, collection: str, where: Filter | None = None) -> list[str]:
        """Return the ids of all rows that match, sorted; see `Store.list_ids`."""
        return self._list_ids(count_request(self._find(collection), project, where, terms=()))

    def scan(
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
        """Return one page of the rows that match; see `Store.scan`."""
        request = scan_request(
            self._find(collection),
            project,
            where,
            order=order,
            descending=descending,
            after=after,
            limit=limit,
            include=include,
            fields=fields,
        )
        return self._scan(request)

    def search(
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
        """Return the rows that match, best first; see `Store.search`."""
        request = search_request(
            self._find(collection), project, query, where, limit=limit, include=include, fields=fields
        )
        return self._search(request)

    def count(self, project: str, collection: str, where: Filter | None = None, *, terms: Sequence[str] = ()) -> Counts:
        """Count the rows that match; see `Store.count`."""
        return self._count(count_request(self._find(collection), project, where, terms=terms))

    def groups(
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
        """Group the rows that match by a key or tag; see `Store.groups`."""
        request = group_request(self._find(collection), project, field, where, of=of, after=after, limit=limit)
        return self._groups(request)

    def apply(self, project: str, batch: Sequence[Write]) -> Applied:
        """Carry out the writes in order; see `Store.apply`."""
        self._check_open()
        return self._apply(check_project(project), check_batch(batch, self._declared))

    def scrub(self) -> Scrubbed:
        """Make the bytes of deleted rows unrecoverable; see `Store.scrub`."""
        self._check_open()
        return self._scrub()

    def check(self, *, repair: bool = False) -> list[Finding]:
        """Compare rows with what is derived from them; see `Store.check`."""
        self._check_open()
        return self._check(repair=repair)

    def close(self) -> None:
        """Give up every resource; a second call does nothing."""
        if not self._closed:
            self._closed = True
            self._close()

    def _find(self, collection: str) -> Collection:
        self._check_open()
        return find_collection(self._declared, collection)

    def _check_open(self) -> None:
        if self._closed:
            msg = f"this {type(self).__name__} is closed; open a new one"
            raise ClosedError(msg)

    @abstractmethod
    def _declare(self, collection: Collection) -> Collection:
        """Create or extend what keeps the collection, and return the declaration as it is now."""

    @abstractmethod
    def _list_collections(self) -> Iterable[Collection]:
        """Return every stored declaration, in any order."""

    @abstractmethod
    def _get(self, request: GetRequest) -> dict[str, Row]:
        """Return the rows that exist, in any order."""

    @abstractmethod
    def _list_ids(self, request: CountRequest) -> list[str]:
        """Return all ids that match, sorted by code point; the request asks for no terms."""

    @abstractmethod
    def _scan(self, request: ScanRequest) -> Page:
        """Return one page."""

    @abstractmethod
    def _search(self, request: SearchRequest) -> list[Match]:
        """Return the best rows with their evidence."""

    @abstractmethod
    def _count(self, request: CountRequest) -> Counts:
        """Count rows, and rows per term."""

    @abstractmethod
    def _groups(self, request: GroupRequest) -> GroupPage:
        """Return one page of groups."""

    @abstractmethod
    def _apply(self, project: str, batch: Sequence[Write]) -> Applied:
        """Carry out checked writes."""

    @abstractmethod
    def _scrub(self) -> Scrubbed:
        """Make deleted bytes unrecoverable."""

    @abstractmethod
    def _check(self, *, repair: bool) -> list[Finding]:
        """Compare rows with what is derived from them."""

    @abstractmethod
    def _close(self) -> None:
        """Give up every resource; called once."""
