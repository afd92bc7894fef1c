"""Damaged rows and their projects: which one's row it is, and rows of none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mnemon.testing.samples import PLAIN, PROJECT, note, put
from mnemon.types.storage import Delete, Put, Row
from tests.stores.damaged import ALICE, DAMAGED, LOST, NAMELESS, WORDS, damage, open_notes

if TYPE_CHECKING:
    from pathlib import Path

    from mnemon.types.storage import Finding


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of two projects with 40 rows each, of the same ids."""
    place = tmp_path / "store.db"
    with open_notes(place) as store:
        for project in (PROJECT, "other"):
            rows = [note(f"{number:02}", terms=("t",), categories=("c",)) for number in range(1, 41)]
            store.apply(project, put(*rows))
    return place


def of_kind(found: list[Finding], kind: str) -> list[tuple[str | None, tuple[str, ...], int, bool]]:
    return [(one.project, one.ids, one.rows, one.repaired) for one in found if one.kind == kind]


def test_a_damaged_row_is_named_with_its_project(path: Path) -> None:
    damage(path, "UPDATE notes__rows SET metadata = '{' WHERE number IN (7, 8, 49)")

    with open_notes(path) as store:
        assert of_kind(store.check(), DAMAGED) == [(PROJECT, ("07", "08"), 2, False), ("other", ("09",), 1, False)]
        for project, ids, _, _ in of_kind(store.check(), DAMAGED):
            assert project is not None
            store.apply(project, [Delete(collection="notes", ids=ids)])
        assert store.check() == []
        assert len(store.list_ids(PROJECT, "notes")) == 38
        assert len(store.list_ids("other", "notes")) == 39


@pytest.mark.parametrize(
    ("value", "name"),
    [("999", "(project number 999)"), ("'x'", "(project number 3)"), ("x'00'", "(project number 3)")],
)
def test_a_row_of_no_project_gets_one_that_can_be_named(path: Path, value: str, name: str) -> None:
    damage(path, f"UPDATE notes__rows SET project = {value} WHERE number IN (7, 8)")  # noqa: S608 - ours

    with open_notes(path) as store:
        assert of_kind(store.check(), LOST) == [(None, ("07", "08"), 2, False)]
        assert of_kind(store.check(repair=True), LOST) == [(name, ("07", "08"), 2, True)]
        assert store.check() == []
        assert store.list_ids(name, "notes") == ["07", "08"]
        assert [match.row.id for match in store.search(name, "notes", WORDS, ALICE)] == ["08", "07"]
        assert len(store.search(PROJECT, "notes", WORDS, ALICE, limit=100)) == 38
        store.apply(name, [Delete(collection="notes", ids=["07"])])
        assert store.check() == []


def test_rows_of_several_lost_projects_stay_apart(path: Path) -> None:
    damage(
        path,
        "UPDATE notes__rows SET project = 'x' WHERE number = 7",
        "UPDATE notes__rows SET project = 'y' WHERE number = 47",
        "INSERT INTO mnemon_projects (name) VALUES ('(project number 4)')",
    )

    with open_notes(path) as store:
        found = of_kind(store.check(repair=True), LOST)
        assert found == [("(project number 4)'", ("07",), 1, True), ("(project number 5)", ("07",), 1, True)]
        assert store.check() == []


@pytest.mark.parametrize("lost", [3, -1, 0, 2**63 - 1])
@pytest.mark.parametrize("table", ["notes", "plain"])
def test_no_lost_project_takes_the_number_that_another_one_has(path: Path, table: str, lost: int) -> None:
    with open_notes(path) as store:
        store.declare(PLAIN)
        store.apply("other", [Put(collection="plain", row=Row(id="07"))])
    number = 47 if table == "notes" else 1
    damage(
        path,
        "UPDATE notes__rows SET project = 'x' WHERE number = 7",
        "UPDATE notes__rows SET project = cast(x'ff' AS TEXT) WHERE number = 8",
        f"UPDATE {table}__rows SET project = {lost} WHERE number = {number}",  # noqa: S608 - ours
    )

    with open_notes(path) as store:
        store.collections()
        found = [(one.collection, one.project, one.ids) for one in store.check(repair=True) if one.kind == LOST]
        assert sorted(found) == sorted(
            [
                ("notes", f"(project number {3 + (lost == 3)})", ("07",)),
                ("notes", f"(project number {4 + (lost == 3)})", ("08",)),
                (table, f"(project number {lost})", ("07",)),
            ]
        )
        assert store.check() == []


def test_what_is_left_of_one_project_in_several_collections_becomes_one_project(path: Path) -> None:
    with open_notes(path) as store:
        store.declare(PLAIN)
        store.apply("other", [Put(collection="plain", row=Row(id="07"))])
    damage(path, "DELETE FROM mnemon_projects WHERE number = 2")

    with open_notes(path) as store:
        store.collections()
        told = [[(one.collection, one.rows) for one in store.check(repair=repair)] for repair in (False, True)]
        assert told == [[("notes", 40), ("plain", 1)]] * 2
        assert len(store.list_ids("(project number 2)", "notes")) == 40
        assert store.list_ids("(project number 2)", "plain") == ["07"]
        assert store.check() == []


def test_a_row_of_no_project_that_is_damaged_too_can_be_deleted_after_repair(path: Path) -> None:
    damage(path, "UPDATE notes__rows SET project = 'x', metadata = '{' WHERE number = 7")

    with open_notes(path) as store:
        assert of_kind(store.check(), DAMAGED) == [(None, ("07",), 1, False)]
        assert of_kind(store.check(repair=True), DAMAGED) == [("(project number 3)", ("07",), 1, False)]
        assert store.apply("(project number 3)", [Delete(collection="notes", ids=["07"])]).counts == (1,)
        assert store.check() == []


def test_many_damaged_rows_are_looked_for_once_in_the_indexes(path: Path) -> None:
    damage(path, "UPDATE notes__rows SET f_categories = '{' WHERE number BETWEEN 5 AND 14")
    ids = [f"{number:02}" for number in range(5, 15)]
    said: list[str] = []

    with open_notes(path) as store:
        with store._connections.maintaining() as writer:  # pyright: ignore[reportPrivateUsage]
            writer.raw.set_trace_callback(said.append)
        assert store.apply(PROJECT, [Delete(collection="notes", ids=ids)]).counts == (10,)
        assert sum("FROM temp.mnemon_words__notes" in statement for statement in said) == 1
        assert sum("DELETE FROM notes__tag WHERE row" in statement for statement in said) == 1
        assert store.check() == []


def test_a_damaged_row_that_waits_for_the_index_is_not_looked_for_in_it(path: Path) -> None:
    said: list[str] = []
    with open_notes(path) as store:
        store.apply(PROJECT, put(note("new", terms=("t",), categories=("c",))))
    damage(path, "UPDATE notes__rows SET f_categories = '{' WHERE id = 'new'")

    with open_notes(path) as store:
        with store._connections.maintaining() as writer:  # pyright: ignore[reportPrivateUsage]
            writer.raw.set_trace_callback(said.append)
        store.apply(PROJECT, [Delete(collection="notes", ids=["new"])])
        assert not any("words__notes" in statement for statement in said)
        assert store.check() == []


NAMES = ["x'00'", "cast(x'ff' AS TEXT)", "''", "printf('%.*c', 99999, 'n')"]


@pytest.mark.parametrize("name", NAMES)
def test_a_project_whose_name_is_damaged_is_told_and_gets_another_one(path: Path, name: str) -> None:
    damage(path, f"UPDATE mnemon_projects SET name = {name} WHERE number = 2")  # noqa: S608 - ours

    with open_notes(path) as store:
        for repair, project in ((False, None), (True, "(project number 2)")):
            told = [(one.collection, one.kind, one.project, one.repaired) for one in store.check(repair=repair)]
            assert told == [("mnemon_projects", NAMELESS, project, repair)]
        assert store.check() == []
        assert len(store.list_ids("(project number 2)", "notes")) == 40
        assert len(store.search("(project number 2)", "notes", WORDS, ALICE, limit=100)) == 40


@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_row_is_not_named_with_the_damaged_name_of_its_project(path: Path, name: str) -> None:
    damage(
        path,
        f"UPDATE mnemon_projects SET name = {name} WHERE number = 2",  # noqa: S608 - ours
        "UPDATE notes__rows SET metadata = '{' WHERE number = 47",
    )

    with open_notes(path) as store:
        assert of_kind(store.check(), DAMAGED) == [(None, ("07",), 1, False)]
        assert of_kind(store.check(repair=True), DAMAGED) == [("(project number 2)", ("07",), 1, False)]
        assert store.apply("(project number 2)", [Delete(collection="notes", ids=["07"])]).counts == (1,)
        assert store.check() == []


def test_several_projects_with_damaged_names_get_one_each(path: Path) -> None:
    damage(
        path,
        "UPDATE mnemon_projects SET name = x'00' WHERE number = 1",
        "UPDATE mnemon_projects SET name = cast(x'ff' AS TEXT) WHERE number = 2",
        "INSERT INTO mnemon_projects (name) VALUES ('(project number 2)')",
        "UPDATE notes__rows SET project = 'x', metadata = '{' WHERE number = 7",
    )

    with open_notes(path) as store:
        assert [one.rows for one in store.check() if one.kind == NAMELESS] == [1, 1]
        found = store.check(repair=True)
        assert [one.project for one in found if one.kind == NAMELESS] == ["(project number 1)", "(project number 2)'"]
        assert of_kind(found, LOST) == [("(project number 4)", ("07",), 1, True)]
        assert [one.kind for one in store.check()] == [DAMAGED]
