"""Writing behind the caller's back: in order, bounded, and waited for by whoever reads next."""

from __future__ import annotations

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as futures_wait
from threading import BoundedSemaphore, Lock
from typing import TYPE_CHECKING

from mnemon.errors import ClosedError, ConfigError
from mnemon.types.jsonvalue import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from mnemon.types.scope import Scope

__all__ = ["WriteQueue"]

_log = logging.getLogger("mnemon.adapting")


class WriteQueue:
    """Writes that one thread carries out in order.

    Who puts waits while `most` are pending. A failure is logged when it happens, and raised by the next
    `wait` for its scope. At the end of the program what is pending is written first.
    """

    def __init__(self, *, most: int = 1_000) -> None:
        """Hold so many writes at most.

        Raises:
            ConfigError: not a whole number from 1.
        """
        if isinstance(most, bool) or not isinstance(most, int) or most < 1:  # pyright: ignore[reportUnnecessaryIsInstance]
            msg = f"a queue holds a whole number of writes from 1, not {shown(most)}"
            raise ConfigError(msg)
        self._room = BoundedSemaphore(most)
        self._lock = Lock()
        self._pending: list[tuple[Scope, Future[None]]] = []
        self._failed: list[tuple[Scope, BaseException]] = []
        # Its thread is begun at the first write, and joined when the interpreter ends.
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mnemon-write")

    def put(self, scope: Scope, write: Callable[[], object]) -> None:
        """Carry out a write soon; `scope` is whose it is.

        Raises:
            ClosedError: this queue was closed, or the program ends.
        """
        self._room.acquire()  # given back when it is written
        try:
            with self._lock:
                self._pending.append((scope, self._worker.submit(self._carry_out, scope, write)))
        except RuntimeError as error:
            self._room.release()
            msg = "what writes in the background is closed, so nothing more can be remembered; build a new one"
            raise ClosedError(msg) from error

    def concerns(self, scope: Scope | None) -> bool:
        """Whether something is pending or failed that a reader of this scope has to wait for; None for any."""
        with self._lock:
            return any(_seen_by(scope, one) for one, _ in (*self._pending, *self._failed))

    def wait(self, scope: Scope | None = None) -> None:
        """Wait until everything that this scope would read is written; None for everything.

        Raises:
            StoreError: what a write of this scope raised since it was last waited for; the first one.
        """
        with self._lock:
            futures = [future for one, future in self._pending if _seen_by(scope, one)]
        futures_wait(futures)
        with self._lock:
            failed = [error for one, error in self._failed if _seen_by(scope, one)]
            self._failed = [(one, error) for one, error in self._failed if not _seen_by(scope, one)]
        if failed:
            raise failed[0]

    def close(self) -> None:
        """Wait for everything and take no more.

        Raises:
            StoreError: as `wait`.
        """
        self._worker.shutdown(wait=True)
        self.wait()

    def _carry_out(self, scope: Scope, write: Callable[[], object]) -> None:
        try:
            write()
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody is there to catch it but the next wait
            _log.error("a write in the background failed: %s (%s)", type(error).__name__, error)
            with self._lock:
                self._failed.append((scope, error))
        finally:
            self._room.release()
            with self._lock:
                self._pending = [pair for pair in self._pending if not pair[1].running()]


def _seen_by(reader: Scope | None, writer: Scope) -> bool:
    return reader is None or reader.to_dict().items() <= writer.to_dict().items()
