# Generated from core/mnemon/testing/_async/declarations.py by tests/contracts/unasync.py; edit that file.
"""Promises about declarations, capabilities and projects."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest

from mnemon.errors import (
    InvalidInputError,
    SchemaMismatchError,
    StoreConflictError,
)
from mnemon.protocols.capabilities import Capability
from mnemon.protocols.store import Store, SupportsChanges, SupportsExclusive, SupportsSnapshot
from mnemon.testing._sync.base import ALICE, Promises
from mnemon.testing.samples import CURRENT, HOSTILE, NOTES, PLAIN, PROJECT, note, put
from mnemon.testing.together import together
from mnemon.types.filters import And, where
from mnemon.types.storage import (
    Collection,
    Delete,
    DeleteWhere,
    Nearest,
    Ordered,
    Patch,
    Put,
    Row,
    Terms,
    VectorSpace,
)

if TYPE_CHECKING:
    from mnemon.protocols.store import Store
    from mnemon.types.storage import Write

__all__ = ["DeclarationPromises"]


class DeclarationPromises(Promises):
    """Promises about declarations, capabilities and projects."""

    def test_declared_capabilities_fit_what_the_store_can_do(self, store: Store) -> None:
        assert store.capabilities <= frozenset(Capability)
        assert (Capability.EXCLUSIVE in store.capabilities) == isinstance(store, SupportsExclusive)
        assert (Capability.SNAPSHOT in store.capabilities) == isinstance(store, SupportsSnapshot)
        assert (Capability.CHANGES in store.capabilities) == isinstance(store, SupportsChanges)

    def test_exact_preconditions_of_calls_that_race_are_met_once(self, notes: Store) -> None:
        if Capability.EXACT_PRECONDITIONS not in notes.capabilities:
            pytest.skip("this store does not promise EXACT_PRECONDITIONS")

        for number in range(8):
            name = f"row {number}"
            row = note(name, version=0)
            claims: list[Write] = [Put(collection="notes", row=row, existing="abort")] * 4
            claimed = together([partial(self.succeeds, notes, write) for write in claims])
            closing = Patch(collection="notes", id=name, fields={"version": 1}, expect=where("version").eq(0))
            closed = together([partial(self.succeeds, notes, write) for write in [closing] * 4])

            assert (claimed.count(True), closed.count(True)) == (1, 1)

    def succeeds(self, store: Store, write: Write) -> bool:
        """Carry out one write; return whether it found things as it expects them."""
        try:
            store.apply(PROJECT, [write])
        except StoreConflictError:
            return False
        return True

    def test_exact_reads_show_what_was_acknowledged_last(self, notes: Store) -> None:
        if Capability.EXACT_READS not in notes.capabilities:
            pytest.skip("this store does not promise EXACT_READS")

        for number in range(3):
            name = f"{number}"
            notes.apply(PROJECT, put(note(name, terms=("t",), small=(1.0, 0.0, 0.0), version=1)))
            written = self.shown(notes, 1)
            notes.apply(PROJECT, [Patch(collection="notes", id=name, fields={"version": 2})])
            changed = self.shown(notes, 2)
            notes.apply(PROJECT, [Delete(collection="notes", ids=[name])])
            deleted = self.shown(notes, 2)

            assert written == changed == [[name]] * 5 + [1, 1, 1]
            assert deleted == [[]] * 5 + [0, 0, 0]

    def shown(self, store: Store, version: int) -> list[object]:
        """Return what each read shows of the rows of a version: ids, or how many."""
        condition = ALICE & where("version").eq(version)
        by_id = store.get(PROJECT, "notes", ["0", "1", "2"])
        page = store.scan(PROJECT, "notes", condition)
        by_text, by_vector = self.found(store, condition)
        counts = store.count(PROJECT, "notes", condition, terms=["t"])
        groups = store.groups(PROJECT, "notes", "user_id", condition)
        return [
            [row.id for row in by_id.values() if row.fields["version"] == version],
            store.list_ids(PROJECT, "notes", condition),
            [row.id for row in page.rows],
            by_text,
            by_vector,
            counts.rows,
            counts.terms["t"],
            sum(group.rows for group in groups.groups),
        ]

    def test_declaring_again_changes_nothing(self, notes: Store) -> None:
        notes.apply(PROJECT, put(note("a", payload=b"kept")))

        notes.declare(NOTES, PLAIN)

        assert (notes.get(PROJECT, "notes", ["a"]))["a"].payload == b"kept"

    def test_every_collection_that_was_declared_is_told_by_name(self, store: Store) -> None:
        assert store.collections() == []

        store.declare(PLAIN)
        store.declare(NOTES)

        assert store.collections() == [NOTES, PLAIN]

    def test_fields_spaces_and_indexes_can_be_added(self, store: Store) -> None:
        store.declare(PLAIN)
        store.apply(PROJECT, [Put(collection="plain", row=Row(id="old", fields={"thread": "t"}))])

        store.declare(
            Collection(
                name="plain",
                keys=("thread", "extra"),
                ordered=(Ordered("label", "text"), Ordered("size", "number")),
                vectors=(VectorSpace("added", "m", 2),),
                indexes=(("thread", "size"),),
            )
        )

        row = Row(id="new", fields={"thread": "t", "extra": "e", "size": 3}, vectors={"added": [1.0, 0.0]})
        store.apply(PROJECT, [Put(collection="plain", row=row)])
        found = store.search(PROJECT, "plain", Nearest(space="added", vector=[1.0, 0.0]))
        assert store.list_ids(PROJECT, "plain", where("thread").eq("t")) == ["new", "old"]
        assert [match.row.id for match in found] == ["new"]

    @pytest.mark.parametrize(
        "changed",
        [
            Collection(name="plain", keys=("thread",), ordered=(Ordered("label", "number"),)),
            Collection(name="plain", keys=("thread",), ordered=(Ordered("label", "text"),), text=True),
            Collection(name="plain", keys=("thread",), scopes=("thread",)),
            Collection(name="plain", keys=("thread",), person="thread"),
            Collection(name="plain", tags=("thread",)),
            Collection(name="plain", keys=("thread",), ordered=(Ordered("label", "text"),), current="label"),
        ],
    )
    def test_a_declaration_that_contradicts_the_stored_one_is_refused(self, notes: Store, changed: Collection) -> None:
        with pytest.raises(SchemaMismatchError) as caught:
            notes.declare(changed)

        assert len(caught.value.differences) == 1

    def test_another_model_or_length_for_a_vector_space_is_refused(self, notes: Store) -> None:
        notes.declare(replace(PLAIN, vectors=(VectorSpace("s", "hash-1", 3),)))

        for other in (VectorSpace("s", "hash-3", 3), VectorSpace("s", "hash-1", 4)):
            with pytest.raises(SchemaMismatchError, match="hash-1") as caught:
                notes.declare(replace(PLAIN, vectors=(other,)))
            assert repr(other) in str(caught.value)

    def test_an_undeclared_collection_is_an_error_that_names_the_declared_ones(self, notes: Store) -> None:
        for call in (
            lambda: notes.get(PROJECT, "nots", ["a"]),
            lambda: notes.list_ids(PROJECT, "nots"),
            lambda: notes.scan(PROJECT, "nots"),
            lambda: notes.search(PROJECT, "nots", Terms(weights={"a": 1.0})),
            lambda: notes.count(PROJECT, "nots"),
            lambda: notes.groups(PROJECT, "nots", "user_id"),
            lambda: notes.apply(PROJECT, [Put(collection="nots", row=note("a"))]),
        ):
            with pytest.raises(InvalidInputError, match="notes, plain"):
                call()

    def test_nothing_crosses_from_one_project_to_another(self, notes: Store) -> None:
        projects = [text for text in HOSTILE if text]
        for text in projects:
            notes.apply(text, put(note("same", label=text, terms=("t",), small=(1.0, 0.0, 0.0))))

        for text in projects:
            assert (notes.get(text, "notes", ["same"]))["same"].fields["label"] == text
            assert [row.fields["label"] for row in (notes.scan(text, "notes")).rows] == [text]
            found = notes.search(text, "notes", Terms(weights={"t": 1.0}), ALICE & CURRENT)
            near = notes.search(text, "notes", Nearest(space="small", vector=[1.0, 0.0, 0.0]), ALICE & CURRENT)
            assert [match.row.fields["label"] for match in (*found, *near)] == [text, text]
            assert notes.count(text, "notes", terms=["t"]) == notes.count(text, "notes", ALICE, terms=["t"])
            assert (notes.groups(text, "notes", "user_id")).groups[0].rows == 1
        notes.apply("1", [DeleteWhere(collection="notes", where=And())])
        assert (notes.count("1", "notes")).rows == 0
        assert (notes.count("10", "notes")).rows == 1

    def test_an_empty_project_is_an_error_and_an_unknown_one_is_empty(self, notes: Store) -> None:
        with pytest.raises(InvalidInputError, match="project"):
            notes.scan("", "notes")

        assert (notes.scan("unknown", "notes")).rows == ()
        assert (notes.count("unknown", "notes", terms=["t"])).terms == {"t": 0}
        assert (notes.groups("unknown", "notes", "user_id")).groups == ()
        assert notes.search("unknown", "notes", Nearest(space="small", vector=[1.0, 0.0, 0.0])) == []
        assert notes.get("unknown", "notes", ["a"]) == {}
        assert notes.list_ids("unknown", "notes") == []
