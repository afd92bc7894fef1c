"""Moving memories out of a store and into another, as lines of an open format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon._async.desk import in_chunks, pages, versions_of
from mnemon._async.outlived import outlived
from mnemon._async.work import at_work_since, one_moment, unit_of_work
from mnemon.errors import ScopeError
from mnemon.logic.exports import (
    UNFINISHED,
    collection_line,
    exported,
    header_line,
    is_ended_by,
    linked_memories,
    linked_operations,
    row_line,
)
from mnemon.logic.memories import MEMORIES, by_memory, with_vector
from mnemon.logic.mending import closed_too, settled
from mnemon.logic.operations import OPERATIONS
from mnemon.logic.spaces import SETTINGS
from mnemon.logic.versions import inside
from mnemon.types.filters import where
from mnemon.types.results import Exported
from mnemon.types.storage import Delete, Put
from mnemon.wrappers.files import whole_file
from mnemon.wrappers.threads import athink

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Container, Mapping, Sequence

    from mnemon._async.desk import AsyncDesk
    from mnemon.logic.adding import Embedded
    from mnemon.logic.exports import ExportedRow
    from mnemon.protocols.async_store import AsyncStore
    from mnemon.types.scope import Scope
    from mnemon.types.storage import Collection, Patch, Row, Write

__all__ = [
    "catch_up",
    "check_links",
    "declare",
    "end_import",
    "export",
    "export_file",
    "store_rows",
    "there_already",
    "unfinished_imports",
]


async def export(
    desk: AsyncDesk, write: Callable[[str], object], scope: Scope | None, progress: Callable[[int, int], None] | None
) -> Exported:
    """Write the rows of a scope, or of the whole project, line by line; return how many there were."""
    chosen = exported(await desk.store.collections(), scope)
    write(header_line(desk.project, scope, desk.clock()))
    for collection, _ in chosen.values():
        write(collection_line(collection))
    counts = dict.fromkeys(chosen, 0)
    # One moment: an update between two pages would leave one version of a memory in and the other out.
    async with one_moment(desk.store) as store:
        total = 0
        for collection, condition in chosen.values():
            total += (await store.count(desk.project, collection.name, condition)).rows
        for name, (collection, condition) in chosen.items():
            include = ("terms", "metadata", "payload") if collection.text else ("metadata", "payload")
            async for rows in pages(store, desk.project, name, condition, include=include):
                await athink(_write_rows, write, collection, rows)
                counts[name] += len(rows)
                if progress is not None:
                    progress(sum(counts.values()), max(total, sum(counts.values())))
    return Exported(rows={name: count for name, count in counts.items() if count})


def _write_rows(write: Callable[[str], object], collection: Collection, rows: Sequence[Row]) -> None:
    for row in rows:
        write(row_line(collection, row))


async def export_file(
    desk: AsyncDesk,
    path: str | os.PathLike[str],
    scope: Scope | None,
    progress: Callable[[int, int], None] | None,
) -> Exported:
    """Write the rows as `export` does, into a file that is there when it is whole."""
    with whole_file(path) as file:
        return await export(desk, file.write, scope, progress)


async def declare(desk: AsyncDesk, collection: Collection, scope: Scope | None) -> None:
    """Declare a collection of an export; on a view it must be there already, since it is everybody's.

    Raises:
        ScopeError: it is not.
    """
    if scope is None:
        await desk.store.declare(collection)
    elif collection.name not in {one.name for one in await desk.store.collections()}:
        msg = f"the collection {collection.name!r} is not in this store, and a view cannot add one; import it unbound"
        raise ScopeError(msg)


async def check_links(desk: AsyncDesk, rows: Sequence[ExportedRow], scope: Scope | None) -> None:
    """Refuse rows that name what is somebody else's.

    That is a memory as a row's own, as its neighbour or as changed by it, and an operation as what it is a part of.

    Raises:
        ScopeError: one does.
    """
    if scope is None:
        return
    linked = {
        MEMORIES.name: {memory_id for one in rows for memory_id in linked_memories(one)},
        OPERATIONS.name: {op_id for one in rows for op_id in linked_operations(one)},
    }
    for name, ids in linked.items():
        for chunk in in_chunks(sorted(ids)):
            found = await desk.store.get(desk.project, name, chunk, include=(), decisive=True)
            for row in found.values():
                if not inside(row, scope):
                    msg = f"the import names {row.id!r} of {name}, which is not one of {dict(scope.to_dict())}"
                    raise ScopeError(msg)


async def there_already(desk: AsyncDesk, rows: Sequence[ExportedRow]) -> dict[tuple[str, str], Row]:
    """Return the rows that are there already, by collection and id."""
    ids: dict[str, list[str]] = {}
    for one in rows:
        ids.setdefault(one.collection, []).append(one.row.id)
    found: dict[tuple[str, str], Row] = {}
    for name, named in ids.items():
        for chunk in in_chunks(named):
            rows_found = await desk.store.get(desk.project, name, chunk, include=(), decisive=True)
            found |= {(name, row_id): row for row_id, row in rows_found.items()}
    return found


async def store_rows(desk: AsyncDesk, rows: Sequence[ExportedRow], embedded: Embedded, note: Row) -> list[int]:
    """Store rows as one, each unless it is there already; return for each whether it was stored.

    The note that more is to come is there before them, until `end_import`.
    """
    batch = [Put(collection=SETTINGS.name, row=note)]
    for one in rows:
        row = one.row
        if one.collection == MEMORIES.name and one.text is not None:
            row = with_vector(row, embedded.of(one.text))
        batch.append(Put(collection=one.collection, row=row, existing="skip"))
    return list((await desk.store.apply(desk.project, batch)).counts[1:])


async def end_import(desk: AsyncDesk, note: Row) -> None:
    """Take the notes away that more is to come of an export that came whole, and of earlier ones of the same."""
    notes = (await unfinished_imports(desk.store, desk.project)).values()
    if ended := [one.id for one in notes if is_ended_by(one, note)]:
        await desk.store.apply(desk.project, [Delete(collection=SETTINGS.name, ids=ended)])


async def unfinished_imports(store: AsyncStore, project: str) -> dict[str, Row]:
    """Return the notes of exports that did not come whole, by their ids."""
    ids = await store.list_ids(project, SETTINGS.name, where("id").exists())
    notes = [row_id for row_id in ids if row_id.startswith(UNFINISHED)]
    return await store.get(project, SETTINGS.name, notes, include=("payload",), decisive=True) if notes else {}


async def catch_up(desk: AsyncDesk, late: Sequence[Patch], brought: Mapping[str, Container[str]], note: Row) -> None:
    """Close the versions that an export tells were superseded; leave one version of each memory current.

    Of one that was deleted here, and has no later version in the export, none stays current; but what somebody else
    may be writing this moment is left to them, and to a doctor.

    Args:
        desk: the project.
        late: what rows that were there already have to catch up with.
        brought: the ids of the later versions that the export has, by memory.
        note: that the import is on its way.
    """
    since = at_work_since(desk)
    async with unit_of_work(desk.store) as store:
        await store.apply(desk.project, [Put(collection=SETTINGS.name, row=note), *late])
        for rows in by_memory(await versions_of(store, desk.project, list(brought), ())).values():
            ours = brought[str(rows[0].fields["memory_id"])]
            found = await outlived(store, desk.project, rows)
            deleted = [(row, by) for row, by in found if row.id in ours or not _in_work(row, since)]
            gone = {row.id for row, _ in deleted}
            left = [row for row in rows if row.id not in gone]
            writes: list[Write] = [closed_too(row, by) for row, by in deleted]
            if sum("recorded_to" not in row.fields for row in left) > 1:
                writes += settled(left)
            if writes:
                await store.apply(desk.project, writes)


def _in_work(row: Row, since: str | None) -> bool:
    """Whether somebody may be writing what comes after a version that is as young."""
    return since is not None and str(row.fields["recorded_from"]) >= since
