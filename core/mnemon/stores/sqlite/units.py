"""A store inside one transaction of another: a unit of work, and the store as it was at one moment."""

from __future__ import annotations

import threading
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from mnemon.errors import InvalidInputError, StoreConflictError, StoreError, StoreReadOnlyError
from mnemon.protocols.capabilities import Capability
from mnemon.stores.sqlite.failures import translated
from mnemon.stores.sqlite.operations import SQLiteOperations
from mnemon.stores.sqlite.writer import newest_of, write_in_unit
from mnemon.types.storage import Applied, Scrubbed

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path
    from types import TracebackType

    from mnemon.stores.sqlite.connections import Connection
    from mnemon.stores.sqlite.matrices import Matrices
    from mnemon.types.requests import ScanRequest
    from mnemon.types.storage import Collection, Page, Write

__all__ = ["Lending", "Snapshot", "Unit"]


_NO_OTHERS = nullcontext()


class Lending:
    """A connection that is in a transaction, lent; a class, since a generator takes three times as long."""

    __slots__ = ("_connection", "_path", "_turn")

    def __init__(self, connection: Connection, path: Path, turn: AbstractContextManager[object] = _NO_OTHERS) -> None:
        """Take what is lent, and what keeps other threads from it meanwhile."""
        self._connection = connection
        self._path = path
        self._turn = turn

    def __enter__(self) -> Connection:
        """Lend it."""
        self._turn.__enter__()
        return self._connection

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Raise what a condition raised, and SQLite's errors as mnemon's.

        An error that is neither goes on by itself: raised once more from here it would hold, by this frame,
        itself, and so the files that were open.
        """
        translation = translated(self._path)
        try:
            with translation:
                self._connection.stop_asking(error)
            translation.__exit__(kind, error, trace)
        finally:
            self._turn.__exit__(None, None, None)


class _Lent(SQLiteOperations):
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
        # SQLite lets a thread wait for a connection without letting go of Python's own lock, and the one that
        # has the connection needs that lock to answer a condition: two threads at once would stop everything.
        self._turn = threading.RLock()

    def _check_alive(self) -> None:
        if not self._connection.raw.in_transaction:
            msg = f"SQLite took the unit of work on {self._path} back after an error inside it; begin a new one"
            raise StoreError(msg)

    def _reading(self) -> AbstractContextManager[Connection]:
        self._check_alive()
        return Lending(self._connection, self._path, self._turn)

    def _declare(self, collection: Collection) -> Collection:
        msg = f"declare {collection.name!r} on the store itself, before the unit of work or the snapshot begins"
        raise InvalidInputError(msg)

    def _close(self) -> None:
        self._connection.conditions.clear()


class Unit(_Lent):
    """A unit of work: what it writes is committed at its end."""

    _written = False

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What the store can do, but for what begins a transaction of its own."""
        return frozenset(Capability) - {Capability.EXCLUSIVE, Capability.SNAPSHOT, Capability.CHANGES}

    @contextmanager
    def _writing(self) -> Generator[Connection]:
        """Write so that a batch that fails is taken back alone; some errors make SQLite take back the whole unit."""
        with self._turn, translated(self._path), self._connection.asking():
            self._check_alive()
            self._written = True
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
        a row. What stops a batch that needs none is the file, or an interrupt, and takes the whole unit back.
        """
        with self._turn:
            self._check_alive()
            written, self._written = self._written, True
            with translated(self._path):
                try:
                    counts = write_in_unit(self._connection, project, batch)
                except StoreConflictError:
                    self._written = written
                    raise
                except BaseException:
                    self._connection.roll_back()
                    raise
            if counts is not None:
                return Applied(counts)
            self._written = written
            return super()._apply(project, batch)

    def _scan(self, request: ScanRequest) -> Page:
        """Return one page; the newest row of a value is remembered from one unit to the next."""
        with self._turn:
            self._check_alive()
            newest = newest_of(self._connection, request.collection.name, request.project)
            page = None if newest is None else newest.answer(request)
            if page is None:
                page = super()._scan(request)
                if newest is not None:
                    newest.learn(request, page)
            return page

    def _caches(self) -> bool:
        return not self._written

    def _scrub(self) -> Scrubbed:
        return Scrubbed(bytes="pending", reason="a unit of work is not finished; scrub after it")


class Snapshot(_Lent):
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
