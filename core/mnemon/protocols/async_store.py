"""The narrow waist: what a backend does for everything above it.

Collections are declared as data, rows are addressed by project and id, and a handful of
operations serve every feature of the library. The promises of each operation are the tests of
`mnemon.testing.store_suite`; `docs/how-to/write-a-store.md` shows a backend being written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractAsyncContextManager

    from mnemon.protocols.capabilities import Capability
    from mnemon.types.changes import Changes, Mark
    from mnemon.types.filters import Filter
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

__all__ = ["AsyncStore", "AsyncSupportsChanges", "AsyncSupportsExclusive", "AsyncSupportsSnapshot"]


@runtime_checkable
class AsyncStore(Protocol):
    """Rows of declared collections, kept apart by project.

    Every operation but `declare`, `collections`, `scrub`, `check` and `close` takes the project first: nothing
    that it reads or writes crosses it. Filters are bound and values checked before a backend sees
    them; reads leave out the parts of a row that `include` does not name, and the fields that `fields`
    does not name where it names some.

    Raises (every operation): `ClosedError` after close, `InvalidInputError` for a value that
    cannot be what the operation takes (`InvalidFilterError` for a filter), `StoreError` and its
    kinds when the backend fails.
    """

    @property
    def capabilities(self) -> frozenset[Capability]:
        """The promises that this store keeps beyond those that all keep."""
        ...

    async def declare(self, *collections: Collection) -> None:
        """Make the collections usable; calling it again, from another process too, changes nothing.

        Fields, spaces and indexes may be added to what an earlier version declared; nothing may
        be taken away or change its kind.

        Raises:
            SchemaMismatchError: the stored declaration does not fit; the message names each difference.
        """
        ...

    async def collections(self) -> list[Collection]:
        """Return every collection that was ever declared here, by whomever, as it is now; by name."""
        ...

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
        """Return the rows of these ids that exist, by id, in the order of `ids`.

        `decisive` reads the newest acknowledged state even from a cluster of which a node just
        came back; elsewhere it changes nothing.
        """
        ...

    async def list_ids(self, project: str, collection: str, where: Filter | None = None) -> list[str]:
        """Return the ids of all rows that match, sorted; always decisive."""
        ...

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
        """Return one page of the rows that match, by an ordered field and then by id.

        Without `order` rows come by id. Rows without the field come first, last when descending.
        A row that is there from the first page to the last is returned exactly once, whatever
        else is written meanwhile, unless its own place in the order changes. `limit` is 1 to 10,000.
        """
        ...

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
        """Return the rows that match, best first, each with its evidence.

        Text: by the summed weight of the terms that a row holds; rows that hold none are not
        found. Vector: by cosine; every row with a vector in the space is found. Ties come in any
        order that does not change while nothing is written. `limit` is 1 to 10,000.
        """
        ...

    async def count(
        self, project: str, collection: str, where: Filter | None = None, *, terms: Sequence[str] = ()
    ) -> Counts:
        """Count the rows that match, and of them those that hold each term."""
        ...

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
        """Group the rows that match by a key or tag, with counts, by ascending value.

        `of` names an ordered field whose least and greatest value each group tells. Rows without
        a value are in no group. `limit` is 1 to 10,000.
        """
        ...

    async def apply(self, project: str, batch: Sequence[Write]) -> Applied:
        """Carry out the writes in order.

        One transaction where the store is `ATOMIC`. Elsewhere the writes are carried out one by
        one in this order, and repeating the same batch finishes what an interrupted one began:
        put the row that makes others visible last.

        Raises:
            StoreConflictError: `existing="abort"` found a row, or `expect` did not hold.
        """
        ...

    async def scrub(self) -> Scrubbed:
        """Make the bytes of deleted rows unrecoverable, in files and indexes."""
        ...

    async def check(self, *, repair: bool = False) -> list[Finding]:
        """Compare rows with what is derived from them; with `repair`, derive it anew."""
        ...

    async def aclose(self) -> None:
        """Give up every resource; a second call does nothing."""
        ...


@runtime_checkable
class AsyncSupportsExclusive(Protocol):
    """A store where reading, deciding and writing can be one unit of work."""

    def exclusive(self) -> AbstractAsyncContextManager[AsyncStore]:
        """Return a context in which no other writer commits, in this process or another.

        What is read inside is the newest state. What is applied inside is committed together
        when the block ends, and taken back when it raises. Inside, use the store that the
        context gives, not the one it came from; units do not nest. An error that makes the backend
        take the whole unit back, such as a full disk, leaves it unusable: later calls raise `StoreError`.
        """
        ...


@runtime_checkable
class AsyncSupportsSnapshot(Protocol):
    """A store of which many reads can see one moment."""

    def snapshot(self) -> AbstractAsyncContextManager[AsyncStore]:
        """Return a context whose store reads what was there at its beginning, while others go on writing.

        Writing to it is a `StoreReadOnlyError`. Keep it no longer than needed: a backend may hold back
        the room that newer writes could otherwise use again.
        """
        ...


@runtime_checkable
class AsyncSupportsChanges(Protocol):
    """A store that can tell what changed, so that what somebody made of its rows can be kept right."""

    async def changes(
        self,
        project: str,
        collection: str,
        where: Filter | None = None,
        *,
        since: Mark | None = None,
        limit: int = 1_000,
        include: Sequence[Part] = ("metadata", "payload"),
        fields: Sequence[str] | None = None,
    ) -> Changes:
        """Return which of the rows that match were added, patched or taken away since a mark; all without one.

        Who carries out every answer in turn, each with the mark of the one before and the same other
        arguments, until none is left, has the rows that matched when the last one was given. `limit`
        bounds the new rows of one answer, 1 to 10,000; changed ones may come in addition. Only
        collections with text or vectors tell their changes.
        """
        ...
