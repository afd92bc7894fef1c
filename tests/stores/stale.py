"""A file whose indexes do not follow what is done to its tables."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["change_behind"]


def change_behind(path: Path, indexes: Sequence[str], *statements: str) -> None:
    """Carry out statements while SQLite does not know that the file has these indexes, which stay as they were."""
    listed = ", ".join(f"'{index}'" for index in indexes)
    of_them = f"type = 'index' AND name IN ({listed})"
    with closing(_schema(path)) as file:
        kept = file.execute(f"SELECT * FROM sqlite_schema WHERE {of_them}").fetchall()  # noqa: S608 - ours
        assert len(kept) == len(indexes)
        file.execute(f"DELETE FROM sqlite_schema WHERE {of_them}")  # noqa: S608 - ours
        file.commit()
    with closing(sqlite3.connect(path)) as file:
        for statement in statements:
            file.execute(statement)
        file.commit()
    with closing(_schema(path)) as file:
        file.executemany("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", kept)
        file.commit()


def _schema(path: Path) -> sqlite3.Connection:
    file = sqlite3.connect(path)
    file.execute("PRAGMA writable_schema = ON")
    return file
