"""Deleting hides at once what was meant, and only that, and lets others write meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from mnemon import NotFoundError, ScopeError
from mnemon.types.filters import And, Filter
from tests.core.versions.fixtures import NOON, add, open_memory, texts

if TYPE_CHECKING:
    from mnemon import Memory
    from mnemon.protocols.store import Store


def test_what_is_deleted_is_hidden_everywhere_but_in_its_history(memory: Memory) -> None:
    memory_id = add(memory, "red")
    add(memory, "green")

    deleted = memory.delete(memory_id)

    assert (deleted.count, deleted.receipt) == (1, None)
    assert texts(memory) == ["green"]
    assert memory.count(user_id="alice") == 1
    assert memory.search("red", user_id="alice", threshold=0.5).items == ()
    assert memory.history(memory_id)[0].deleted
    for call in (memory.get, memory.delete):
        with pytest.raises(NotFoundError):
            call(memory_id)


def test_memories_of_others_cannot_be_deleted(memory: Memory) -> None:
    memory_id = add(memory, "red")

    for erase in (False, True):
        with pytest.raises(NotFoundError):
            memory.delete(memory_id, user_id="bob", erase=erase)
    assert memory.delete_all(user_id="bob").count == 0

    assert texts(memory) == ["red"]


def test_a_scope_and_a_filter_choose_what_goes(memory: Memory) -> None:
    add(memory, "a", categories=["old"], expires_at=NOON - timedelta(days=1))
    add(memory, "b", categories=["old"], run_id="1")
    add(memory, "c", categories=["new"])
    add(memory, "bob's", user_id="bob", categories=["old"])

    assert memory.delete_all(user_id="alice", run_id="1", dry_run=True).count == 1
    assert memory.delete_all(user_id="alice", filters={"categories": "old"}, dry_run=True).count == 2
    assert memory.delete_all(filters={"categories": "old"}, dry_run=True).count == 3
    assert memory.delete_all(filters={"user_id": "alice"}, dry_run=True).count == 3
    assert memory.stats().memories == 4

    assert memory.delete_all(user_id="alice", filters={"categories": "old"}).count == 2
    assert (texts(memory, include_expired=True), texts(memory, user_id="bob")) == (["c"], ["bob's"])


def test_neither_scope_nor_filter_is_an_error(memory: Memory) -> None:
    add(memory, "a")

    given: list[dict[str, object] | Filter | None] = [None, {}, And()]
    for filters in given:
        for erase in (False, True):
            with pytest.raises(ScopeError, match="user_id"):
                memory.delete_all(filters=filters, erase=erase)

    assert texts(memory) == ["a"]


@pytest.mark.parametrize("erase", [False, True])
def test_others_write_between_the_parts_and_what_they_add_stays(store: Store, erase: bool) -> None:  # noqa: FBT001 - a case
    memory, other = open_memory(store), open_memory(store, new_id=iter("abcdef").__next__)
    memory.add_many([{"content": f"{number}", "kind": "semantic"} for number in range(4_100)], user_id="alice")
    seen: list[tuple[int, int]] = []

    def between(done: int, total: int) -> None:
        if not seen:
            add(other, "added meanwhile")
        seen.append((done, total))

    deleted = memory.delete_all(user_id="alice", progress=between, erase=erase)

    assert seen == [(2_000, 4_100), (4_000, 4_100), (4_100, 4_100)]
    assert (deleted.count, texts(memory)) == (4_100, ["added meanwhile"])


@pytest.mark.parametrize("erase", [False, True])
def test_an_interrupted_deletion_goes_on_when_it_is_called_again(memory: Memory, erase: bool) -> None:  # noqa: FBT001 - a case
    memory.add_many([{"content": f"{number}", "kind": "semantic"} for number in range(2_500)], user_id="alice")

    with pytest.raises(KeyboardInterrupt):
        memory.delete_all(user_id="alice", progress=_interrupt, erase=erase)
    assert memory.count(user_id="alice") == 500

    assert memory.delete_all(user_id="alice", erase=erase).count == 500
    assert memory.count(user_id="alice") == 0


def _interrupt(_done: int, _total: int) -> None:
    raise KeyboardInterrupt


def test_erasing_all_takes_what_was_deleted_before_and_spares_what_was_brought_back(memory: Memory) -> None:
    deleted, restored = add(memory, "a", categories=["x"]), add(memory, "b", categories=["x"])
    memory.delete(deleted)
    undone = memory.delete(restored)
    memory.undo(str(undone.op_id))
    memory.update(restored, categories=["y"])

    assert memory.delete_all(user_id="alice", filters={"categories": "x"}, erase=True, dry_run=True).count == 1
    erased = memory.delete_all(user_id="alice", filters={"categories": "x"}, erase=True)

    assert erased.count == 1
    with pytest.raises(NotFoundError):
        memory.history(deleted)
    assert memory.get(restored).text == "b"
    again = memory.delete_all(user_id="alice", filters={"categories": "x"}, erase=True)
    assert again.receipt is not None
    assert (again.count, again.receipt.rows) == (0, {})
