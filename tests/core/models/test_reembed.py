"""New vectors for all memories: interrupted, resumed, with searches and adds meanwhile."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from mnemon import ConfigError, InMemoryStore, Memory, SQLiteStore
from mnemon._sync import upkeep
from tests.core.fakes import WordEmbedder, counted_ids, ticking_clock

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from mnemon.protocols.store import Store

IDS = counted_ids()
"""Of all memories here: several are opened on one store one after another, and no id may come twice."""

TEXTS = [f"On day {number} we spoke about topic{number}." for number in range(20)]


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Store]:
    chosen = InMemoryStore() if request.param == "memory" else SQLiteStore(tmp_path / "notes.db")
    with chosen as store:
        yield store


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a reembed go in parts of four."""
    monkeypatch.setattr(upkeep, "_ROWS", 4)


@contextmanager
def _open(store: Store, embedder: WordEmbedder | None) -> Generator[Memory]:
    with Memory(store=store, embedder=embedder, clock=ticking_clock(), new_id=IDS) as memory:
        yield memory


def _filled(store: Store, embedder: WordEmbedder | None) -> list[str]:
    """Add the texts; one memory has a superseded version, one is deleted."""
    with _open(store, embedder) as memory:
        ids = list(memory.add_many(TEXTS, user_id="alice").ids)
        memory.update(ids[0], "On day 0 we spoke about gardens.")
        memory.delete(ids[1])
    return ids


def _rows(store: Store) -> list[tuple[object, object, set[str]]]:
    """Return of every version the space that it says it is in, the one it is about to be in, and those it is in."""
    (memories,) = (one for one in store.collections() if one.name == "memories")
    parts = tuple(space.name for space in memories.vectors)
    rows = store.scan("default", "memories", limit=1_000, include=parts).rows
    return [(row.fields.get("space"), row.fields.get("space_next"), set(row.vectors)) for row in rows]


def _top(memory: Memory, number: int) -> str:
    return memory.search(f"topic{number}", user_id="alice")[0].memory.text


def test_every_version_gets_a_new_vector_and_loses_the_old_one(store: Store) -> None:
    _filled(store, WordEmbedder("old"))
    seen: list[tuple[int, int]] = []

    with _open(store, None) as memory:
        done = memory.reembed(embedder=WordEmbedder("new", 32), progress=lambda done, total: seen.append((done, total)))

    assert (done.embedder, done.versions) == ("new", 21)
    assert seen[-1] == (21, 21)
    rows = _rows(store)
    assert len({space for space, _, _ in rows}) == 1
    assert all(following is None and vectors == {space} for space, following, vectors in rows)


def test_what_was_deleted_or_superseded_has_a_new_vector_when_it_comes_back(store: Store) -> None:
    ids = _filled(store, WordEmbedder("old"))
    with _open(store, None) as memory:
        memory.reembed(embedder=WordEmbedder("new", 32))

    with Memory(store=store, embedder=WordEmbedder("new", 32)) as memory:
        for operation in memory.operations(user_id="alice"):
            if operation.kind in {"update", "delete"}:
                memory.undo(operation.op_id)

        assert [memory.get(memory_id).text for memory_id in ids[:2]] == TEXTS[:2]
        assert memory.stats().waiting == 0


@pytest.mark.usefixtures("small_parts")
def test_an_interrupted_reembed_goes_on_where_it_stopped(store: Store) -> None:
    _filled(store, WordEmbedder("old"))
    new = WordEmbedder("new", 32)
    new.fails_after = 10
    with _open(store, None) as memory:
        with pytest.raises(OSError, match="is down"):
            memory.reembed(embedder=new)
        embedded = len(new.texts)
        new.fails_after = None
        done = memory.reembed(embedder=new)

    assert embedded == 8
    assert done.versions == 21 - embedded
    assert len(new.texts) == 21  # none of them twice


@pytest.mark.usefixtures("small_parts")
def test_searches_and_adds_go_on_with_the_former_embedder_until_the_end(store: Store) -> None:
    _filled(store, WordEmbedder("old"))
    new = WordEmbedder("new", 32)
    new.fails_after = 12
    with _open(store, None) as memory, pytest.raises(OSError, match="is down"):
        memory.reembed(embedder=new)

    with Memory(store=store, embedder=WordEmbedder("old")) as memory:
        assert [_top(memory, number) for number in range(2, 20)] == TEXTS[2:]
        assert all((hit.signals or {})["meaning"] > 0 for hit in memory.search("day", user_id="alice", explain=True))
        assert memory.stats().waiting == 0
        memory.add("Later we spoke about trains.", user_id="alice")
        memory.update(memory.get_all(user_id="alice")[-1].id, metadata={"a": 1})
        assert memory.stats().waiting == 0

    with Memory(store=store, embedder=None) as memory:
        new.fails_after = None
        memory.reembed(embedder=new)
    with Memory(store=store, embedder=WordEmbedder("new", 32)) as memory:
        assert memory.stats().waiting == 0
        assert memory.search("trains", user_id="alice")[0].memory.text == "Later we spoke about trains."
        assert [_top(memory, number) for number in range(2, 20)] == TEXTS[2:]


@pytest.mark.usefixtures("small_parts")
def test_what_is_added_while_it_runs_gets_a_vector_too(store: Store) -> None:
    _filled(store, WordEmbedder("old"))
    before = Memory(store=store, embedder=WordEmbedder("old"))
    added: list[str] = []

    def add_one(_: int, __: int) -> None:
        if len(added) < 3:
            added.extend(before.add(f"Meanwhile {len(added)} came.", user_id="alice").ids)

    with _open(store, None) as memory:
        done = memory.reembed(embedder=WordEmbedder("new", 32), progress=add_one)
        assert done.versions == 24
        assert memory.stats().waiting == 0
        assert memory.search("Meanwhile 2 came", user_id="alice")[0].memory.id == added[2]


@pytest.mark.usefixtures("small_parts")
def test_a_reembed_that_stopped_while_clearing_up_counts_nothing_as_waiting(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    _filled(store, WordEmbedder("old"))
    clear = upkeep.embedding.leave_space
    calls: list[int] = []

    def stops(*arguments: object) -> int:
        calls.append(1)
        if len(calls) > 2:
            raise KeyboardInterrupt
        return clear(*arguments)  # pyright: ignore[reportArgumentType]

    with monkeypatch.context() as patch, _open(store, None) as memory:
        patch.setattr(upkeep.embedding, "leave_space", stops)
        with pytest.raises(KeyboardInterrupt):
            memory.reembed(embedder=WordEmbedder("new", 32))

    with Memory(store=store, embedder=WordEmbedder("new", 32)) as memory:
        assert memory.stats().waiting == 0
        assert [_top(memory, number) for number in range(2, 20)] == TEXTS[2:]
        assert memory.reembed().versions == 0
    assert all(vectors == {space} for space, _, vectors in _rows(store))


def test_the_memory_that_did_it_goes_on_with_the_new_embedder(store: Store) -> None:
    _filled(store, WordEmbedder("old"))
    new = WordEmbedder("new", 32, knows=False)
    with _open(store, WordEmbedder("old")) as memory:
        memory.reembed(embedder=new)
        (memory_id,) = memory.add("Later we spoke about trains.", user_id="bob").ids

        assert memory.search("trains", user_id="bob")[0].memory.id == memory_id
        assert new.queries == ["trains"]
        assert (memory.stats().embedder, memory.stats().dimensions, memory.stats().waiting) == ("new", 32, 0)


def test_a_version_claims_no_space_that_it_has_no_vector_in(store: Store) -> None:
    _filled(store, WordEmbedder("old"))
    late = Memory(store=store, embedder=WordEmbedder("old"))  # another process that was not opened anew
    with _open(store, None) as memory:
        memory.reembed(embedder=WordEmbedder("new", 32))
    deleted = late.delete(late.add("Late words.", user_id="alice").ids[0])

    with Memory(store=store, embedder=WordEmbedder("new", 32)) as memory:
        memory.undo(deleted.op_id or "")

        assert all(space is None or space in vectors for space, _, vectors in _rows(store))
        assert memory.stats().waiting == 1
        memory.reembed()
        assert memory.stats().waiting == 0


def test_a_memory_whose_vectors_another_process_replaced_says_so(store: Store) -> None:
    _filled(store, WordEmbedder("old"))
    with _open(store, WordEmbedder("old")) as stale, _open(store, None) as other:
        assert stale.search("gardens", user_id="alice")

        other.reembed(embedder=WordEmbedder("new"))

        with pytest.raises(ConfigError, match=r"'new'.*open it again"):
            stale.search("gardens", user_id="alice")
