"""A row that cannot be read as it was written is an error that names it, and never another answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mnemon.errors import StoreCorruptError
from mnemon.testing.samples import PROJECT, note, put
from mnemon.types.filters import where
from mnemon.types.storage import Delete, DeleteWhere
from tests.stores.damaged import ALICE, NEAR, WORDS, damage, open_notes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mnemon.stores.sqlite.store import SQLiteStore
    from mnemon.types.filters import Filter

CLOSED_TOO = where("user_id").eq("alice")  # no matrix is kept of those
AXES = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
NAMED = r"the row '20' of 'notes' in .*store\.db cannot be read.*restore a backup, or delete the row"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of 30 rows, none of which is in the full-text index yet."""
    place = tmp_path / "store.db"
    with open_notes(place) as store:
        numbers = range(1, 31)
        rows = [note(f"{number:02}", terms=("t",), small=AXES[number % 3], metadata={"k": 1}) for number in numbers]
        store.apply(PROJECT, put(*rows))
    return place


WAITING: dict[str, Callable[[SQLiteStore], object]] = {
    "a search": lambda store: store.search(PROJECT, "notes", WORDS, ALICE),
    "a search of everybody": lambda store: store.search(PROJECT, "notes", WORDS),
    "a count": lambda store: store.count(PROJECT, "notes", ALICE, terms=("t",)),
    "a count of everybody": lambda store: store.count(PROJECT, "notes", terms=("t",)),
}


@pytest.mark.parametrize("call", WAITING)
def test_terms_of_bytes_that_wait_for_the_index_name_their_row(path: Path, call: str) -> None:
    damage(path, "UPDATE notes__rows SET terms = x'00' WHERE number = 20")

    with open_notes(path) as store:
        with pytest.raises(StoreCorruptError, match=NAMED):
            WAITING[call](store)
        store.apply(PROJECT, [Delete(collection="notes", ids=["20"])])
        WAITING[call](store)
        assert store.check() == []


@pytest.mark.parametrize(
    "assignment",
    ["terms = x'00'", "terms = cast(x'ff' AS TEXT)", "f_user_id = cast(x'ff' AS TEXT)"],
)
@pytest.mark.parametrize("gone", ["deleted", "replaced"])
def test_the_write_that_completes_an_index_part_leaves_a_damaged_row_out(
    path: Path, gone: str, assignment: str
) -> None:
    """It may be of another project, which must neither wait for this one nor be told its ids."""
    damage(path, f"UPDATE notes__rows SET {assignment} WHERE number = 20")  # noqa: S608 - ours

    with open_notes(path) as store:
        for number in range(40):
            store.apply("other", put(note(f"{number}", terms=("t",))))

        assert len(store.search("other", "notes", WORDS, ALICE, limit=100)) == 40
        assert len(store.search(PROJECT, "notes", WORDS, ALICE, limit=100)) == 29
        for repair in (False, True):
            assert [(one.project, one.ids) for one in store.check(repair=repair)] == [(PROJECT, ("20",))]
        with pytest.raises(StoreCorruptError):
            store.get(PROJECT, "notes", ["20"], include=("terms",))
        if gone == "deleted":
            store.apply(PROJECT, [Delete(collection="notes", ids=["20"])])
        else:
            store.apply(PROJECT, put(note("20", terms=("t",))))
        assert store.check() == []
        assert len(store.search(PROJECT, "notes", WORDS, ALICE, limit=100)) == (29 if gone == "deleted" else 30)


READS: dict[str, Callable[[SQLiteStore], object]] = {
    "a list": lambda store: store.list_ids(PROJECT, "notes", where("metadata.k").eq(1)),
    "a count": lambda store: store.count(PROJECT, "notes", where("metadata.k").eq(1)),
    "a deletion": lambda store: store.apply(
        PROJECT, [DeleteWhere(collection="notes", where=where("metadata.k").eq(1))]
    ),
}


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("metadata", ["printf('%.*c', 99999, '[')", "'[1]'", "'{\"k\": NaN}'", "'{'"])
def test_a_condition_on_metadata_that_is_none_is_an_error(path: Path, metadata: str, read: str) -> None:
    damage(path, f"UPDATE notes__rows SET metadata = {metadata} WHERE number = 20")  # noqa: S608 - ours

    with open_notes(path) as store, pytest.raises(StoreCorruptError, match="restore a backup, or delete the row"):
        READS[read](store)


@pytest.mark.parametrize(
    "assignment",
    [
        "metadata = printf('%.*c', 99999, '[')",
        "metadata = '[1]'",
        "f_categories = '{}'",
        "f_categories = '\"c\"'",
        "terms = x'00'",
        "payload = 'p'",
    ],
)
def test_a_row_that_is_read_and_cannot_be_is_named(path: Path, assignment: str) -> None:
    damage(path, f"UPDATE notes__rows SET {assignment} WHERE number = 20")  # noqa: S608 - ours

    with open_notes(path) as store:
        for read in (
            lambda: store.get(PROJECT, "notes", ["19", "20"], include=("terms", "metadata", "payload")),
            lambda: store.scan(PROJECT, "notes", include=("terms", "metadata", "payload")),
        ):
            with pytest.raises(StoreCorruptError, match=NAMED):
                read()


@pytest.mark.parametrize("where_", [ALICE, CLOSED_TOO])
def test_vectors_whose_wrong_lengths_make_up_for_each_other_are_no_answer(path: Path, where_: Filter) -> None:
    damage(
        path,
        "UPDATE notes__vec__small SET vector = zeroblob(8) WHERE row = 20",
        "UPDATE notes__vec__small SET vector = zeroblob(16) WHERE row = 25",
    )

    with open_notes(path) as store, pytest.raises(StoreCorruptError, match=NAMED):
        store.search(PROJECT, "notes", NEAR, where_, limit=100)


@pytest.mark.parametrize("where_", [ALICE, CLOSED_TOO])
@pytest.mark.parametrize("vector", ["x'0000c07f0000000000000000'", "x'000000000000807f00000000'", "'twelve bytes'"])
def test_a_vector_of_what_is_no_number_is_no_answer(path: Path, vector: str, where_: Filter) -> None:
    damage(path, f"UPDATE notes__vec__small SET vector = {vector} WHERE row = 20")  # noqa: S608 - ours

    with open_notes(path) as store, pytest.raises(StoreCorruptError, match=NAMED):
        store.search(PROJECT, "notes", NEAR, where_, limit=100)


def test_no_id_makes_the_error_that_names_it_long(path: Path) -> None:
    with open_notes(path) as store:
        store.apply(PROJECT, put(note("x" * 5_000, small=(1.0, 0.0, 0.0))))
    damage(path, "UPDATE notes__vec__small SET vector = zeroblob(8) WHERE row = 31")

    with open_notes(path) as store, pytest.raises(StoreCorruptError) as caught:
        store.search(PROJECT, "notes", NEAR, ALICE)

    assert "xxx" in str(caught.value)
    assert len(str(caught.value)) < 1_000
