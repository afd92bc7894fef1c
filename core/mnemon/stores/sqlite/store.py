"""The embedded store: one SQLite file, any number of threads and processes."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING

from mnemon.errors import InvalidInputError, StoreError, StoreReadOnlyError
from mnemon.logic.requests import changes_request
from mnemon.protocols.capabilities import Capability
from mnemon.stores.base import BaseStore
from mnemon.stores.sqlite import reader
from mnemon.stores.sqlite.audit import audit_collection
from mnemon.stores.sqlite.changes import changes_since, check_mark, no_changes
from mnemon.stores.sqlite.connections import Connection, Connections, Durability
from mnemon.stores.sqlite.copies import copy_to
from mnemon.stores.sqlite.failures import translated
from mnemon.stores.sqlite.files import absolute_path, check_library, prepare_file
from mnemon.stores.sqlite.matrices import Matrices
from mnemon.stores.sqlite.places import forget_places
from mnemon.stores.sqlite.schema import check_ours, declare_collection, migrate, project_number, stored_collections
from mnemon.stores.sqlite.search import place_of, search_terms, search_vector
from mnemon.stores.sqlite.writer import has_no_conflict, write_batch
from mnemon.types.storage import Applied, Finding, Nearest, Scrubbed

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Generator, Iterable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from mnemon.types.changes import Changes, Mark
    from mnemon.types.filters import Filter
    from mnemon.types.requests import CountRequest, GetRequest, GroupRequest, ScanRequest, SearchRequest
    from mnemon.types.storage import Collection, Counts, GroupPage, Match, Page, Part, Row, Write

__all__ = ["SQLiteStore"]

_DEFAULT_CACHE_BYTES = 268_435_456


class _SQLiteOperations(BaseStore):
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
            damage = connection.rows("PRAGMA quick_check(1)")
            if damage != [("ok",)]:
                return [Finding(collection="", kind="the file is damaged", ids=(), rows=0, repaired=False)]
            collections = stored_collections(connection)
            connection.remembered.clear()  # numbers that the damage has made wrong
            return [
                finding
                for name in sorted(collections)
                for finding in audit_collection(connection, collections[name], repair=repair)
            ]


class SQLiteStore(_SQLiteOperations):
    """Keeps everything in one SQLite file, which many threads and processes may have open at once.

    Tested on Linux; Windows and macOS are untested. See `docs/explanation/durability.md` for what a
    commit survives, and `docs/explanation/embedded-store.md` for how rows, postings and vectors are kept.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        durability: Durability = "process",
        cache_bytes: int = _DEFAULT_CACHE_BYTES,
        max_bytes: int | None = None,
    ) -> None:
        """Open the file, creating it (mode 0600, new folders 0700) or bringing it to this version.

        Args:
            path: the file; its write-ahead log lies beside it.
            durability: `process` (the default) keeps every acknowledged write when the process is
                killed; `full` also when the power fails, at the price of one fsync a commit.
            cache_bytes: bound of the vectors kept in memory; 256 MiB.
            max_bytes: size that the file may not outgrow, or None for no bound.

        Raises:
            InvalidInputError: an unknown durability, or a path that cannot name a file.
            StoreError: the place is a folder or on a network file system, or SQLite is older than 3.33.
            StoreReadOnlyError: the file cannot be written.
            StoreCorruptError: it is damaged, or no file of ours.
            SchemaMismatchError: a newer mnemon wrote it.
        """
        super().__init__()
        if durability not in ("process", "full"):
            msg = f"durability must be 'process' or 'full', not {durability!r}"
            raise InvalidInputError(msg)
        check_library()
        self._path = absolute_path(path)
        prepare_file(self._path)
        self._connections = Connections(self._path, durability=durability, max_bytes=max_bytes)
        self._matrices = Matrices(cache_bytes)
        try:
            with self._connections.reading() as connection:
                check_ours(connection, self._path)  # before a writer changes the file's journal mode
            with self._writing() as connection:
                migrate(connection, self._path)
        except BaseException:
            self._connections.close()
            raise

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @contextmanager
    def exclusive(self) -> Generator[BaseStore]:
        """Return a unit of work in which nobody else writes; see `SupportsExclusive`."""
        self._check_open()
        with self._connections.writing() as connection:
            unit = _Unit(connection, self._declared, self._matrices, self._path)
            try:
                yield unit
            finally:
                unit.close()

    @contextmanager
    def snapshot(self) -> Generator[BaseStore]:
        """Return a store that reads what is there now; see `SupportsSnapshot`.

        While it is open the write-ahead log cannot be emptied.
        """
        self._check_open()
        with self._connections.reading() as connection:
            connection.value("SELECT count(*) FROM sqlite_schema")  # the moment is that of the first read
            moment = _Snapshot(connection, self._declared, self._matrices, self._path)
            try:
                yield moment
            finally:
                moment.close()

    def changes(
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
        """Return what changed among the rows that match; see `SupportsChanges`."""
        request = changes_request(
            self._find(collection), project, where, since=since, limit=limit, include=include, fields=fields
        )
        check_mark(request.since)
        with self._connections.reading() as connection:
            number = project_number(connection, request.project)
            return no_changes(request) if number is None else changes_since(connection, request, number)

    def backup(self, path: str | os.PathLike[str], *, progress: Callable[[int, int], None] | None = None) -> int:
        """Copy the file as it is now, while others read and write; return the bytes of the copy.

        The copy gets its name once it was opened and checked. `progress` is called with how many
        of how many pages were copied.

        Raises:
            StoreError: a file of that name is there, or the place cannot be written.
            StoreCorruptError: the copy is not sound.
        """
        self._check_open()
        with self._connections.reading() as connection:
            return copy_to(connection, path, check=_is_sound, progress=progress)

    def _reading(self) -> AbstractContextManager[Connection]:
        return self._connections.reading()

    @contextmanager
    def _writing(self) -> Generator[Connection]:
        with self._connections.writing() as connection, translated(self._path), connection.asking():
            yield connection

    def _caches(self) -> bool:
        return True

    def _scrub(self) -> Scrubbed:
        """Merge the postings, so that deleted terms leave them, rewrite the file, and empty the write-ahead log.

        Places that nobody is in any more go with their terms.

        `PRAGMA secure_delete` overwrites rows and pages as they are given up, but not the copies that splitting
        a page leaves in its unused part: only rewriting the file (VACUUM) clears those. It takes time
        and room on the disk as the file is large.
        """
        with self._writing() as connection:
            connection.remembered.clear()
            for collection in stored_collections(connection).values():
                forget_places(connection, collection)
            for (table,) in connection.rows("SELECT name FROM sqlite_schema WHERE sql LIKE '%USING fts5(%'"):
                connection.execute(f"INSERT INTO {table} ({table}) VALUES ('optimize')")
        with self._connections.maintaining() as connection:
            connection.execute("VACUUM")
            busy = connection.truncate_log()
        if busy:
            return Scrubbed(bytes="pending", reason="another connection is reading the file; scrub again, or close it")
        return Scrubbed(bytes="gone")

    def _close(self) -> None:
        self._connections.close()
        self._matrices.clear()


def _is_sound(path: Path) -> bool:
    """Whether a file opens, and what is derived in it fits its rows."""
    with SQLiteStore(path) as copy:
        return not copy.check()


class _Lent(_SQLiteOperations):
    """A store inside one transaction of another."""

    def __init__(
        self,
        connection: Connection,
        declared: dict[str, Collection],
        matrices: Matrices,
        path: Path,
    ) -> None:
        super().__init__()
        self._connection = connection
        self._declared = dict(declared)
        self._matrices = matrices
        self._path = path

    def _check_alive(self) -> None:
        if not self._connection.raw.in_transaction:
            msg = f"SQLite took the unit of work on {self._path} back after an error inside it; begin a new one"
            raise StoreError(msg)

    @contextmanager
    def _reading(self) -> Generator[Connection]:
        self._check_alive()
        with translated(self._path), self._connection.asking():
            yield self._connection

    def _declare(self, collection: Collection) -> Collection:
        msg = f"declare {collection.name!r} on the store itself, before the unit of work or the snapshot begins"
        raise InvalidInputError(msg)

    def _close(self) -> None:
        self._connection.conditions.clear()


class _Unit(_Lent):
    """A unit of work: what it writes is committed at its end."""

    _written = False

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What the store can do, but for what begins a transaction of its own."""
        return frozenset(Capability) - {Capability.EXCLUSIVE, Capability.SNAPSHOT, Capability.CHANGES}

    @contextmanager
    def _writing(self) -> Generator[Connection]:
        """Write so that a batch that fails is taken back alone; some errors make SQLite take back the whole unit."""
        self._check_alive()
        self._written = True
        with translated(self._path), self._connection.asking():
            try:
                self._connection.execute("SAVEPOINT batch")
                yield self._connection
                self._connection.execute("RELEASE batch")
            except BaseException:
                self._connection.remembered.clear()
                if self._connection.raw.in_transaction:
                    self._connection.execute("ROLLBACK TO batch")
                    self._connection.execute("RELEASE batch")
                raise

    def _apply(self, project: str, batch: Sequence[Write]) -> Applied:
        """Carry out a batch, without a savepoint where none is needed.

        Under a savepoint SQLite copies every page before it changes it, which takes as long as inserting
        a row. To look first whether the batch can conflict takes a tenth of that; what then still fails is
        the file, and the whole unit with it.
        """
        self._check_alive()
        with translated(self._path):
            safe = has_no_conflict(self._connection, project, batch)
            if not safe:
                return super()._apply(project, batch)
            self._written = True
            try:
                return Applied(write_batch(self._connection, project, batch))
            except BaseException:
                self._connection.roll_back()
                raise

    def _caches(self) -> bool:
        return not self._written

    def _scrub(self) -> Scrubbed:
        return Scrubbed(bytes="pending", reason="a unit of work is not finished; scrub after it")


class _Snapshot(_Lent):
    """The store as it was at one moment."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What reading needs."""
        return super().capabilities - {Capability.EXCLUSIVE, Capability.SNAPSHOT, Capability.SCRUBS, Capability.CHANGES}

    def _writing(self) -> AbstractContextManager[Connection]:
        msg = f"a snapshot of {self._path} only reads; write to the store itself"
        raise StoreReadOnlyError(msg)

    def _caches(self) -> bool:
        return False  # the cache is of now

    def _scrub(self) -> Scrubbed:
        return Scrubbed(bytes="pending", reason="a snapshot is open; scrub the store itself after it")
