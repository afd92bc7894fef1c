"""What is erased is gone: from rows, index, free pages and write-ahead log, and from the conversation log."""

from __future__ import annotations

import io
import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from mnemon import InMemoryStore, Memory, Message, NotFoundError, SQLiteStore
from mnemon.logic.spaces import SETTINGS
from tests.core.versions.fixtures import add, numbered, open_memory, texts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WORD = "Zyxomancies"
STEM = b"zyxomanc"


def left(path: Path) -> list[str]:
    """Return the files of a database that still hold the word or its stem."""
    files = [path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")]
    return [file.name for file in files if file.exists() and STEM in file.read_bytes().lower()]


def _alone(memory: Memory) -> str:
    return add(memory, f"she studies {WORD} at night", metadata={"about": WORD}, categories=[WORD])


def _updated(memory: Memory) -> str:
    memory_id = _alone(memory)
    memory.update(memory_id, f"{WORD} no more", metadata={"more": WORD})
    memory.update(memory_id, "nothing of it", metadata={}, replace_metadata=True, categories=[])
    return memory_id


def _big(memory: Memory) -> str:
    return add(memory, f"{WORD} and {'many other words ' * 40_000} {WORD}")


def _deleted(memory: Memory) -> str:
    memory_id = _alone(memory)
    memory.delete(memory_id)
    return memory_id


def _said(memory: Memory) -> str:
    message = Message(role="user", content=f"I love {WORD}", id="m", name=WORD, metadata={"k": WORD})
    return memory.add(message, user_id="alice").ids[0]


def _among_many(memory: Memory) -> str:
    memory_id = _alone(memory)
    memory.add_many([{"content": f"fact {number}", "kind": "semantic"} for number in range(300)], user_id="alice")
    return memory_id


@pytest.mark.parametrize("life", [_alone, _updated, _big, _deleted, _said, _among_many])
def test_not_a_byte_of_it_is_left(tmp_path: Path, life: Callable[[Memory], str]) -> None:
    path = tmp_path / "m.db"
    with Memory(path, embedder=None) as memory:
        add(memory, "this stays")
        memory_id = life(memory)
        assert left(path)

        erased = memory.delete(memory_id, erase=True)

        assert erased.receipt is not None
        assert (erased.receipt.bytes, erased.receipt.reason) == ("gone", "")
        assert left(path) == []
        assert "this stays" in texts(memory, limit=1_000)
    assert left(path) == []


def test_bytes_wait_for_a_reader_and_go_at_the_next_close(tmp_path: Path) -> None:
    path = tmp_path / "m.db"
    with Memory(path, embedder=None) as memory:
        memory_id = _alone(memory)
        with closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            receipt = memory.delete(memory_id, erase=True).receipt
        assert receipt is not None
        assert receipt.bytes == "pending"
        assert "reading" in receipt.reason
        assert left(path)

        with Memory(path, embedder=None):
            pass

        assert left(path) == []


def test_a_close_that_cannot_finish_still_closes_and_the_next_one_finishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mnemon.stores.sqlite.connections._BUSY_TIMEOUT_S", 0.2)
    path = tmp_path / "m.db"
    memory = Memory(path, embedder=None)
    memory_id = _alone(memory)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        memory.delete(memory_id, erase=True)
        other.execute("COMMIT")
        other.execute("BEGIN IMMEDIATE")
        memory.close()

    Memory(path, embedder=None).close()

    assert left(path) == []


def test_an_erasure_that_was_interrupted_before_its_end_is_finished_at_close(tmp_path: Path) -> None:
    path = tmp_path / "m.db"
    memory = Memory(path, embedder=None, new_id=numbered())
    facts = [f"{WORD} {number}" for number in range(2_000)] + ["of the second part"]
    memory.add_many([{"content": text, "kind": "semantic"} for text in facts], user_id="alice")

    with pytest.raises(KeyboardInterrupt):
        memory.delete_all(user_id="alice", erase=True, progress=_interrupt)
    assert texts(memory) == ["of the second part"]
    assert left(path)
    with SQLiteStore(path) as store:
        store.declare(SETTINGS)
        assert list(store.get("default", "settings", ["scrub"])) == ["scrub"]  # else nobody would know of the bytes
        memory.close()
        assert store.get("default", "settings", ["scrub"]) == {}

    assert left(path) == []


def _interrupt(_done: int, _total: int) -> None:
    raise KeyboardInterrupt


def test_the_log_keeps_a_marker_without_words_name_and_metadata(memory: Memory) -> None:
    memory_id = _said(memory)
    memory.add("and gardens", user_id="alice")

    receipt = memory.delete(memory_id, erase=True).receipt

    marker, other = memory.conversations.read(user_id="alice")
    assert (marker.id, marker.role, marker.text, marker.name, marker.metadata) == ("m", "user", "[erased]", None, {})
    assert other.text == "and gardens"
    assert receipt is not None
    assert (receipt.rows, receipt.redacted) == ({"memories": 1}, {"messages": 1})


def test_a_receipt_holds_no_text(memory: Memory) -> None:
    receipt = memory.delete(_said(memory), erase=True).receipt

    assert receipt is not None
    assert WORD not in json.dumps(receipt.to_dict()) + repr(receipt)


def test_memories_whose_only_source_it_was_go_too(memory: Memory) -> None:
    memory.add([Message(role="user", content=text, id=text) for text in ("one", "two")], user_id="alice")
    first = next(row for row in memory.get_all(user_id="alice") if row.text == "one")
    target = io.StringIO()
    memory.export(target)
    exported = target.getvalue().splitlines(keepends=True)
    line = next(line for line in exported if f'"id": "{first.id}"' in line)
    facts = {"from one": '["one"]', "from both": '["one", "two"]', "bob's": '["one"]'}
    for number, (text, sources) in enumerate(facts.items()):
        changed = line.replace(first.id, f"fact {number}").replace('["one"]', sources)
        changed = changed.replace('"text": "one"', f'"text": "{text}"')
        changed = changed.replace('"alice"', '"bob"') if text == "bob's" else changed
        memory.import_([exported[0], *(one for one in exported if '"declare"' in one), changed])

    receipt = memory.delete(first.id, erase=True).receipt

    assert receipt is not None
    assert receipt.rows == {"memories": 2}
    assert texts(memory) == ["from both", "two"]
    assert texts(memory, user_id="bob") == ["bob's"]


def test_an_erased_memory_is_nowhere_and_a_history_sent_again_does_not_bring_it_back(memory: Memory) -> None:
    said = [{"role": "user", "content": text} for text in ("a secret", "a garden", "a dog")]
    added = memory.add(said, user_id="alice", run_id="1")
    memory.delete(added.ids[0], erase=True)

    again = memory.add([*said, {"role": "user", "content": "a cat"}], user_id="alice", run_id="1")

    assert [item.event for item in again.items] == ["REPEAT", "REPEAT", "REPEAT", "ADD"]
    assert texts(memory) == ["a cat", "a dog", "a garden"]
    for call in (memory.get, memory.history, memory.delete):
        with pytest.raises(NotFoundError):
            call(added.ids[0])
    with pytest.raises(NotFoundError):
        memory.delete(added.ids[0], erase=True)


def test_after_an_erasure_new_words_of_the_same_speaker_are_new(memory: Memory) -> None:
    memory.delete(memory.add("a secret", user_id="alice").ids[0], erase=True)

    assert [item.event for item in memory.add("a garden", user_id="alice").items] == ["ADD"]


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("delete_all", {"user_id": "alice", "erase": True}),
        ("forget", {"user_id": "alice"}),
        ("reset", {}),
        ("purge", {"keep_versions": 1}),
    ],
)
def test_a_store_that_can_never_remove_bytes_is_sound_after_an_erasure(call: str, arguments: dict[str, object]) -> None:
    store = InMemoryStore()
    memory = open_memory(store)
    _updated(memory)

    answer = getattr(memory, call)(**arguments)

    receipt = getattr(answer, "receipt", answer)
    assert (receipt.bytes, receipt.reason) == ("pending", store.scrub().reason)
    assert memory.doctor().findings == ()
    assert store.get("default", "settings", ["scrub"]) == {}
