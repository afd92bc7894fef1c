# Generated from core/mnemon/testing/_async/changes.py by tests/contracts/unasync.py; edit that file.
"""Promises about what changed since somebody looked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from mnemon.errors import InvalidInputError
from mnemon.protocols.store import Store, SupportsChanges
from mnemon.testing._sync.base import ALICE, EVERYTHING, Promises
from mnemon.testing.samples import CURRENT, HOSTILE, NOTES, PLAIN, PROJECT, moment, note, put
from mnemon.types.filters import where
from mnemon.types.storage import Delete, DeleteWhere, Patch, Row

if TYPE_CHECKING:
    from mnemon.types.changes import Mark
    from mnemon.types.filters import Filter

__all__ = ["ChangePromises", "Follower"]


class Follower:
    """Somebody who keeps the rows that match by carrying out what changed."""

    def __init__(self, store: SupportsChanges, condition: Filter, *, project: str = PROJECT, limit: int = 2) -> None:
        """Follow a store, few rows at a time."""
        self.store = store
        self.condition = condition
        self.project = project
        self.limit = limit
        self.rows: dict[int, Row] = {}
        self.mark: Mark | None = None

    def follow(self) -> dict[str, Row]:
        """Carry out what changed, and return the rows by id."""
        more = True
        while more:
            changes = self.store.changes(
                self.project, "notes", self.condition, since=self.mark, limit=self.limit, include=EVERYTHING
            )
            if changes.anew:
                self.rows.clear()
            for number in changes.gone:
                self.rows.pop(number, None)
            assert list(changes.rows) == sorted(changes.rows)
            self.rows |= changes.rows
            self.mark, more = changes.mark, changes.more
        return {row.id: row for row in self.rows.values()}


class ChangePromises(Promises):
    """Promises about what changed since somebody looked."""

    @pytest.fixture
    def followed(self, store: Store) -> SupportsChanges:
        """Return the store as one that tells what changed; ask for it first, so that others skip at once."""
        if not isinstance(store, SupportsChanges):
            pytest.skip("this store does not tell what changed")
        store.declare(NOTES, PLAIN)
        return store

    def test_who_follows_has_what_matches(self, followed: SupportsChanges, notes: Store) -> None:
        follower = Follower(followed, ALICE & CURRENT)

        notes.apply(PROJECT, put(*(note(name, terms=("t",), small=(1.0, 0.0, 0.0)) for name in "abcde")))
        assert sorted(follower.follow()) == list("abcde")

        notes.apply(PROJECT, [*put(note("f"), note("g", user_id="bob")), Delete(collection="notes", ids=["a"])])
        assert sorted(follower.follow()) == list("bcdef")

        notes.apply(PROJECT, [Patch(collection="notes", id="b", fields={"closed_at": moment(9)})])
        assert sorted(follower.follow()) == list("cdef")

        notes.apply(PROJECT, [Patch(collection="notes", id="b", fields={"closed_at": None})])
        assert sorted(follower.follow()) == list("bcdef")

        notes.apply(PROJECT, [DeleteWhere(collection="notes", where=where("id").in_(["b", "c"]))])
        assert sorted(follower.follow()) == list("def")

    def test_a_patch_of_a_row_is_told(self, followed: SupportsChanges, notes: Store) -> None:
        follower = Follower(followed, ALICE)
        notes.apply(PROJECT, put(note("a", kind="old", terms=("t",), small=(1.0, 0.0, 0.0)), note("b")))
        before = follower.follow()
        numbers = list(follower.rows)

        notes.apply(PROJECT, [Patch(collection="notes", id="a", fields={"kind": "new"}, metadata={"m": 1})])
        after = follower.follow()

        assert (before["a"].fields["kind"], after["a"].fields["kind"]) == ("old", "new")
        assert (after["a"].metadata, after["a"].terms) == ({"m": 1}, ("t",))
        assert list(follower.rows) == numbers

    def test_a_row_that_moves_to_another_scope_is_told_to_both(self, followed: SupportsChanges, notes: Store) -> None:
        alice, bob = Follower(followed, ALICE), Follower(followed, where("user_id").eq("bob"))
        notes.apply(PROJECT, put(note("a")))
        assert (list(alice.follow()), list(bob.follow())) == (["a"], [])

        notes.apply(PROJECT, [Patch(collection="notes", id="a", fields={"user_id": "bob"})])

        assert (list(alice.follow()), list(bob.follow())) == ([], ["a"])

    def test_nothing_is_told_twice(self, followed: SupportsChanges, notes: Store) -> None:
        notes.apply(PROJECT, put(note("a"), note("b", user_id="bob")))
        first = followed.changes(PROJECT, "notes", ALICE)

        again = followed.changes(PROJECT, "notes", ALICE, since=first.mark)

        assert [row.id for row in first.rows.values()] == ["a"]
        assert (again.rows, again.gone, again.more, again.anew) == ({}, (), False, False)

    def test_a_row_that_is_put_again_is_another_one(self, followed: SupportsChanges, notes: Store) -> None:
        follower = Follower(followed, ALICE)
        notes.apply(PROJECT, put(note("a", kind="old")))
        follower.follow()
        (old,) = follower.rows

        notes.apply(PROJECT, put(note("a", kind="new")))
        rows = follower.follow()

        (new,) = follower.rows
        assert new > old
        assert rows["a"].fields["kind"] == "new"

    def test_what_was_deleted_before_anybody_looked_is_not_told(self, followed: SupportsChanges, notes: Store) -> None:
        notes.apply(PROJECT, put(note("a"), note("b")))
        notes.apply(PROJECT, [Delete(collection="notes", ids=["b"])])

        assert list(Follower(followed, ALICE).follow()) == ["a"]

    def test_changes_of_others_are_not_told(self, followed: SupportsChanges, notes: Store) -> None:
        people = [text for text in HOSTILE if text.strip()]
        followers = {text: Follower(followed, where("user_id").eq(text)) for text in people}
        elsewhere = Follower(followed, where("user_id").eq("alice"), project="elsewhere")
        for follower in followers.values():
            follower.follow()

        notes.apply(PROJECT, put(*(note(f"{place}", user_id=text) for place, text in enumerate(people))))
        notes.apply(PROJECT, [Patch(collection="notes", id="1", fields={"kind": "changed"})])

        for place, text in enumerate(people):
            assert list(followers[text].follow()) == [f"{place}"]
        assert elsewhere.follow() == {}

    def test_what_is_no_mark_is_refused(self, followed: SupportsChanges) -> None:
        for wrong in ("1", ["1"], ("1",), (1, 2, 3), 5):
            with pytest.raises(InvalidInputError, match="since"):
                followed.changes(PROJECT, "notes", ALICE, since=cast("Any", wrong))

    def test_changes_of_what_is_not_searched_are_refused(self, followed: SupportsChanges) -> None:
        with pytest.raises(InvalidInputError, match="plain"):
            followed.changes(PROJECT, "plain")
