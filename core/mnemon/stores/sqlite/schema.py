"""Tables: the file's own version, and one set of tables for each declared collection.

| table | holds |
| --- | --- |
| `mnemon_projects` | a number for each project's name |
| `mnemon_collections` | each collection as declared, and how far its numbers went: see `Numbers` and `pending` |
| `<c>__rows` | one row per row: fields as `f_<name>`, terms, metadata, payload |
| `<c>__tag` | a tag's values, to find rows by |
| `<c>__text` | FTS5 postings, see `tokens` and `pending` |
| `<c>__place` | a number for each place that a term is found in, see `places` |
| `<c>__vec__<space>` | float32 vectors, by the row's number |
| `<c>__changed` | numbers of rows that were patched, or left the current ones (`gone`), for what is made of rows |

Row numbers are never used twice, so "what is new" is a range of numbers.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, cast

from mnemon.errors import InvalidInputError, SchemaMismatchError, StoreCorruptError
from mnemon.logic.declarations import collection_of, merge_declarations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from mnemon.stores.sqlite.connections import Connection
    from mnemon.types.storage import Collection, VectorSpace

__all__ = [
    "APPLICATION_ID",
    "VERSION",
    "check_ours",
    "check_version",
    "create_postings",
    "declare_collection",
    "migrate",
    "project_number",
    "stored_collections",
]

APPLICATION_ID = 0x6D6E656D
"""Marks a file as ours in its header: "mnem"."""


def _create_base(connection: Connection) -> None:
    connection.execute("CREATE TABLE mnemon_projects (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)")
    connection.execute(
        "CREATE TABLE mnemon_collections (name TEXT PRIMARY KEY, declaration TEXT NOT NULL, "
        "gone INTEGER NOT NULL, indexed INTEGER NOT NULL)"
    )


def _log_patches(connection: Connection) -> None:
    """Let the log of rows that are gone hold patched ones, too."""
    for name in stored_collections(connection):
        connection.execute(f"ALTER TABLE {name}__gone RENAME TO {name}__changed")
        connection.execute(f"ALTER TABLE {name}__changed ADD COLUMN gone INTEGER NOT NULL DEFAULT 1")


_STEPS: tuple[Callable[[Connection], None], ...] = (_create_base, _log_patches)
"""What leads from each version of the file to the next; a released step is never changed."""

VERSION = len(_STEPS)
"""The version of the file that this code reads and writes."""


def check_ours(connection: Connection, path: Path) -> int:
    """Return the version of a file, by reading alone.

    Raises:
        SchemaMismatchError: a newer mnemon wrote it.
        StoreCorruptError: it is an SQLite file of something else.
    """
    version = cast("int", connection.value("PRAGMA user_version"))
    mark = cast("int", connection.value("PRAGMA application_id"))
    if mark != APPLICATION_ID and connection.value("SELECT count(*) FROM sqlite_schema"):
        msg = f"{path} is an SQLite file of another program; name a file of its own for mnemon"
        raise StoreCorruptError(msg)
    if version > VERSION:
        msg = f"{path} has version {version}, this mnemon reads up to {VERSION}: a newer one wrote it; upgrade mnemon"
        raise SchemaMismatchError(msg)
    return version


def check_version(connection: Connection, path: Path) -> None:
    """Refuse a file that a newer mnemon has brought on since it was opened; it costs one look.

    Raises:
        SchemaMismatchError: it has.
    """
    if cast("int", connection.value("PRAGMA user_version")) > VERSION:
        check_ours(connection, path)


def migrate(connection: Connection, path: Path) -> None:
    """Bring the file to this version, inside the caller's transaction; raises as `check_ours` does."""
    version = check_ours(connection, path)
    for step in _STEPS[version:]:
        step(connection)
    if version < VERSION:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")


def project_number(connection: Connection, name: str) -> int | None:
    """Return the number of a project, or None where nothing was written to it yet.

    The connection remembers it, as it is right, for as long as the connection's other memories are.
    """
    known = ("project", name)
    number = connection.remembered.get(known)
    if number is None:
        number = connection.value("SELECT number FROM mnemon_projects WHERE name = ?", [name])
        if number is not None:
            connection.remembered[known] = number
    return cast("int | None", number)


def stored_collections(connection: Connection) -> dict[str, Collection]:
    """Return the collections that the file was declared with."""
    rows = connection.rows("SELECT name, declaration FROM mnemon_collections")
    try:
        return {cast("str", name): collection_of(json.loads(cast("str", declaration))) for name, declaration in rows}
    except (KeyError, TypeError, InvalidInputError):
        msg = "the declarations stored in this file are damaged; restore a backup"
        raise StoreCorruptError(msg) from None


def declare_collection(connection: Connection, wanted: Collection) -> Collection:
    """Create or extend a collection's tables inside the caller's transaction; return all that is declared now."""
    stored = stored_collections(connection).get(wanted.name)
    if stored is None:
        merged = wanted
        _create_tables(connection, wanted)
    else:
        merged = merge_declarations(stored, wanted)
        if merged == stored:
            return stored
        _extend_tables(connection, stored, merged)
    _create_indexes(connection, merged)
    connection.execute(
        "INSERT INTO mnemon_collections VALUES (?, ?, 0, 0) "
        "ON CONFLICT (name) DO UPDATE SET declaration = excluded.declaration",
        [merged.name, json.dumps(asdict(merged))],
    )
    return merged


def _columns(collection: Collection) -> list[str]:
    texts = [f"f_{name} TEXT" for name in (*collection.keys, *collection.tags)]
    ordered = [f"f_{item.name}{'' if item.kind == 'number' else ' TEXT'}" for item in collection.ordered]
    return [*texts, *ordered]


def _create_tables(connection: Connection, collection: Collection) -> None:
    name = collection.name
    columns = "".join(f"{column}, " for column in _columns(collection))
    connection.execute(
        f"CREATE TABLE {name}__rows (number INTEGER PRIMARY KEY, project INTEGER NOT NULL, "
        f"id TEXT NOT NULL, {columns}terms TEXT, metadata TEXT, payload BLOB)"
    )
    connection.execute(f"CREATE UNIQUE INDEX {name}__rows_id ON {name}__rows (project, id)")
    connection.execute(
        f"CREATE TABLE {name}__tag (project INTEGER, field TEXT, value TEXT, row INTEGER, "
        f"PRIMARY KEY (project, field, value, row)) WITHOUT ROWID"
    )
    if collection.text:
        create_postings(connection, f"{name}__text")
        connection.execute(
            f"CREATE TABLE {name}__place (number INTEGER PRIMARY KEY AUTOINCREMENT, hash BLOB NOT NULL UNIQUE)"
        )
    connection.execute(
        f"CREATE TABLE {name}__changed (sequence INTEGER PRIMARY KEY AUTOINCREMENT, row INTEGER NOT NULL, "
        "gone INTEGER NOT NULL)"
    )
    _create_spaces(connection, name, collection.vectors)


def create_postings(connection: Connection, table: str) -> None:
    """Create an empty full-text index."""
    connection.execute(
        f"CREATE VIRTUAL TABLE {table} USING fts5(tokens, content='', detail=none, columnsize=0, tokenize='ascii')"
    )


def _extend_tables(connection: Connection, stored: Collection, merged: Collection) -> None:
    for column in _columns(merged):
        if column not in _columns(stored):
            connection.execute(f"ALTER TABLE {merged.name}__rows ADD COLUMN {column}")
    _create_spaces(connection, merged.name, (space for space in merged.vectors if space not in stored.vectors))


def _create_spaces(connection: Connection, name: str, spaces: Iterable[VectorSpace]) -> None:
    for space in spaces:
        connection.execute(f"CREATE TABLE {name}__vec__{space.name} (row INTEGER PRIMARY KEY, vector BLOB NOT NULL)")


def _create_indexes(connection: Connection, collection: Collection) -> None:
    """Create the declared indexes, and one for each scope's current rows that none of them serves."""
    current = () if collection.current is None else (collection.current,)
    wanted = [(scope, *current) for scope in collection.scopes]
    served = {fields[: len(current) + 1] for fields in collection.indexes}
    for fields in (*collection.indexes, *(fields for fields in wanted if fields not in served)):
        table = f"{collection.name}__rows"
        columns = ", ".join(f"f_{field}" for field in fields)
        connection.execute(
            f"CREATE INDEX IF NOT EXISTS {collection.name}__by__{'__'.join(fields)} "
            f"ON {table} (project, {columns}, id) "
            f"WHERE f_{fields[0]} IS NOT NULL"
        )
