"""Indexes of SQLite's own that have rows otherwise than the table, which are damaged, or another's, or of nobody."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mnemon.stores.sqlite.store import SQLiteStore
from mnemon.testing.samples import PLAIN, PROJECT, note, put
from mnemon.types.filters import where
from mnemon.types.storage import Collection, Delete, Put, Row
from tests.stores.damaged import (
    ALICE,
    BY_USER,
    CHANGED,
    DAMAGED,
    DIFFER,
    LOST,
    WORDS,
    change_behind,
    open_notes,
    told_of_projects,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

IDS = "notes__rows_id"


def open_both(path: Path) -> SQLiteStore:
    """Open a file as one of notes and of plain rows."""
    store = open_notes(path)
    store.declare(PLAIN)
    return store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of two projects with 20 rows each, all of them in the full-text index."""
    place = tmp_path / "store.db"
    with open_both(place) as store:
        for project in (PROJECT, "other"):
            rows = [
                note(f"{number:02}", user_id=("alice", "bob")[number % 2], terms=("t",), categories=("c",))
                for number in range(1, 21)
            ]
            store.apply(project, put(*rows))
    return place


@pytest.mark.parametrize("column", ["terms", "f_user_id", "f_kind"])
@pytest.mark.parametrize("index", BY_USER)
def test_a_row_that_an_index_has_otherwise_may_be_no_text(path: Path, index: str, column: str) -> None:
    change_behind(
        path,
        [index],
        "UPDATE notes__rows SET f_user_id = 'carol' WHERE number = 8",
        f"UPDATE notes__rows SET {column} = cast(x'ff' AS TEXT) WHERE number = 8",  # noqa: S608 - ours
    )

    with open_both(path) as store:
        assert (DIFFER, None, ("08",), False) in told_of_projects(store)
        assert (DIFFER, None, ("08",), True) in told_of_projects(store, repair=True)
        assert [kind for kind, *_ in told_of_projects(store)] == [DAMAGED]
        assert "08" not in store.list_ids(PROJECT, "notes", ALICE)
        for one in store.check():
            assert one.project is not None
            assert store.apply(one.project, [Delete(collection="notes", ids=one.ids)]).counts == (1,)
        assert store.check() == []


@pytest.mark.parametrize("also", [[], ["09"]])
@pytest.mark.parametrize("indexes", [[], [BY_USER[0]], [*BY_USER, IDS]])
def test_the_project_of_a_row_may_be_no_text(path: Path, indexes: list[str], also: list[str]) -> None:
    change_behind(
        path,
        indexes,
        "UPDATE notes__rows SET project = cast(x'ff' AS TEXT) WHERE number = 8",
        *(f"UPDATE notes__rows SET metadata = '{{' WHERE number = {int(row_id)}" for row_id in also),  # noqa: S608 - ours
    )

    with open_both(path) as store:
        assert (LOST, None, ("08",), False) in told_of_projects(store)
        name = "(changed rows of no project)" if indexes else "(project number 3)"
        assert (CHANGED if indexes else LOST, name, ("08",), True) in told_of_projects(store, repair=True)
        assert told_of_projects(store) == [(DAMAGED, PROJECT, (row_id,), False) for row_id in also]
        assert store.list_ids(name, "notes") == ["08"]
        assert [match.row.id for match in store.search(name, "notes", WORDS, ALICE)] == ["08"]


def test_a_row_whose_project_is_no_text_stops_no_write_of_another_one(path: Path) -> None:
    with open_both(path) as store:
        store.apply(PROJECT, put(note("new", terms=("t",))))
    change_behind(path, [], "UPDATE notes__rows SET project = cast(x'ff' AS TEXT) WHERE id = 'new'")

    with open_both(path) as store:
        for number in range(40):
            store.apply("other", put(note(f"new-{number}", terms=("t",))))
        assert len(store.search("other", "notes", WORDS, ALICE, limit=100)) == 50
        store.check(repair=True)
        assert store.check() == []
        assert store.list_ids("(project number 3)", "notes") == ["new"]


SHELF = Collection(
    name="shelf", keys=("user_id",), scopes=("user_id",), text=True, person="user_id", indexes=(("user_id",),)
)
WITHOUT_WITNESS = {
    "waiting for the index": (SHELF, 3, ("t",), "SELECT 1"),
    "without words": (SHELF, 40, (), "SELECT 1"),
    "of an index that cannot be read": (SHELF, 40, ("t",), "DELETE FROM shelf__text_data WHERE id > 10"),
    "whose person is no scope": (replace(SHELF, keys=("user_id", "run"), scopes=("run",)), 40, ("t",), "SELECT 1"),
}


def fill_shelf(path: Path, shelf: Collection, count: int, terms: Sequence[str]) -> None:
    with SQLiteStore(path) as store:
        store.declare(shelf)
        fields = [{**dict.fromkeys(shelf.keys, "r"), "user_id": ("alice", "bob")[n % 2]} for n in range(count)]
        rows = [Row(id=f"{n:02}", fields=one, terms=tuple(terms)) for n, one in enumerate(fields)]
        store.apply(PROJECT, [Put(collection="shelf", row=row) for row in rows])


@pytest.mark.parametrize("way", WITHOUT_WITNESS)
def test_a_row_that_the_full_text_index_does_not_tell_of_is_given_to_nobody_else(tmp_path: Path, way: str) -> None:
    """There is one index with its person, and that is what its row says otherwise."""
    shelf, count, terms, also = WITHOUT_WITNESS[way]
    path = tmp_path / "store.db"
    fill_shelf(path, shelf, count, terms)
    moved = "UPDATE shelf__rows SET f_user_id = 'alice' WHERE id = '01'"
    change_behind(path, ["shelf__by__user_id"], moved, also)

    with SQLiteStore(path) as store:
        store.declare(shelf)
        assert (CHANGED, None, ("01",), False) in told_of_projects(store)
        assert (CHANGED, f"(changed rows of {PROJECT})", ("01",), True) in told_of_projects(store, repair=True)
        assert store.check() == []
        assert "01" not in store.list_ids(PROJECT, "shelf", where("user_id").eq("alice"))


def test_a_sound_row_stays_where_the_full_text_index_has_it_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    fill_shelf(path, SHELF, 40, ("t",))
    moved = "UPDATE shelf__rows SET f_user_id = '{}' WHERE id = '01'"
    change_behind(path, [], "DROP INDEX shelf__by__user_id", moved.format("carol"))
    change_behind(path, [], "CREATE INDEX shelf__by__user_id ON shelf__rows (project, f_user_id, id)")
    change_behind(path, ["shelf__by__user_id"], moved.format("bob"))

    with SQLiteStore(path) as store:
        store.declare(SHELF)
        assert told_of_projects(store, repair=True) == [(DIFFER, None, ("01",), True)]
        assert "01" in store.list_ids(PROJECT, "shelf", where("user_id").eq("bob"))


def test_a_row_that_one_index_has_in_another_project_is_given_to_neither(path: Path) -> None:
    with open_both(path) as store:
        for project in (PROJECT, "other"):
            store.apply(project, [Put(collection="plain", row=Row(id=f"{project}-{number}")) for number in range(3)])
    change_behind(path, ["plain__rows_id"], "UPDATE plain__rows SET project = 2 WHERE id = 'default-1'")

    with open_both(path) as store:
        assert (CHANGED, "(changed rows of other)", ("default-1",), True) in told_of_projects(store, repair=True)
        assert store.check() == []
        assert store.list_ids(PROJECT, "plain") == ["default-0", "default-2"]
        assert store.list_ids("other", "plain") == ["other-0", "other-1", "other-2"]


def test_a_sound_row_stays_where_a_second_index_has_it_as_it_is(path: Path) -> None:
    """One index is damaged: its row waits for the full-text index, which does not tell of it."""
    with open_both(path) as store:
        store.apply(PROJECT, put(note("new", user_id="alice", terms=("t",))))
    change_behind(path, [BY_USER[0]], "UPDATE notes__rows SET f_user_id = 'bob' WHERE id = 'new'")

    with open_both(path) as store:
        assert told_of_projects(store, repair=True) == [(DIFFER, None, ("new",), True)]
        assert "new" in store.list_ids(PROJECT, "notes", where("user_id").eq("bob"))


def test_what_an_index_has_of_a_row_that_is_gone_is_no_row_that_changed(path: Path) -> None:
    change_behind(path, [*BY_USER, IDS], "DELETE FROM notes__rows WHERE number = 7")

    with open_both(path) as store:
        kinds = [kind for kind, *_ in told_of_projects(store)]
        assert CHANGED not in kinds
        assert [kind for kind, *_ in told_of_projects(store, repair=True)] == kinds
        assert store.check() == []


def test_every_damaged_index_is_named_however_much_sqlite_says_of_the_first(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with open_both(path) as store:
        store.apply(PROJECT, put(*(note(f"{number:03}") for number in range(150))))
    change_behind(path, [BY_USER[0]], "UPDATE notes__rows SET f_created_at = '2026-01-01T00:00:00.000000Z'")
    change_behind(path, ["notes__by__run_id__label"], "UPDATE notes__rows SET f_run_id = 'r' WHERE id = '149'")

    with open_both(path) as store:
        assert store.check(repair=True) != []
        assert store.check() == []


def test_rows_of_no_project_are_found_where_the_index_of_ids_is_damaged(path: Path) -> None:
    change_behind(path, [IDS], "UPDATE notes__rows SET project = 9 WHERE number = 7")

    with open_both(path) as store:
        assert (LOST, None, ("07",), False) in told_of_projects(store)


def test_a_row_that_repair_gave_an_id_is_told_where_the_index_of_ids_is_damaged(path: Path) -> None:
    change_behind(path, [IDS], "UPDATE notes__rows SET id = '(row number 7)' WHERE number = 7")

    with open_both(path) as store:
        assert (DAMAGED, PROJECT, ("(row number 7)",), False) in told_of_projects(store)


def test_rows_apart_do_not_meet_those_of_a_lost_project_behind_an_index_that_is_mended_later(path: Path) -> None:
    with open_both(path) as store:
        store.apply(PROJECT, [Put(collection="plain", row=Row(id="07", fields={"thread": "t"}))])
    change_behind(path, ["plain__rows_id"], "UPDATE plain__rows SET project = 3")
    change_behind(path, BY_USER, "UPDATE notes__rows SET f_user_id = 'carol' WHERE number = 7")

    with open_both(path) as store:
        found = {one.kind: one.project for one in store.check(repair=True)}
        assert store.check() == []
        for kind, lists in ((CHANGED, [["07"], []]), (LOST, [[], ["07"]])):
            project = found[kind]
            assert project is not None
            assert [store.list_ids(project, name) for name in ("notes", "plain")] == lists
