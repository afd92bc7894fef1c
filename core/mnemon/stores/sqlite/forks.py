"""What a fork may not carry along: SQLite's open files.

SQLite keeps one table of file locks for a whole process. A child inherits the table, but not the locks: it would
open the file without taking any, the parent would believe to be the last one when it closes, and remove the log
that the child writes to. So everything is closed before a fork, and opened anew by the next call. Where that
cannot be, since a call is at work, the child does not open that file.
"""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, ClassVar, NoReturn, Protocol
from weakref import WeakSet

from mnemon.errors import ClosedError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Hashable

__all__ = ["Forkable", "Gate", "Inherited", "is_inherited", "watch_forks"]

_PATIENCE_S = 2.0
"""How long a fork waits for the calls of other threads, on all stores together; ours take milliseconds, a unit of
work may take longer."""


class Gate:
    """Knows which calls are inside, and lets no more in while the process forks.

    A call puts itself down and then looks whether a fork is on its way, and a fork announces itself and then looks
    who is put down: one of them sees the other, so that calls need no lock where nobody forks.
    """

    __slots__ = ("_changed", "_forking", "_inside")

    def __init__(self) -> None:
        """Stand open."""
        self._changed = threading.Condition()
        self._inside: list[int] = []
        self._forking = False

    def enter(self) -> int:
        """Let a call in, after the fork if there is one; return what to leave with."""
        thread = threading.get_ident()
        self._inside.append(thread)
        if self._forking:
            self._enter_later(thread)
        return thread

    def _enter_later(self, thread: int) -> None:
        self.leave(thread)
        with self._changed:
            while self._forking and thread not in self._inside:
                self._changed.wait()
            self._inside.append(thread)

    def leave(self, thread: int) -> None:
        """Let a call out."""
        self._inside.remove(thread)
        if self._forking:
            with self._changed:
                self._changed.notify_all()

    def shut(self) -> None:
        """Let nobody in any more who is not inside."""
        with self._changed:
            self._forking = True

    def is_empty_by(self, until: float) -> bool:
        """Wait until nobody is inside, or for that moment of `time.monotonic`; return whether nobody is.

        A thread that forks inside a call of its own does not wait for itself, nor for others, who may wait for it.
        """
        with self._changed:
            mine = threading.get_ident() in self._inside
            return not mine and self._changed.wait_for(lambda: not self._inside, max(0.0, until - time.monotonic()))

    def open(self) -> None:
        """Let calls in again."""
        with self._changed:
            self._forking = False
            self._changed.notify_all()

    def forget_fork(self) -> None:
        """Go on in a child, where a thread of the parent may have held the lock: to leave takes none from now on."""
        self._forking = False


class Inherited:
    """Stands for a connection that a fork carried along, which is neither used in the child nor closed there."""

    _kept: ClassVar[list[sqlite3.Connection]] = []

    def __init__(self, raw: sqlite3.Connection, message: str) -> None:
        """Keep what it stands for from being closed."""
        self._kept.append(raw)
        self._message = message

    def __getattr__(self, _: str) -> NoReturn:
        """Refuse every use."""
        raise ClosedError(self._message)


class Forkable(Protocol):
    """What has files open that no child may inherit."""

    def announce_fork(self) -> None:
        """Open none until `follow_fork`."""
        ...

    def prepare_fork(self, until: float) -> None:
        """Close them, if those at work with them have ended by a moment of `time.monotonic`."""
        ...

    def follow_fork(self) -> None:
        """Go on, in the parent."""
        ...

    def abandon(self) -> Hashable:
        """Never touch again what is open, in the child; return the identity of the file, or None if nothing is."""
        ...


_watched: WeakSet[Forkable] = WeakSet()
_watching = threading.RLock()
_inherited: set[Hashable] = set()


def watch_forks(opener: Forkable) -> None:
    """Prepare an opener for every fork to come."""
    with _watching:
        _watched.add(opener)


def is_inherited(file: Hashable) -> bool:
    """Whether a file was open in this process's parent when it forked."""
    return file in _inherited


def _before() -> None:
    _watching.acquire()
    until = time.monotonic() + _PATIENCE_S
    for opener in _watched:  # before any is waited for: the calls on all of them end meanwhile
        opener.announce_fork()
    for opener in _watched:
        opener.prepare_fork(until)


def _after_in_parent() -> None:
    try:
        for opener in _watched:
            opener.follow_fork()
    finally:
        _watching.release()


def _after_in_child() -> None:
    global _watching  # noqa: PLW0603 - a lock of this process's own
    _watching = threading.RLock()
    for opener in _watched:
        file = opener.abandon()
        if file is not None:
            _inherited.add(file)
    _watched.clear()


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child)
