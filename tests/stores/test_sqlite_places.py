"""Places of terms come with the first row of a scope's value and go with the last, whoever remembers them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from mnemon.errors import StoreConflictError
from mnemon.testing.samples import CURRENT, PROJECT, moment, note, put
from mnemon.types.filters import And, where
from mnemon.types.storage import Delete, DeleteWhere, Patch, Put, Terms
from tests.stores.damaged import open_notes

if TYPE_CHECKING:
    from pathlib import Path

    from mnemon.stores.sqlite.store import SQLiteStore
    from mnemon.types.storage import Row

HELLO = Terms(weights={"hello": 1.0})


def places(path: Path) -> int:
    with closing(sqlite3.connect(path)) as file:
        return file.execute("SELECT count(*) FROM notes__place").fetchone()[0]


def of_run(run: str, count: int = 40) -> list[Row]:
    """Return so many rows of a run that they are in the full-text index."""
    return [note(f"{run}/{number}", user_id="alice", run_id=run, terms=("hello",)) for number in range(count)]


def found(store: SQLiteStore, run: str) -> int:
    return len(store.search(PROJECT, "notes", HELLO, where("run_id").eq(run) & CURRENT, limit=1_000))


@pytest.mark.parametrize("how", ["ids", "filter", "moved", "replaced"])
def test_a_place_goes_with_the_last_row_of_its_value(tmp_path: Path, how: str) -> None:
    path = tmp_path / "store.db"
    with open_notes(path) as store:
        store.apply(PROJECT, put(*of_run("kept")))
        sizes: list[int] = []
        for number in range(5):
            rows = of_run(f"r{number}")
            store.apply(PROJECT, put(*rows))
            closed = Patch(collection="notes", id=rows[0].id, fields={"closed_at": moment(1)})  # a superseded place
            store.apply(PROJECT, [closed])
            most = places(path)
            assert most >= 5  # the user, and two runs: their current rows, and superseded ones
            if how == "ids":
                store.apply(PROJECT, [Delete(collection="notes", ids=[row.id for row in rows])])
            elif how == "filter":
                run = where("run_id").eq(f"r{number}")
                store.apply(PROJECT, [DeleteWhere(collection="notes", where=run, limit=39)])
                assert places(path) == most
                store.apply(PROJECT, [DeleteWhere(collection="notes", where=run)])
            elif how == "moved":
                moves = [Patch(collection="notes", id=row.id, fields={"run_id": "kept"}) for row in rows]
                store.apply(PROJECT, moves)
            else:
                store.apply(PROJECT, put(*(note(row.id, run_id="kept", terms=("hello",)) for row in rows)))
            assert found(store, f"r{number}") == 0
            sizes.append(places(path))

            assert places(path) < most
        assert sizes[0] == sizes[-1]
        assert store.check() == []
        store.apply(PROJECT, [DeleteWhere(collection="notes", where=And())])
        assert places(path) == 0


def test_who_remembers_a_place_that_another_one_took_away_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with open_notes(path) as one, open_notes(path) as other:
        for _ in range(3):
            one.apply(PROJECT, put(*of_run("r")))
            other.apply(PROJECT, put(note("other's", run_id="r", terms=("hello",))))
            assert found(one, "r") == found(other, "r") == 41
            other.apply(PROJECT, [DeleteWhere(collection="notes", where=where("run_id").eq("r"))])
            assert places(path) == 0
            one.apply(PROJECT, put(*of_run("r")))
            assert found(one, "r") == found(other, "r") == 40
            assert one.check() == other.check() == []
            one.apply(PROJECT, [DeleteWhere(collection="notes", where=where("run_id").eq("r"))])


def test_a_place_is_there_again_when_the_batch_or_unit_that_took_it_away_is_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    gone = DeleteWhere(collection="notes", where=where("run_id").eq("r"))
    conflict = Put(collection="notes", row=note("there"), existing="abort")

    def in_a_unit(store: SQLiteStore) -> None:
        with store.exclusive() as unit:
            unit.apply(PROJECT, [gone])
            unit.apply(PROJECT, [conflict])

    with open_notes(path) as store:
        store.apply(PROJECT, put(note("there"), *of_run("r")))
        with pytest.raises(StoreConflictError):
            store.apply(PROJECT, [gone, conflict])
        with pytest.raises(StoreConflictError):
            in_a_unit(store)
        with store.exclusive() as unit:
            with pytest.raises(StoreConflictError):
                unit.apply(PROJECT, [gone, conflict])
            unit.apply(PROJECT, put(note("later", run_id="r", terms=("hello",))))

        store.apply(PROJECT, put(*(note(f"more {number}", run_id="r", terms=("hello",)) for number in range(40))))
        assert found(store, "r") == 81
        assert store.check() == []


def test_places_of_one_project_stay_when_those_of_another_go(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with open_notes(path) as store:
        for project in ("one", "two"):
            store.apply(project, put(*of_run("r")))
        store.apply("one", [DeleteWhere(collection="notes", where=And())])

        assert places(path) == 2
        assert len(store.search("two", "notes", HELLO, where("run_id").eq("r") & CURRENT, limit=100)) == 40
        assert store.check() == []
