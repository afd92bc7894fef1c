"""Erasing a person reaches what another program keeps of them in the same store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon import Memory, SQLiteStore
from mnemon.types.storage import Collection, Put, Row

if TYPE_CHECKING:
    from pathlib import Path


def test_a_person_is_forgotten_in_collections_that_another_program_declared(tmp_path: Path) -> None:
    path = tmp_path / "shared.db"
    with SQLiteStore(path) as other:
        other.declare(Collection(name="carts", keys=("user_id",), person="user_id"))
        other.apply("default", [Put(collection="carts", row=Row(id="1", fields={"user_id": "ana"}))])

    with Memory(path, embedder=None) as memory:
        memory.add("tea", user_id="ana")
        receipt = memory.forget(user_id="ana")

    assert receipt.rows["carts"] == 1
