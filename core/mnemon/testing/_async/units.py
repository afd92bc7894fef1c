"""Promises about units of work, upkeep and the end."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mnemon.errors import ClosedError, InvalidInputError, StoreConflictError, StoreError, StoreReadOnlyError
from mnemon.protocols.async_store import AsyncStore, AsyncSupportsExclusive, AsyncSupportsSnapshot
from mnemon.protocols.capabilities import Capability
from mnemon.testing._async.base import ALICE, EVERYTHING, AsyncPromises
from mnemon.testing.samples import CURRENT, HOSTILE, NOTES, PLAIN, PROJECT, moment, note, put
from mnemon.types.filters import where
from mnemon.types.storage import (
    Delete,
    Patch,
    Put,
    Terms,
)

if TYPE_CHECKING:
    from mnemon.protocols.async_store import AsyncStore

__all__ = ["AsyncUnitPromises"]


class AsyncUnitPromises(AsyncPromises):
    """Promises about units of work, upkeep and the end."""

    async def test_a_unit_of_work_reads_what_it_wrote_and_commits_at_its_end(self, notes: AsyncStore) -> None:
        if not isinstance(notes, AsyncSupportsExclusive):
            pytest.skip("this store has no units of work")

        async with notes.exclusive() as unit:
            await unit.apply(PROJECT, put(note("a", terms=("t",), small=(1.0, 0.0, 0.0))))
            inside = await self.found(unit, ALICE & CURRENT)
            await unit.apply(PROJECT, put(note("b", terms=("t",), small=(1.0, 0.0, 0.0))))

        assert inside == (["a"], ["a"])
        assert await self.found(notes, ALICE & CURRENT) == (["a", "b"], ["a", "b"])

    async def test_a_unit_of_work_that_fails_leaves_nothing(self, notes: AsyncStore) -> None:
        if not isinstance(notes, AsyncSupportsExclusive):
            pytest.skip("this store has no units of work")
        await notes.apply(PROJECT, put(note("kept", terms=("t",), small=(1.0, 0.0, 0.0))))

        with pytest.raises(ZeroDivisionError):
            await self.fail_in_a_unit(notes)
        await notes.apply(PROJECT, put(note("next", terms=("t",), small=(1.0, 0.0, 0.0))))

        assert await self.found(notes, ALICE & CURRENT) == (["kept", "next"], ["kept", "next"])

    async def fail_in_a_unit(self, store: AsyncSupportsExclusive) -> None:
        """Write and delete in a unit of work, search it, and raise."""
        async with store.exclusive() as unit:
            await unit.apply(PROJECT, put(note("lost", terms=("t",), small=(1.0, 0.0, 0.0))))
            await unit.apply(PROJECT, [Delete(collection="notes", ids=["kept"])])
            await self.found(unit, ALICE & CURRENT)
            raise ZeroDivisionError

    async def test_a_batch_that_fails_inside_a_unit_is_taken_back_alone(self, notes: AsyncStore) -> None:
        if not isinstance(notes, AsyncSupportsExclusive):
            pytest.skip("this store has no units of work")

        async with notes.exclusive() as unit:
            await unit.apply(PROJECT, put(note("a")))
            with pytest.raises(StoreConflictError):
                await unit.apply(PROJECT, [*put(note("b")), Put(collection="notes", row=note("a"), existing="abort")])
            await unit.apply(PROJECT, put(note("c")))

        assert await notes.list_ids(PROJECT, "notes") == ["a", "c"]

    async def test_a_batch_that_contradicts_itself_inside_a_unit_is_taken_back_alone(self, notes: AsyncStore) -> None:
        if not isinstance(notes, AsyncSupportsExclusive):
            pytest.skip("this store has no units of work")

        async with notes.exclusive() as unit:
            await unit.apply(PROJECT, put(note("a")))
            with pytest.raises(StoreConflictError):
                await unit.apply(PROJECT, [*put(note("b")), Put(collection="notes", row=note("b"), existing="abort")])
            await unit.apply(PROJECT, put(note("c")))

        assert await notes.list_ids(PROJECT, "notes") == ["a", "c"]

    async def test_a_unit_inside_a_unit_is_an_error_that_harms_nothing(self, notes: AsyncStore) -> None:
        if not isinstance(notes, AsyncSupportsExclusive):
            pytest.skip("this store has no units of work")

        async with notes.exclusive() as unit:
            await unit.apply(PROJECT, put(note("a")))
            with pytest.raises(StoreError, match="units do not nest"):
                await self.fail_in_a_unit(notes)
            await unit.apply(PROJECT, put(note("b")))

        assert await notes.list_ids(PROJECT, "notes") == ["a", "b"]

    async def test_a_snapshot_reads_one_moment_while_others_write(self, notes: AsyncStore) -> None:
        if not isinstance(notes, AsyncSupportsSnapshot):
            pytest.skip("this store has no snapshots")
        await notes.apply(PROJECT, put(note("a", terms=("t",), small=(1.0, 0.0, 0.0))))

        async with notes.snapshot() as moment:
            await notes.apply(PROJECT, put(note("b", terms=("t",), small=(1.0, 0.0, 0.0))))
            await notes.apply(PROJECT, [Delete(collection="notes", ids=["a"])])
            seen = await self.found(moment, ALICE & CURRENT)
            listed = await moment.list_ids(PROJECT, "notes")

        assert (seen, listed) == ((["a"], ["a"]), ["a"])
        assert await self.found(notes, ALICE & CURRENT) == (["b"], ["b"])

    async def test_a_snapshot_cannot_be_written(self, notes: AsyncStore) -> None:
        if not isinstance(notes, AsyncSupportsSnapshot):
            pytest.skip("this store has no snapshots")

        async with notes.snapshot() as moment:
            with pytest.raises(StoreReadOnlyError, match="only reads"):
                await moment.apply(PROJECT, put(note("a")))
            with pytest.raises(InvalidInputError, match="snapshot begins"):
                await moment.declare(replace(NOTES, name="elsewhere"))

        assert await notes.list_ids(PROJECT, "notes") == []

    async def test_a_project_whose_first_batch_fails_is_begun_by_the_next(self, notes: AsyncStore) -> None:
        abort = [*put(note("a")), Put(collection="notes", row=note("a"), existing="abort")]
        for project in ("new", "newer"):
            with pytest.raises(StoreConflictError):
                await notes.apply(project, abort)
        await notes.apply("newer", put(note("b", user_id="newer")))
        await notes.apply("new", put(note("b", user_id="new")))
        if isinstance(notes, AsyncSupportsExclusive):
            async with notes.exclusive() as unit:
                for project in ("third", "fourth"):
                    with pytest.raises(StoreConflictError):
                        await unit.apply(project, abort)
                await unit.apply("fourth", put(note("b", user_id="fourth")))
                await unit.apply("third", put(note("b", user_id="third")))
            for project in ("third", "fourth"):
                assert (await notes.get(project, "notes", ["b"]))["b"].fields == {"user_id": project}

        for project in ("new", "newer"):
            assert (await notes.get(project, "notes", ["b"]))["b"].fields == {"user_id": project}

    async def test_a_sound_store_has_nothing_to_find(self, notes: AsyncStore) -> None:
        await notes.apply(
            PROJECT,
            put(
                *(note(text, user_id=text, categories=(text,), terms=("t",), small=(1.0, 0.0, 0.0)) for text in HOSTILE)
            ),
        )
        await notes.apply(PROJECT, [Delete(collection="notes", ids=HOSTILE[:10])])
        await notes.apply(
            PROJECT, [Patch(collection="notes", id=HOSTILE[11], fields={"closed_at": moment(1), "categories": ()})]
        )

        assert await notes.check() == []

    async def test_scrub_says_whether_the_bytes_are_gone(self, notes: AsyncStore) -> None:
        await notes.apply(PROJECT, [*put(note("a", payload=b"secret")), Delete(collection="notes", ids=["a"])])

        scrubbed = await notes.scrub()

        assert (scrubbed.bytes == "gone") == (Capability.SCRUBS in notes.capabilities)
        assert (scrubbed.reason == "") == (scrubbed.bytes == "gone")

    async def test_what_was_acknowledged_is_there_after_reopening(self, notes: AsyncStore) -> None:
        if Capability.PERSISTENT not in notes.capabilities:
            pytest.skip("this store forgets what it held")
        rows = [note(text, user_id=text, terms=("t",), small=(1.0, 0.0, 0.0)) for text in HOSTILE]
        await notes.apply(PROJECT, put(*rows))
        before = await notes.scan(PROJECT, "notes", limit=1_000, include=EVERYTHING)

        async with aclosing(await self.reopen(notes)) as again:
            await again.declare(NOTES, PLAIN)

            after = await again.scan(PROJECT, "notes", limit=1_000, include=EVERYTHING)
            assert [row.id for row in after.rows] == sorted(HOSTILE)
            assert repr(after) == repr(before)
            for text in ("1", "Jose", ""):
                assert await self.found(again, where("user_id").eq(text) & CURRENT) == ([text], [text])

    async def test_closing_twice_is_harmless_and_use_after_close_is_an_error(self, notes: AsyncStore) -> None:
        await notes.aclose()
        await notes.aclose()

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
                await call()
