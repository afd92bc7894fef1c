"""A file of a newer version, the steps that lead to one, and an SQLite that is too old."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mnemon.errors import SchemaMismatchError, StoreError
from mnemon.stores.sqlite import schema
from mnemon.stores.sqlite.store import SQLiteStore
from mnemon.testing.samples import NOTES, PROJECT, note, put
from mnemon.types.storage import Terms
from tests.stores.damaged import ALICE, open_notes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mnemon.stores.sqlite.connections import Connection


def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    open_notes(path).close()
    with sqlite3.connect(path) as raw:
        raw.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    raw.close()

    with pytest.raises(SchemaMismatchError, match="newer"):
        SQLiteStore(path)


def write_in_a_unit(store: SQLiteStore) -> None:
    with store.exclusive() as unit:
        unit.apply(PROJECT, put(note("b")))


def read_a_snapshot(store: SQLiteStore) -> None:
    with store.snapshot() as moment:
        moment.list_ids(PROJECT, "notes")


CALLS: dict[str, Callable[[SQLiteStore], object]] = {
    "apply": lambda store: store.apply(PROJECT, put(note("b"))),
    "unit": write_in_a_unit,
    "declare": lambda store: store.declare(replace(NOTES, name="other")),
    "get": lambda store: store.get(PROJECT, "notes", ["a"]),
    "search": lambda store: store.search(PROJECT, "notes", Terms(weights={"t": 1.0}), ALICE),
    "snapshot": read_a_snapshot,
    "changes": lambda store: store.changes(PROJECT, "notes"),
    "backup": lambda store: store.backup(store.path.with_name("copy.db")),
    "scrub": lambda store: store.scrub(),
    "check": lambda store: store.check(repair=True),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_file_that_a_newer_version_changes_while_it_is_open_is_refused(tmp_path: Path, call: str) -> None:
    path = tmp_path / "store.db"
    with open_notes(path) as store:
        store.apply(PROJECT, put(note("a")))
        assert store.list_ids(PROJECT, "notes") == ["a"]
        raw = sqlite3.connect(path)
        raw.execute(f"PRAGMA user_version = {schema.VERSION + 1}")

        for _ in range(2):  # it is not forgotten either
            with pytest.raises(SchemaMismatchError, match="newer"):
                CALLS[call](store)

        assert raw.execute("SELECT id FROM notes__rows").fetchall() == [("a",)]
        raw.execute(f"PRAGMA user_version = {schema.VERSION}")
        raw.close()
        assert store.list_ids(PROJECT, "notes") == ["a"]


def test_steps_to_a_newer_version_are_taken_whole_and_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "store.db"
    with open_notes(path) as store:
        store.apply(PROJECT, put(note("a")))

    def add_table(connection: Connection) -> None:
        connection.execute("CREATE TABLE added (x)")

    def fail(connection: Connection) -> None:
        connection.execute("CREATE TABLE half (x)")
        raise ZeroDivisionError

    monkeypatch.setattr(schema, "_STEPS", (*schema._STEPS, add_table, fail))  # pyright: ignore[reportPrivateUsage]
    version = schema.VERSION
    monkeypatch.setattr(schema, "VERSION", version + 2)
    with pytest.raises(ZeroDivisionError):
        SQLiteStore(path)
    monkeypatch.setattr(schema, "_STEPS", schema._STEPS[:-1])  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(schema, "VERSION", version + 1)
    for _ in range(2):
        with open_notes(path) as store:
            assert store.list_ids(PROJECT, "notes") == ["a"]

    with sqlite3.connect(path) as raw:
        names = {name for (name,) in raw.execute("SELECT name FROM sqlite_schema")}
        assert raw.execute("PRAGMA user_version").fetchone() == (version + 1,)
    raw.close()
    assert "added" in names
    assert "half" not in names


def test_an_older_sqlite_is_refused_with_its_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 31, 1))
    monkeypatch.setattr(sqlite3, "sqlite_version", "3.31.1")

    with pytest.raises(StoreError, match=r"SQLite 3\.31\.1, and the embedded store needs 3\.33\.0"):
        SQLiteStore(tmp_path / "a.db")

    assert list(tmp_path.iterdir()) == []
