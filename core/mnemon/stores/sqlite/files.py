"""The file of an embedded store: who may read it, and where it may lie."""

from __future__ import annotations

import os
import re
import sqlite3
from pathlib import Path

from mnemon.errors import InvalidInputError, StoreCorruptError, StoreError, StoreReadOnlyError

__all__ = ["absolute_path", "check_library", "filesystem_of", "prepare_file"]

_OLDEST = (3, 33, 0)
"""The oldest SQLite that the tests were run with (`nox -s oldest_sqlite`); 3.31 fails them."""

_NETWORK = frozenset(
    {
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "afs",
        "9p",
        "ceph",
        "glusterfs",
        "lustre",
        "beegfs",
        "gpfs",
        "davfs",
        "smb2",
        "ocfs2",
        "gfs2",
        "virtiofs",
        "vboxsf",
    }
)
_NETWORK_FUSE = frozenset(
    {
        "fuse.sshfs",
        "fuse.glusterfs",
        "fuse.s3fs",
        "fuse.rclone",
        "fuse.gcsfuse",
        "fuse.davfs2",
        "fuse.juicefs",
        "fuse.cephfs",
        "fuse.mount-s3",
    }
)
_ESCAPED = re.compile(r"\\([0-7]{3})")
"""How the kernel writes white space and backslashes in a path."""
_HEADER_BYTES = 100
_MOUNTS = Path("/proc/self/mounts")


def absolute_path(path: str | os.PathLike[str]) -> Path:
    """Return where a file lies, `~` and relative ones resolved.

    Raises:
        InvalidInputError: no text, or one that cannot name a file.
    """
    try:
        place = Path(path).expanduser().absolute()
        encoded = bytes(place)
    except (TypeError, ValueError, RuntimeError) as error:  # no path, a lone surrogate, the home of nobody
        msg = f"the path of a store must be a text or pathlib.Path that names a file, not this {type(path).__name__}"
        raise InvalidInputError(msg) from error
    if b"\0" in encoded:
        msg = "the path of a store holds a NUL character, which no file's name can; take it out"
        raise InvalidInputError(msg)
    return place


def check_library() -> None:
    """Refuse an SQLite that is too old.

    Raises:
        StoreError: it is.
    """
    if sqlite3.sqlite_version_info < _OLDEST:
        wanted = ".".join(map(str, _OLDEST))
        msg = (
            f"this Python uses SQLite {sqlite3.sqlite_version}, and the embedded store needs {wanted} (August 2020) "
            f"or later; update the system's SQLite, or use a Python that brings its own"
        )
        raise StoreError(msg)


def prepare_file(path: Path, *, mounts: Path = _MOUNTS) -> None:
    """Make sure that a private file of that name can be opened: folders 0700, file 0600 where they are new.

    Raises:
        StoreError: the place is a folder, cannot be created, or lies on a network file system.
        StoreReadOnlyError: the file or its folder cannot be written.
        StoreCorruptError: the file is not empty, and too short for one of SQLite's.
    """
    try:
        _prepare_file(path, mounts)
    except PermissionError as error:
        msg = f"{path} lies in a folder that this user may not enter; change its permissions, or choose another place"
        raise StoreReadOnlyError(msg) from error
    except (OSError, RuntimeError) as error:  # a name that is too long; links that lead to themselves
        reason = error.strerror if isinstance(error, OSError) else error
        msg = f"{path} cannot be looked at ({reason}); choose another place or name"
        raise StoreError(msg) from error


def _prepare_file(path: Path, mounts: Path) -> None:
    if path.is_dir():
        msg = f"{path} is a folder; name a file in it, e.g. {path / 'mnemon.db'}"
        raise StoreError(msg)
    try:
        for folder in reversed((path.parent, *path.parent.parents)):  # `parents=True` would not make them private
            folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        msg = f"the folder {path.parent} cannot be created ({error.strerror}); choose another place"
        raise StoreError(msg) from error
    kind = filesystem_of(path.resolve().parent, mounts)
    if kind in _NETWORK | _NETWORK_FUSE:
        msg = (
            f"{path} lies on a network file system ({kind}), where the file locks and the shared memory that SQLite's "
            f"write-ahead log needs do not work across machines; put the file on a local disk"
        )
        raise StoreError(msg)
    if not path.exists():
        _create(path)
    elif 0 < path.stat().st_size < _HEADER_BYTES:  # SQLite takes one byte for none, and would write over it
        msg = f"{path} is not an SQLite file; name another one, or restore a backup"
        raise StoreCorruptError(msg)
    if not os.access(path, os.R_OK | os.W_OK) or not os.access(path.parent, os.W_OK):
        msg = f"{path} or its folder cannot be written by this user; change their permissions, or work on a copy"
        raise StoreReadOnlyError(msg)


def _create(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except PermissionError as error:
        msg = f"{path} cannot be created in a folder that this user cannot write; choose another place"
        raise StoreReadOnlyError(msg) from error
    except OSError as error:
        msg = f"{path} cannot be created ({error.strerror}); choose another place"
        raise StoreError(msg) from error


def filesystem_of(folder: Path, mounts: Path = _MOUNTS) -> str | None:
    """Return the type of the file system that a folder lies on, or None where the system does not tell.

    Linux tells in /proc/self/mounts; the mount point with the longest path that holds the folder counts,
    the last one where several share it.
    """
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    place = folder.resolve()
    best: tuple[int, str | None] = (-1, None)
    for line in lines:
        fields = line.split()
        point = Path(_ESCAPED.sub(lambda found: chr(int(found[1], 8)), fields[1]))
        if place.is_relative_to(point) and len(point.parts) >= best[0]:
            best = (len(point.parts), fields[2])
    return best[1]
