"""Rows whose id is damaged: repair gives them one that they are named by, so that they can be deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mnemon.testing.samples import PROJECT, note, put
from mnemon.types.storage import Delete
from tests.stores.damaged import ALICE, DAMAGED, NEAR, TAGS, WORDS, damage, open_notes, told_of_projects

if TYPE_CHECKING:
    from pathlib import Path

IDS = ["x'ff'", "cast(x'ff' AS TEXT)", "printf('%.*c', 99999, 'i')"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    place = tmp_path / "store.db"
    with open_notes(place) as store:
        for project in (PROJECT, "other"):
            store.apply(
                project,
                put(*(note(f"{n:02}", terms=("t",), categories=("c",), small=(1.0, n, 0.0)) for n in range(1, 41))),
            )
    return place


@pytest.mark.parametrize("also", ["", ", metadata = '{'", ", terms = x'00'"])
@pytest.mark.parametrize("row_id", IDS)
def test_repair_gives_a_row_the_id_that_it_is_named_by(path: Path, row_id: str, also: str) -> None:
    damage(path, f"UPDATE notes__rows SET id = {row_id}{also} WHERE number IN (7, 47)")  # noqa: S608 - ours
    mine, others = (PROJECT, ("(row number 7)",)), ("other", ("(row number 47)",))

    with open_notes(path) as store:
        for repair in (False, True, False):  # which id they had nobody knows: they are told until they are gone
            assert told_of_projects(store, repair=repair) == [(DAMAGED, *mine, False), (DAMAGED, *others, False)]
        for project, ids in (mine, others):
            assert "".join(ids) in store.list_ids(project, "notes")
            assert also or len(store.search(project, "notes", WORDS, ALICE, limit=100)) == 40
            assert store.apply(project, [Delete(collection="notes", ids=ids)]).counts == (1,)
            for query in (WORDS, NEAR):
                assert len(store.search(project, "notes", query, ALICE, limit=100)) == 39
        assert store.check() == []


def test_what_is_derived_of_a_row_that_has_an_id_again_is_mended_at_once(path: Path) -> None:
    damage(path, "UPDATE notes__rows SET id = x'ff' WHERE number = 7", "DELETE FROM notes__tag WHERE row = 7")
    tags = (TAGS, None, ("(row number 7)",), True)

    with open_notes(path) as store:
        assert told_of_projects(store, repair=True) == [(DAMAGED, PROJECT, ("(row number 7)",), False), tags]


def test_no_row_gets_the_id_of_another_one(path: Path) -> None:
    with open_notes(path) as store:
        store.apply(PROJECT, put(note("(row number 7)"), note("(row number 7)'")))
        assert store.check() == []
    damage(path, "UPDATE notes__rows SET id = x'ff' WHERE number = 7")

    with open_notes(path) as store:
        for repair in (True, False):
            assert told_of_projects(store, repair=repair) == [(DAMAGED, PROJECT, ("(row number 7)''",), False)]
        store.apply(PROJECT, [Delete(collection="notes", ids=["(row number 7)''"])])
        assert store.check() == []
        assert len(store.list_ids(PROJECT, "notes")) == 41


@pytest.mark.parametrize("row_id", IDS)
def test_a_row_of_neither_project_nor_id_gets_both(path: Path, row_id: str) -> None:
    damage(path, f"UPDATE notes__rows SET id = {row_id}, project = 'x' WHERE number = 7")  # noqa: S608 - ours

    with open_notes(path) as store:
        assert (DAMAGED, "(project number 3)", ("(row number 7)",), False) in told_of_projects(store, repair=True)
        assert store.apply("(project number 3)", [Delete(collection="notes", ids=["(row number 7)"])]).counts == (1,)
        assert store.check() == []


def test_what_follows_changes_is_told_the_new_id(path: Path) -> None:
    damage(path, "UPDATE notes__rows SET id = x'ff' WHERE number = 7")

    with open_notes(path) as store:
        mark = store.changes(PROJECT, "notes", ALICE).mark
        store.check(repair=True)
        assert [row.id for row in store.changes(PROJECT, "notes", ALICE, since=mark).rows.values()] == [
            "(row number 7)"
        ]


def test_an_empty_id_is_one(path: Path) -> None:
    with open_notes(path) as store:
        store.apply(PROJECT, put(note("", terms=("t",))))
        assert store.check(repair=True) == []
        assert store.apply(PROJECT, [Delete(collection="notes", ids=[""])]).counts == (1,)
