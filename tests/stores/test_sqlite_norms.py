"""A file of before the rule on norms: its vectors are found, carried along, named, and mended."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mnemon import Memory
from mnemon.embedders.callable import CallableEmbedder
from mnemon.logic.memories import with_vector
from mnemon.stores.in_memory import InMemoryStore
from mnemon.stores.sqlite.store import SQLiteStore
from mnemon.testing.samples import PROJECT, moment, note, put
from mnemon.types.storage import Finding, Nearest, Patch
from mnemon.wrappers.copying import copy_project
from tests.stores.damaged import ALICE, open_notes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

EXTREME = {
    "large": (3e20, 4e20, 0.0),
    "beyond float32's squares": (3e38, 3e38, 0.0),
    "small": (0.0, -1e-13, 0.0),
    "subnormal": (0.0, 0.0, 1e-40),
}


def overwrite(path: Path, vector: Sequence[float], table: str = "notes__vec__small") -> None:
    """Give rows 7 and 70, or all that there are, a vector as an older version took it."""
    file = sqlite3.connect(path)
    file.execute(
        f"UPDATE {table} SET vector = ? WHERE row IN (7, 70) OR ? = 'memories'",  # noqa: S608 - our own names
        [np.array(vector, np.float32).tobytes(), table.split("__", maxsplit=1)[0]],
    )
    file.commit()
    file.close()


def direction(vector: Sequence[float]) -> list[float]:
    return (np.array(vector, np.float64) / np.linalg.norm(vector)).tolist()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    place = tmp_path / "store.db"
    with open_notes(place) as store:
        store.apply(PROJECT, put(*(note(f"{number:02}", small=(1.0, 0.5, 0.25)) for number in range(1, 81))))
    return place


def finding(*, repaired: bool, collection: str = "notes", space: str = "small", rows: int = 2) -> Finding:
    kind = f"vectors of an extreme norm in {space}: repair scales them, or reembed with another embedder"
    ids = ("07", "70") if collection == "notes" else ()
    return Finding(collection=collection, kind=kind, ids=ids, rows=rows, repaired=repaired)


@pytest.mark.parametrize("vector", EXTREME.values(), ids=EXTREME.keys())
def test_such_vectors_are_named_and_scaled(path: Path, vector: tuple[float, float, float]) -> None:
    overwrite(path, vector)
    near = Nearest(space="small", vector=direction(vector))

    with open_notes(path) as store:
        before = store.search(PROJECT, "notes", near, ALICE, limit=2)
        found, mended, after = store.check(), store.check(repair=True), store.check()
        rows = store.get(PROJECT, "notes", ["07", "08"], include=("small",))
        again = store.search(PROJECT, "notes", near, ALICE, limit=2)

    assert (found, mended, after) == ([finding(repaired=False)], [finding(repaired=True)], [])
    assert np.linalg.norm(rows["07"].vectors["small"]) == pytest.approx(1.0)
    assert np.asarray(rows["08"].vectors["small"]).tolist() == [1.0, 0.5, 0.25]
    for matches in (before, again):
        assert sorted(match.row.id for match in matches) == ["07", "70"]
        assert [match.evidence.cosine for match in matches] == pytest.approx([1.0, 1.0], abs=1e-6)


def test_a_vector_with_an_infinity_is_damaged_and_not_scaled(path: Path) -> None:
    overwrite(path, (float("inf"), 0.0, 0.0))

    with open_notes(path) as store:
        assert [(one.kind.split(":")[0], one.repaired) for one in store.check(repair=True)] == [
            ("damaged rows", False),
        ]


@pytest.mark.parametrize("vector", EXTREME.values(), ids=EXTREME.keys())
def test_patches_and_backups_go_on(path: Path, tmp_path: Path, vector: tuple[float, float, float]) -> None:
    overwrite(path, vector)
    patches = [
        Patch(collection="notes", id="07", fields={"kind": "fact"}, metadata={"k": 1}),
        Patch(collection="notes", id="70", fields={"user_id": "bob"}),  # to where no cache would look for it
        Patch(collection="notes", id="70", fields={"closed_at": moment(1)}),
    ]

    with open_notes(path) as store:
        assert store.apply(PROJECT, patches).counts == (1, 1, 1)
        assert store.backup(tmp_path / "copy.db") > 0
        rows = store.get(PROJECT, "notes", ["07", "70"], include=("small",))
    with open_notes(tmp_path / "copy.db") as copy:
        assert copy.check() == [finding(repaired=False)]

    kept = np.array(vector, np.float32).tolist()
    assert [np.asarray(row.vectors["small"]).tolist() for row in rows.values()] == [kept, kept]


@pytest.mark.parametrize("vector", EXTREME.values(), ids=EXTREME.keys())
def test_a_copy_carries_such_rows_with_their_direction(path: Path, vector: tuple[float, float, float]) -> None:
    overwrite(path, vector)

    with open_notes(path) as source, InMemoryStore() as target:
        first, second = copy_project(source, target, PROJECT), copy_project(source, target, PROJECT)
        copied = target.get(PROJECT, "notes", ["07"], include=("small",))["07"].vectors["small"]

    assert (first.rows, first.written, second.written) == ({"notes": 80}, 80, 0)
    assert first.digest == second.digest
    assert np.asarray(copied) == pytest.approx(direction(vector), abs=1e-6)


def test_a_vector_that_a_row_keeps_is_scaled(path: Path) -> None:
    """As when `reembed` into a space broke off in an older version, and goes on in this one."""
    overwrite(path, (1e13, 0.0, 0.0))
    with open_notes(path) as store:
        row = store.get(PROJECT, "notes", ["07"], include=("small",))["07"]

    assert np.asarray(with_vector(row, row.vectors).vectors["small"]).tolist() == [1.0, 0.0, 0.0]


@pytest.fixture
def memories(tmp_path: Path) -> Path:
    place = tmp_path / "memories.db"
    with Memory(place, embedder=embedder("one")) as memory:
        memory.add_many(["I like tea.", "I live in Porto."], user_id="ana")
    return place


def embedder(name: str) -> CallableEmbedder:
    return CallableEmbedder(lambda texts: [[1.0, 0.0, 0.0] for _ in texts], name=name)


def space_of(path: Path) -> str:
    with SQLiteStore(path) as store:
        (memories,) = (one for one in store.collections() if one.name == "memories")
    return memories.vectors[0].name


@pytest.mark.parametrize("vector", EXTREME.values(), ids=EXTREME.keys())
def test_memories_are_updated_undone_and_embedded_anew(memories: Path, vector: tuple[float, float, float]) -> None:
    space = space_of(memories)
    overwrite(memories, vector, f"memories__vec__{space}")

    with Memory(memories, embedder=embedder("one")) as memory:
        (named,) = memory.doctor().findings
        assert (named.kind, named.rows) == (finding(repaired=False, space=space).kind, 2)
        tea, home = (one.id for one in memory.get_all(user_id="ana"))
        assert memory.update(tea, metadata={"sure": True}).version == 2
        memory.undo(memory.history(tea)[-1].op_id)
        assert memory.update(home, pinned=True).pinned
        assert memory.count(user_id="ana") == 2
    with Memory(memories, embedder=None) as memory:
        assert memory.reembed(embedder=embedder("two")).versions == 4
        assert memory.doctor().findings == ()
    with Memory(memories, embedder=embedder("two")) as memory:
        assert len(memory.search("tea", user_id="ana")) == 2
