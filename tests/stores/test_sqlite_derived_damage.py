"""What is derived of rows, damaged in any way: it is told, and made anew from the rows without being read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mnemon.testing.samples import PROJECT, note, put
from mnemon.types.filters import where
from mnemon.types.storage import Delete
from tests.stores.damaged import ALICE, POSTINGS, TAGS, WORDS, change_bytes, damage, open_notes

if TYPE_CHECKING:
    from pathlib import Path

    from mnemon.stores.sqlite.store import SQLiteStore

WAYS = {
    "a tag's value that is no text": (
        TAGS,
        "UPDATE notes__tag SET value = cast(x'ff' AS TEXT) WHERE row = 7 AND value = 'c7'",
    ),
    "a tag's value of bytes": (TAGS, "UPDATE notes__tag SET value = x'00' WHERE row = 7 AND value = 'c7'"),
    "a tag's field of bytes": (TAGS, "UPDATE notes__tag SET field = x'00' WHERE row = 7 AND value = 'c7'"),
    "a tag's project of text": (TAGS, "UPDATE notes__tag SET project = 'x' WHERE row = 7 AND value = 'c7'"),
    "a tag's row of text": (TAGS, "UPDATE notes__tag SET row = 'x' WHERE row = 7 AND value = 'c7'"),
    "a place's hash of text": (POSTINGS, "UPDATE notes__place SET hash = 'x' WHERE number = 1"),
    "places that are gone": (POSTINGS, "DELETE FROM notes__place"),
    "the first block of postings": (POSTINGS, "UPDATE notes__text_data SET block = x'00' WHERE id = 10"),
    "the other blocks of postings": (POSTINGS, "UPDATE notes__text_data SET block = x'00' WHERE id > 10"),
    "a word that is no text": (
        POSTINGS,
        "UPDATE notes__text_data SET block = unhexed(replace(hex(block), '7874', '78FF')) WHERE id > 10",
    ),
    "postings that are gone": (POSTINGS, "DELETE FROM notes__text_data WHERE id > 10"),
    "the list of postings that is gone": (POSTINGS, "DELETE FROM notes__text_data WHERE id = 10"),
    "everything of the index": (POSTINGS, "DELETE FROM notes__text_data"),
    "the version of the index": (POSTINGS, "UPDATE notes__text_config SET v = 99"),
    "the version of the index that is gone": (POSTINGS, "DELETE FROM notes__text_config"),
    "the index itself": (POSTINGS, "DROP TABLE notes__text"),
    "a table of the index": (POSTINGS, "DROP TABLE notes__text_data"),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of 40 rows, all of them in the full-text index."""
    place = tmp_path / "store.db"
    with open_notes(place) as store:
        numbers = range(1, 41)
        rows = [note(f"{number:02}", terms=("t", f"u{number}"), categories=("c", f"c{number}")) for number in numbers]
        store.apply(PROJECT, put(*rows))
    return place


def sees_all(store: SQLiteStore) -> bool:
    found = store.search(PROJECT, "notes", WORDS, ALICE, limit=100)
    tagged = [store.list_ids(PROJECT, "notes", where("categories").eq(value)) for value in ("c7", "c40")]
    counts = store.count(PROJECT, "notes", ALICE, terms=("t", "u7")).terms
    return len(found) == 40 and tagged == [["07"], ["40"]] and counts == {"t": 40, "u7": 1}


@pytest.mark.parametrize("way", WAYS)
def test_what_is_derived_is_told_and_made_anew(path: Path, tmp_path: Path, way: str) -> None:
    kind, statement = WAYS[way]
    damage(path, statement)

    with open_notes(path) as other, open_notes(path) as store:
        assert [(one.kind, one.repaired) for one in store.check()] == [(kind, False)]
        assert [(one.kind, one.repaired) for one in store.check(repair=True)] == [(kind, True)]
        for one in (store, other):
            assert one.check() == []
            assert sees_all(one)
        store.apply(PROJECT, [Delete(collection="notes", ids=["07"])])
        other.apply(PROJECT, put(*(note(f"new {number}", terms=("t",)) for number in range(40))))
        assert store.check() == other.check() == []
        store.backup(tmp_path / "copy.db")


def test_an_index_that_cannot_be_read_is_told_where_it_has_nothing(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    open_notes(path).close()
    damage(path, "DELETE FROM notes__text_config")

    with open_notes(path) as store:
        assert [one.repaired for one in store.check(repair=True)] == [True]
        assert store.check() == []


def test_the_rows_that_are_damaged_are_in_no_index_that_could_not_be_read(path: Path) -> None:
    damage(path, "UPDATE notes__rows SET metadata = '{' WHERE number = 7")
    damage(path, "DELETE FROM notes__text_data WHERE id > 10")

    with open_notes(path) as store:
        store.check(repair=True)
        assert store.apply(PROJECT, [Delete(collection="notes", ids=["07"])]).counts == (1,)
        assert store.check() == []
        assert store.count(PROJECT, "notes", ALICE, terms=("t",)).terms == {"t": 39}


def test_tag_entries_out_of_their_order_are_made_anew(path: Path) -> None:
    change_bytes(path, "notes__tag", b"categoriesc40", b"categoriesz40")

    with open_notes(path) as store:
        assert [(one.kind, one.repaired) for one in store.check(repair=True)] == [(TAGS, True)]
        assert store.check() == []
        assert sees_all(store)
