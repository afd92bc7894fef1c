# Generated from core/mnemon/_async/embedding.py by tests/contracts/unasync.py; edit that file.
"""Giving memories the vectors of an embedder: those that have none, or all of them those of another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon._sync.work import unit_of_work
from mnemon.logic.memories import MEMORIES, text_of, with_vector
from mnemon.types.filters import where
from mnemon.types.storage import Put

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mnemon._sync.desk import Desk
    from mnemon.logic.adding import Embedded
    from mnemon.types.filters import Filter
    from mnemon.types.storage import Part

__all__ = ["count_waiting", "give_vectors", "leave_space", "waiting"]


def _without(space: str) -> Filter:
    """Return the condition of the versions that have no vector in a space; purged ones have no text either."""
    return where("space").ne(space) & where("space_next").ne(space) & where("kind").exists()


def count_waiting(desk: Desk, space: str) -> int:
    """Return how many versions have no vector in a space."""
    return (desk.store.count(desk.project, MEMORIES.name, _without(space))).rows


def waiting(desk: Desk, space: str, limit: int) -> list[tuple[str, str]]:
    """Return some of the versions that have no vector in a space: row ids and texts."""
    page = desk.store.scan(desk.project, MEMORIES.name, _without(space), limit=limit)
    return [(row.id, text_of(row)) for row in page.rows]


def give_vectors(desk: Desk, ids: Sequence[str], embedded: Embedded, present: str | None) -> int:
    """Store the vectors of some versions beside those they have in the present space; return how many there were.

    A version's text never changes, so what was embedded outside of this unit is right inside of it.
    """
    include: tuple[Part, ...] = ("terms", "metadata", "payload", *(() if present is None else (present,)))
    with unit_of_work(desk.store) as store:
        rows = store.get(desk.project, MEMORIES.name, ids, include=include, decisive=True)
        batch = [
            Put(collection=MEMORIES.name, row=with_vector(row, embedded.of(text_of(row)), beside=present))
            for row in rows.values()
        ]
        store.apply(desk.project, batch)
    return len(rows)


def leave_space(desk: Desk, space: str, limit: int) -> int:
    """Take some versions that have a vector in a space out of all others; return how many there were."""
    with unit_of_work(desk.store) as store:
        page = store.scan(
            desk.project,
            MEMORIES.name,
            where("space_next").eq(space),
            limit=limit,
            include=("terms", "metadata", "payload", space),
        )
        batch: list[Put] = [Put(collection=MEMORIES.name, row=with_vector(row, row.vectors)) for row in page.rows]
        if batch:
            store.apply(desk.project, batch)
    return len(page.rows)
