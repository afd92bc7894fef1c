"""What a batch comes to, decided before anything of it is written.

The server has no transactions and no conditional writes. So the rows that a batch depends on are read,
the batch is carried out on them here, and a precondition that does not hold is found while nothing
was written yet. Between the reading and the writing another process may come; then the last writer wins.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mnemon.errors import StoreConflictError
from mnemon.logic.answers import patched
from mnemon.logic.filters import evaluate, fields_of
from mnemon.types.filters import And
from mnemon.types.storage import Delete, DeleteWhere, Patch, Put

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mnemon.types.filters import Filter
    from mnemon.types.storage import Row, Write

__all__ = ["Known", "Needs", "Step", "needs_of", "plan_steps", "turns_of"]


@dataclass(frozen=True, slots=True)
class Known:
    """A row as it stands, with what a batch needs to know of it.

    Attributes:
        row: its fields, and its metadata where a condition asks about that.
        large: whether parts of it lie in objects of their own.
    """

    row: Row
    large: bool


@dataclass(slots=True)
class Needs:
    """What has to be read before a batch is planned.

    Attributes:
        ids: rows by collection.
        fields: fields that conditions ask about, `metadata.path` among them; None for all of them.
        watched: places of the deletions by filter whose rows a later write depends on.
    """

    ids: dict[str, dict[str, None]] = field(default_factory=dict[str, dict[str, None]])
    fields: set[str] | None = field(default_factory=set[str])
    watched: list[int] = field(default_factory=list[int])


@dataclass(slots=True)
class Step:
    """One thing to be asked of the server.

    Attributes:
        collection: where.
        puts: rows to be written, each with its place in the batch; no two have the same id.
        patches: patches with their places that change the same properties each, so that their order says nothing.
        ids: rows to be deleted; the last one after all others.
        where: what is to be deleted, at most `limit` rows of it.
        limit: how many, or None for all.
        index: the place of the deletion in the batch.
        large: ids among them whose rows had parts.
    """

    collection: str
    puts: dict[str, tuple[int, Put]] = field(default_factory=dict[str, "tuple[int, Put]"])
    patches: dict[str, tuple[int, Patch]] = field(default_factory=dict[str, "tuple[int, Patch]"])
    ids: tuple[str, ...] = ()
    where: Filter | None = None
    limit: int | None = None
    index: int = 0
    large: set[str] = field(default_factory=set[str])


def needs_of(batch: Sequence[Write]) -> Needs:
    """Return what has to be read for a batch of checked writes."""
    needs = Needs()
    last = max((place for place, write in enumerate(batch) if isinstance(write, Put | Patch)), default=-1)
    asked: set[str] = set()
    for place, write in enumerate(batch):
        match write:
            case Put(row=row):
                needs.ids.setdefault(write.collection, {})[row.id] = None
            case Patch(id=row_id, expect=expect):
                needs.ids.setdefault(write.collection, {})[row_id] = None
                asked |= fields_of(expect)
            case Delete(ids=ids):
                needs.ids.setdefault(write.collection, {}).update(dict.fromkeys(ids))
            case DeleteWhere():
                if place < last:
                    needs.watched.append(place)
    needs.fields = None if needs.watched else asked
    return needs


def turns_of(project: str, batch: Sequence[Write], number: int) -> list[int]:
    """Return which of so many locks a batch takes, in the order in which everybody takes them."""
    rows = [
        (project, write.collection, write.row.id if isinstance(write, Put) else write.id)
        for write in batch
        if (isinstance(write, Put) and write.existing != "replace")
        or (isinstance(write, Patch) and (write.otherwise == "abort" or write.expect != And()))
    ]
    return sorted({hash(row) % number for row in rows})


def plan_steps(
    batch: Sequence[Write], known: Mapping[tuple[str, str], Known], watched: Mapping[int, Sequence[Known]]
) -> list[Step]:
    """Return the steps of a batch in order; what a precondition skips is in none.

    Args:
        batch: checked writes.
        known: the rows of `Needs.ids` that are there, by collection and id.
        watched: the rows that match, by the place of their deletion, as they were before the batch.

    Raises:
        StoreConflictError: a precondition that aborts does not hold.
    """
    planner = _Planner(
        dict(known), last_patches={one.collection: n for n, one in enumerate(batch) if isinstance(one, Patch)}
    )
    for index, write in enumerate(batch):
        match write:
            case Put():
                planner.put(write, index)
            case Patch():
                planner.patch(write, index)
            case Delete():
                planner.delete(write.collection, tuple(dict.fromkeys(write.ids)), index)
            case DeleteWhere():
                planner.delete_where(write, index, watched.get(index))
    return planner.steps


class _Planner:
    def __init__(self, known: dict[tuple[str, str], Known], last_patches: Mapping[str, int]) -> None:
        self.steps: list[Step] = []
        self._last_patches = last_patches
        self._known: dict[tuple[str, str], Known | None] = dict(known)

    def put(self, write: Put, index: int) -> None:
        key = write.collection, write.row.id
        before = self._known.get(key)
        if before is not None and write.existing != "replace":
            if write.existing == "abort":
                raise StoreConflictError(*key, index, "the row is there already")
            return
        step = self._open_for(write, index) or self._new(write.collection)
        step.puts[write.row.id] = index, write
        if before is not None and before.large:
            step.large.add(write.row.id)
        self._known[key] = Known(write.row, large=True)  # perhaps; looking for parts in vain does no harm

    def _open_for(self, write: Put, index: int) -> Step | None:
        """Return the step that a row can be written with.

        A new version and the closing of the one before, many times over, are two steps and not two for each:
        a row goes before patches of others, where a patch of the same collection still comes after it. What a
        batch writes last, because it makes the rest visible, stays last.
        """
        steps = self.steps
        if steps and steps[-1].patches and index < self._last_patches.get(write.collection, -1):
            if steps[-1].collection != write.collection or write.row.id in steps[-1].patches:
                return None
            steps = steps[:-1]
        fits = steps and steps[-1].puts and steps[-1].collection == write.collection
        return steps[-1] if fits and write.row.id not in steps[-1].puts else None

    def patch(self, write: Patch, index: int) -> None:
        key = write.collection, write.id
        before = self._known.get(key)
        if before is None or not (write.expect == And() or evaluate(write.expect, before.row)):
            if write.otherwise == "abort":
                reason = "there is no such row" if before is None else "it is not as expected"
                raise StoreConflictError(*key, index, reason)
            return
        step = self.steps[-1] if self.steps else None
        if step is None or step.collection != write.collection or write.id in step.patches or not _alike(step, write):
            step = self._new(write.collection)
        step.patches[write.id] = index, write
        if before.large:
            step.large.add(write.id)
        self._known[key] = Known(patched(before.row, write), large=True)

    def delete(self, collection: str, ids: tuple[str, ...], index: int) -> None:
        there = tuple(item for item in ids if self._known.get((collection, item)) is not None)
        if not there:
            return
        step = self._new(collection)
        step.ids, step.index = there, index
        for item in there:
            before = self._known[collection, item]
            if before is not None and before.large:
                step.large.add(item)
            self._known[collection, item] = None

    def delete_where(self, write: DeleteWhere, index: int, listed: Sequence[Known] | None) -> None:
        if listed is None:
            step = self._new(write.collection)
            step.where, step.limit, step.index = write.where, write.limit, index
            return
        for one in listed:
            self._known.setdefault((write.collection, one.row.id), one)
        found = sorted(
            row_id
            for (collection, row_id), one in self._known.items()
            if collection == write.collection and one is not None and evaluate(write.where, one.row)
        )
        self.delete(write.collection, tuple(found[: write.limit]), index)

    def _new(self, collection: str) -> Step:
        self.steps.append(Step(collection))
        return self.steps[-1]


def _alike(step: Step, write: Patch) -> bool:
    if not step.patches:
        return False
    _, other = next(iter(step.patches.values()))
    return (
        write.fields.keys() == other.fields.keys()
        and (write.metadata is None) == (other.metadata is None)
        and (write.payload is None) == (other.payload is None)
    )
