"""Rows that a SQLite store knows from reads before are as the file has them, and leave it with their rows."""

from __future__ import annotations

import gc
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from mnemon.stores.sqlite.store import SQLiteStore
from mnemon.testing.samples import CURRENT, NOTES, PROJECT, note, put
from mnemon.types.filters import where
from mnemon.types.storage import Delete, Nearest, Patch, Row, Terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mnemon.protocols.store import Store

FIELDS = ("user_id", "run_id", "kind", "label", "version")
PARTS = ("terms", "small")
ALICE = where("user_id").eq("alice") & CURRENT


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(tmp_path / "store.db") as opened:
        opened.declare(NOTES)
        rows = [
            note(f"n{number}", terms=["tea", f"w{number}"], small=[1.0, number, 0.0], kind="k", run_id=f"r{number % 3}")
            for number in range(9)
        ]
        opened.apply(PROJECT, put(*rows))
        yield opened


def by_words(store: Store) -> dict[str, Row]:
    found = store.search(PROJECT, "notes", Terms(weights={"tea": 1.0}), ALICE, include=PARTS, fields=FIELDS)
    return {match.row.id: match.row for match in found}


def by_scan(store: Store) -> dict[str, Row]:
    return {row.id: row for row in store.scan(PROJECT, "notes", ALICE, include=PARTS, fields=FIELDS).rows}


def plain(rows: dict[str, Row]) -> dict[str, object]:
    return {key: (dict(row.fields), row.terms, [list(row.vectors["small"])]) for key, row in rows.items()}


def known(store: SQLiteStore) -> int:
    return sum(map(len, store._known._forms.values()))  # pyright: ignore[reportPrivateUsage] # what is kept is what is asked about


def test_a_row_that_is_read_again_is_the_same(store: SQLiteStore) -> None:
    first = by_words(store)

    assert all(row is first[key] for key, row in by_words(store).items())
    assert all(row is first[key] for key, row in by_scan(store).items())
    assert plain(first) == plain({
        row.id: row for row in store.scan(PROJECT, "notes", ALICE, order="label", include=PARTS, fields=FIELDS).rows
    })  # fmt: skip


@pytest.mark.parametrize("rows", [by_words, by_scan])
def test_a_patch_is_seen_whoever_made_it(
    store: SQLiteStore, tmp_path: Path, rows: Callable[[Store], dict[str, Row]]
) -> None:
    rows(store)

    store.apply(PROJECT, [Patch(collection="notes", id="n1", fields={"label": "here"})])
    with SQLiteStore(tmp_path / "store.db") as other:
        other.declare(NOTES)
        other.apply(PROJECT, [Patch(collection="notes", id="n2", fields={"label": "there", "kind": None})])

    found = rows(store)
    assert found["n1"].fields["label"] == "here"
    assert (found["n2"].fields["label"], found["n2"].fields.get("kind")) == ("there", None)
    assert found["n2"].terms == ("tea", "w2")


def test_a_row_that_takes_the_place_of_another_is_read_anew(store: SQLiteStore, tmp_path: Path) -> None:
    by_scan(store)

    with SQLiteStore(tmp_path / "store.db") as other:
        other.declare(NOTES)
        other.apply(PROJECT, put(note("n1", terms=["tea", "new"], small=[0.0, 1.0, 0.0], kind="k", run_id="r1")))

    assert by_scan(store)["n1"].terms == ("tea", "new")
    assert list(by_words(store)["n1"].vectors["small"]) == [0.0, 1.0, 0.0]


def test_what_was_written_and_taken_back_is_never_known(store: SQLiteStore) -> None:
    with suppress(RuntimeError), store.exclusive() as unit:
        unit.apply(PROJECT, put(note("x", terms=["tea", "taken"], small=[1.0, 0.0, 0.0], kind="k")))
        assert "x" in by_scan(unit)
        assert "x" in by_words(unit)
        raise RuntimeError

    store.apply(PROJECT, put(note("x", terms=["tea", "kept"], small=[0.0, 1.0, 0.0], kind="k")))

    assert by_scan(store)["x"].terms == ("tea", "kept")
    assert by_words(store)["x"].terms == ("tea", "kept")


def test_what_is_deleted_here_leaves_at_once(store: SQLiteStore) -> None:
    by_scan(store)
    assert known(store) == 9

    store.apply(PROJECT, [Delete(collection="notes", ids=["n1"])])

    assert known(store) == 0
    assert "n1" not in by_scan(store)
    store.scrub()
    assert known(store) == 0


def test_what_another_process_deletes_is_not_found_any_more(store: SQLiteStore, tmp_path: Path) -> None:
    by_scan(store)
    by_words(store)

    with SQLiteStore(tmp_path / "store.db") as other:
        other.declare(NOTES)
        other.apply(PROJECT, [Delete(collection="notes", ids=["n1"])])

    near = Nearest(space="small", vector=[1.0, 1.0, 0.0])
    assert "n1" not in by_scan(store)
    assert "n1" not in by_words(store)
    assert "n1" not in [match.row.id for match in store.search(PROJECT, "notes", near, ALICE, fields=FIELDS)]


def test_what_is_known_stays_within_its_bound(tmp_path: Path) -> None:
    with SQLiteStore(tmp_path / "store.db", cache_bytes=4 * 5_000) as store:
        store.declare(NOTES)
        store.apply(PROJECT, put(*(note(f"n{number}", terms=["tea"], small=[1.0, 0.0, 0.0]) for number in range(20))))

        found = by_scan(store)
        del found
        gc.collect()

        assert 0 < known(store) <= 4
        assert store._known._bytes <= 5_000  # pyright: ignore[reportPrivateUsage] # the bound is what is asked about
        assert plain(by_words(store)).keys() == {f"n{number}" for number in range(20)}


def test_nothing_is_kept_where_nothing_may_be(tmp_path: Path) -> None:
    with SQLiteStore(tmp_path / "store.db", cache_bytes=0) as store:
        store.declare(NOTES)
        store.apply(PROJECT, put(note("a", terms=["tea"], small=[1.0, 0.0, 0.0])))

        assert by_scan(store)["a"].terms == ("tea",)
        assert known(store) == 0
