"""SQLite's own indexes, damaged: they are compared with the rows, named, and made anew."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from mnemon.errors import StoreCorruptError
from mnemon.stores.sqlite.store import SQLiteStore
from mnemon.testing.samples import CURRENT, NOTES, PROJECT, note, put
from mnemon.types.filters import where
from mnemon.types.storage import Delete, Nearest, Put

if TYPE_CHECKING:
    from pathlib import Path

DIFFER = "SQLite's indexes differ from rows"
ALICE = where("user_id").eq("alice") & CURRENT
NEAR = Nearest(space="small", vector=[1.0, 0.0, 0.0])


def open_notes(path: Path) -> SQLiteStore:
    store = SQLiteStore(path)
    store.declare(NOTES)
    return store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of 20 rows, half of them of Alice: so few that each index is one page."""
    place = tmp_path / "store.db"
    with open_notes(place) as store:
        users = ("blice", "alice") * 10
        store.apply(
            PROJECT,
            put(
                *(
                    note(f"row-{number:02}", user_id=user, terms=("t",), small=(1.0, 0.0, 0.0))
                    for number, user in enumerate(users)
                )
            ),
        )
    return place


def damage(path: Path, index: str, old: bytes, new: bytes) -> None:
    """Change bytes of an index, as a disk might."""
    with closing(sqlite3.connect(path)) as file:
        ((page,),) = file.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", [index]).fetchall()
        ((size,),) = file.execute("PRAGMA page_size").fetchall()
    content = bytearray(path.read_bytes())
    at = content.index(old, (page - 1) * size, page * size)
    content[at : at + len(old)] = new
    path.write_bytes(bytes(content))


def told(store: SQLiteStore, *, repair: bool = False) -> list[tuple[str, str, tuple[str, ...], int, bool]]:
    return [(one.collection, one.kind, one.ids, one.rows, one.repaired) for one in store.check(repair=repair)]


SCOPED = ("notes__by__user_id__created_at", "notes__by__user_id__closed_at")


@pytest.mark.parametrize("index", SCOPED)
def test_an_index_that_lists_anothers_row_is_told_and_mended(path: Path, index: str) -> None:
    damage(path, index, b"blicerow-00", b"alicerow-00")

    with open_notes(path) as store:
        assert told(store) == [("notes", DIFFER, ("row-00",), 1, False)]
        assert told(store, repair=True) == [("notes", DIFFER, ("row-00",), 1, True)]
        assert store.check() == []
        assert "row-00" not in store.list_ids(PROJECT, "notes", ALICE)
        assert len(store.list_ids(PROJECT, "notes", where("user_id").eq("blice"))) == 10
        assert store.apply(PROJECT, [Delete(collection="notes", ids=["row-00"])]).counts == (1,)


def test_what_a_process_read_through_a_damaged_index_is_read_anew(path: Path) -> None:
    damage(path, "notes__by__user_id__closed_at", b"blicerow-00", b"alicerow-00")

    with open_notes(path) as store, open_notes(path) as other:
        ours = [one.changes(PROJECT, "notes", ALICE) for one in (store, other)]
        for one in (store, other):
            one.search(PROJECT, "notes", NEAR, where("user_id").eq("blice") & CURRENT)
        store.check(repair=True)

        for one, before in zip((store, other), ours, strict=True):
            found = one.search(PROJECT, "notes", NEAR, where("user_id").eq("blice") & CURRENT, limit=100)
            assert len(found) == 10
            after = one.changes(PROJECT, "notes", ALICE, since=before.mark)
            assert after.anew
            assert "row-00" not in {row.id for row in after.rows.values()}


def test_a_damaged_index_of_ids_is_mended(path: Path) -> None:
    damage(path, "notes__rows_id", b"row-07", b"row-7x")

    with open_notes(path) as store:
        assert told(store) == [("notes", DIFFER, ("row-07",), 1, False)]
        assert told(store, repair=True) == [("notes", DIFFER, ("row-07",), 1, True)]
        assert store.check() == []
        assert list(store.get(PROJECT, "notes", ["row-07"])) == ["row-07"]


def test_of_two_rows_of_one_id_both_are_kept_and_the_newer_one_keeps_the_id(path: Path) -> None:
    damage(path, "notes__rows_id", b"row-07", b"row-7x")
    twin = Put(collection="notes", row=note("row-07", user_id="carol"), existing="abort")

    with open_notes(path) as store:
        assert store.apply(PROJECT, [twin]).counts == (1,)  # nothing tells of the other one
        (found, parted) = told(store, repair=True)

        assert found == ("notes", DIFFER, ("(row number 8) row-07",), 1, True)
        assert (parted[2], parted[4]) == (("(row number 8) row-07",), True)
        assert store.check() == []
        rows = store.get(PROJECT, "notes", ["row-07", "(row number 8) row-07"])
        assert [row.fields["user_id"] for row in rows.values()] == ["carol", "alice"]


def test_a_damaged_index_of_a_table_that_is_not_of_rows_is_mended(path: Path) -> None:
    damage(path, "sqlite_autoindex_mnemon_projects_1", PROJECT.encode(), PROJECT.upper().encode())

    with open_notes(path) as store:
        assert told(store) == [("mnemon_projects", DIFFER, (), 1, False)]
        assert told(store, repair=True) == [("mnemon_projects", DIFFER, (), 1, True)]
        assert store.check() == []
        assert len(store.list_ids(PROJECT, "notes")) == 20


def test_an_index_that_two_projects_of_one_name_are_in_is_told_and_left(path: Path) -> None:
    damage(path, "sqlite_autoindex_mnemon_projects_1", PROJECT.encode(), PROJECT.upper().encode())

    with open_notes(path) as store:
        store.apply(PROJECT, put(note("new")))
        assert [one[-1] for one in told(store, repair=True)] == [False]
        assert len(told(store)) == 1


def test_a_row_that_several_indexes_have_otherwise_is_named_before_they_follow_it(path: Path) -> None:
    damage(path, "notes__rows", b"row-00blice", b"row-00clice")

    with open_notes(path) as store:
        row = ("row-00",)
        several = ("notes", "rows that several indexes had otherwise: compare them with a backup", row, 1, False)
        assert told(store) == [("notes", DIFFER, row, 1, False), several]
        assert told(store, repair=True) == [("notes", DIFFER, row, 1, True), several]
        assert store.check() == []
        assert store.apply(PROJECT, [Delete(collection="notes", ids=["row-00"])]).counts == (1,)


def test_no_backup_is_made_with_a_damaged_index_until_it_is_mended(path: Path, tmp_path: Path) -> None:
    damage(path, SCOPED[0], b"blicerow-00", b"alicerow-00")
    copy = tmp_path / "copy.db"

    with open_notes(path) as store:
        with pytest.raises(StoreCorruptError, match=r"check\(repair=True\)"):
            store.backup(copy)
        assert not copy.exists()
        store.check(repair=True)
        store.backup(copy)
    with open_notes(copy) as store:
        assert store.check() == []
