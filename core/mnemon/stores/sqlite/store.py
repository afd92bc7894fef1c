"""The embedded store: one SQLite file, any number of threads and processes."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from mnemon.errors import InvalidInputError
from mnemon.logic.requests import changes_request
from mnemon.stores.sqlite.changes import changes_since, check_mark, no_changes
from mnemon.stores.sqlite.connections import Connection, Connections, Durability
from mnemon.stores.sqlite.copies import copy_to
from mnemon.stores.sqlite.files import absolute_path, check_library, prepare_file
from mnemon.stores.sqlite.matrices import Matrices
from mnemon.stores.sqlite.norms import is_of_norms
from mnemon.stores.sqlite.operations import SQLiteOperations
from mnemon.stores.sqlite.places import forget_places
from mnemon.stores.sqlite.schema import check_ours, check_version, migrate, project_number, stored_collections
from mnemon.stores.sqlite.units import Lending, Snapshot, Unit
from mnemon.types.storage import Scrubbed

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Generator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from mnemon.stores.base import BaseStore
    from mnemon.types.changes import Changes, Mark
    from mnemon.types.filters import Filter
    from mnemon.types.storage import Part

__all__ = ["SQLiteStore"]

_DEFAULT_CACHE_BYTES = 268_435_456


class SQLiteStore(SQLiteOperations):
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
        check = partial(check_version, path=self._path)
        self._connections = Connections(self._path, check, durability=durability, max_bytes=max_bytes)
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
            unit = Unit(connection, self._declared, self._matrices, self._path)
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
            moment = Snapshot(connection, self._declared, self._matrices, self._path)
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
            return copy_to(connection, path, check=_faults, progress=progress)

    def _reading(self) -> AbstractContextManager[Connection]:
        return self._connections.reading()

    @contextmanager
    def _writing(self) -> Generator[Connection]:
        with self._connections.writing() as connection, Lending(connection, self._path):
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


def _faults(path: Path) -> list[str]:
    """Open a file and return what does not fit in it."""
    with SQLiteStore(path) as copy:
        return [finding.kind for finding in copy.check() if not is_of_norms(finding)]
