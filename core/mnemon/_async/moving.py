"""Moving memories out of a store and into another, as lines of an open format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon._async.desk import in_chunks, pages
from mnemon.logic.exports import collection_line, exported, header_line, row_line
from mnemon.logic.memories import MEMORIES, with_vector
from mnemon.types.results import Exported
from mnemon.types.storage import Put
from mnemon.wrappers.files import whole_file

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from mnemon._async.desk import AsyncDesk
    from mnemon.logic.adding import Embedded
    from mnemon.logic.exports import ExportedRow
    from mnemon.types.scope import Scope
    from mnemon.types.storage import Collection, Row

__all__ = ["declare", "export", "export_file", "store_rows", "there_already"]


async def export(
    desk: AsyncDesk, write: Callable[[str], object], scope: Scope | None, progress: Callable[[int, int], None] | None
) -> Exported:
    """Write the rows of a scope, or of the whole project, line by line; return how many there were."""
    chosen = exported(await desk.store.collections(), scope)
    total = 0
    for collection, condition in chosen.values():
        total += (await desk.store.count(desk.project, collection.name, condition)).rows
    write(header_line(desk.project, scope, desk.clock()))
    for collection, _ in chosen.values():
        write(collection_line(collection))
    counts = dict.fromkeys(chosen, 0)
    for name, (collection, condition) in chosen.items():
        include = ("terms", "metadata", "payload") if collection.text else ("metadata", "payload")
        async for rows in pages(desk.store, desk.project, name, condition, include=include):
            for row in rows:
                write(row_line(collection, row))
            counts[name] += len(rows)
            if progress is not None:
                progress(sum(counts.values()), max(total, sum(counts.values())))
    return Exported(rows={name: count for name, count in counts.items() if count})


async def export_file(
    desk: AsyncDesk,
    path: str | os.PathLike[str],
    scope: Scope | None,
    progress: Callable[[int, int], None] | None,
) -> Exported:
    """Write the rows as `export` does, into a file that is there when it is whole."""
    with whole_file(path) as file:
        return await export(desk, file.write, scope, progress)


async def declare(desk: AsyncDesk, collection: Collection) -> None:
    """Declare a collection of an export."""
    await desk.store.declare(collection)


async def there_already(desk: AsyncDesk, rows: Sequence[ExportedRow]) -> set[tuple[str, str]]:
    """Return which rows are there already, by collection and id."""
    ids: dict[str, list[str]] = {}
    for one in rows:
        ids.setdefault(one.collection, []).append(one.row.id)
    found: set[tuple[str, str]] = set()
    for name, named in ids.items():
        for chunk in in_chunks(named):
            rows_found: dict[str, Row] = await desk.store.get(desk.project, name, chunk, include=(), decisive=True)
            found |= {(name, row_id) for row_id in rows_found}
    return found


async def store_rows(desk: AsyncDesk, rows: Sequence[ExportedRow], embedded: Embedded) -> list[int]:
    """Store rows as one, each unless it is there already; return for each whether it was stored."""
    batch: list[Put] = []
    for one in rows:
        row = one.row
        if one.collection == MEMORIES.name and one.text is not None:
            row = with_vector(row, embedded.of(one.text))
        batch.append(Put(collection=one.collection, row=row, existing="skip"))
    return list((await desk.store.apply(desk.project, batch)).counts)
