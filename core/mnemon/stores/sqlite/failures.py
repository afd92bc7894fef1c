"""SQLite's errors as ours, at the one edge where they are seen."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, NoReturn

from mnemon.errors import (
    StoreCorruptError,
    StoreError,
    StoreFullError,
    StoreReadOnlyError,
    StoreUnavailableError,
)

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

__all__ = ["DamagedError", "translated"]

_PRIMARY = 0xFF
"""The low byte of SQLite's extended result codes is the primary one."""

_NOT_ASKED = "user-defined function raised exception"
"""What a condition itself raises is raised in its place; this is left where its text could not be decoded."""

_KNOWN: dict[int, tuple[type[StoreError], str]] = {
    sqlite3.SQLITE_BUSY: (StoreUnavailableError, "another process kept {path} locked too long; try again"),
    sqlite3.SQLITE_LOCKED: (StoreUnavailableError, "another connection kept {path} locked; try again"),
    sqlite3.SQLITE_FULL: (
        StoreFullError,
        "no room left for {path}, nothing of this call was written; free space or raise max_bytes",
    ),
    sqlite3.SQLITE_IOERR_SHMSIZE: (
        StoreFullError,
        "no room left for the index of the write-ahead log (32 KB) beside {path}; free space",
    ),
    sqlite3.SQLITE_READONLY: (
        StoreReadOnlyError,
        "{path} cannot be written; change its permissions, or work on a copy",
    ),
    sqlite3.SQLITE_CORRUPT: (
        StoreCorruptError,
        (
            "{path} is damaged; mend what can be mended with check(repair=True), as `mnemon doctor --repair` does, "
            "restore a backup, or save what is left with: sqlite3 FILE .recover"
        ),
    ),
    sqlite3.SQLITE_NOTADB: (StoreCorruptError, "{path} is not an SQLite file; name another one, or restore a backup"),
    sqlite3.SQLITE_CANTOPEN: (
        StoreError,
        "{path} cannot be opened; check the folder, its permissions and the open-file limit",
    ),
    sqlite3.SQLITE_IOERR: (
        StoreError,
        "the disk failed while reading or writing {path} ({name}); check it, then open the store again",
    ),
    sqlite3.SQLITE_TOOBIG: (StoreError, "a value is larger than SQLite keeps in one place (1 GB); store it in parts"),
}


class DamagedError(ValueError):
    """What is stored cannot be read; it is made with what that is, and `translated` names the file."""


def translated(path: Path) -> AbstractContextManager[None]:
    """Raise SQLite's errors as mnemon's; the message names the file and the way out, never a value."""
    return _Translation(path)


class _Translation:
    """A class, since every call enters a few of them and a generator takes three times as long."""

    __slots__ = ("_path",)

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if isinstance(error, DamagedError):
            raise _damaged(self._path, str(error)) from None
        if isinstance(error, (UnicodeDecodeError, json.JSONDecodeError)):
            raise _damaged(self._path) from None  # the cause would show stored text
        if isinstance(error, sqlite3.Error):
            _raise_ours(error, self._path)


def _raise_ours(error: sqlite3.Error, path: Path) -> NoReturn:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None and isinstance(error, sqlite3.OperationalError):  # "Could not decode to UTF-8 column ..."
        raise _damaged(path) from None
    if str(error) == _NOT_ASKED:
        raise _damaged(path) from None
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    known = None if code is None else _KNOWN.get(code) or _KNOWN.get(code & _PRIMARY)
    if known is None:
        msg = f"SQLite failed on {path}: {name}"
        raise StoreError(msg) from error
    kind, message = known
    raise kind(message.format(path=path, name=name)) from error


def _damaged(path: Path, what: str = "") -> StoreCorruptError:
    return StoreCorruptError(
        f"{what or 'a value'} in {path} cannot be read as it was written; "
        "restore a backup, or delete the rows that check(), and with it `mnemon doctor`, names"
    )
