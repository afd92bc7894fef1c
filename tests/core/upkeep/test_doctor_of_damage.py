"""Damaged rows of a memory: doctor names them and looks on, and what is to be erased can be erased."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from mnemon import Memory, SQLiteStore, StoreCorruptError
from mnemon.logic.memories import MEMORIES
from mnemon.logic.messages import MESSAGES
from mnemon.types.storage import Delete

if TYPE_CHECKING:
    from pathlib import Path

DAMAGED = "damaged rows: restore a backup, or delete them"
PAYLOADS = {"no text": "x'ff00'", "no JSON": "x'7b'", "no object": "x'5b5d'", "no message": "x'7b7d'"}


def damage(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as file:
        assert file.execute(statement).rowcount == 1
        file.commit()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store of two memories of Ana and one of Ben, whose messages are in the log."""
    place = tmp_path / "store.db"
    with Memory(place, embedder=None) as memory:
        memory.add("I live in Porto.", user_id="ana")
        memory.add("I like tea.", user_id="ana")
        memory.add("I live in Rome.", user_id="ben")
    return place


def take_away(path: Path, collection: str, user: str) -> None:
    """Leave work half done: take the rows of a person from one collection."""
    with SQLiteStore(path) as store:
        store.declare({"memories": MEMORIES, "messages": MESSAGES}[collection])
        rows = store.scan("default", collection).rows
        ids = [row.id for row in rows if row.fields["user_id"] == user]
        store.apply("default", [Delete(collection=collection, ids=ids)])


def test_half_done_work_is_looked_for_beside_damaged_rows_and_mended_when_they_are_gone(path: Path) -> None:
    take_away(path, "memories", "ben")
    damage(path, "UPDATE memories__rows SET metadata = '{' WHERE number = 1")

    with Memory(path, embedder=None) as memory:
        found = memory.doctor(repair=True).findings
        assert [(one.kind, one.rows, one.repaired) for one in found] == [
            (DAMAGED, 1, False),
            ("memory missing", 1, False),
        ]
    with SQLiteStore(path) as store:
        assert found[0].project == "default"
        store.collections()
        store.apply("default", [Delete(collection="memories", ids=found[0].ids)])
    with Memory(path, embedder=None) as memory:
        mended = memory.doctor(repair=True)
        assert mended.sound
        assert {one.kind for one in mended.findings} == {"memory missing"}
        assert memory.doctor().findings == ()
        assert len(list(memory.get_all(user_id="ben"))) == 1


def test_what_damaged_rows_hide_is_told(path: Path) -> None:
    damage(path, "UPDATE memories__rows SET f_sources = '{' WHERE number = 1")

    with Memory(path, embedder=None) as memory:
        found = memory.doctor().findings

    assert found[0].kind == DAMAGED
    assert "operation missing: not looked for, damaged rows are in the way" in {one.kind for one in found}


def test_half_done_work_of_another_project_is_not_in_the_way(path: Path) -> None:
    with Memory(path, embedder=None, project="other") as memory:
        memory.add("I live in Faro.", user_id="eva")
    damage(path, "UPDATE memories__rows SET metadata = '{' WHERE number = 4")
    take_away(path, "memories", "ben")

    with Memory(path, embedder=None) as memory:
        found = memory.doctor(repair=True).findings

    assert [(one.project, one.repaired) for one in found] == [("other", False), (None, True)]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_message_that_cannot_be_read_is_named(path: Path, payload: str) -> None:
    damage(path, f"UPDATE messages__rows SET payload = {PAYLOADS[payload]} WHERE number = 1")  # noqa: S608 - ours

    with Memory(path, embedder=None) as memory:
        (found,) = memory.doctor(repair=True).findings
        assert (found.collection, found.kind, found.project, found.rows) == ("messages", DAMAGED, "default", 1)
        with pytest.raises(StoreCorruptError, match=f"{found.ids[0]}.*messages"):
            memory.conversations.read(user_id="ana")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_message_that_cannot_be_read_is_erased_with_its_memory(path: Path, payload: str) -> None:
    damage(path, f"UPDATE messages__rows SET payload = {PAYLOADS[payload]} WHERE number = 1")  # noqa: S608 - ours

    with Memory(path, embedder=None) as memory:
        memory.delete_all(user_id="ana", erase=True)
        assert list(memory.get_all(user_id="ana")) == []
        assert [message.text for message in memory.conversations.read(user_id="ana")] == ["[erased]"]
        assert memory.doctor().findings == ()


@pytest.mark.parametrize("payload", ["no text", "no JSON", "no object"])
def test_a_memory_whose_payload_cannot_be_read_is_an_error_that_names_it(path: Path, payload: str) -> None:
    damage(path, f"UPDATE memories__rows SET payload = {PAYLOADS[payload]} WHERE number = 1")  # noqa: S608 - ours

    with Memory(path, embedder=None) as memory:
        for read in (lambda: memory.get_all(user_id="ana"), lambda: memory.search("Porto", user_id="ana")):
            with pytest.raises(StoreCorruptError, match=r"of 'memories' cannot be read"):
                read()
