"""An import into a view cannot reach anybody else, whatever its lines say."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from mnemon import ConflictError, InvalidInputError, Memory, Message, Scope, ScopeError
from mnemon.logic.messages import message_row_id
from mnemon.types.storage import Collection, Patch

if TYPE_CHECKING:
    from collections.abc import Callable

    from mnemon.protocols.store import Store

NOON = datetime(2026, 5, 8, 12, tzinfo=UTC)


def _own_row(line: dict[str, Any], bobs: str) -> None:
    line["fields"]["memory_id"] = bobs


def _place_of_bobs(line: dict[str, Any], bobs: str) -> None:
    line["id"] = message_row_id(Scope(user_id="bob"), "m1")


def _neighbour(line: dict[str, Any], bobs: str) -> None:
    line["fields"]["previous"] = bobs


def _exported(view: Memory) -> list[dict[str, Any]]:
    out = io.StringIO()
    view.export(out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("collection", "forge", "error"),
    [
        ("messages", _own_row, ScopeError),
        ("messages", _place_of_bobs, InvalidInputError),
        ("memories", _own_row, InvalidInputError),
        ("memories", _neighbour, ScopeError),
    ],
)
def test_a_forged_row_is_refused(
    store: Store, collection: str, forge: Callable[[dict[str, Any], str], None], error: type[Exception]
) -> None:
    memory = Memory(store=store, embedder=None)
    alice, bob = memory.scoped(user_id="alice"), memory.scoped(user_id="bob")
    bobs = bob.add("a secret of bob").ids[0]
    other = Memory(":memory:", embedder=None).scoped(user_id="alice")
    other.add([Message(role="user", content="hello", id="m1")])
    lines = _exported(other)
    for line in lines:
        if line.get("collection") == collection:
            forge(line, bobs)

    with pytest.raises(error):
        alice.import_(json.dumps(line) + "\n" for line in lines)

    assert alice.count() == 0
    assert [one.memory.text for one in bob.history(bobs)] == ["a secret of bob"]
    assert bob.add([Message(role="user", content="my own words", id="m1")]).memories[0].text == "my own words"


def test_an_operation_that_says_it_is_a_part_of_somebody_elses_is_refused(store: Store) -> None:
    memory = Memory(store=store, embedder=None)
    alice, bob = memory.scoped(user_id="alice"), memory.scoped(user_id="bob")
    bob.add("a secret of bob")
    bobs = bob.delete_all().op_id
    assert bobs is not None
    other = Memory(":memory:", embedder=None).scoped(user_id="alice")
    other.add("hello")
    lines = _exported(other)
    for line in lines:
        if line.get("collection") == "operations":
            line["fields"]["part_of"] = bobs

    with pytest.raises(ScopeError, match=f"{bobs!r} of operations"):
        alice.import_(json.dumps(line) + "\n" for line in lines)

    assert bob.undo(bobs).op_id in [one.op_id for one in bob.operations()]
    assert [one.text for one in bob.get_all()] == ["a secret of bob"]


def test_an_operation_under_the_name_of_somebody_elses_key_loses_no_add(store: Store) -> None:
    memory = Memory(store=store, embedder=None)
    alice, bob = memory.scoped(user_id="alice"), memory.scoped(user_id="bob")
    other = Memory(":memory:", embedder=None)
    other.add("of bob", user_id="bob", idempotency_key="order 1")
    theirs = other.scoped(user_id="alice")
    hello = theirs.add("hello").ids[0]
    (bobs,) = [one for one in _exported(other.scoped(user_id="bob")) if one.get("collection") == "operations"]
    bobs["fields"]["user_id"] = "alice"
    ((form, payload),) = bobs["payload"].items()
    bobs["payload"] = {form: {**payload, "touched": [[hello, 1, None]]}}
    forged = [bobs if line.get("collection") == "operations" else line for line in _exported(theirs)]
    alice.import_(json.dumps(line) + "\n" for line in forged)

    with pytest.raises(ConflictError, match="another scope"):
        bob.add("of bob", idempotency_key="order 1")

    assert bob.add("of bob", idempotency_key="order 2").memories[0].text == "of bob"


def test_a_memory_under_an_id_that_somebody_elses_key_gives_loses_no_add(store: Store) -> None:
    memory = Memory(store=store, embedder=None)
    alice, bob = memory.scoped(user_id="alice"), memory.scoped(user_id="bob")
    other = Memory(":memory:", embedder=None)
    bobs = other.add("of bob", user_id="bob", idempotency_key="order 1").ids[0]
    theirs = other.scoped(user_id="alice")
    hello = theirs.add("hello").ids[0]
    alice.import_(json.dumps(line).replace(hello, bobs) + "\n" for line in _exported(theirs))

    for _ in range(2):
        with pytest.raises(ConflictError, match="another scope"):
            bob.add("of bob", idempotency_key="order 1")

    assert bob.get_all().items == ()
    assert bob.add("of bob", idempotency_key="order 2").memories[0].text == "of bob"


def test_a_neighbour_that_is_somebody_elses_moves_no_score(store: Store) -> None:
    memory = Memory(store=store, embedder=None)
    bobs = memory.add("the secret word is heliotrope", user_id="bob").ids[0]
    mine = memory.add("a note of alice", user_id="alice").ids[0]
    memory.add("what was the heliotrope note", user_id="alice", run_id="r")
    before = [(hit.memory.id, hit.score) for hit in memory.search("heliotrope note", user_id="alice")]
    store.apply("default", [Patch(collection="memories", id=mine, fields={"previous": bobs})])

    after = [(hit.memory.id, hit.score) for hit in memory.search("heliotrope note", user_id="alice")]

    assert after == before


def test_a_view_is_told_nothing_about_what_others_have(store: Store) -> None:
    memory = Memory(store=store, embedder=None)
    memory.add("of an agent", agent_id="helper")

    assert memory.forget(user_id="alice", dry_run=True).left["memories"] == 1
    assert memory.scoped(user_id="alice").forget(dry_run=True).left == {}


def test_new_words_after_a_greeting_are_not_taken_for_an_erased_turn(store: Store) -> None:
    moments = iter([NOON] * 20)
    memory = Memory(store=store, embedder=None, clock=lambda: next(moments, NOON + timedelta(days=700)))
    greeting = {"role": "assistant", "content": "How can I help?"}
    added = memory.add([greeting, {"role": "user", "content": "My card is 1234."}], user_id="alice")
    memory.delete(added.ids[1], erase=True)
    list(moments)

    later = memory.add([greeting, {"role": "user", "content": "I am allergic to nuts."}], user_id="alice")

    assert [one.text for one in later.memories][-1] == "I am allergic to nuts."


def test_a_view_imports_its_own_export_and_declares_nothing(store: Store) -> None:
    memory = Memory(store=store, embedder=None)
    other = Memory(":memory:", embedder=None).scoped(user_id="alice")
    other.add(["hello", "I like tea."])
    lines = [json.dumps(line) + "\n" for line in _exported(other)]

    assert memory.scoped(user_id="alice").import_(lines).added["memories"] == 2

    foreign = json.dumps({"declare": {**_declared("tasks")}}) + "\n"
    with pytest.raises(ScopeError, match="'tasks'"):
        memory.scoped(user_id="alice").import_([lines[0], foreign])
    assert "tasks" not in [collection.name for collection in store.collections()]


def _declared(name: str) -> dict[str, Any]:
    made = Collection(name=name, keys=("user_id",), person="user_id")
    return {field: getattr(made, field) for field in made.__dataclass_fields__}
