# Generated from core/mnemon/testing/_async/writes.py by tests/contracts/unasync.py; edit that file.
"""Promises about puts, patches and deletes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

from mnemon.errors import (
    InvalidInputError,
    StoreConflictError,
)
from mnemon.protocols.capabilities import Capability
from mnemon.protocols.store import Store
from mnemon.testing._sync.base import ALICE, EVERYTHING, Promises
from mnemon.testing.samples import CURRENT, PROJECT, moment, note, put
from mnemon.types.filters import And, where
from mnemon.types.storage import (
    Delete,
    DeleteWhere,
    Nearest,
    Patch,
    Put,
    Row,
    Terms,
    Write,
)

if TYPE_CHECKING:
    from mnemon.protocols.store import Store

__all__ = ["WritePromises"]


class WritePromises(Promises):
    """Promises about puts, patches and deletes."""

    def test_a_put_replaces_the_whole_row(self, notes: Store) -> None:
        old = note("a", run_id="r", categories=("c",), terms=("old",), small=(1.0, 0.0, 0.0), metadata={"m": 1})
        notes.apply(PROJECT, put(old))

        applied = notes.apply(PROJECT, put(note("a", terms=("new",))))

        assert applied.counts == (1,)
        assert (notes.get(PROJECT, "notes", ["a"], include=EVERYTHING))["a"] == note("a", terms=("new",))
        assert notes.search(PROJECT, "notes", Terms(weights={"old": 1.0}), ALICE) == []
        assert notes.search(PROJECT, "notes", Nearest(space="small", vector=[1.0, 0.0, 0.0]), ALICE) == []
        assert notes.list_ids(PROJECT, "notes", where("categories").eq("c")) == []

    def test_what_is_given_once_is_not_lost(self, notes: Store) -> None:
        words = Row(id="words", fields={"user_id": "alice"}, terms=cast("Any", (word for word in ("tea", "cup"))))
        writes = iter([*put(note("a")), Put(collection="notes", row=words)])

        applied = notes.apply(PROJECT, cast("Any", writes))

        assert applied.counts == (1, 1)
        assert (notes.get(PROJECT, "notes", ["words"], include=("terms",)))["words"].terms == ("tea", "cup")
        found = notes.search(PROJECT, "notes", Terms(weights={"cup": 1.0}), ALICE)
        assert [match.row.id for match in found] == ["words"]
        counts = notes.count(PROJECT, "notes", ALICE, terms=cast("Any", iter(["tea", "milk"])))
        assert counts.terms == {"tea": 1, "milk": 0}

    def test_a_write_alone_is_no_batch(self, notes: Store) -> None:
        for alone in (*put(note("a")), None, 5):
            with pytest.raises(InvalidInputError, match="a batch is a list of writes"):
                notes.apply(PROJECT, cast("Any", alone))

    def test_a_put_can_skip_or_abort_where_the_row_is_there(self, notes: Store) -> None:
        notes.apply(PROJECT, put(note("a", payload=b"first")))
        skip = Put(collection="notes", row=note("a", payload=b"second"), existing="skip")
        abort = Put(collection="notes", row=note("a", payload=b"third"), existing="abort")

        skipped = notes.apply(PROJECT, [skip, Put(collection="notes", row=note("b"), existing="skip")])
        with pytest.raises(StoreConflictError) as caught:
            notes.apply(PROJECT, [abort])

        assert skipped.counts == (0, 1)
        assert (caught.value.collection, caught.value.id, caught.value.index) == ("notes", "a", 0)
        assert (notes.get(PROJECT, "notes", ["a"]))["a"].payload == b"first"

    def test_an_aborted_batch_writes_nothing_where_batches_are_atomic(self, notes: Store) -> None:
        if Capability.ATOMIC not in notes.capabilities:
            pytest.skip("batches of this store are not atomic")
        notes.apply(PROJECT, put(note("there", terms=("t",), payload=b"1")))
        batch: list[Write] = [
            *put(note("new", terms=("t",)), note("there", payload=b"2")),
            Put(collection="plain", row=Row(id="p")),
            Delete(collection="notes", ids=["there"]),
            Put(collection="notes", row=note("new"), existing="abort"),
        ]

        with pytest.raises(StoreConflictError) as caught:
            notes.apply(PROJECT, batch)

        assert caught.value.index == 4
        assert notes.list_ids(PROJECT, "notes") == ["there"]
        assert notes.list_ids(PROJECT, "plain") == []
        assert (notes.get(PROJECT, "notes", ["there"]))["there"].payload == b"1"
        assert (notes.count(PROJECT, "notes", ALICE & CURRENT, terms=["t"])).terms == {"t": 1}

    def test_an_empty_batch_does_nothing(self, notes: Store) -> None:
        assert (notes.apply(PROJECT, [])).counts == ()

    def test_writes_of_a_batch_are_carried_out_in_order(self, notes: Store) -> None:
        batch: list[Write] = [
            *put(note("a", payload=b"1")),
            Delete(collection="notes", ids=["a", "nobody"]),
            *put(note("a", payload=b"2")),
            Patch(collection="notes", id="a", fields={"kind": "k"}),
        ]

        applied = notes.apply(PROJECT, batch)

        assert applied.counts == (1, 1, 1, 1)
        assert (notes.get(PROJECT, "notes", ["a"]))["a"] == note("a", payload=b"2", kind="k")

    def test_a_patch_changes_what_it_names_and_nothing_else(self, notes: Store) -> None:
        row = note(
            "a",
            kind="k",
            run_id="r",
            version=1,
            categories=("c", "d"),
            terms=("t",),
            small=(1.0, 0.0, 0.0),
            payload=b"p",
        )
        notes.apply(PROJECT, put(row))

        patch = Patch(
            collection="notes",
            id="a",
            fields={"version": 2, "kind": None, "categories": ("d", "e")},
            metadata={"m": [1]},
        )
        applied = notes.apply(PROJECT, [patch])

        found = (notes.get(PROJECT, "notes", ["a"], include=EVERYTHING))["a"]
        assert applied.counts == (1,)
        assert found.fields == {"user_id": "alice", "run_id": "r", "version": 2, "categories": ("d", "e")}
        assert (found.terms, found.metadata, found.payload) == (("t",), {"m": [1]}, b"p")
        assert np.asarray(found.vectors["small"]).tolist() == [1.0, 0.0, 0.0]
        assert notes.list_ids(PROJECT, "notes", where("categories").eq("c")) == []
        assert notes.list_ids(PROJECT, "notes", where("categories").eq("e")) == ["a"]

    def test_a_patch_with_an_expectation_writes_only_where_it_holds(self, notes: Store) -> None:
        notes.apply(PROJECT, put(note("a", version=1)))

        def patch(version: int, row_id: str = "a", *, skip: bool = False) -> Patch:
            return Patch(
                collection="notes",
                id=row_id,
                fields={"version": 2},
                expect=where("version").eq(version),
                otherwise="skip" if skip else "abort",
            )

        with pytest.raises(StoreConflictError, match="not as expected"):
            notes.apply(PROJECT, [patch(7)])
        with pytest.raises(StoreConflictError, match="no such row"):
            notes.apply(PROJECT, [patch(1, "nobody")])
        skipped = notes.apply(PROJECT, [patch(7, skip=True), patch(1, "nobody", skip=True), patch(1)])

        assert skipped.counts == (0, 0, 1)
        assert (notes.get(PROJECT, "notes", ["a"]))["a"].fields["version"] == 2
        assert notes.list_ids(PROJECT, "notes") == ["a"]

    def test_a_row_that_moves_to_another_scope_is_found_there_only(self, notes: Store) -> None:
        notes.apply(
            PROJECT, put(note("a", terms=("t",), small=(1.0, 0.0, 0.0)), note("b", terms=("t",), small=(1.0, 0.0, 0.0)))
        )
        self.found(notes, ALICE & CURRENT)

        notes.apply(PROJECT, [Patch(collection="notes", id="a", fields={"user_id": "bob", "run_id": "r"})])

        assert self.found(notes, ALICE & CURRENT) == (["b"], ["b"])
        assert self.found(notes, where("user_id").eq("bob") & CURRENT) == (["a"], ["a"])
        assert self.found(notes, where("run_id").eq("r") & CURRENT) == (["a"], ["a"])

    def test_a_superseded_row_leaves_current_searches_and_stays_in_the_others(self, notes: Store) -> None:
        notes.apply(PROJECT, put(*(note(name, terms=("t",), small=(1.0, 0.0, 0.0)) for name in "abc")))
        assert self.found(notes, ALICE & CURRENT) == (["a", "b", "c"], ["a", "b", "c"])

        notes.apply(PROJECT, [Patch(collection="notes", id="b", fields={"closed_at": moment(9)})])

        assert self.found(notes, ALICE & CURRENT) == (["a", "c"], ["a", "c"])
        assert self.found(notes, ALICE) == (["a", "b", "c"], ["a", "b", "c"])
        assert self.found(notes, ALICE & where("closed_at").gt(moment(8))) == (["b"], ["b"])
        assert (notes.count(PROJECT, "notes", ALICE & CURRENT, terms=["t"])).terms == {"t": 2}
        assert (notes.count(PROJECT, "notes", ALICE, terms=["t"])).terms == {"t": 3}

    def test_a_superseded_row_can_become_current_again(self, notes: Store) -> None:
        notes.apply(PROJECT, put(note("a", terms=("t",), small=(1.0, 0.0, 0.0), closed_at=moment(1))))
        assert self.found(notes, ALICE & CURRENT) == ([], [])

        notes.apply(PROJECT, [Patch(collection="notes", id="a", fields={"closed_at": None})])

        assert self.found(notes, ALICE & CURRENT) == (["a"], ["a"])

    def test_deleted_rows_are_gone_from_every_read(self, notes: Store) -> None:
        notes.apply(
            PROJECT, put(*(note(name, terms=("t",), small=(1.0, 0.0, 0.0), categories=("c",)) for name in "ab"))
        )
        assert self.found(notes, ALICE & CURRENT) == (["a", "b"], ["a", "b"])

        applied = notes.apply(PROJECT, [Delete(collection="notes", ids=["a", "a", "nobody"])])

        assert applied.counts == (1,)
        assert self.found(notes, ALICE & CURRENT) == (["b"], ["b"])
        assert notes.list_ids(PROJECT, "notes") == ["b"]
        assert notes.list_ids(PROJECT, "notes", where("categories").eq("c")) == ["b"]
        assert notes.get(PROJECT, "notes", ["a"]) == {}
        counts = notes.count(PROJECT, "notes", ALICE & CURRENT, terms=["t"])
        assert (counts.rows, counts.terms) == (1, {"t": 1})
        assert [group.rows for group in (notes.groups(PROJECT, "notes", "categories")).groups] == [1]

    def test_a_limited_delete_is_repeated_until_it_counts_nothing(self, notes: Store) -> None:
        notes.apply(PROJECT, put(*(note(f"{number:03}") for number in range(25)), note("other", user_id="bob")))
        batch = [DeleteWhere(collection="notes", where=ALICE, limit=10)]

        counts = [(notes.apply(PROJECT, batch)).counts[0] for _ in range(4)]

        assert counts == [10, 10, 5, 0]
        assert notes.list_ids(PROJECT, "notes") == ["other"]

    @pytest.mark.parametrize("limit", [0, -1, 1.5, True, "1"])
    def test_a_delete_limit_that_is_none_is_refused(self, notes: Store, limit: int) -> None:
        with pytest.raises(InvalidInputError, match="limit"):
            notes.apply(PROJECT, [DeleteWhere(collection="notes", where=And(), limit=limit)])

    def test_misspelt_choices_and_one_text_for_a_list_are_refused(self, notes: Store) -> None:
        notes.apply(PROJECT, put(*(note(name) for name in "abc")))
        bad = cast("Any", "abrot")

        none = cast("Any", None)
        for write in (
            Put(collection="notes", row=note("a"), existing=bad),
            Patch(collection="notes", id="a", otherwise=bad),
            Patch(collection="notes", id="a", expect=none),
            Delete(collection="notes", ids="abc"),
            DeleteWhere(collection="notes", where=none),
            none,
        ):
            with pytest.raises(InvalidInputError, match=r"abrot|list of ids|must be a filter|a batch holds"):
                notes.apply(PROJECT, [write])
        assert notes.list_ids(PROJECT, "notes") == ["a", "b", "c"]
