"""Choosing what is deleted, erased and undone where a query may be answered by a node that was away."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from mnemon import InMemoryStore, Memory, where
from mnemon.protocols.capabilities import Capability
from mnemon.types.storage import Page, Put

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mnemon.types.filters import Filter

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class ReturnedNode(InMemoryStore):
    """A fake: a cluster asked through a node that was away while everything in it was written.

    Its queries find nothing; what asks most of the nodes finds all.
    """

    @property
    def capabilities(self) -> frozenset[Capability]:
        return frozenset({Capability.PERSISTENT})

    def scan(
        self, project: str, collection: str, where: Filter | None = None, *, order: str | None = None, **asked: object
    ) -> Page:
        return Page(rows=(), after=None)


@pytest.fixture
def store() -> ReturnedNode:
    return ReturnedNode()


@pytest.fixture
def memory(store: ReturnedNode) -> Memory:
    return Memory(store=store, embedder=None)


def add(memory: Memory, *texts: str, **named: object) -> Sequence[str]:
    return memory.add_many([{"content": text, **named} for text in texts], user_id="ana").ids


def current(store: ReturnedNode) -> int:
    return store.count("default", "memories", where("recorded_to").eq(None)).rows


def versions(store: ReturnedNode) -> int:
    return store.count("default", "memories").rows


def test_delete_all_deletes_what_no_query_finds(store: ReturnedNode, memory: Memory) -> None:
    add(memory, "tea", "milk")

    deleted = memory.delete_all(user_id="ana")

    assert (deleted.count, current(store)) == (2, 0)


def test_delete_all_erases_what_no_query_finds(store: ReturnedNode, memory: Memory) -> None:
    first, _ = add(memory, "tea", "milk")
    memory.delete(first)

    deleted = memory.delete_all(user_id="ana", erase=True)

    assert (deleted.count, versions(store)) == (2, 0)


def test_purge_takes_what_no_query_finds(store: ReturnedNode, memory: Memory) -> None:
    add(memory, "tea", expires_at=LONG_AGO)
    milk, water = add(memory, "milk", "water")
    memory.delete(milk)
    memory.update(water, "cold water")

    receipt = memory.purge(retention=timedelta(0), keep_versions=1)

    assert receipt.rows == {"memories": 3}
    assert current(store) == 1
    assert memory.get(water).text == "cold water"


def test_what_has_no_other_source_is_erased_with_it_though_no_query_finds_it(
    store: ReturnedNode, memory: Memory
) -> None:
    (tea,) = add(memory, "I like tea")
    row = store.get("default", "memories", [tea])[tea]
    fact = replace(row, id="fact", fields={**row.fields, "memory_id": "fact"})
    store.apply("default", [Put(collection="memories", row=fact)])

    receipt = memory.delete(tea, erase=True).receipt

    assert receipt is not None
    assert (receipt.rows, versions(store)) == ({"memories": 2}, 0)


def test_undo_takes_back_every_part_of_what_was_deleted(
    store: ReturnedNode, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mnemon._sync.removals._CHUNK", 1)
    add(memory, "tea", "milk", "water")
    op_id = memory.delete_all(user_id="ana").op_id

    memory.undo(op_id or "")

    assert current(store) == 3
