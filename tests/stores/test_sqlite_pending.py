"""Rows are found by their words before and after the full-text index has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mnemon.errors import StoreConflictError
from mnemon.stores.in_memory import InMemoryStore
from mnemon.stores.sqlite.store import SQLiteStore
from mnemon.testing.samples import CURRENT, NOTES, PROJECT, moment, note, put
from mnemon.types.filters import where
from mnemon.types.storage import Delete, DeleteWhere, Patch, Put, Terms

if TYPE_CHECKING:
    from pathlib import Path

    from mnemon.protocols.store import Store
    from mnemon.types.filters import Filter
    from mnemon.types.storage import Row, Write

ALICE = where("user_id").eq("alice")
FILTERS = (
    ALICE & CURRENT,
    ALICE,
    ALICE & CURRENT & where("categories").eq("even"),
    ALICE & where("run_id").eq("run-1") & CURRENT,
    where("user_id").eq("bob") & CURRENT,
)
WORDS = {"every": 1.0, "third": 3.0, "fifth": 5.0, "none": 7.0}


def row(number: int) -> Row:
    """Return a row whose words and scopes follow from its number."""
    thirds, fifths = ["third"] * (number % 3 == 0), ["fifth"] * (number % 5 == 0)
    return note(
        f"{number:03}",
        user_id="bob" if number % 7 == 0 else "alice",
        run_id=f"run-{number % 2}",
        terms=("every", *thirds, *fifths),
        categories=("odd",) if number % 2 else ("even",),
    )


def answers(store: Store, scope: Filter) -> object:
    counts = store.count(PROJECT, "notes", scope, terms=list(WORDS))
    found = store.search(PROJECT, "notes", Terms(weights=WORDS), scope, limit=1_000)
    weights = {match.row.id: sum(WORDS[term] for term in match.evidence.terms) for match in found}
    assert list(weights.values()) == sorted(weights.values(), reverse=True)
    return counts, weights


def test_a_row_is_found_at_every_moment_of_a_long_history(tmp_path: Path) -> None:
    reference, first, second = InMemoryStore(), SQLiteStore(tmp_path / "s.db"), SQLiteStore(tmp_path / "s.db")
    with reference, first, second:
        for store in (reference, first, second):
            store.declare(NOTES)
        for number in range(120):
            batch: list[Write] = [Put(collection="notes", row=row(number))]
            if number % 4 == 3:
                closed = {"closed_at": moment(1)}
                batch.append(Patch(collection="notes", id=f"{number - 3:03}", fields=closed, otherwise="skip"))
                batch.append(Delete(collection="notes", ids=[f"{number // 2:03}"]))
            reference.apply(PROJECT, batch)
            (first, second)[number % 2].apply(PROJECT, batch)

            for scope in FILTERS:
                expected = answers(reference, scope)
                assert answers(first, scope) == expected
                assert answers(second, scope) == expected

        assert first.check() == []
        indexed, written = watermark(first)
        assert 0 < indexed < written


def test_rows_that_wait_are_in_the_index_once_after_a_batch_that_does_not(tmp_path: Path) -> None:
    reference = InMemoryStore()
    with reference, SQLiteStore(tmp_path / "s.db") as store:
        for one in (reference, store):
            one.declare(NOTES)
            for number in range(20):
                one.apply((PROJECT, "other")[number % 2], put(row(number)))
            one.apply(PROJECT, put(*(row(number) for number in range(100, 160))))
        indexed, written = watermark(store)

        assert indexed == written == 80
        assert [answers(store, scope) for scope in FILTERS] == [answers(reference, scope) for scope in FILTERS]
        assert store.check() == []
        for one in (reference, store):
            one.apply(PROJECT, [DeleteWhere(collection="notes", where=where("categories").eq("even"))])
        assert [answers(store, scope) for scope in FILTERS] == [answers(reference, scope) for scope in FILTERS]


def test_a_failed_batch_leaves_nothing_in_the_index(tmp_path: Path) -> None:
    with SQLiteStore(tmp_path / "s.db") as store:
        store.declare(NOTES)
        store.apply(PROJECT, put(*(row(number) for number in range(30))))
        before = answers(store, ALICE & CURRENT)
        abort = Put(collection="notes", row=row(1), existing="abort")

        with store.exclusive() as unit:
            unit.apply(PROJECT, put(*(row(number) for number in range(50, 90))))
            unit.apply(PROJECT, [Delete(collection="notes", ids=[f"{number:03}" for number in range(50, 90)])])
        with pytest.raises(StoreConflictError):
            store.apply(PROJECT, [*put(*(row(number) for number in range(50, 90))), abort])
        store.apply(PROJECT, put(row(99)))
        store.apply(PROJECT, [Delete(collection="notes", ids=["099"])])

        assert answers(store, ALICE & CURRENT) == before
        assert store.check() == []


def test_scrubbing_forgets_the_places_that_nobody_is_in(tmp_path: Path) -> None:
    with SQLiteStore(tmp_path / "s.db") as store:
        store.declare(NOTES)
        store.apply(PROJECT, put(*(row(number) for number in range(40))))
        store.apply(PROJECT, [Patch(collection="notes", id="005", fields={"closed_at": moment(1)})])
        before = places(store)

        store.apply(PROJECT, [DeleteWhere(collection="notes", where=where("user_id").eq("bob"))])
        store.apply(PROJECT, [Delete(collection="notes", ids=["005"])])
        store.scrub()
        after = places(store)
        store.apply(PROJECT, put(*(row(number) for number in range(40, 80))))

        assert (len(before), len(after)) == (6, 3)  # two runs and alice; gone are bob, and what was superseded
        assert places(store) - after
        assert not (places(store) - after) & before
        assert store.check() == []
        assert store.count(PROJECT, "notes", where("user_id").eq("bob") & CURRENT, terms=["every"]).terms == {
            "every": 6
        }


def test_lost_places_are_found_and_mended(tmp_path: Path) -> None:
    with SQLiteStore(tmp_path / "s.db") as store:
        store.declare(NOTES)
        store.apply(PROJECT, put(*(row(number) for number in range(40))))
        before = answers(store, ALICE & CURRENT)
        with store._connections.writing() as connection:  # pyright: ignore[reportPrivateUsage]
            connection.execute("DELETE FROM notes__place")

        found = store.check()
        store.check(repair=True)

        assert [(finding.kind, finding.rows) for finding in found] == [("postings differ from rows", 40)]
        assert store.check() == []
        assert answers(store, ALICE & CURRENT) == before
        store.apply(PROJECT, [Delete(collection="notes", ids=["001"])])
        store.apply(PROJECT, put(row(1)))
        assert answers(store, ALICE & CURRENT) == before
        assert store.check() == []


def places(store: SQLiteStore) -> set[int]:
    with store._connections.reading() as connection:  # pyright: ignore[reportPrivateUsage]
        return {number for (number,) in connection.rows("SELECT number FROM notes__place") if isinstance(number, int)}


def watermark(store: SQLiteStore) -> tuple[int, int]:
    with store._connections.reading() as connection:  # pyright: ignore[reportPrivateUsage]
        ((indexed, written),) = connection.rows(
            "SELECT indexed, (SELECT max(number) FROM notes__rows) FROM mnemon_collections WHERE name = 'notes'"
        )
    assert isinstance(indexed, int)
    assert isinstance(written, int)
    return indexed, written
