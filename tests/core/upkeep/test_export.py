"""An export and its import give the same store again, to the byte; a second import adds nothing."""

from __future__ import annotations

import io
import os
import stat
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mnemon import InMemoryStore, Memory, SQLiteStore
from mnemon.embedders.callable import CallableEmbedder
from mnemon.types.storage import Collection, Ordered, Put, Row
from tests.core.versions.fixtures import NOON, Clock, add, last_operation, open_memory, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mnemon.protocols.store import Store

EXTRA = Collection(
    name="extra",
    keys=("owner",),
    tags=("labels",),
    ordered=(Ordered("rank", "number"), Ordered("at", "time")),
    text=True,
    person="owner",
)
LENGTHS = CallableEmbedder(lambda given: [[float(len(text)), 1.0] for text in given], name="lengths")


def live(memory: Memory, clock: Clock, store: Store) -> None:
    """Let a store have some of everything."""
    memory.add([{"role": "user", "content": "a\u2028b\x85c \U0001f600", "name": "Ana"}, "second"], user_id="alice")
    memory_id = add(memory, "fact", metadata={"b": [1, 1.0, True, None], "a": {"é": "ü"}}, categories=["c", "b"])
    clock.move(hours=1)
    memory.update(memory_id, "new fact", actor="ben", expires_at=NOON + timedelta(days=9))
    memory.update(memory_id, pinned=True)
    memory.delete(add(memory, "gone"))
    memory.undo(last_operation(memory))
    memory.delete_all(user_id="alice", filters={"kind": "episodic"})
    add(memory, "bob's", user_id="bob", run_id="1", valid_from=NOON)
    thinned = add(memory, "old")
    memory.update(thinned, "young")
    memory.purge(keep_versions=2)
    memory.conversations.append([{"role": "tool", "content": "log only"}], user_id="bob", run_id="1")
    store.declare(EXTRA)
    rows = [
        Row(id="binary", fields={"owner": "alice", "labels": ("x", "y"), "rank": 1.5}, payload=b"\xff\x00\n"),
        Row(id="words", fields={"owner": "bob", "rank": 2}, terms=("one", "two", "one"), metadata={"k": 1}),
        Row(id="like json", fields={"owner": "bob", "rank": 3}, payload=b'{"a":1}'),
        Row(id="json", fields={"owner": "bob"}, payload=b'{"a": 1}'),
        Row(id="empty"),
    ]
    store.apply("default", [Put(collection="extra", row=row) for row in rows])


def export(memory: Memory, user_id: str | None = None) -> str:
    target = io.StringIO()
    memory.export(target, user_id=user_id)
    return target.getvalue()


@pytest.fixture(params=["sqlite", "in memory"])
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with SQLiteStore(tmp_path / "other.db") if request.param == "sqlite" else InMemoryStore() as opened:
        yield opened


def test_a_round_trip_is_equal_to_the_byte(store: Store, other: Store, clock: Clock) -> None:
    memory, copy = open_memory(store, clock), open_memory(other, clock)
    live(memory, clock, store)
    lines = export(memory)

    imported = copy.import_(io.StringIO(lines))

    assert export(copy) == lines
    assert sum(imported.added.values()) == sum(memory.export(io.StringIO()).rows.values())
    assert imported.there == {}
    again = copy.import_(io.StringIO(lines))
    assert (again.added, again.there, again.waiting) == ({}, imported.added, 0)
    assert export(copy) == lines


def test_what_was_imported_lives_on(store: Store, other: Store, clock: Clock) -> None:
    memory, copy = open_memory(store, clock), open_memory(other, clock)
    live(memory, clock, store)
    copy.import_(io.StringIO(export(memory)))

    for as_of in (None, NOON, NOON + timedelta(hours=1)):
        assert texts(copy, as_of=as_of) == texts(memory, as_of=as_of)
    found = memory.search("fact", user_id="alice", explain=True)
    assert copy.search("fact", user_id="alice", explain=True) == found
    assert found[0].memory.text == "new fact"
    deleted = next(one for one in copy.operations(user_id="alice") if one.kind == "delete")
    assert [one.kind for one in copy.operations(user_id="alice")] == [
        one.kind for one in memory.operations(user_id="alice")
    ]
    assert copy.undo(deleted.op_id, force=True).kind == "undo"


def test_lines_can_be_split_as_text_is(memory: Memory, store: Store, clock: Clock) -> None:
    live(memory, clock, store)
    lines = export(memory)

    assert lines.splitlines(keepends=True) == io.StringIO(lines).readlines()


def test_a_scope_is_exported_and_imported_alone(store: Store, clock: Clock) -> None:
    memory = open_memory(store, clock)
    live(memory, clock, store)
    lines = export(memory, user_id="alice")
    target = InMemoryStore()
    copy = open_memory(target, clock)
    target.declare(EXTRA)

    copy.scoped(user_id="alice").import_(io.StringIO(lines))

    assert '"bob' not in lines
    assert '"id": "binary"' in lines
    assert export(copy, user_id="alice") == lines
    assert export(memory.scoped(user_id="alice")) == lines


def test_an_embedder_is_not_part_of_an_export(store: Store, clock: Clock) -> None:
    memory = open_memory(store, clock, embedder=LENGTHS)
    live(memory, clock, store)
    memories = memory.export(io.StringIO()).rows["memories"]
    lines = export(memory)
    bare, back = open_memory(InMemoryStore(), clock), open_memory(InMemoryStore(), clock, embedder=LENGTHS)

    to_bare = bare.import_(io.StringIO(lines))
    to_back = back.import_(io.StringIO(export(bare)))

    assert export(bare) == export(back) == lines
    assert (to_bare.waiting, to_back.waiting) == (memories, 0)
    assert (back.stats().waiting, back.stats().embedder) == (0, "lengths")
    assert [hit.memory for hit in back.search("fact", user_id="alice")] == [
        hit.memory for hit in memory.search("fact", user_id="alice")
    ]
    assert bare.search("fact", user_id="alice")[0].memory.text == "new fact"


def test_two_runs_of_one_script_export_the_same_bytes(tmp_path: Path) -> None:
    exported: list[str] = []
    for store in (SQLiteStore(tmp_path / "a.db"), SQLiteStore(tmp_path / "b.db"), InMemoryStore()):
        with store:
            clock = Clock()
            memory = open_memory(store, clock)
            live(memory, clock, store)
            exported.append(export(memory) + repr(memory.search("fact", user_id="alice", explain=True)))

    assert exported[0] == exported[1] == exported[2]


def test_a_file_is_private_and_there_when_it_is_whole(memory: Memory, tmp_path: Path) -> None:
    for number in range(1_500):
        add(memory, f"{number}")
    target = tmp_path / "export.jsonl"

    with pytest.raises(KeyboardInterrupt):
        memory.export(target, progress=_interrupt)
    assert [file.name for file in tmp_path.iterdir() if "jsonl" in file.name] == []

    memory.export(target)
    whole = target.read_bytes()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with pytest.raises(KeyboardInterrupt):
        memory.export(target, progress=_interrupt)
    assert target.read_bytes() == whole
    assert whole.decode() == export(memory)


def _interrupt(_done: int, _total: int) -> None:
    raise KeyboardInterrupt


def test_a_link_stays_a_link_and_its_file_is_replaced(memory: Memory, tmp_path: Path) -> None:
    target, link = tmp_path / "kept" / "export.jsonl", tmp_path / "latest.jsonl"
    target.parent.mkdir()
    target.write_text("of yesterday")
    link.symlink_to(target)

    memory.export(link)

    assert link.is_symlink()
    assert target.read_text().startswith('{"format": "mnemon-export"')


def test_a_pipe_is_written_to_and_stays_a_pipe(memory: Memory, tmp_path: Path) -> None:
    memory.add("hello", user_id="alice")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)  # an export fits into what a pipe holds

    memory.export(pipe)

    assert pipe.is_fifo()
    assert len(os.read(reader, 65_536).splitlines()) == 7
    os.close(reader)


@pytest.mark.parametrize(("name", "told"), [("", "Is a directory"), ("no/export.jsonl", "there is no such folder")])
def test_a_place_where_no_file_can_be_is_named(memory: Memory, tmp_path: Path, name: str, told: str) -> None:
    with pytest.raises(OSError, match=told) as refused:
        memory.export(tmp_path / name)

    assert Path(refused.value.filename) == (tmp_path / name if not name else tmp_path / "no")
    assert list(tmp_path.parent.glob(f".{tmp_path.name}*")) == []


def test_an_export_is_one_moment_while_others_write(store: Store, clock: Clock) -> None:
    memory, copy = open_memory(store, clock), open_memory(InMemoryStore(), clock)
    ids = [add(memory, f"{number}") for number in range(1_001)]  # two pages
    before = export(memory)
    lines: list[str] = []

    class Target(io.StringIO):
        def write(self, line: str) -> int:
            if len(lines) == 10:
                memory.update(ids[0], "changed")
                memory.update(ids[-1], "changed")
                add(memory, "new")
            lines.append(line)
            return len(line)

    memory.export(Target())

    assert "".join(lines) == before
    copy.import_(lines)
    assert export(copy) == before


def test_an_export_never_takes_the_place_of_a_database(tmp_path: Path) -> None:
    with Memory(tmp_path / "notes.db", embedder=None) as memory:
        add(memory, "kept")
        (tmp_path / "link").symlink_to("notes.db")
        for name in ("notes.db", "link"):
            with pytest.raises(FileExistsError, match="a database"):
                memory.export(tmp_path / name)
        assert texts(memory) == ["kept"]
