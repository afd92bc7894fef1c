"""Copies of a file that is in use: one state, whole, and opened once before they get their name."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from mnemon.errors import StoreCorruptError, StoreError
from mnemon.stores.sqlite.failures import translated
from mnemon.stores.sqlite.files import absolute_path, prepare_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mnemon.stores.sqlite.connections import Connection

__all__ = ["copy_to"]

_PAGES = 4_096
"""Pages that are copied between two reports of progress: 16 MiB."""


def copy_to(
    source: Connection,
    target: str | os.PathLike[str],
    *,
    check: Callable[[Path], Iterable[str]],
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Copy the state that `source` reads; return how many bytes the copy has.

    `source` is inside a read transaction, so others may write meanwhile and the copy is of one
    moment. It lies beside `target` under another name until `check` named nothing that is wrong with it.

    Raises:
        StoreError: something of that name is there, or the place cannot be written.
        StoreCorruptError: the copy is not sound.
    """
    place = absolute_path(target)
    if os.path.lexists(place):
        msg = f"{place} is there already, and a backup replaces nothing; name another file, or move that one away"
        raise StoreError(msg)
    prepare_file(place)  # the same rules as for a store: a private file, on a local disk
    place.unlink()
    with NamedTemporaryFile(dir=place.parent, prefix=f".{place.name}.", delete=False) as file:
        part = Path(file.name)
    try:
        _copy(source, part, progress)
        wrong = list(check(part))
        if wrong:
            raise StoreCorruptError(_not_sound(wrong))
        size = part.stat().st_size
        _take_name(part, place)
    finally:
        for leftover in (part, Path(f"{part}-wal"), Path(f"{part}-shm")):
            leftover.unlink(missing_ok=True)
    return size


def _not_sound(wrong: Iterable[str]) -> str:
    return (
        f"the store is not sound, so the copy of it was thrown away: {'; '.join(dict.fromkeys(wrong))}. "
        "Mend what can be mended with check(repair=True), as `mnemon doctor --repair` does, and copy it then; "
        "for what that leaves, restore an older backup, or delete the rows that it names"
    )


def _take_name(part: Path, place: Path) -> None:
    try:
        os.link(part, place)  # unlike a rename it fails where another process took the name meanwhile
    except FileExistsError as error:
        msg = f"{place} was created by another process meanwhile; name another file"
        raise StoreError(msg) from error
    except OSError:  # a file system without hard links
        part.replace(place)


def _copy(source: Connection, part: Path, progress: Callable[[int, int], None] | None) -> None:
    def report(_: int, remaining: int, total: int) -> None:
        if progress is not None:
            progress(total - remaining, total)

    source.value("SELECT count(*) FROM sqlite_schema")  # only a read begins the transaction that pins the state
    with translated(part):
        copy = sqlite3.connect(part)
        try:
            source.raw.backup(copy, pages=_PAGES, progress=report)
        finally:
            copy.close()
    descriptor = os.open(part, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
