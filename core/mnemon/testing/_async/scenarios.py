"""Promises that whole features stand on: the scenarios of `docs/explanation/store-protocol.md`, one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import pytest

from mnemon.errors import StoreConflictError
from mnemon.protocols.async_store import AsyncStore
from mnemon.protocols.capabilities import Capability
from mnemon.testing._async.base import ALICE, AsyncPromises
from mnemon.testing.samples import PROJECT, moment
from mnemon.testing.scenario_samples import (
    CURRENT,
    PAPER,
    WHOLE,
    add_turn,
    add_version,
    as_of,
    close_rows,
    drop_newest,
    erase_rows,
    item_row,
    namespace_text,
    newest_versions,
    put_checkpoint,
    put_writes,
    row_id,
    under,
)
from mnemon.types.filters import where
from mnemon.types.storage import Delete, DeleteWhere, Nearest, Put, Row, Terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mnemon.protocols.async_store import AsyncStore
    from mnemon.types.filters import Filter
    from mnemon.types.storage import Write

__all__ = ["AsyncScenarioPromises"]

MANY = 2_500
CHUNK = 1_000
TEA = row_id("memory", "t1")


class AsyncScenarioPromises(AsyncPromises):
    """Promises that whole features stand on."""

    @pytest.fixture
    async def paper(self, store: AsyncStore) -> AsyncStore:
        """Return the store with the scenarios' collections declared."""
        await store.declare(*PAPER)
        return store

    async def said(self, store: AsyncStore, term: str, condition: Filter) -> list[bytes]:
        """Return the texts that a search for one term finds, of each memory the newest only."""
        matches = await store.search(PROJECT, "memories", Terms(weights={term: 1.0}), condition)
        texts = {match.row.id: match.row.payload for match in matches}
        return [texts[found] for found in newest_versions(matches)]

    async def row(self, store: AsyncStore, found: str = TEA) -> Row:
        """Return a memory's row with all its parts."""
        return (await store.get(PROJECT, "memories", [found], include=WHOLE, decisive=True))[found]

    async def step_by_step(self, store: AsyncStore, batch: Sequence[Write]) -> list[list[bytes]]:
        """Carry out a batch as a store without transactions does, and say what a reader finds after each write."""
        found: list[list[bytes]] = []
        for write in batch:
            await store.apply(PROJECT, [write])
            found.append(await self.said(store, "tea", ALICE & CURRENT))
        return found

    async def test_paper_a_turn_is_added_once_and_with_all_that_belongs_to_it(self, paper: AsyncStore) -> None:
        first = add_turn("t1", "green tea please", at=moment(1))
        second = add_turn("t2", "here it is", at=moment(2), previous="t1")

        added = await paper.apply(PROJECT, [*first, *second])
        again = await paper.apply(PROJECT, [*first, *second])

        assert (added.counts, again.counts) == ((1,) * 6, (0,) * 6)
        session = await paper.scan(PROJECT, "messages", where("run_id").eq("chat"), order="said_at")
        assert [(row.id, row.payload) for row in session.rows] == [("t1", b"green tea please"), ("t2", b"here it is")]
        assert await paper.list_ids(PROJECT, "memories", where("previous").eq("t1")) == [row_id("memory", "t2")]
        logged = await paper.scan(PROJECT, "operations", ALICE, order="at")
        assert [row.metadata for row in logged.rows] == [
            {"touched": [[row_id("memory", turn), 1]]} for turn in ("t1", "t2")
        ]

    async def test_paper_a_turn_shows_only_when_all_that_it_needs_is_there(self, paper: AsyncStore) -> None:
        batch = add_turn("t1", "green tea", at=moment(1))

        found = await self.step_by_step(paper, batch)
        repeated = await paper.apply(PROJECT, batch)

        assert found == [[], [], [b"green tea"]]
        assert repeated.counts == (0, 0, 0)

    async def test_paper_a_search_weighs_terms_by_its_own_scope(self, paper: AsyncStore) -> None:
        texts = ["green tea", "tea again", "black coffee"]
        for place, text in enumerate(texts):
            await paper.apply(PROJECT, add_turn(f"t{place}", text, at=moment(place)))
        before = await paper.count(PROJECT, "memories", ALICE & CURRENT, terms=["tea", "coffee"])
        for place in range(20):
            await paper.apply(PROJECT, add_turn(f"b{place}", "coffee coffee", at=moment(place), user_id="bob"))

        after = await paper.count(PROJECT, "memories", ALICE & CURRENT, terms=["tea", "coffee"])
        weights = {term: after.rows / count for term, count in after.terms.items()}
        by_text = await paper.search(PROJECT, "memories", Terms(weights=weights), ALICE & CURRENT)
        near = Nearest(space="meaning", vector=[1.0, float(len(texts[0])), 0.0])
        by_vector = await paper.search(PROJECT, "memories", near, ALICE & CURRENT, limit=1)

        assert before == after
        assert by_text[0].row.payload == b"black coffee"
        assert [match.evidence.terms for match in by_text] == [{"coffee"}, {"tea"}, {"tea"}]
        assert [match.row.fields["user_id"] for match in (*by_text, *by_vector)] == ["alice"] * 4
        assert by_vector[0].evidence.cosine == pytest.approx(1, abs=1e-6)

    async def test_paper_an_update_never_hides_the_memory_between_its_writes(self, paper: AsyncStore) -> None:
        await paper.apply(PROJECT, add_turn("t1", "green tea", at=moment(1)))
        old = await self.row(paper)
        batch = add_version(old, Row(id="", terms=("black", "tea"), payload=b"black tea"), op_id="o2", at=moment(2))

        found = await self.step_by_step(paper, batch)
        repeated = await paper.apply(PROJECT, batch)

        assert found == [[b"green tea"], [b"black tea"], [b"black tea"], [b"black tea"]]
        assert repeated.counts == (0, 0, 1, 0)
        assert await paper.list_ids(PROJECT, "memories", CURRENT) == [row_id(TEA, 2, "o2")]
        head = await self.row(paper)
        assert (head.fields["newest"], head.fields["recorded_to"]) == (row_id(TEA, 2, "o2"), moment(2))

    async def test_paper_of_two_updates_of_one_version_one_is_refused(self, paper: AsyncStore) -> None:
        await paper.apply(PROJECT, add_turn("t1", "green tea", at=moment(1)))
        old = await self.row(paper)
        winner = add_version(old, Row(id="", terms=("black", "tea"), payload=b"black tea"), op_id="w", at=moment(2))
        loser = add_version(old, Row(id="", terms=("white", "tea"), payload=b"white tea"), op_id="l", at=moment(3))

        await paper.apply(PROJECT, winner)
        with pytest.raises(StoreConflictError) as caught:
            await paper.apply(PROJECT, loser)

        assert (caught.value.id, caught.value.index) == (TEA, 2)
        head = await self.row(paper)
        assert (head.fields["newest"], head.fields["closed_by"]) == (row_id(TEA, 2, "w"), "w")
        if Capability.ATOMIC in paper.capabilities:
            assert await paper.list_ids(PROJECT, "memories", CURRENT) == [row_id(TEA, 2, "w")]
            assert await paper.list_ids(PROJECT, "operations") == sorted([row_id("add", "t1"), "w"])

    async def test_paper_undo_brings_back_what_a_version_said(self, paper: AsyncStore) -> None:
        await paper.apply(PROJECT, add_turn("t1", "green tea", at=moment(1)))
        first = await self.row(paper)
        await paper.apply(PROJECT, add_version(first, Row(id="", terms=("tea",)), op_id="o2", at=moment(2)))

        operation = (await paper.get(PROJECT, "operations", ["o2"], decisive=True))["o2"]
        touched = cast("tuple[str, ...]", operation.fields["memories"])
        versions = await paper.list_ids(PROJECT, "memories", where("memory").in_(touched))
        rows = await paper.get(PROJECT, "memories", versions, include=WHOLE, decisive=True)
        one, two = sorted(rows.values(), key=lambda row: str(row.fields["version"]))
        await paper.apply(PROJECT, add_version(two, one, op_id="o3", at=moment(3), kind="undo"))

        assert operation.metadata["touched"] == [[TEA, 2]]
        third = await self.row(paper, row_id(TEA, 3, "o3"))
        assert (third.terms, third.payload) == (first.terms, first.payload)
        assert np.asarray(third.vectors["meaning"]).tolist() == np.asarray(first.vectors["meaning"]).tolist()
        assert await self.said(paper, "green", ALICE & CURRENT) == [b"green tea"]
        history = await paper.scan(PROJECT, "memories", where("memory").eq(TEA), order="version")
        assert [row.fields["version"] for row in history.rows] == [1, 2, 3]

    async def test_paper_as_of_finds_what_was_current_then(self, paper: AsyncStore) -> None:
        await paper.apply(PROJECT, add_turn("t1", "green tea", at=moment(1)))
        old = await self.row(paper)
        black = Row(id="", terms=("black", "tea"), payload=b"black tea", vectors={"meaning": (1.0, 9.0, 0.0)})
        await paper.apply(PROJECT, add_version(old, black, op_id="o2", at=moment(3)))
        await paper.apply(PROJECT, close_rows([row_id(TEA, 2, "o2")], op_id="o3", at=moment(5)))

        found = [await self.said(paper, "tea", ALICE & as_of(moment(second))) for second in range(7)]
        near = Nearest(space="meaning", vector=[1.0, 9.0, 0.0])
        by_vector = await paper.search(PROJECT, "memories", near, ALICE & as_of(moment(2)))

        green, black = [b"green tea"], [b"black tea"]
        assert found == [[], green, green, black, black, [], []]
        assert [match.row.payload for match in by_vector] == green
        assert await self.said(paper, "tea", ALICE & CURRENT) == []

    async def latest(self, store: AsyncStore, thread: str) -> tuple[object, list[bytes], list[bytes]]:
        """Return a thread's newest checkpoint as LangGraph asks for it: its name, its values, its pending writes."""
        head_id = row_id("head", thread, "")
        head = (await store.get(PROJECT, "heads", [head_id], decisive=True))[head_id]
        name = str(head.fields["checkpoint"])
        found = row_id(thread, "", name)
        checkpoint = (await store.get(PROJECT, "checkpoints", [found], decisive=True))[found]
        blobs = checkpoint.metadata["blobs"]
        assert isinstance(blobs, dict)
        values = await store.get(PROJECT, "blobs", [str(blob) for blob in blobs.values()], decisive=True)
        this = where("thread").eq(thread) & where("namespace").eq("") & where("checkpoint").eq(name)
        listed = await store.list_ids(PROJECT, "pending_writes", this)
        pending = (await store.get(PROJECT, "pending_writes", listed, decisive=True)).values()
        ordered = sorted(pending, key=lambda row: (row.fields["path"], row.fields["task"], row.fields["place"]))
        return name, [row.payload for row in values.values()], [row.payload for row in ordered]

    async def test_paper_the_latest_checkpoint_has_its_values_and_pending_writes(self, paper: AsyncStore) -> None:
        await paper.apply(PROJECT, put_checkpoint("t", "", "1", channels={"a": ("v1", b"a1"), "b": ("v1", b"b1")}))
        await paper.apply(PROJECT, put_writes("t", "", "1", task="x", values=[(0, b"of an older checkpoint")]))
        await paper.apply(PROJECT, put_checkpoint("t", "", "2", channels={"a": ("v2", b"a2"), "b": ("v1", b"b1")}))
        await paper.apply(PROJECT, put_checkpoint("other", "", "9", channels={}))

        await paper.apply(PROJECT, put_writes("t", "", "2", task="y", values=[(1, b"y1"), (0, b"y0"), (-1, b"error")]))
        await paper.apply(PROJECT, put_writes("t", "", "2", task="x", values=[(0, b"x0")]))
        await paper.apply(PROJECT, put_writes("t", "", "2", task="y", values=[(0, b"again"), (-1, b"new error")]))

        assert await self.latest(paper, "t") == ("2", [b"a2", b"b1"], [b"x0", b"new error", b"y0", b"y1"])

    async def test_paper_a_late_writer_never_moves_a_head_back(self, paper: AsyncStore) -> None:
        await paper.apply(PROJECT, put_checkpoint("t", "", "3", channels={"a": ("v3", b"a3")}))

        late = await paper.apply(PROJECT, put_checkpoint("t", "", "2", channels={"a": ("v2", b"a2")}))
        after_late = await self.latest(paper, "t")
        await paper.apply(PROJECT, drop_newest("t", "", "3", before="2"))
        after_drop = await self.latest(paper, "t")
        await paper.apply(PROJECT, drop_newest("t", "", "3", before="1"))

        assert late.counts == (1, 1, 0, 0)
        assert after_late == ("3", [b"a3"], [])
        assert after_drop == await self.latest(paper, "t") == ("2", [b"a2"], [])

    async def test_paper_a_search_under_a_prefix_keeps_to_whole_labels(self, paper: AsyncStore) -> None:
        spaces = [("u", "acme"), ("u", "acme", "notes"), ("u", "acme-corp"), ("u", "Acme"), ("u",), ("u", "*"), ("v",)]
        rows = [
            item_row(labels, "k", {"stars": place}, at=moment(place), vector=(1.0, float(place), 0.0))
            for place, labels in enumerate(spaces)
        ]
        await paper.apply(PROJECT, [Put(collection="items", row=row) for row in rows])

        async def found(labels: Sequence[str], condition: Filter) -> list[str]:
            near = Nearest(space="meaning", vector=[1.0, 0.0, 0.0])
            matches = await paper.search(PROJECT, "items", near, under(labels) & condition)
            return [str(match.row.fields["namespace"]) for match in matches]

        anything = where("metadata.stars").gte(0)
        assert await found(("u", "acme"), anything) == [namespace_text(labels) for labels in spaces[:2]]
        assert await found(("u", "acme"), where("metadata.stars").gt(0)) == [namespace_text(spaces[1])]
        assert await found(("u", "*"), anything) == [namespace_text(("u", "*"))]
        assert await found(("u",), anything) == [namespace_text(labels) for labels in spaces[:6]]
        listed = await paper.groups(PROJECT, "items", "namespace", under(("u", "acme")))
        assert [group.value for group in listed.groups] == sorted(namespace_text(labels) for labels in spaces[:2])

    async def test_paper_many_memories_are_closed_in_chunks_with_others_between(self, paper: AsyncStore) -> None:
        turns = [add_turn(f"t{place:05}", "tea", at=moment(1)) for place in range(MANY)]
        await paper.apply(PROJECT, [writes[-1] for writes in turns])
        bob = add_turn("bob", "tea", at=moment(1), user_id="bob")
        await paper.apply(PROJECT, bob)

        ids = await paper.list_ids(PROJECT, "memories", ALICE & CURRENT)
        for start in range(0, len(ids), CHUNK):
            await paper.apply(PROJECT, close_rows(ids[start : start + CHUNK], op_id=f"o{start}", at=moment(2)))
            await paper.apply(PROJECT, add_turn(f"between {start}", "tea", at=moment(2)))

        assert len(ids) == MANY
        left = await paper.scan(PROJECT, "memories", CURRENT)
        assert {row.fields["sources"] for row in left.rows} == {
            ("bob",),
            *((f"between {start}",) for start in range(0, MANY, CHUNK)),
        }
        assert (await paper.count(PROJECT, "memories", ALICE & as_of(moment(1)))).rows == MANY

    async def test_paper_many_rows_are_deleted_in_chunks_until_none_is_left(self, paper: AsyncStore) -> None:
        turns = [add_turn(f"t{place:05}", "tea", at=moment(1)) for place in range(MANY)]
        await paper.apply(PROJECT, [writes[-1] for writes in turns])
        await paper.apply(PROJECT, add_turn("bob", "tea", at=moment(1), user_id="bob"))
        batch = [DeleteWhere(collection="memories", where=ALICE & where("recorded_from").lte(moment(1)), limit=CHUNK)]
        counts: list[int] = []

        while not counts or counts[-1]:
            counts += (await paper.apply(PROJECT, batch)).counts
            await paper.apply(PROJECT, add_turn(f"after {len(counts)}", "tea", at=moment(2)))

        assert (sum(counts), max(counts)) == (MANY, CHUNK)
        assert (await paper.count(PROJECT, "memories", ALICE & CURRENT, terms=["tea"])).terms == {"tea": len(counts)}

    async def test_paper_what_is_erased_is_gone_from_every_read(self, paper: AsyncStore) -> None:
        await paper.apply(PROJECT, add_turn("t1", "secret tea", at=moment(1)))
        await paper.apply(PROJECT, add_turn("t2", "more tea", at=moment(2)))
        await paper.apply(PROJECT, add_version(await self.row(paper), await self.row(paper), op_id="o2", at=moment(3)))
        for name, sources in (("only", ("t1",)), ("both", ("t1", "t2"))):
            fact = Row(id=name, fields={"memory": name, "user_id": "alice", "sources": sources}, terms=("fact",))
            await paper.apply(PROJECT, [Put(collection="memories", row=fact)])

        affected = where("memory").eq(TEA) | where("sources").eq("t1")
        ids = await paper.list_ids(PROJECT, "memories", affected)
        rows = (await paper.get(PROJECT, "memories", ids, decisive=True)).values()
        erased = erase_rows(TEA, [row for row in rows if row.fields["sources"] == ("t1",)], ["t1"])
        await paper.apply(PROJECT, erased)
        repeated = await paper.apply(PROJECT, erased)
        scrubbed = await paper.scrub()

        assert repeated.counts == (1, 0)
        assert await paper.list_ids(PROJECT, "memories", affected) == ["both"]
        assert await paper.list_ids(PROJECT, "memories", where("memory").eq(TEA)) == []
        for condition in (ALICE, ALICE & CURRENT, ALICE & as_of(moment(1)), where("run_id").eq("chat")):
            assert await self.said(paper, "secret", condition) == []
            assert (await paper.count(PROJECT, "memories", condition, terms=["secret"])).terms == {"secret": 0}
        message = (await paper.get(PROJECT, "messages", ["t1"]))["t1"]
        assert (message.payload, message.metadata) == (b"", {"erased": True})
        assert (scrubbed.bytes == "gone") == (Capability.SCRUBS in paper.capabilities)

    async def test_paper_a_version_added_while_erasing_is_seen_by_the_next_list(self, paper: AsyncStore) -> None:
        await paper.apply(PROJECT, add_turn("t1", "secret tea", at=moment(1)))
        late = add_version(await self.row(paper), await self.row(paper), op_id="late", at=moment(2))
        await paper.apply(PROJECT, [late[1]])
        await paper.apply(PROJECT, [Delete(collection="memories", ids=[TEA])])

        left = await paper.list_ids(PROJECT, "memories", where("memory").eq(TEA))
        with pytest.raises(StoreConflictError, match="no such row"):
            await paper.apply(PROJECT, late[2:])

        assert left == [row_id(TEA, 2, "late")]
