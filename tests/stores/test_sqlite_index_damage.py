"""SQLite's own indexes, damaged: they are compared with the rows, named, and made anew."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mnemon.errors import StoreCorruptError
from mnemon.stores.sqlite.store import SQLiteStore
from mnemon.testing.samples import CURRENT, PROJECT, note, put
from mnemon.types.filters import where
from mnemon.types.storage import Collection, Delete, Put, Row
from tests.stores.damaged import (
    ALICE,
    BY_USER,
    CHANGED,
    DIFFER,
    NEAR,
    POSTINGS,
    TWINS,
    WORDS,
    change_bytes,
    open_notes,
    told,
)

if TYPE_CHECKING:
    from pathlib import Path


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


def fill(path: Path) -> None:
    """Put so many rows that the text of all is in the full-text index."""
    with open_notes(path) as store:
        rows = [note(f"n{number}", user_id="dora", terms=("t",)) for number in range(13)]
        store.apply(PROJECT, put(*rows))


@pytest.mark.parametrize("index", BY_USER)
def test_an_index_that_lists_anothers_row_is_told_and_mended(path: Path, index: str) -> None:
    change_bytes(path, index, b"blicerow-00", b"alicerow-00")

    with open_notes(path) as store:
        assert told(store) == [("notes", DIFFER, ("row-00",), 1, False)]
        assert told(store, repair=True) == [("notes", DIFFER, ("row-00",), 1, True)]
        assert store.check() == []
        assert "row-00" not in store.list_ids(PROJECT, "notes", ALICE)
        assert len(store.list_ids(PROJECT, "notes", where("user_id").eq("blice"))) == 10
        assert store.apply(PROJECT, [Delete(collection="notes", ids=["row-00"])]).counts == (1,)


def test_what_a_process_read_through_a_damaged_index_is_read_anew(path: Path) -> None:
    change_bytes(path, "notes__by__user_id__closed_at", b"blicerow-00", b"alicerow-00")

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
    change_bytes(path, "notes__rows_id", b"row-07", b"row-7x")

    with open_notes(path) as store:
        assert told(store) == [("notes", DIFFER, ("row-07",), 1, False)]
        assert told(store, repair=True) == [("notes", DIFFER, ("row-07",), 1, True)]
        assert store.check() == []
        assert list(store.get(PROJECT, "notes", ["row-07"])) == ["row-07"]


def test_of_two_rows_of_one_id_both_are_kept_and_the_newer_one_keeps_the_id(path: Path) -> None:
    change_bytes(path, "notes__rows_id", b"row-07", b"row-7x")
    twin = Put(collection="notes", row=note("row-07", user_id="carol"), existing="abort")

    with open_notes(path) as store:
        assert store.apply(PROJECT, [twin]).counts == (1,)  # nothing tells of the other one
        (found, parted) = told(store, repair=True)

        assert found == ("notes", DIFFER, ("(row number 8) row-07",), 1, True)
        assert parted == ("notes", TWINS, ("(row number 8) row-07",), 1, True)
        assert store.check() == []
        rows = store.get(PROJECT, "notes", ["row-07", "(row number 8) row-07"])
        assert [row.fields["user_id"] for row in rows.values()] == ["carol", "alice"]


def test_three_rows_of_one_id_are_parted_and_the_same_row_put_twice_is_one(path: Path) -> None:
    with open_notes(path) as store:
        rows = store.get(PROJECT, "notes", ["row-07", "row-08"], include=("terms", "small"))
    for row in (rows["row-08"], replace(rows["row-07"], payload=b"2"), replace(rows["row-07"], payload=b"3")):
        change_bytes(path, "notes__rows_id", row.id.encode(), row.id.replace("-0", "-x").encode())
        with open_notes(path) as store:
            store.apply(PROJECT, [Put(collection="notes", row=row, existing="abort")])

    with open_notes(path) as store:
        store.apply(PROJECT, put(note("(row number 8) row-07", user_id="dora")))  # as a repair before may have left
        (parted,) = [one for one in store.check(repair=True) if one.kind == TWINS]
        assert parted.rows == len(parted.ids)
        assert store.check() == []
        kept = store.get(PROJECT, "notes", ["row-07", *parted.ids], include=("payload",))
        assert kept["row-07"].payload == b"3"
        assert sorted(row.payload for row in kept.values() if row.fields["user_id"] == "alice") == [b"", b"2", b"3"]
        assert len(store.list_ids(PROJECT, "notes")) == 23


def test_a_damaged_index_of_a_table_that_is_not_of_rows_is_mended(path: Path) -> None:
    change_bytes(path, "sqlite_autoindex_mnemon_projects_1", PROJECT.encode(), PROJECT.upper().encode())

    with open_notes(path) as store:
        assert told(store) == [("mnemon_projects", DIFFER, (), 1, False)]
        assert told(store, repair=True) == [("mnemon_projects", DIFFER, (), 1, True)]
        assert store.check() == []
        assert len(store.list_ids(PROJECT, "notes")) == 20


def test_an_index_that_two_projects_of_one_name_are_in_is_told_and_left(path: Path) -> None:
    change_bytes(path, "sqlite_autoindex_mnemon_projects_1", PROJECT.encode(), PROJECT.upper().encode())

    with open_notes(path) as store:
        store.apply(PROJECT, put(note("new")))
        assert [one[-1] for one in told(store, repair=True)] == [False]
        assert len(told(store)) == 1


@pytest.mark.parametrize("indexes", [2, 1])
def test_a_row_that_changed_is_shown_to_nobody_but_kept(path: Path, indexes: int) -> None:
    """Each index has it under the right user, or but one and the full-text index."""
    fill(path)
    change_bytes(path, "notes__rows", b"row-00blice", b"row-00alice")
    if indexes == 1:
        change_bytes(path, BY_USER[0], b"blicerow-00", b"alicerow-00")

    with open_notes(path) as store:
        before = store.check()
        assert [(one.kind, one.ids) for one in before] == [
            (DIFFER, ("row-00",)),
            (CHANGED, ("row-00",)),
            (POSTINGS, ("row-00",)),
        ]
        apart = next(one for one in store.check(repair=True) if one.kind == CHANGED)

        kept = f"(changed rows of {PROJECT})"
        assert (apart.repaired, apart.project) == (True, kept)
        assert store.check() == []
        assert "row-00" not in store.list_ids(PROJECT, "notes")
        assert len(store.search(PROJECT, "notes", WORDS, ALICE, limit=100)) == 10
        assert [row.id for row in store.scan(kept, "notes").rows] == ["row-00"]
        assert store.apply(kept, [Delete(collection="notes", ids=["row-00"])]).counts == (1,)
        assert store.check() == []


def test_without_text_one_index_that_names_another_person_is_enough(tmp_path: Path) -> None:
    """Nobody can tell which of both is right, so that it is shown to neither of them."""
    logs = Collection(name="logs", keys=("user_id", "thread"), scopes=("user_id",), indexes=(("user_id",), ("thread",)))
    path = tmp_path / "store.db"
    rows = [Row(id=f"row-{number}", fields={"user_id": "blice", "thread": f"t{number}"}) for number in range(9)]
    with SQLiteStore(path) as store:
        store.declare(logs)
        store.apply(PROJECT, [Put(collection="logs", row=row) for row in rows])
    change_bytes(path, "logs__by__thread", b"t3row-3", b"t4row-3")
    change_bytes(path, "logs__rows", b"row-5blice", b"row-5alice")

    with SQLiteStore(path) as store:
        store.declare(logs)
        (apart,) = [one for one in store.check(repair=True) if one.kind == CHANGED]
        assert (apart.ids, apart.repaired) == (("row-5",), True)
        assert store.check() == []
        assert store.list_ids(PROJECT, "logs", where("user_id").eq("alice")) == []
        assert store.list_ids(PROJECT, "logs", where("thread").eq("t3")) == ["row-3"]


def test_a_damaged_index_of_places_is_made_anew_even_after_a_write(path: Path) -> None:
    fill(path)
    with closing(sqlite3.connect(path)) as file:
        ((place,), *_) = file.execute("SELECT hash FROM notes__place").fetchall()
    change_bytes(path, "sqlite_autoindex_notes__place_1", place, bytes(16))

    with open_notes(path) as store:
        store.apply(PROJECT, put(*(note(f"new-{number}", user_id="alice", terms=("t",)) for number in range(40))))
        store.check(repair=True)
        assert store.check() == []
        store.apply(PROJECT, put(*(note(f"more-{number}", user_id="alice", terms=("t",)) for number in range(40))))
        assert store.check() == []
        assert len(store.search(PROJECT, "notes", WORDS, ALICE, limit=100)) == 90


def test_no_backup_is_made_with_a_damaged_index_until_it_is_mended(path: Path, tmp_path: Path) -> None:
    change_bytes(path, BY_USER[0], b"blicerow-00", b"alicerow-00")
    copy = tmp_path / "copy.db"

    with open_notes(path) as store:
        with pytest.raises(StoreCorruptError, match=r"check\(repair=True\)"):
            store.backup(copy)
        assert not copy.exists()
        store.check(repair=True)
        store.backup(copy)
    with open_notes(copy) as store:
        assert store.check() == []
