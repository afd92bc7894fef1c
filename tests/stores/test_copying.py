"""What a copy compares: each part of a row."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mnemon.errors import ConflictError
from mnemon.stores.in_memory import InMemoryStore
from mnemon.testing.samples import NOTES, note, put
from mnemon.wrappers.copying import copy_project, fingerprint

if TYPE_CHECKING:
    from mnemon.types.storage import Row

PARTS = ("terms", "metadata", "payload", "small", "other")
ROW = note("a", version=1, terms=("t",), small=(1.0, 2.0, 3.0), metadata={"n": 1}, payload=b"p")

OTHERS = {
    "no vector": replace(ROW, vectors={}),
    "a vector in another space": replace(ROW, vectors={"other": (1.0, 2.0)}),
    "a vector more": replace(ROW, vectors={**ROW.vectors, "other": (0.0, 0.0)}),
    "another vector": replace(ROW, vectors={"small": (1.0, 2.0, 3.0000002)}),
    "a zero of the other sign": replace(ROW, vectors={"small": (1.0, 2.0, -0.0)}),
    "no terms": replace(ROW, terms=()),
    "another payload": replace(ROW, payload=b"q"),
    "another type in metadata": replace(ROW, metadata={"n": True}),
    "another field": replace(ROW, fields={**ROW.fields, "version": 2}),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS.keys())
def test_a_row_of_the_target_that_differs_in_any_part_is_written_anew(other: Row) -> None:
    assert fingerprint(other) != fingerprint(ROW)
    with InMemoryStore() as source, InMemoryStore() as target:
        for store, row in ((source, ROW), (target, other)):
            store.declare(NOTES)
            store.apply("p", put(row))

        first, again = copy_project(source, target, "p"), copy_project(source, target, "p")

        assert (first.written, again.written) == (1, 0)
        assert fingerprint(target.get("p", "notes", ["a"], include=PARTS)["a"]) == fingerprint(ROW)


def test_a_target_with_rows_that_the_source_has_not_is_refused() -> None:
    with InMemoryStore() as source, InMemoryStore() as target:
        source.declare(NOTES)
        source.apply("p", put(note("b")))
        target.declare(NOTES)
        target.apply("p", put(note("c")))

        with pytest.raises(ConflictError, match="differs from what was copied"):
            copy_project(source, target, "p")
