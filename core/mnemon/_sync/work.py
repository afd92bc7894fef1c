# Generated from core/mnemon/_async/work.py by tests/contracts/unasync.py; edit that file.
"""Reading, deciding and writing as one piece of work, where a store can."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from mnemon.protocols.store import Store

__all__ = ["one_moment", "unit_of_work"]


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
