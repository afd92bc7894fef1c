# Generated from core/mnemon/testing/_async/units.py by tests/contracts/unasync.py; edit that file.
"""Promises about units of work, upkeep and the end."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mnemon.errors import ClosedError, InvalidInputError, StoreConflictError, StoreError, StoreReadOnlyError
from mnemon.protocols.capabilities import Capability
from mnemon.protocols.store import Store, SupportsExclusive, SupportsSnapshot
from mnemon.testing._sync.base import ALICE, EVERYTHING, Promises
from mnemon.testing.samples import CURRENT, HOSTILE, NOTES, PLAIN, PROJECT, moment, note, put
from mnemon.types.filters import where
from mnemon.types.storage import (
    Delete,
    Patch,
    Put,
    Terms,
)

if TYPE_CHECKING:
    from mnemon.protocols.store import Store

__all__ = ["UnitPromises"]


class UnitPromises(Promises):
    """Promises about units of work, upkeep and the end."""

    def test_a_unit_of_work_reads_what_it_wrote_and_commits_at_its_end(self, notes: Store) -> None:
        if not isinstance(notes, SupportsExclusive):
            pytest.skip("this store has no units of work")

        with notes.exclusive() as unit:
            unit.apply(PROJECT, put(note("a", terms=("t",), small=(1.0, 0.0, 0.0))))
            inside = self.found(unit, ALICE & CURRENT)
            unit.apply(PROJECT, put(note("b", terms=("t",), small=(1.0, 0.0, 0.0))))

        assert inside == (["a"], ["a"])
        assert self.found(notes, ALICE & CURRENT) == (["a", "b"], ["a", "b"])

    def test_a_unit_of_work_that_fails_leaves_nothing(self, notes: Store) -> None:
        if not isinstance(notes, SupportsExclusive):
            pytest.skip("this store has no units of work")
        notes.apply(PROJECT, put(note("kept", terms=("t",), small=(1.0, 0.0, 0.0))))

        with pytest.raises(ZeroDivisionError):
            self.fail_in_a_unit(notes)
        notes.apply(PROJECT, put(note("next", terms=("t",), small=(1.0, 0.0, 0.0))))

        assert self.found(notes, ALICE & CURRENT) == (["kept", "next"], ["kept", "next"])

    def fail_in_a_unit(self, store: SupportsExclusive) -> None:
        """Write and delete in a unit of work, search it, and raise."""
        with store.exclusive() as unit:
            unit.apply(PROJECT, put(note("lost", terms=("t",), small=(1.0, 0.0, 0.0))))
            unit.apply(PROJECT, [Delete(collection="notes", ids=["kept"])])
            self.found(unit, ALICE & CURRENT)
            raise ZeroDivisionError

    def test_a_batch_that_fails_inside_a_unit_is_taken_back_alone(self, notes: Store) -> None:
        if not isinstance(notes, SupportsExclusive):
            pytest.skip("this store has no units of work")

        with notes.exclusive() as unit:
            unit.apply(PROJECT, put(note("a")))
            with pytest.raises(StoreConflictError):
                unit.apply(PROJECT, [*put(note("b")), Put(collection="notes", row=note("a"), existing="abort")])
            unit.apply(PROJECT, put(note("c")))

        assert notes.list_ids(PROJECT, "notes") == ["a", "c"]

    def test_a_batch_that_contradicts_itself_inside_a_unit_is_taken_back_alone(self, notes: Store) -> None:
        if not isinstance(notes, SupportsExclusive):
            pytest.skip("this store has no units of work")

        with notes.exclusive() as unit:
            unit.apply(PROJECT, put(note("a")))
            with pytest.raises(StoreConflictError):
                unit.apply(PROJECT, [*put(note("b")), Put(collection="notes", row=note("b"), existing="abort")])
            unit.apply(PROJECT, put(note("c")))

        assert notes.list_ids(PROJECT, "notes") == ["a", "c"]

    def test_a_unit_inside_a_unit_is_an_error_that_harms_nothing(self, notes: Store) -> None:
        if not isinstance(notes, SupportsExclusive):
            pytest.skip("this store has no units of work")

        with notes.exclusive() as unit:
            unit.apply(PROJECT, put(note("a")))
            with pytest.raises(StoreError, match="units do not nest"):
                self.fail_in_a_unit(notes)
            unit.apply(PROJECT, put(note("b")))

        assert notes.list_ids(PROJECT, "notes") == ["a", "b"]

    def test_a_snapshot_reads_one_moment_while_others_write(self, notes: Store) -> None:
        if not isinstance(notes, SupportsSnapshot):
            pytest.skip("this store has no snapshots")
        notes.apply(PROJECT, put(note("a", terms=("t",), small=(1.0, 0.0, 0.0))))

        with notes.snapshot() as moment:
            notes.apply(PROJECT, put(note("b", terms=("t",), small=(1.0, 0.0, 0.0))))
            notes.apply(PROJECT, [Delete(collection="notes", ids=["a"])])
            seen = self.found(moment, ALICE & CURRENT)
            listed = moment.list_ids(PROJECT, "notes")

        assert (seen, listed) == ((["a"], ["a"]), ["a"])
        assert self.found(notes, ALICE & CURRENT) == (["b"], ["b"])

    def test_a_snapshot_cannot_be_written(self, notes: Store) -> None:
        if not isinstance(notes, SupportsSnapshot):
            pytest.skip("this store has no snapshots")

        with notes.snapshot() as moment:
            with pytest.raises(StoreReadOnlyError, match="only reads"):
                moment.apply(PROJECT, put(note("a")))
            with pytest.raises(InvalidInputError, match="snapshot begins"):
                moment.declare(replace(NOTES, name="elsewhere"))

        assert notes.list_ids(PROJECT, "notes") == []

    def test_a_project_whose_first_batch_fails_is_begun_by_the_next(self, notes: Store) -> None:
        abort = [*put(note("a")), Put(collection="notes", row=note("a"), existing="abort")]
        for project in ("new", "newer"):
            with pytest.raises(StoreConflictError):
                notes.apply(project, abort)
        notes.apply("newer", put(note("b", user_id="newer")))
        notes.apply("new", put(note("b", user_id="new")))
        if isinstance(notes, SupportsExclusive):
            with notes.exclusive() as unit:
                for project in ("third", "fourth"):
                    with pytest.raises(StoreConflictError):
                        unit.apply(project, abort)
                unit.apply("fourth", put(note("b", user_id="fourth")))
                unit.apply("third", put(note("b", user_id="third")))
            for project in ("third", "fourth"):
                assert (notes.get(project, "notes", ["b"]))["b"].fields == {"user_id": project}

        for project in ("new", "newer"):
            assert (notes.get(project, "notes", ["b"]))["b"].fields == {"user_id": project}

    def test_a_sound_store_has_nothing_to_find(self, notes: Store) -> None:
        notes.apply(
            PROJECT,
            put(
                *(note(text, user_id=text, categories=(text,), terms=("t",), small=(1.0, 0.0, 0.0)) for text in HOSTILE)
            ),
        )
        notes.apply(PROJECT, [Delete(collection="notes", ids=HOSTILE[:10])])
        notes.apply(
            PROJECT, [Patch(collection="notes", id=HOSTILE[11], fields={"closed_at": moment(1), "categories": ()})]
        )

        assert notes.check() == []

    def test_scrub_says_whether_the_bytes_are_gone(self, notes: Store) -> None:
        notes.apply(PROJECT, [*put(note("a", payload=b"secret")), Delete(collection="notes", ids=["a"])])

        scrubbed = notes.scrub()

        assert (scrubbed.bytes == "gone") == (Capability.SCRUBS in notes.capabilities)
        assert (scrubbed.reason == "") == (scrubbed.bytes == "gone")

    def test_what_was_acknowledged_is_there_after_reopening(self, notes: Store) -> None:
        if Capability.PERSISTENT not in notes.capabilities:
            pytest.skip("this store forgets what it held")
        rows = [note(text, user_id=text, terms=("t",), small=(1.0, 0.0, 0.0)) for text in HOSTILE]
        notes.apply(PROJECT, put(*rows))
        before = notes.scan(PROJECT, "notes", limit=1_000, include=EVERYTHING)

        with closing(self.reopen(notes)) as again:
            again.declare(NOTES, PLAIN)

            after = again.scan(PROJECT, "notes", limit=1_000, include=EVERYTHING)
            assert [row.id for row in after.rows] == sorted(HOSTILE)
            assert repr(after) == repr(before)
            for text in ("1", "Jose", ""):
                assert self.found(again, where("user_id").eq(text) & CURRENT) == ([text], [text])

    def test_closing_twice_is_harmless_and_use_after_close_is_an_error(self, notes: Store) -> None:
        notes.close()
        notes.close()

        for call in (
            lambda: notes.declare(NOTES),
            lambda: notes.get(PROJECT, "notes", ["a"]),
            lambda: notes.list_ids(PROJECT, "notes"),
            lambda: notes.scan(PROJECT, "notes"),
            lambda: notes.search(PROJECT, "notes", Terms(weights={"a": 1.0})),
            lambda: notes.count(PROJECT, "notes"),
            lambda: notes.groups(PROJECT, "notes", "user_id"),
            lambda: notes.apply(PROJECT, put(note("a"))),
            notes.scrub,
            notes.check,
        ):
            with pytest.raises(ClosedError, match="closed"):
                call()
