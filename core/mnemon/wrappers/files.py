"""Files that are there when they are whole, and not before."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["lines_of", "whole_file"]

_DATABASE = b"SQLite format 3\0"


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Generator[IO[str]]:
    """Return a text file (UTF-8, mode 0600) that takes its name when the block ends well, and else never was.

    A link stays one, and the file that it names is replaced. A pipe or a device cannot be replaced: it is
    written to as it is.

    Raises:
        FileExistsError: a database has that name; that it may be replaced by lines of text was never meant,
            as it may be the very store that they come from.
    """
    if Path(path).exists() and not Path(path).is_file():
        if Path(path).is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        with Path(path).open("w", encoding="utf-8", newline="\n") as stream:
            yield stream
        return
    target = Path(os.path.realpath(path))
    if target.is_file() and _begins_with(target, _DATABASE):
        msg = "it is a database, which no text replaces"
        raise FileExistsError(errno.EEXIST, msg, str(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "there is no such folder", str(target.parent))
    file = NamedTemporaryFile(  # noqa: SIM115 - it outlives its own block: it is renamed
        "w", encoding="utf-8", newline="\n", dir=target.parent, prefix=f".{target.name}.", delete=False
    )
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(target)
    except BaseException:
        Path(file.name).unlink()
        raise


def _begins_with(path: Path, start: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(start)) == start


@contextmanager
def lines_of(path: str | os.PathLike[str]) -> Generator[IO[str]]:
    """Return the lines of a text file in UTF-8; bytes that are none become surrogates, which no value may hold."""
    with Path(path).open(encoding="utf-8", errors="surrogateescape") as file:
        yield file
