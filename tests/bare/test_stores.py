"""Both stores work with nothing installed but the package."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mnemon import InMemoryStore, SQLiteStore, where
from mnemon.types.storage import Collection, Nearest, Put, Row, Terms, VectorSpace

if TYPE_CHECKING:
    from pathlib import Path

NOTES = Collection(
    name="notes", keys=("user_id",), scopes=("user_id",), text=True, vectors=(VectorSpace("v", "none", 2),)
)


@pytest.mark.parametrize("kind", ["in memory", "sqlite"])
def test_a_row_is_kept_and_found(tmp_path: Path, kind: str) -> None:
    with InMemoryStore() if kind == "in memory" else SQLiteStore(tmp_path / "store.db") as store:
        store.declare(NOTES)
        row = Row(id="1", fields={"user_id": "alice"}, terms=("tea",), payload=b"tea", vectors={"v": (1.0, 0.0)})
        store.apply("default", [Put(collection="notes", row=row)])
        mine = where("user_id").eq("alice")

        by_words = store.search("default", "notes", Terms(weights={"tea": 1.0}), mine)
        by_vector = store.search("default", "notes", Nearest(space="v", vector=[1.0, 0.0]), mine)

        assert [match.row.payload for match in (*by_words, *by_vector)] == [b"tea", b"tea"]
