# Generated from core/mnemon/_async/care.py by tests/contracts/unasync.py; edit that file.
"""The methods of a memory that look after its store."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from mnemon._sync.checking import examine
from mnemon._sync.face import Face
from mnemon.errors import InvalidInputError
from mnemon.logic.arguments import refuse_foreign
from mnemon.types.care import BackedUp

if TYPE_CHECKING:
    from collections.abc import Callable

    from mnemon._sync.desk import Desk
    from mnemon.types.care import Checkup

    Progress = Callable[[int, int], None]

__all__ = ["Care"]


@runtime_checkable
class SupportsBackup(Protocol):
    """A store that can be copied while it is in use."""

    def backup(self, path: str | os.PathLike[str], *, progress: Progress | None = None) -> int:
        """Copy everything as it is now to a new place; return the bytes of the copy."""
        ...


class Care(Face):
    """Checking, mending, copying."""

    def doctor(self, *, repair: bool = False, **foreign: object) -> Checkup:
        """Compare what is stored with what is derived from it, and find work that was left half done.

        The store is checked as a whole, with all projects; half-done work is looked for in this one.

        Args:
            repair: mend what can be mended. What is derived is derived anew; of a memory with two
                current versions the newest stays, of a deleted one none; a memory that its add did not write
                is made of its message. What an import may still bring is left to it.
            foreign: refused, with our word for it.

        Raises:
            ScopeError: on a view: it means the whole project.
        """
        refuse_foreign("doctor", foreign)
        self._check_project_wide("doctor()")
        return self._core.runner.run(examine, repair)

    def backup(self, path: str | os.PathLike[str], *, progress: Progress | None = None, **foreign: object) -> BackedUp:
        """Copy the store as it is now, with all projects, while others read and write; the copy is opened and checked.

        Args:
            path: a file that is not there yet.
            progress: called with how much of how much was copied, in units of the store.
            foreign: refused, with our word for it.

        Raises:
            InvalidInputError: this store is not one file.
            StoreError: a file of that name is there, or it cannot be written.
            ScopeError: on a view: it means the whole store.
        """
        refuse_foreign("backup", foreign)
        self._check_project_wide("backup()")
        return self._core.runner.run(_backup, path, progress)


def _backup(desk: Desk, path: str | os.PathLike[str], progress: Progress | None) -> BackedUp:
    store = desk.store
    if not isinstance(store, SupportsBackup):
        msg = "this store is not one file that could be copied; move its memories with export() and import_()"
        raise InvalidInputError(msg)
    size = store.backup(path, progress=progress)
    return BackedUp(path=os.fspath(path), bytes=size)
