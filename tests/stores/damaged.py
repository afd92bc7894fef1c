"""Files of notes, ways to damage them, and what `check` says of them then."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from mnemon.stores.sqlite.store import SQLiteStore
from mnemon.testing.samples import CURRENT, NOTES
from mnemon.types.filters import where
from mnemon.types.storage import Nearest, Terms

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = [
    "ALICE",
    "BY_USER",
    "CHANGED",
    "DAMAGED",
    "DIFFER",
    "LOST",
    "NAMELESS",
    "NEAR",
    "POSTINGS",
    "TAGS",
    "TWINS",
    "WORDS",
    "change_behind",
    "change_bytes",
    "damage",
    "open_notes",
    "told",
    "told_of_projects",
]

CHANGED = "rows that changed: repair keeps them apart, in a project of their own"
DAMAGED = "damaged rows: restore a backup, or delete them"
DIFFER = "SQLite's indexes differ from rows"
LOST = "rows of no project: repair gives it a name"
NAMELESS = "projects whose name is damaged: repair gives them one"
POSTINGS = "postings differ from rows"
TAGS = "tag entries differ from rows"
TWINS = "rows whose id another row had, too: each has one of its own now"

ALICE = where("user_id").eq("alice") & CURRENT
NEAR = Nearest(space="small", vector=[1.0, 0.0, 0.0])
WORDS = Terms(weights={"t": 1.0})

BY_USER = ("notes__by__user_id__created_at", "notes__by__user_id__closed_at")
"""The indexes of SQLite's own that list notes by their user."""


def open_notes(path: Path, *, max_bytes: int | None = None) -> SQLiteStore:
    store = SQLiteStore(path, max_bytes=max_bytes)
    store.declare(NOTES)
    return store


def told(store: SQLiteStore, *, repair: bool = False) -> list[tuple[str, str, tuple[str, ...], int, bool]]:
    """Check a store; return each finding's collection, kind, ids and number of rows, and whether it was repaired."""
    return [(one.collection, one.kind, one.ids, one.rows, one.repaired) for one in store.check(repair=repair)]


def told_of_projects(
    store: SQLiteStore, *, repair: bool = False
) -> list[tuple[str, str | None, tuple[str, ...], bool]]:
    """Check a store; return each finding's kind, project and ids, and whether it was repaired."""
    return [(one.kind, one.project, one.ids, one.repaired) for one in store.check(repair=repair)]


def damage(path: Path, *statements: str) -> None:
    """Carry out statements, in which `unhexed` makes bytes of text: SQLite's own `unhex` is of a newer version."""
    with closing(sqlite3.connect(path)) as file:
        file.create_function("unhexed", 1, bytes.fromhex)
        for statement in statements:
            file.execute(statement)
        file.commit()


def change_bytes(path: Path, table: str, old: bytes, new: bytes) -> None:
    """Change bytes on the first page of a table or an index, as a disk might."""
    with closing(sqlite3.connect(path)) as file:
        ((page,),) = file.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", [table]).fetchall()
        ((size,),) = file.execute("PRAGMA page_size").fetchall()
    content = bytearray(path.read_bytes())
    at = content.index(old, (page - 1) * size, page * size)
    content[at : at + len(old)] = new
    path.write_bytes(bytes(content))


def change_behind(path: Path, indexes: Sequence[str], *statements: str) -> None:
    """Carry out statements while SQLite does not know that the file has these indexes, which stay as they were."""
    listed = ", ".join(f"'{index}'" for index in indexes)
    of_them = f"type = 'index' AND name IN ({listed})"
    with closing(_schema(path)) as file:
        kept = file.execute(f"SELECT * FROM sqlite_schema WHERE {of_them}").fetchall()  # noqa: S608 - ours
        assert len(kept) == len(indexes)
        file.execute(f"DELETE FROM sqlite_schema WHERE {of_them}")  # noqa: S608 - ours
        file.commit()
    damage(path, *statements)
    with closing(_schema(path)) as file:
        file.executemany("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", kept)
        file.commit()


def _schema(path: Path) -> sqlite3.Connection:
    file = sqlite3.connect(path)
    file.execute("PRAGMA writable_schema = ON")
    return file
