"""Names of stores: what a path or an address means, and how it is opened.

A backend joins by one line of `_SCHEMES`. Where its address may hold a password, `MemoryConfig.store`
has to leave `repr` too; errors name the scheme of an address and nothing after it.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from mnemon.errors import ConfigError
from mnemon.types.jsonvalue import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mnemon.protocols.async_store import AsyncStore
    from mnemon.protocols.store import Store

__all__ = ["FileTarget", "MemoryTarget", "Target", "WeaviateTarget", "parse_target"]

# At least two letters: one before a colon is a drive of Windows.
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(.*)", re.DOTALL)
_DRIVE = re.compile(r"/[A-Za-z]:[/\\]")


class StoreSettings(Protocol):
    """Of all settings those that a store is opened with; `MemoryConfig` tells what each means."""

    @property
    def durability(self) -> Literal["process", "full"]:
        """What a commit survives."""
        ...

    @property
    def cache_bytes(self) -> int:
        """Bound of what is kept in memory."""
        ...

    @property
    def max_bytes(self) -> int | None:
        """Size that a file may not outgrow."""
        ...


class Target(Protocol):
    """A store that is named but not opened."""

    def open(self, settings: StoreSettings) -> Store:
        """Open it; no store is asked over the network before it is first used."""
        ...

    def open_async(self, settings: StoreSettings) -> AsyncStore | None:
        """Open it for async code, or return None where there is nothing but the sync one."""
        ...


@dataclass(frozen=True, slots=True)
class FileTarget:
    """One SQLite file."""

    path: Path

    def open(self, settings: StoreSettings) -> Store:
        """Open the file, creating it and its folders for this user alone."""
        from mnemon.stores.sqlite.store import SQLiteStore  # noqa: PLC0415 - settings are checked without a store

        return SQLiteStore(
            self.path,
            durability=settings.durability,
            cache_bytes=settings.cache_bytes,
            max_bytes=settings.max_bytes,
        )

    def open_async(self, settings: StoreSettings) -> None:
        """Return None: a file is read in worker threads."""


@dataclass(frozen=True, slots=True)
class MemoryTarget:
    """Nothing on disk: gone when it is closed."""

    def open(self, settings: StoreSettings) -> Store:  # noqa: ARG002 - nothing about it can be set
        """Return a new, empty store."""
        from mnemon.stores.in_memory import InMemoryStore  # noqa: PLC0415 - settings are checked without a store

        return InMemoryStore()

    def open_async(self, settings: StoreSettings) -> None:
        """Return None: nothing is waited for."""


@dataclass(frozen=True, slots=True)
class WeaviateTarget:
    """A Weaviate server; its key is read from `WEAVIATE_API_KEY` when it is opened, and is no part of an address.

    Attributes:
        url: where its REST port is.
        options: arguments of `WeaviateStore.connect`.
    """

    url: str
    options: Mapping[str, str | int | float]

    def open(self, settings: StoreSettings) -> Store:  # noqa: ARG002 - it has settings of its own, in its address
        """Return a store that connects when it is first used."""
        from mnemon.stores.weaviate import WeaviateStore  # noqa: PLC0415 - needs its extra

        return WeaviateStore.connect(self.url, api_key=_weaviate_key(), **cast("dict[str, Any]", self.options))

    def open_async(self, settings: StoreSettings) -> AsyncStore:  # noqa: ARG002 - the same
        """Return an async store that connects when it is first used."""
        from mnemon.stores.weaviate import AsyncWeaviateStore  # noqa: PLC0415 - needs its extra

        return AsyncWeaviateStore.connect(self.url, api_key=_weaviate_key(), **cast("dict[str, Any]", self.options))


def _weaviate_key() -> str | None:
    return os.environ.get("WEAVIATE_API_KEY") or None


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
            f"{', '.join(f'{scheme}:' for scheme in _SCHEMES)}; "
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


def _port(text: str) -> int:
    port = int(text)
    if not 1 <= port <= _MOST_PORTS:
        raise ValueError
    return port


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= _LONGEST_S:
        raise ValueError
    return seconds


def _replicas(text: str) -> int:
    replicas = int(text)
    if replicas < 1:
        raise ValueError
    return replicas


def _host(text: str) -> str:
    if not _HOST.fullmatch(text):
        raise ValueError
    return text


def _prefix(text: str) -> str:
    if not re.fullmatch(r"[A-Z][A-Za-z0-9]{0,30}", text):
        raise ValueError
    return text


_MOST_PORTS, _LONGEST_S = 65_535, 3_600.0
_HOST = re.compile(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")
_OPTIONS: dict[str, tuple[str, str, Callable[[str], str | int | float]]] = {
    "grpc_port": ("grpc_port", "a port", _port),
    "grpc_host": ("grpc_host", "the name of a host", _host),
    "prefix": ("prefix", "a capital letter and up to 30 more letters and digits", _prefix),
    "timeout_s": ("timeout_s", "seconds, up to an hour", _seconds),
    "replicas": ("replication_factor", "a whole number from 1", _replicas),
}


def _weaviate(rest: str) -> WeaviateTarget:
    """Read `weaviate://host:8080?grpc_port=50051&secure=true`; messages show no value, which may be a key."""
    try:
        parts = urlsplit(f"weaviate:{rest}")
        port = parts.port
    except ValueError as error:
        msg = "the address of a Weaviate is weaviate://host:8080?grpc_port=50051; its port is no number up to 65535"
        raise ConfigError(msg) from error
    if parts.username is not None or parts.password is not None:
        msg = "a key does not belong into an address, which is shown and logged; set WEAVIATE_API_KEY"
        raise ConfigError(msg)
    host = parts.netloc.rsplit(":", 1)[0] if port is not None else parts.netloc
    if not _HOST.fullmatch(host) or parts.path not in {"", "/"} or parts.fragment:
        msg = "the address of a Weaviate is weaviate://host:8080?grpc_port=50051, with a host and without a path"
        raise ConfigError(msg)
    given = parse_qsl(parts.query, keep_blank_values=True)
    names = [name for name, _ in given]
    known = {"secure", *_OPTIONS}
    if len(set(names)) < len(names) or not set(names) <= known:
        msg = f"the address of a Weaviate takes each of {', '.join(sorted(known))} once, and nothing else; keys are "
        raise ConfigError(msg + "read from WEAVIATE_API_KEY")
    secure = dict(given).get("secure", "false")
    if secure not in {"true", "false"}:
        msg = "secure in the address of a Weaviate is true or false"
        raise ConfigError(msg)
    options: dict[str, str | int | float] = {}
    for name, text in given:
        if name != "secure":
            target, accepts, read = _OPTIONS[name]
            try:
                options[target] = read(text)
            except ValueError as error:
                msg = f"{name} in the address of a Weaviate is {accepts}"
                raise ConfigError(msg) from error
    tls = secure == "true"
    default = 443 if tls else 8080
    return WeaviateTarget(f"{'https' if tls else 'http'}://{host}:{port or default}", options)


_SCHEMES: dict[str, Callable[[str], Target]] = {"sqlite": _sqlite, "memory": _in_memory, "weaviate": _weaviate}
