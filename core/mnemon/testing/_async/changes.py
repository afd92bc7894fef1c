"""Promises about what changed since somebody looked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from mnemon.errors import InvalidInputError
from mnemon.protocols.async_store import AsyncStore, AsyncSupportsChanges
from mnemon.testing._async.base import ALICE, EVERYTHING, AsyncPromises
from mnemon.testing.samples import CURRENT, HOSTILE, NOTES, PLAIN, PROJECT, moment, note, put
from mnemon.types.filters import where
from mnemon.types.storage import Delete, DeleteWhere, Patch, Row

if TYPE_CHECKING:
    from mnemon.types.changes import Mark
    from mnemon.types.filters import Filter

__all__ = ["AsyncChangePromises", "AsyncFollower"]


class AsyncFollower:
    """Somebody who keeps the rows that match by carrying out what changed."""

    def __init__(
        self, store: AsyncSupportsChanges, condition: Filter, *, project: str = PROJECT, limit: int = 2
    ) -> None:
        """Follow a store, few rows at a time."""
        self.store = store
        self.condition = condition
        self.project = project
        self.limit = limit
        self.rows: dict[int, Row] = {}
        self.mark: Mark | None = None

    async def follow(self) -> dict[str, Row]:
        """Carry out what changed, and return the rows by id."""
        more = True
        while more:
            changes = await self.store.changes(
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


class AsyncChangePromises(AsyncPromises):
    """Promises about what changed since somebody looked."""

    @pytest.fixture
    async def followed(self, store: AsyncStore) -> AsyncSupportsChanges:
        """Return the store as one that tells what changed; ask for it first, so that others skip at once."""
        if not isinstance(store, AsyncSupportsChanges):
            pytest.skip("this store does not tell what changed")
        await store.declare(NOTES, PLAIN)
        return store

    async def test_who_follows_has_what_matches(self, followed: AsyncSupportsChanges, notes: AsyncStore) -> None:
        follower = AsyncFollower(followed, ALICE & CURRENT)

        await notes.apply(PROJECT, put(*(note(name, terms=("t",), small=(1.0, 0.0, 0.0)) for name in "abcde")))
        assert sorted(await follower.follow()) == list("abcde")

        await notes.apply(PROJECT, [*put(note("f"), note("g", user_id="bob")), Delete(collection="notes", ids=["a"])])
        assert sorted(await follower.follow()) == list("bcdef")

        await notes.apply(PROJECT, [Patch(collection="notes", id="b", fields={"closed_at": moment(9)})])
        assert sorted(await follower.follow()) == list("cdef")

        await notes.apply(PROJECT, [Patch(collection="notes", id="b", fields={"closed_at": None})])
        assert sorted(await follower.follow()) == list("bcdef")

        await notes.apply(PROJECT, [DeleteWhere(collection="notes", where=where("id").in_(["b", "c"]))])
        assert sorted(await follower.follow()) == list("def")

    async def test_a_patch_of_a_row_is_told(self, followed: AsyncSupportsChanges, notes: AsyncStore) -> None:
        follower = AsyncFollower(followed, ALICE)
        await notes.apply(PROJECT, put(note("a", kind="old", terms=("t",), small=(1.0, 0.0, 0.0)), note("b")))
        before = await follower.follow()
        numbers = list(follower.rows)

        await notes.apply(PROJECT, [Patch(collection="notes", id="a", fields={"kind": "new"}, metadata={"m": 1})])
        after = await follower.follow()

        assert (before["a"].fields["kind"], after["a"].fields["kind"]) == ("old", "new")
        assert (after["a"].metadata, after["a"].terms) == ({"m": 1}, ("t",))
        assert list(follower.rows) == numbers

    async def test_a_row_that_moves_to_another_scope_is_told_to_both(
        self, followed: AsyncSupportsChanges, notes: AsyncStore
    ) -> None:
        alice, bob = AsyncFollower(followed, ALICE), AsyncFollower(followed, where("user_id").eq("bob"))
        await notes.apply(PROJECT, put(note("a")))
        assert (list(await alice.follow()), list(await bob.follow())) == (["a"], [])

        await notes.apply(PROJECT, [Patch(collection="notes", id="a", fields={"user_id": "bob"})])

        assert (list(await alice.follow()), list(await bob.follow())) == ([], ["a"])

    async def test_nothing_is_told_twice(self, followed: AsyncSupportsChanges, notes: AsyncStore) -> None:
        await notes.apply(PROJECT, put(note("a"), note("b", user_id="bob")))
        first = await followed.changes(PROJECT, "notes", ALICE)

        again = await followed.changes(PROJECT, "notes", ALICE, since=first.mark)

        assert [row.id for row in first.rows.values()] == ["a"]
        assert (again.rows, again.gone, again.more, again.anew) == ({}, (), False, False)

    async def test_a_row_that_is_put_again_is_another_one(
        self, followed: AsyncSupportsChanges, notes: AsyncStore
    ) -> None:
        follower = AsyncFollower(followed, ALICE)
        await notes.apply(PROJECT, put(note("a", kind="old")))
        await follower.follow()
        (old,) = follower.rows

        await notes.apply(PROJECT, put(note("a", kind="new")))
        rows = await follower.follow()

        (new,) = follower.rows
        assert new > old
        assert rows["a"].fields["kind"] == "new"

    async def test_what_was_deleted_before_anybody_looked_is_not_told(
        self, followed: AsyncSupportsChanges, notes: AsyncStore
    ) -> None:
        await notes.apply(PROJECT, put(note("a"), note("b")))
        await notes.apply(PROJECT, [Delete(collection="notes", ids=["b"])])

        assert list(await AsyncFollower(followed, ALICE).follow()) == ["a"]

    async def test_changes_of_others_are_not_told(self, followed: AsyncSupportsChanges, notes: AsyncStore) -> None:
        people = [text for text in HOSTILE if text.strip()]
        followers = {text: AsyncFollower(followed, where("user_id").eq(text)) for text in people}
        elsewhere = AsyncFollower(followed, where("user_id").eq("alice"), project="elsewhere")
        for follower in followers.values():
            await follower.follow()

        await notes.apply(PROJECT, put(*(note(f"{place}", user_id=text) for place, text in enumerate(people))))
        await notes.apply(PROJECT, [Patch(collection="notes", id="1", fields={"kind": "changed"})])

        for place, text in enumerate(people):
            assert list(await followers[text].follow()) == [f"{place}"]
        assert await elsewhere.follow() == {}

    async def test_what_is_no_mark_is_refused(self, followed: AsyncSupportsChanges) -> None:
        for wrong in ("1", ["1"], ("1",), (1, 2, 3), 5):
            with pytest.raises(InvalidInputError, match="since"):
                await followed.changes(PROJECT, "notes", ALICE, since=cast("Any", wrong))

    async def test_changes_of_what_is_not_searched_are_refused(self, followed: AsyncSupportsChanges) -> None:
        with pytest.raises(InvalidInputError, match="plain"):
            await followed.changes(PROJECT, "plain")
