"""What was done can be taken back, and that too; whole or not at all; never what others did later."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from mnemon import ConflictError, InvalidInputError, NotFoundError
from mnemon.embedders.callable import CallableEmbedder
from tests.core.versions.fixtures import NOON, Clock, add, last_operation, open_memory, texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from mnemon import Memory
    from mnemon.protocols.store import Store

YEAR = timedelta(days=365)


def _nothing(memory: Memory) -> str:
    added = memory.add("added", user_id="alice", kind="semantic")
    return str(added.op_id)


def _update(memory: Memory) -> str:
    memory.update(add(memory, "before"), "after", metadata={"k": 1}, categories=["c"])
    return last_operation(memory)


def _delete(memory: Memory) -> str:
    return str(memory.delete(add(memory, "deleted")).op_id)


def _patch(memory: Memory) -> str:
    memory.update(add(memory, "kept", expires_at=NOON + YEAR), expires_at=None, pinned=True)
    return last_operation(memory)


@pytest.mark.parametrize(
    ("do", "before", "after"),
    [
        (_nothing, [], ["added"]),
        (_update, ["before"], ["after"]),
        (_delete, ["deleted"], []),
    ],
)
def test_an_operation_its_undo_and_the_undo_of_that_are_taken_back(
    memory: Memory, clock: Clock, do: Callable[[Memory], str], before: list[str], after: list[str]
) -> None:
    op_id = do(memory)
    assert texts(memory) == after

    for expected in (before, after, before, after):
        clock.move(hours=1)
        undone = memory.undo(op_id, actor="ann")
        assert (undone.kind, undone.undoes, undone.actor, undone.at) == ("undo", op_id, "ann", clock.now)
        assert texts(memory) == expected
        assert texts(memory, as_of=clock.now - timedelta(minutes=1)) == (after if expected == before else before)
        op_id = undone.op_id


def test_an_expiry_and_its_undo_are_taken_back(memory: Memory) -> None:
    op_id = _patch(memory)

    for expected in ((NOON + YEAR, False), (None, True), (NOON + YEAR, False)):
        op_id = memory.undo(op_id).op_id
        (found,) = memory.get_all(user_id="alice")
        assert (found.expires_at, found.pinned) == expected
        assert found.version == 1


def test_what_comes_back_is_whole(store: Store) -> None:
    vectors = CallableEmbedder(lambda given: [[float(len(text)), 1.0] for text in given], name="lengths")
    memory = open_memory(store, embedder=vectors)
    parts = {"metadata": {"k": [1, None]}, "categories": ["c"], "valid_from": NOON - YEAR, "expires_at": NOON + YEAR}
    memory_id = add(memory, "walks with dogs", agent_id="helper", **parts)
    before = memory.get(memory_id)
    found = memory.search("walking a dog", user_id="alice", explain=True)[0]

    memory.update(memory_id, "sleeps", metadata={}, replace_metadata=True, categories=[], valid_from=None)
    memory.undo(last_operation(memory))

    after = memory.get(memory_id)
    assert after.to_dict() == before.to_dict()
    assert (after.valid_from, after.expires_at, after.said_at, after.kind) == (
        before.valid_from,
        before.expires_at,
        before.said_at,
        before.kind,
    )
    again = memory.search("walking a dog", user_id="alice", explain=True)[0]
    assert (again.memory.id, again.score, again.signals) == (memory_id, found.score, found.signals)
    assert memory.search("sleeps", user_id="alice", threshold=0.9).items == ()
    assert memory.stats().waiting == 0


def test_a_vector_of_a_space_that_was_made_after_opening_comes_back(store: Store) -> None:
    early = open_memory(store)  # opened before there was a vector space, and without an embedder
    vectors = CallableEmbedder(lambda given: [[float(len(text)), 1.0] for text in given], name="lengths")
    late = open_memory(store, embedder=vectors, new_id=iter("abcdefgh").__next__)
    deleted = late.delete(add(late, "walks"))

    early.undo(str(deleted.op_id))

    assert late.stats().waiting == 0
    assert [hit.memory.text for hit in late.search("12345", user_id="alice")] == ["walks"]


def test_a_batch_is_undone_whole_or_not_at_all(memory: Memory) -> None:
    added = memory.add_many([{"content": text, "kind": "semantic"} for text in ("a", "b", "c")], user_id="alice")
    memory.update(added.ids[1], "changed")
    changed_by = last_operation(memory)

    with pytest.raises(ConflictError) as caught:
        memory.undo(str(added.op_id))
    assert (caught.value.memory_ids, caught.value.operations) == ((added.ids[1],), (changed_by,))
    assert changed_by in str(caught.value)
    assert "changed" not in caught.value.memory_ids
    assert texts(memory) == ["a", "c", "changed"]

    memory.undo(str(added.op_id), force=True)
    assert texts(memory) == []


@pytest.mark.parametrize(
    "later",
    [
        {"text": "other"},
        {"metadata": {"k": 1}},
        {"expires_at": NOON + YEAR},
        {"pinned": True},
    ],
)
@pytest.mark.parametrize("first", [{"text": "b"}, {"expires_at": NOON + 2 * YEAR}])
def test_a_later_change_of_any_kind_is_a_conflict_and_force_overrules_it(
    memory: Memory, first: dict[str, object], later: dict[str, object]
) -> None:
    memory_id = add(memory, "a")
    memory.update(memory_id, **first)  # pyright: ignore[reportArgumentType] - parts of any type
    op_id = last_operation(memory)
    memory.update(memory_id, **later)  # pyright: ignore[reportArgumentType] - parts of any type
    before = memory.get(memory_id)
    changed_by = next(one.op_id for one in memory.operations(user_id="alice") if one.op_id > op_id)

    with pytest.raises(ConflictError) as caught:
        memory.undo(op_id)
    assert caught.value.operations == (changed_by,)
    assert memory.get(memory_id) == before

    memory.undo(op_id, force=True)
    after = memory.get(memory_id)
    assert (after.text, after.expires_at) == ("a" if "text" in first else before.text, None)


def test_a_deletion_after_an_update_is_a_later_change(memory: Memory) -> None:
    memory_id = add(memory, "a")
    added = last_operation(memory)
    deleted = memory.delete(memory_id)

    with pytest.raises(ConflictError) as caught:
        memory.undo(added)

    assert caught.value.operations == (deleted.op_id,)


def test_what_expired_or_was_pinned_before_a_deletion_is_no_conflict(memory: Memory) -> None:
    memory_id = add(memory, "a")
    memory.update(memory_id, pinned=True)
    deleted = memory.delete(memory_id)

    memory.undo(str(deleted.op_id))

    assert memory.get(memory_id).pinned


@pytest.mark.parametrize("part", [{"pinned": True}, {"expires_at": NOON + YEAR}])
def test_force_takes_back_what_was_changed_in_place_of_a_memory_that_was_deleted_later(
    memory: Memory, part: dict[str, object]
) -> None:
    memory_id = add(memory, "a")
    memory.update(memory_id, **part)  # pyright: ignore[reportArgumentType] - parts of any type
    changed = last_operation(memory)
    deleted = memory.delete(memory_id)

    undone = memory.undo(changed, force=True)
    memory.undo(str(deleted.op_id), force=True)

    assert [one.memory_id for one in undone.touched] == [memory_id]
    back = memory.get(memory_id)
    assert (back.pinned, back.expires_at) == (False, None)


def test_an_undo_twice_is_a_conflict_that_names_the_first(memory: Memory) -> None:
    memory_id = add(memory, "a")
    memory.update(memory_id, "b")
    op_id = last_operation(memory)
    first = memory.undo(op_id)

    with pytest.raises(ConflictError) as caught:
        memory.undo(op_id)

    assert caught.value.operations == (first.op_id,)
    assert memory.get(memory_id).version == 3


def test_force_is_one_more_version_and_loses_none(memory: Memory) -> None:
    memory_id = add(memory, "a")
    memory.update(memory_id, "b")
    op_id = last_operation(memory)
    memory.update(memory_id, "c")

    memory.undo(op_id, force=True)

    assert [one.memory.text for one in memory.history(memory_id)] == ["a", "b", "c", "a"]


def test_what_was_erased_cannot_be_brought_back(memory: Memory) -> None:
    added = memory.add_many([{"content": text, "kind": "semantic"} for text in ("a", "b")], user_id="alice")
    memory.update(added.ids[0], "c")
    updated = last_operation(memory)
    memory.delete(added.ids[0], erase=True)

    for op_id in (str(added.op_id), updated):
        for force in (False, True):
            with pytest.raises(NotFoundError, match="erased"):
                memory.undo(op_id, force=force)

    assert texts(memory) == ["b"]


def test_operations_of_others_are_not_found(memory: Memory) -> None:
    memory_id = add(memory, "a")
    op_id = last_operation(memory)

    for ids in ({"user_id": "bob"}, {"user_id": "alice", "run_id": "1"}):
        with pytest.raises(NotFoundError):
            memory.scoped(**ids).undo(op_id)
    with pytest.raises(NotFoundError):
        memory.undo("nobody's")

    assert memory.get(memory_id).text == "a"


def _many(memory: Memory, user_id: str, number: int) -> None:
    items = [{"content": f"{user_id} {place}", "kind": "semantic"} for place in range(number)]
    memory.add_many(items, user_id=user_id)


def test_a_deletion_in_parts_is_undone_whole_by_its_first(memory: Memory) -> None:
    _many(memory, "alice", 2_500)

    deleted = memory.delete_all(user_id="alice")
    operations = [one for one in memory.operations(user_id="alice") if one.kind == "delete"]

    assert (deleted.count, len(operations)) == (2_500, 2)
    (part,) = [one for one in operations if one.op_id != deleted.op_id]
    assert part.part_of == deleted.op_id
    with pytest.raises(InvalidInputError, match=f"part of '{deleted.op_id}'"):
        memory.undo(part.op_id)
    assert memory.count(user_id="alice") == 0

    undone = memory.undo(str(deleted.op_id))
    assert (memory.count(user_id="alice"), len(undone.touched)) == (2_500, 2_500)
    memory.undo(undone.op_id)
    assert memory.count(user_id="alice") == 0


def test_a_view_cannot_undo_a_deletion_whose_parts_are_others(memory: Memory) -> None:
    _many(memory, "alice", 2_000)
    _many(memory, "bob", 500)
    deleted = memory.delete_all(filters={"kind": "semantic"})

    for user_id in ("alice", "bob"):
        with pytest.raises(NotFoundError):
            memory.scoped(user_id=user_id).undo(str(deleted.op_id))

    assert memory.undo(str(deleted.op_id)).scope is None
    assert (memory.count(user_id="alice"), memory.count(user_id="bob")) == (2_000, 500)
