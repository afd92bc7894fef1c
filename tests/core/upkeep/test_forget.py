"""A person is forgotten in every collection that names people, adapters' ones too; an export tells the same set."""

from __future__ import annotations

import io
import json
import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from mnemon import InvalidInputError, Memory, ScopeError, SQLiteStore
from mnemon.types.storage import Collection, Put, Row
from tests.core.versions.fixtures import add, open_memory

if TYPE_CHECKING:
    from pathlib import Path

    from mnemon.protocols.store import Store

NAMED = Collection(name="checkpoints", keys=("owner", "thread"), person="owner")
UNNAMED = Collection(name="blobs", keys=("thread",))


def fill(store: Store) -> Memory:
    memory = open_memory(store)
    store.declare(NAMED, UNNAMED)
    for owner in ("alice", "bob", None):
        row = Row(id=f"of {owner}", fields={"owner": owner}, payload=b"\xff\x00")
        store.apply("default", [Put(collection="checkpoints", row=row)])
    store.apply("default", [Put(collection="blobs", row=Row(id="b", payload=b"x"))])
    for user in ("alice", "bob"):
        memory.add(["hello", "again"], user_id=user, run_id="1")
        memory.update(add(memory, f"about {user}", user_id=user), "changed")
        memory.delete(add(memory, f"deleted {user}", user_id=user))
    add(memory, "nobody's", user_id=None, agent_id="helper")
    return memory


def exported(memory: Memory, user_id: str | None) -> list[dict[str, str]]:
    target = io.StringIO()
    memory.export(target, user_id=user_id)
    lines = [json.loads(line) for line in target.getvalue().splitlines()]
    return [line for line in lines if "collection" in line]


GONE = {"memories": 5, "messages": 2, "operations": 5, "checkpoints": 1}
LEFT = {"memories": 1, "operations": 1, "checkpoints": 1, "blobs": 1}


def test_a_person_goes_from_every_collection_and_others_stay(store: Store) -> None:
    memory = fill(store)
    before = exported(memory, "bob")
    told = Counter(line["collection"] for line in exported(memory, "alice"))

    counted = memory.forget(user_id="alice", dry_run=True)
    assert memory.stats(user_id="alice").versions == 5
    receipt = memory.forget(user_id="alice")

    assert (counted.dry_run, receipt.dry_run) == (True, False)
    assert dict(counted.rows) == dict(receipt.rows) == dict(told) == GONE
    assert dict(counted.left) == dict(receipt.left) == LEFT
    assert receipt.bytes == ("gone" if isinstance(store, SQLiteStore) else "pending")
    assert exported(memory, "alice") == []
    assert exported(memory, "bob") == before
    assert "alice" not in json.dumps(exported(memory, None))
    assert not any(memory.forget(user_id="alice").rows.values())


def test_not_a_byte_of_a_person_is_left(tmp_path: Path) -> None:
    path = tmp_path / "m.db"
    with Memory(path, embedder=None) as memory:
        memory.add("I am Quixotina", user_id="quixotina", run_id="run of quixotina", metadata={"k": "Quixotina"})
        memory.forget(user_id="quixotina")

        for file in tmp_path.iterdir():
            assert b"quixotina" not in file.read_bytes().lower()


def test_what_is_written_meanwhile_goes_too(store: Store) -> None:
    memory = fill(store)
    stop = threading.Event()
    other = open_memory(store, new_id=(f"other {number}" for number in range(10**6)).__next__)

    def write() -> None:
        for number in range(200):
            if stop.is_set():
                return
            add(other, f"more {number}")

    writer = threading.Thread(target=write)
    writer.start()
    memory.forget(user_id="alice")
    stop.set()
    writer.join()
    receipt = memory.forget(user_id="alice")

    assert memory.stats(user_id="alice").versions == memory.stats(user_id="alice").operations == 0
    assert receipt.left == LEFT


def test_a_person_is_one_id_and_nothing_narrower(memory: Memory) -> None:
    add(memory, "a", run_id="1")

    with pytest.raises(InvalidInputError, match="all of a person"):
        memory.scoped(user_id="alice", run_id="1").forget()
    with pytest.raises(ScopeError):
        memory.forget()
    with pytest.raises(ScopeError):
        memory.scoped(user_id="bob").forget(user_id="alice")

    assert memory.scoped(user_id="alice").forget().rows["memories"] == 1
