# Generated from core/mnemon/_async/work.py by tests/contracts/unasync.py; edit that file.
"""Reading, deciding and writing as one piece of work, where a store can."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mnemon.protocols.capabilities import Capability
from mnemon.types.times import format_time

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from mnemon._sync.desk import Desk
    from mnemon.protocols.store import Store

__all__ = ["at_work_since", "one_moment", "unit_of_work"]

_AT_WORK = timedelta(minutes=10)
"""For how long after its time the writer of half-done work may still be at it.

A call of a memory is some ten requests, and each may take 20 seconds with its repetitions (`timeout_s` of a store),
which is less than four minutes. The rest is for clocks that differ.
"""


def at_work_since(desk: Desk) -> str | None:
    """Return since when what was written may have a writer who is still at it; None where nobody else writes."""
    return None if Capability.EXCLUSIVE in desk.store.capabilities else format_time(desk.clock() - _AT_WORK)


def unit_of_work(store: Store) -> AbstractContextManager[Store]:
    """Return a store in which nobody else writes until the block ends, or the store itself where it has none."""
    # Not isinstance of the protocol, which looks at every name of it at each call.
    exclusive = getattr(store, "exclusive", None)
    return _Itself(store) if exclusive is None else exclusive()


def one_moment(store: Store) -> AbstractContextManager[Store]:
    """Return a store whose reads all see one moment, or the store itself where it has none."""
    snapshot = getattr(store, "snapshot", None)
    return _Itself(store) if snapshot is None else snapshot()


class _Itself:
    """A store as the unit of its own work, and as the moment of its own reads."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __enter__(self) -> Store:
        return self._store

    def __exit__(self, *_: object) -> None:
        pass
