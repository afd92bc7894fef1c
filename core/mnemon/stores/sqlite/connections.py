"""Connections to one file: many readers, one writer, none carried over a fork or to another file."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast

from mnemon.errors import ClosedError, StoreError
from mnemon.stores.sqlite.failures import translated
from mnemon.stores.sqlite.forks import Gate, Inherited, is_inherited, watch_forks

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

__all__ = ["Connection", "Connections", "Durability", "Parameter"]

_logger = logging.getLogger(__name__)

Durability = Literal["process", "full"]
"""`process`: what was acknowledged survives the death of the process; `full`: a power cut too."""

Parameter = str | int | float | bytes | None

_BUSY_TIMEOUT_S = 60.0
"""How long a call waits for another process's transaction; ours take milliseconds."""
_READER_TIMEOUT_MS = 500
"""How long emptying the log waits for readers, which may stay as long as they like."""
_CACHE_KIB = 32_768
_MOST_IDLE = 16
"""Readers kept open when nobody uses them; each holds two file descriptors and a cache."""
_MANY_TOKENS = 1_024
_CHECKPOINT_PAGES = 4_000
"""Pages of 4 KiB in the log before they are moved to the file: pages written often are moved once."""
_WAL_LIMIT_BYTES = 67_108_864


class Connection:
    """One SQLite connection, and the conditions that its running statement asks Python about."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        """Register the function through which SQL asks `conditions[number]` about a value."""
        self.raw = raw
        self.conditions: list[Callable[[Parameter], bool]] = []
        self.remembered: dict[object, object] = {}
        self.indexed = 0
        self.log: tuple[int, int] | None = None
        self._most_indexed = 0
        self._data_version: Parameter = None
        self._failure: BaseException | None = None
        raw.create_function("mnemon_holds", 2, self._holds)

    def _holds(self, number: int, value: Parameter) -> bool:
        try:
            return self.conditions[number](value)
        except BaseException as failure:
            self._failure = failure  # SQLite would say no more than that a function failed
            raise

    def asking(self) -> AbstractContextManager[None]:
        """Raise what a condition raised, and not what SQLite makes of it."""
        return _Asking(self)

    def stop_asking(self, error: BaseException | None) -> None:
        """Forget the conditions; raise what one of them raised."""
        self.conditions.clear()
        failure, self._failure = self._failure, None
        try:
            if failure is not None and isinstance(error, sqlite3.Error):
                raise failure from None
        finally:
            del failure  # by this frame it would hold itself, and all that it passed through

    def execute(self, sql: str, parameters: Sequence[Parameter] = ()) -> sqlite3.Cursor:
        """Run one statement."""
        return self.raw.execute(sql, parameters)

    def rows(self, sql: str, parameters: Sequence[Parameter] = ()) -> list[tuple[Parameter, ...]]:
        """Run one query and return all its rows."""
        return self.raw.execute(sql, parameters).fetchall()

    def value(self, sql: str, parameters: Sequence[Parameter] = ()) -> Parameter:
        """Return the first column of a query's first row; None where there is no row."""
        row = self.raw.execute(sql, parameters).fetchone()
        return None if row is None else row[0]

    def roll_back(self) -> None:
        """Take the transaction back, if SQLite has not done so itself, and forget what was remembered in it."""
        self.remembered.clear()
        if self.raw.in_transaction:
            self.raw.rollback()

    def is_slowed(self) -> bool:
        """Return whether an earlier transaction left FTS5 with a hash table far larger than this one needed.

        FTS5 keeps a connection's table of pending terms at the size it once grew to, and goes through
        all of it at every commit: after a batch of 500 rows that takes longer than a whole small commit.
        """
        self._most_indexed = max(self._most_indexed, self.indexed)
        return self._most_indexed > _MANY_TOKENS > self.indexed > 0

    def recall(self, check: Callable[[Connection], object]) -> None:
        """Forget what was remembered of the file if another connection has written to it since, and check it anew."""
        version = self.value("PRAGMA data_version")
        if version != self._data_version:
            self.remembered.clear()
            check(self)
            self._data_version = version

    def truncate_log(self) -> bool:
        """Move the whole write-ahead log to the file and empty it; return whether a reader stood in the way."""
        self.execute(f"PRAGMA busy_timeout = {_READER_TIMEOUT_MS}")
        try:
            busy, _, _ = self.rows("PRAGMA wal_checkpoint(TRUNCATE)")[0]
        finally:
            self.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_S * 1000:.0f}")
        return bool(busy)


class _Asking:
    """A class, since every call enters one and a generator takes three times as long."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        self._connection.stop_asking(error)


@dataclass(slots=True, eq=False, weakref_slot=True)
class Connections:
    """Hands out readers in a snapshot each, and the one writer in a transaction.

    Attributes:
        path: the file, which exists.
        check: refuses a file that is not for this code: when it is read, and when others have written to it.
        durability: what a commit survives.
        max_bytes: size that the file may not outgrow, or None.
    """

    path: Path
    check: Callable[[Connection], object]
    durability: Durability = "process"
    max_bytes: int | None = None
    _open_ones: set[Connection] = field(default_factory=set[Connection])
    _idle: list[Connection] = field(default_factory=list[Connection])
    _writer: Connection | None = None
    _write_lock: threading.RLock = field(default_factory=threading.RLock)
    _working: bool = False
    _gate: Gate = field(default_factory=Gate)
    _emptied: bool = False
    _pid: int = field(default_factory=os.getpid)
    _address: str = field(init=False)
    _log_address: str = field(init=False)
    _file: tuple[int, int] | None = None
    _closed: bool = False

    def __post_init__(self) -> None:
        self._address = str(self.path)
        self._log_address = f"{self.path.resolve()}-wal"  # SQLite follows links, and keeps it beside the file itself
        watch_forks(self)

    @contextmanager
    def reading(self) -> Generator[Connection]:
        """Lend a connection whose reads all see one state of the file."""
        self._check_usable()
        entered = self._gate.enter()
        try:
            with translated(self.path):
                try:
                    connection = self._idle.pop()
                except IndexError:
                    connection = self._open(read_only=True)
                try:
                    connection.execute("BEGIN")
                    self.check(connection)
                    with connection.asking():
                        yield connection
                finally:
                    connection.roll_back()
                    self._give_back(connection)
        finally:
            self._gate.leave(entered)

    @contextmanager
    def writing(self) -> Generator[Connection]:
        """Lend the writer inside a transaction: committed at the end, taken back on an error.

        Errors of the block are the caller's; only those of the transaction itself are translated.
        """
        with self._turn():
            if self._working:
                msg = "this thread is inside a unit of work, and units do not nest; use the store that it gave"
                raise StoreError(msg)
            writer = self._current_writer()
            self._working = True
            try:
                # An interrupt may come with the lock just taken, so the beginning stands inside, too.
                with translated(self.path):
                    writer.execute("BEGIN IMMEDIATE")
                    writer.indexed = 0
                    writer.recall(self.check)
                    if writer.log is None:
                        writer.log = _identity(self._log_address)
                yield writer
                with translated(self.path):
                    self._commit(writer)
            except BaseException:
                with translated(self.path):
                    writer.roll_back()
                raise
            finally:
                self._working = False
                writer.conditions.clear()
            self._refresh(writer)

    def _commit(self, writer: Connection) -> None:
        if not writer.raw.in_transaction:
            msg = f"SQLite took the transaction on {self.path} back after an error inside it; nothing of it was written"
            raise StoreError(msg)
        writer.execute("COMMIT")
        if writer.log != _identity(self._log_address):
            msg = (
                f"the write-ahead log of {self.path} was deleted or replaced while it was open: what was written since "
                f"is lost once this store is closed. Read from it what you need, close it, and open it again; "
                f"leave the files beside {self.path.name} alone"
            )
            raise StoreError(msg)

    def _refresh(self, writer: Connection) -> None:
        """Open a slowed writer anew; the new one first, since the last connection to close clears the log."""
        if not writer.is_slowed() or self._closed:
            return
        try:
            with translated(self.path):
                self._writer = self._open(read_only=False)
        except StoreError as error:  # the batch is committed, so this is no failure of it
            _logger.warning("the slowed writer on %s stays in use, it cannot be opened anew: %s", self.path, error)
        else:
            self._shut(writer)

    @contextmanager
    def maintaining(self) -> Generator[Connection]:
        """Lend the writer outside of a transaction, for statements that cannot run inside one."""
        with self._turn(), translated(self.path):
            yield self._current_writer()

    @contextmanager
    def _turn(self) -> Generator[None]:
        self._check_usable()
        entered = self._gate.enter()
        try:
            with self._write_lock:
                yield
        finally:
            self._gate.leave(entered)

    def _current_writer(self) -> Connection:
        if self._writer is None:
            with translated(self.path):
                self._writer = self._open(read_only=False)
        return self._writer

    def close(self) -> None:
        """Close what is idle; a connection that is lent out is closed when it is given back."""
        if self._pid != os.getpid():
            return
        entered = self._gate.enter()
        try:
            with self._write_lock:
                self._closed = True
                self._shut_idle()
        finally:
            self._gate.leave(entered)

    def _shut_idle(self) -> None:
        while self._idle:
            self._shut(self._idle.pop())
        if self._writer is not None and not self._working:
            self._shut(self._writer)
            self._writer = None

    def _shut(self, connection: Connection) -> None:
        connection.raw.close()
        self._open_ones.discard(connection)

    def _give_back(self, connection: Connection) -> None:
        if self._closed or len(self._idle) >= _MOST_IDLE:
            self._shut(connection)
        else:
            self._idle.append(connection)
            if self._closed:
                self.close()

    def announce_fork(self) -> None:
        """Lend nothing to anybody new until the fork is over."""
        self._emptied = False
        self._gate.shut()

    def prepare_fork(self, until: float) -> None:
        """Close everything, if the calls of other threads end by then; see `forks`."""
        if self._gate.is_empty_by(until):
            self._shut_idle()
            self._emptied = True

    def follow_fork(self) -> None:
        """Go on in the parent, where connections are opened anew as they are needed."""
        self._gate.open()

    def abandon(self) -> tuple[int, int] | None:
        """Leave what is still open alone in the child, and never close it: that would touch the parent's files."""
        self._gate.forget_fork()
        if self._emptied:
            return None
        for connection in self._open_ones:
            connection.raw = cast("sqlite3.Connection", Inherited(connection.raw, self._carried_over()))
        return self._file

    def _carried_over(self) -> str:
        return (
            f"the store on {self.path} was opened in process {self._pid} and carried over a fork into "
            f"{os.getpid()}, where using it would damage the file; open it again in this process"
        )

    def _check_usable(self) -> None:
        if self._pid != os.getpid():
            raise ClosedError(self._carried_over())
        if self._closed:
            msg = f"the store on {self.path} is closed; open a new one"
            raise ClosedError(msg)
        known = self._file
        if known is None:
            self._file = _identity(self._address)
            self._check_not_inherited()
        elif known != _identity(self._address):
            msg = (
                f"{self.path} was deleted or replaced while it was open: what is written now would be lost. "
                f"Close this store and open it again; replace a file only while no store has it open"
            )
            raise StoreError(msg)

    def _check_not_inherited(self) -> None:
        if is_inherited(self._file):
            msg = (
                f"{self.path} was in use in another thread, or inside a unit of work or a snapshot, when this process "
                f"{os.getpid()} was forked: what it writes could be lost. Close the store before the fork, "
                f"or start processes with multiprocessing's 'spawn'"
            )
            raise StoreError(msg)

    def _open(self, *, read_only: bool) -> Connection:
        address = f"{self.path.as_uri()}?mode=rw"  # never creates a file: `prepare_file` has, with its permissions
        raw = sqlite3.connect(address, uri=True, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        try:
            raw.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            raw.execute("PRAGMA temp_store = MEMORY")
            if read_only:
                raw.execute("PRAGMA query_only = ON")
            else:
                self._prepare_writer(raw)
        except BaseException:
            raw.close()
            raise
        connection = Connection(raw)
        self._open_ones.add(connection)
        return connection

    def _prepare_writer(self, raw: sqlite3.Connection) -> None:
        mode = raw.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != "wal":
            msg = f"SQLite keeps {self.path} in journal mode {mode!r} and not in a write-ahead log; use another place"
            raise StoreError(msg)
        raw.execute(f"PRAGMA synchronous = {'FULL' if self.durability == 'full' else 'NORMAL'}")
        raw.execute("PRAGMA secure_delete = ON")
        raw.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        raw.execute(f"PRAGMA journal_size_limit = {_WAL_LIMIT_BYTES}")
        if self.max_bytes is not None:
            page = raw.execute("PRAGMA page_size").fetchone()[0]
            raw.execute(f"PRAGMA max_page_count = {max(1, self.max_bytes // page)}")


def _identity(address: str) -> tuple[int, int] | None:
    try:
        status = os.stat(address)  # noqa: PTH116 - at every call, and `Path.stat` takes thrice as long
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino
