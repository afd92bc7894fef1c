"""Indexes of SQLite's own that have rows otherwise than the table, which are damaged, or another's, or of nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mnemon.stores.sqlite.store import SQLiteStore
from mnemon.testing.samples import CURRENT, NOTES, PLAIN, PROJECT, note, put
from mnemon.types.filters import where
from mnemon.types.storage import Delete, Terms
from tests.stores.stale import change_behind

if TYPE_CHECKING:
    from pathlib import Path

DIFFER = "SQLite's indexes differ from rows"
CHANGED = "rows that changed: repair keeps them apart, in a project of their own"
DAMAGED = "damaged rows: restore a backup, or delete them"
LOST = "rows of no project: repair gives it a name"
ALICE = where("user_id").eq("alice") & CURRENT
WORDS = Terms(weights={"t": 1.0})
BY_USER = ("notes__by__user_id__created_at", "notes__by__user_id__closed_at")
IDS = "notes__rows_id"


def open_notes(path: Path) -> SQLiteStore:
    store = SQLiteStore(path)
    store.declare(NOTES, PLAIN)
    return store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of two projects with 20 rows each, all of them in the full-text index."""
    place = tmp_path / "store.db"
    with open_notes(place) as store:
        for project in (PROJECT, "other"):
            rows = [
                note(f"{number:02}", user_id=("alice", "bob")[number % 2], terms=("t",), categories=("c",))
                for number in range(1, 21)
            ]
            store.apply(project, put(*rows))
    return place


def told(store: SQLiteStore, *, repair: bool = False) -> list[tuple[str, str | None, tuple[str, ...], bool]]:
    return [(one.kind, one.project, one.ids, one.repaired) for one in store.check(repair=repair)]


@pytest.mark.parametrize("column", ["terms", "f_user_id", "f_kind"])
@pytest.mark.parametrize("index", BY_USER)
def test_a_row_that_an_index_has_otherwise_may_be_no_text(path: Path, index: str, column: str) -> None:
    change_behind(
        path,
        [index],
        "UPDATE notes__rows SET f_user_id = 'carol' WHERE number = 8",
        f"UPDATE notes__rows SET {column} = cast(x'ff' AS TEXT) WHERE number = 8",  # noqa: S608 - ours
    )

    with open_notes(path) as store:
        assert (DIFFER, None, ("08",), False) in told(store)
        assert (DIFFER, None, ("08",), True) in told(store, repair=True)
        assert [kind for kind, *_ in told(store)] == [DAMAGED]
        assert "08" not in store.list_ids(PROJECT, "notes", ALICE)
        for one in store.check():
            assert one.project is not None
            assert store.apply(one.project, [Delete(collection="notes", ids=one.ids)]).counts == (1,)
        assert store.check() == []


@pytest.mark.parametrize("indexes", [[], [BY_USER[0]], [*BY_USER, IDS]])
def test_the_project_of_a_row_may_be_no_text(path: Path, indexes: list[str]) -> None:
    change_behind(
        path,
        indexes,
        "UPDATE notes__rows SET project = cast(x'ff' AS TEXT) WHERE number = 8",
        "UPDATE notes__rows SET metadata = '{' WHERE number = 9",
    )

    with open_notes(path) as store:
        assert (LOST, None, ("08",), False) in told(store)
        name = "(changed rows of no project)" if indexes else "(project number 3)"
        assert (CHANGED if indexes else LOST, name, ("08",), True) in told(store, repair=True)
        assert told(store) == [(DAMAGED, PROJECT, ("09",), False)]
        assert store.list_ids(name, "notes") == ["08"]
        assert [match.row.id for match in store.search(name, "notes", WORDS, ALICE)] == ["08"]


def test_a_row_whose_project_is_no_text_stops_no_write_of_another_one(path: Path) -> None:
    with open_notes(path) as store:
        store.apply(PROJECT, put(note("new", terms=("t",))))
    change_behind(path, [], "UPDATE notes__rows SET project = cast(x'ff' AS TEXT) WHERE id = 'new'")

    with open_notes(path) as store:
        for number in range(40):
            store.apply("other", put(note(f"new-{number}", terms=("t",))))
        assert len(store.search("other", "notes", WORDS, ALICE, limit=100)) == 50
        store.check(repair=True)
        assert store.check() == []
        assert store.list_ids("(project number 3)", "notes") == ["new"]
