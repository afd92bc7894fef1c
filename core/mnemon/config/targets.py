"""Names of stores: what a path or an address means, and how it is opened.

A backend joins by one line of `_SCHEMES`. Where its address may hold a password, `MemoryConfig.store`
has to leave `repr` too; errors name the scheme of an address and nothing after it.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast
from urllib.parse import unquote

from mnemon.errors import ConfigError
from mnemon.types.jsonvalue import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from mnemon.config.settings import MemoryConfig
    from mnemon.protocols.store import Store

__all__ = ["FileTarget", "MemoryTarget", "Target", "parse_target"]

# At least two letters: one before a colon is a drive of Windows.
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(.*)", re.DOTALL)
_DRIVE = re.compile(r"/[A-Za-z]:[/\\]")


class Target(Protocol):
    """A store that is named but not opened."""

    def open(self, settings: MemoryConfig) -> Store:
        """Open it; no store is asked over the network before it is first used."""
        ...


@dataclass(frozen=True, slots=True)
class FileTarget:
    """One SQLite file."""

    path: Path

    def open(self, settings: MemoryConfig) -> Store:
        """Open the file, creating it and its folders for this user alone."""
        from mnemon.stores.sqlite.store import SQLiteStore  # noqa: PLC0415 - settings are checked without a store

        return SQLiteStore(
            self.path,
            durability=settings.durability,
            cache_bytes=settings.cache_bytes,
            max_bytes=settings.max_bytes,
        )


@dataclass(frozen=True, slots=True)
class MemoryTarget:
    """Nothing on disk: gone when it is closed."""

    def open(self, settings: MemoryConfig) -> Store:  # noqa: ARG002 - nothing about it can be set
        """Return a new, empty store."""
        from mnemon.stores.in_memory import InMemoryStore  # noqa: PLC0415 - settings are checked without a store

        return InMemoryStore()


def parse_target(target: object) -> Target:
    """Return what a path or an address names.

    A `Path` is always a file, but for `:memory:`, which no file should be called.

    Raises:
        ConfigError: it names no store that this release can open.
    """
    if isinstance(target, os.PathLike):
        target, is_path = os.fspath(cast("os.PathLike[str]", target)), True
    else:
        is_path = False
    if not isinstance(target, str):
        msg = f"a store is named by a path or an address, not by a {type(target).__name__}"
        raise ConfigError(msg)
    if target == ":memory:":
        return MemoryTarget()
    found = None if is_path else _ADDRESS.fullmatch(target)
    if found is None:
        return _file(target)
    reader = _SCHEMES.get(found[1].lower())
    if reader is None:
        msg = (
            f"no store is opened by addresses that begin with {shown(found[1] + ':')}; known are "
            f"{', '.join(f'{scheme}:' for scheme, known in _SCHEMES.items() if known is not _weaviate)}; "
            f"a file of such a name is given as a Path, or with ./ before it"
        )
        raise ConfigError(msg)
    return reader(found[2])


def _file(path: str) -> FileTarget:
    if not path.strip():
        msg = "the name of the store is blank; give the path of a file, or leave the setting out for the default file"
        raise ConfigError(msg)
    if "\0" in path:
        msg = "the path of the store holds a NUL character, which no file name can; remove it"
        raise ConfigError(msg)
    try:
        return FileTarget(Path(path).expanduser())
    except RuntimeError as error:
        msg = "the path of the store begins with the home directory of a user who has none; give an absolute path"
        raise ConfigError(msg) from error


def _sqlite(rest: str) -> FileTarget:
    if rest.startswith("//"):
        rest = rest[2:]
        if not rest.startswith("/"):
            msg = "an address sqlite://... has three slashes before an absolute path; a relative one is sqlite:notes.db"
            raise ConfigError(msg)
    if "?" in rest or "#" in rest:
        msg = (
            "an address sqlite:... takes no options after ? or #; they are settings, such as durability "
            "(in a file name write %3F and %23)"
        )
        raise ConfigError(msg)
    path = unquote(rest)
    return _file(path[1:] if _DRIVE.match(path) else path)


def _in_memory(rest: str) -> MemoryTarget:
    if rest not in {"", "//"}:
        msg = "a store in memory has no name: its address is memory: and nothing after it"
        raise ConfigError(msg)
    return MemoryTarget()


def _weaviate(rest: str) -> Target:
    del rest  # may hold a key
    msg = "stores on Weaviate (weaviate:) are not in this release yet; use a file, such as sqlite:notes.db"
    raise ConfigError(msg)


_SCHEMES: dict[str, Callable[[str], Target]] = {"sqlite": _sqlite, "memory": _in_memory, "weaviate": _weaviate}
