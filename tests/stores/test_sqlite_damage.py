"""A row that cannot be read: it is found and named, others are not in its way, and it can be deleted or replaced."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mnemon import Memory
from mnemon.errors import StoreCorruptError
from mnemon.stores.sqlite.store import SQLiteStore
from mnemon.testing.samples import PROJECT, moment, note, put
from mnemon.types.filters import And, where
from mnemon.types.storage import Collection, Delete, DeleteWhere, Nearest, Patch, Put, Row, Terms
from tests.stores.damaged import ALICE, DAMAGED, POSTINGS, TAGS, damage, open_notes, told

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WAYS = {
    "metadata that is no JSON": "UPDATE notes__rows SET metadata = '{' WHERE number = 7",
    "metadata that is no text": "UPDATE notes__rows SET metadata = cast(x'5bff22' AS TEXT) WHERE number = 7",
    "metadata that is no object": "UPDATE notes__rows SET metadata = '[1]' WHERE number = 7",
    "metadata that is too deep": "UPDATE notes__rows SET metadata = printf('%.*c', 99999, '[') WHERE number = 7",
    "metadata with NaN": "UPDATE notes__rows SET metadata = '{\"k\": NaN}' WHERE number = 7",
    "tags that are no JSON": "UPDATE notes__rows SET f_categories = 'c' WHERE number = 7",
    "tags that are a number": "UPDATE notes__rows SET f_categories = '5' WHERE number = 7",
    "text in a number field": "UPDATE notes__rows SET f_version = 'two' WHERE number = 7",
    "a time that is none": "UPDATE notes__rows SET f_created_at = 'yesterday' WHERE number = 7",
    "a key that is no text": "UPDATE notes__rows SET f_user_id = cast(x'ff' AS TEXT) WHERE number = 7",
    "a key of bytes": "UPDATE notes__rows SET f_kind = x'00' WHERE number = 7",
    "terms of bytes": "UPDATE notes__rows SET terms = x'00' WHERE number = 7",
    "terms that are no text": "UPDATE notes__rows SET terms = cast(x'ff' AS TEXT) WHERE number = 7",
    "a payload of text": "UPDATE notes__rows SET payload = 'p' WHERE number = 7",
    "a vector of odd length": "UPDATE notes__vec__small SET vector = x'0000000000' WHERE row = 7",
    "a vector that is short": "UPDATE notes__vec__small SET vector = x'00000000' WHERE row = 7",
    "a vector of text": "UPDATE notes__vec__small SET vector = 'twelve bytes' WHERE row = 7",
    "a vector with NaN": "UPDATE notes__vec__small SET vector = x'0000c07f0000000000000000' WHERE row = 7",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of 80 rows with everything that a row can have; those up to 64 are in the full-text index."""
    place = tmp_path / "store.db"
    with open_notes(place) as store:
        rows = [
            note(
                f"{number:02}",
                terms=("t", f"u{number}"),
                small=(1.0, number, 0.0),
                categories=("c", f"c{number}"),
                version=number,
                created_at=moment(number),
                metadata={"k": number},
                payload=b"p",
            )
            for number in range(1, 81)
        ]
        store.apply(PROJECT, put(*rows[:64]))
        store.apply(PROJECT, put(*rows[64:]))
    return place


@pytest.mark.parametrize("repair", [False, True])
@pytest.mark.parametrize("way", WAYS)
def test_a_damaged_row_is_named_and_nothing_mends_it(path: Path, way: str, *, repair: bool) -> None:
    damage(path, WAYS[way])

    with open_notes(path) as store:
        assert told(store, repair=repair) == [("notes", DAMAGED, ("07",), 1, False)]


@pytest.mark.parametrize("gone", ["deleted", "replaced", "deleted by a filter"])
@pytest.mark.parametrize("way", WAYS)
def test_a_damaged_row_can_be_deleted_and_replaced(path: Path, way: str, gone: str) -> None:
    damage(path, WAYS[way])

    with open_notes(path) as store:
        if gone == "deleted":
            counts = store.apply(PROJECT, [Delete(collection="notes", ids=["07"])]).counts
        elif gone == "replaced":
            counts = store.apply(PROJECT, put(note("07", terms=("new",), categories=("c7",)))).counts
        else:
            counts = store.apply(PROJECT, [DeleteWhere(collection="notes", where=where("id").eq("07"))]).counts

        assert counts == (1,)
        assert store.check() == []
        assert store.list_ids(PROJECT, "notes", where("categories").eq("c7")) == (["07"] if gone == "replaced" else [])
        assert store.count(PROJECT, "notes", ALICE, terms=("u7", "t")).terms == {"u7": 0, "t": 79}
        found = store.search(PROJECT, "notes", Nearest(space="small", vector=[1.0, 7.0, 0.0]), ALICE, limit=100)
        assert len(found) == 79


@pytest.mark.parametrize("way", WAYS)
def test_what_reads_a_damaged_row_says_so_or_returns_the_rest(path: Path, way: str) -> None:
    damage(path, WAYS[way])
    parts = ("terms", "metadata", "payload", "small")
    near = Nearest(space="small", vector=[1.0, 7.0, 0.0])
    whole = where("user_id").in_(["alice", "bob"])  # no matrix is kept of that
    said: list[str] = []

    with open_notes(path) as store:
        reads: list[Callable[[], object]] = [
            lambda: store.get(PROJECT, "notes", ["07"], include=parts),
            lambda: store.scan(PROJECT, "notes", include=parts),
            lambda: store.search(PROJECT, "notes", near, ALICE, limit=100),
            lambda: store.search(PROJECT, "notes", near, whole, limit=100),
            lambda: store.apply(PROJECT, [Patch(collection="notes", id="07", fields={"user_id": "bob"})]),
        ]
        for read in reads:
            try:
                read()
            except StoreCorruptError as error:
                said.append(str(error))

    assert all("restore a backup" in text for text in said)


def test_damaged_rows_hide_no_others_and_what_can_be_mended_is(path: Path) -> None:
    damage(
        path,
        *(way.replace("= 7", f"= {number}") for number, way in enumerate(WAYS.values(), 1)),
        "UPDATE notes__rows SET terms = 't u' WHERE number = 40",
        "DELETE FROM notes__tag WHERE row = 41",
        "INSERT INTO notes__vec__small VALUES (999, x'00')",
    )
    mendable = {
        (POSTINGS, ("40",)),
        (TAGS, ("41",)),
        ("vectors without a row in small", ()),
    }
    names = tuple(f"{number:02}" for number in range(1, len(WAYS) + 1))

    with open_notes(path) as store:
        found, mended, after = told(store), told(store, repair=True), told(store)

        assert {(kind, ids) for _, kind, ids, _, _ in found} == {(DAMAGED, names), *mendable}
        assert [(kind, repaired) for _, kind, _, _, repaired in mended] == [
            (kind, (kind, ids) in mendable) for _, kind, ids, _, _ in found
        ]
        assert [kind for _, kind, _, _, _ in after] == [DAMAGED]
        # What stands in the indexes of a damaged row stays there: the row itself cannot tell what it should be.
        still = store.search(PROJECT, "notes", Terms(weights={"u8": 1.0}), ALICE, include=())
        assert [match.row.id for match in still] == ["08"]
        store.apply(PROJECT, [Delete(collection="notes", ids=names)])
        assert store.check() == []


def test_a_damaged_vector_makes_no_row_tell_what_its_fields_do_not(path: Path) -> None:
    damage(path, WAYS["tags that are no JSON"], WAYS["a vector with NaN"])

    with open_notes(path) as store:
        for repair in (False, True):
            assert told(store, repair=repair) == [("notes", DAMAGED, ("07",), 1, False)]


def test_damaged_rows_that_wait_for_the_full_text_index_and_others_are_deleted_together(path: Path) -> None:
    with open_notes(path) as store:
        store.apply(PROJECT, put(note("new", terms=("t",))))
    damage(path, "UPDATE notes__rows SET f_categories = '{' WHERE id IN ('07', 'new')")

    with open_notes(path) as store:
        assert store.apply(PROJECT, [Delete(collection="notes", ids=["07", "new"])]).counts == (2,)
        assert store.check() == []


def test_what_stood_in_the_indexes_of_a_damaged_row_is_looked_for_once(path: Path) -> None:
    damage(path, WAYS["tags that are no JSON"])
    said: list[str] = []

    with open_notes(path) as store:
        with store._connections.maintaining() as writer:  # pyright: ignore[reportPrivateUsage]
            writer.raw.set_trace_callback(said.append)
        for row_id in ("07", "08", "09"):
            store.apply(PROJECT, [Delete(collection="notes", ids=[row_id])])
        assert sum("DELETE FROM notes__tag WHERE row IN" in statement for statement in said) == 1


def test_a_row_without_an_id_is_named_by_its_number_and_goes_with_a_filter(path: Path) -> None:
    damage(
        path,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET sql = replace(sql, 'id TEXT NOT NULL', 'id TEXT') WHERE name = 'notes__rows'",
    )
    damage(
        path,
        "UPDATE notes__rows SET id = NULL WHERE number = 7",
        "UPDATE notes__rows SET id = x'00' WHERE number = 8",
        "UPDATE notes__rows SET id = cast(x'ff' AS TEXT) WHERE number = 9",
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET sql = replace(sql, ', id TEXT,', ', id TEXT NOT NULL,') WHERE name = 'notes__rows'",
    )

    with open_notes(path) as store:
        names = ("(row number 7)", "(row number 8)", "(row number 9)")
        assert told(store)[0] == ("notes", DAMAGED, names, 3, False)
        counts = store.apply(PROJECT, [DeleteWhere(collection="notes", where=And())]).counts
        assert counts == (80,)
        assert store.check() == []


@pytest.mark.parametrize("repair", [False, True])
@pytest.mark.parametrize("other", ["rows", "place", "text", "tag", "changed"])
def test_looking_at_one_collection_hides_no_table_of_another(tmp_path: Path, other: str, *, repair: bool) -> None:
    names = ("words", "main", "temp", other)
    row = Row(id="a", fields={"k": "x"}, terms=("t",))
    with SQLiteStore(tmp_path / "store.db") as store:
        store.declare(*(Collection(name=name, keys=("k",), scopes=("k",), text=True) for name in names))
        store.apply(PROJECT, [Put(collection=name, row=row) for name in names])

        assert store.check(repair=repair) == []
        store.apply(PROJECT, [Put(collection=name, row=replace(row, id="b")) for name in names])
        store.scrub()

        for name in names:
            assert store.list_ids(PROJECT, name) == ["a", "b"]
            found = store.search(PROJECT, name, Terms(weights={"t": 1.0}), where("k").eq("x"))
            assert sorted(match.row.id for match in found) == ["a", "b"]
        assert store.check() == []


def test_a_reader_is_afterwards_as_it_was(path: Path) -> None:
    """A connection goes on reading for others: it writes nothing, and text that is none is an error."""
    damage(path, "UPDATE notes__rows SET f_kind = cast(x'ff' AS TEXT) WHERE number = 7")

    with open_notes(path) as store:
        assert told(store)[0] == ("notes", DAMAGED, ("07",), 1, False)

        with store._connections.reading() as connection:  # pyright: ignore[reportPrivateUsage]
            assert connection.value("PRAGMA query_only") == 1
        with pytest.raises(StoreCorruptError):
            store.get(PROJECT, "notes", ["07"])


OTHERS = {
    "mnemon_projects": "UPDATE mnemon_projects SET name = NULL",
    "mnemon_collections": "UPDATE mnemon_collections SET gone = NULL",
    "notes__changed": "INSERT INTO notes__changed VALUES (1, NULL, 0)",
    "notes__place": "UPDATE notes__place SET hash = NULL WHERE number = 1",
}
TOLD = {"notes__place": [DAMAGED, POSTINGS]}
"""What is told where a table can be made anew from rows; of the others there is no more than the file."""


@pytest.mark.parametrize("table", OTHERS)
def test_damage_of_other_tables_is_told_beside_that_of_rows(path: Path, table: str) -> None:
    """SQLite tells both as values that their columns do not take, and of rows first or last."""
    both = {**OTHERS, "notes__rows": "UPDATE notes__rows SET id = NULL WHERE id = '07'"}
    for name in (table, "notes__rows"):
        file = sqlite3.connect(path)
        (sql,) = file.execute("SELECT sql FROM sqlite_schema WHERE name = ?", [name]).fetchone()
        file.close()
        change = "UPDATE sqlite_schema SET sql = {} WHERE name = {}"
        free = str(sql).replace(" NOT NULL", "")
        damage(path, "PRAGMA writable_schema = ON", change.format(f"'{free}'", f"'{name}'"))
        damage(path, both[name], "PRAGMA writable_schema = ON", change.format(f"'{sql}'", f"'{name}'"))

    with SQLiteStore(path) as store:
        assert [finding.kind for finding in store.check()] == TOLD.get(table, ["the file is damaged"])


def test_damage_of_pages_is_still_told_as_such(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[8_192:] = bytes(len(content) - 8_192)
    path.write_bytes(bytes(content))

    with SQLiteStore(path) as store:
        assert told(store) == [("", "the file is damaged", (), 0, False)]


def test_the_doctor_of_a_memory_names_a_damaged_row(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with Memory(path) as memory:
        memory.add("I live in Porto.", user_id="ana")
    damage(path, "UPDATE memories__rows SET f_categories = '{'")

    with Memory(path) as memory:
        found = memory.doctor(repair=True).findings[0]

        assert (found.collection, found.kind, found.rows, found.repaired) == ("memories", DAMAGED, 1, False)
        assert found.project == "default"
        with pytest.raises(StoreCorruptError):
            memory.get_all(user_id="ana")
