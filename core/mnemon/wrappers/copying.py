"""One project from one store into another, row by row, compared on both sides."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from mnemon.errors import ConflictError
from mnemon.logic.embedding import to_store_again
from mnemon.types.jsonvalue import json_bytes
from mnemon.types.storage import Put

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mnemon.protocols.store import Store
    from mnemon.types.jsonvalue import Json
    from mnemon.types.storage import Collection, Cursor, Row

__all__ = ["Copied", "copy_project", "fingerprint"]

_PAGE = 500

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What a copy did.

    Attributes:
        rows: how many rows each collection has, in both stores.
        written: how many of them had to be written; the others were there already, and the same.
        digest: one hash over every row of both stores.
    """

    rows: Mapping[str, int]
    written: int
    digest: str

    def to_dict(self) -> dict[str, Json]:
        """Return the facts as JSON data."""
        return {"rows": dict(self.rows), "written": self.written, "digest": self.digest}


def copy_project(source: Store, target: Store, project: str, *, progress: Progress | None = None) -> Copied:
    """Copy every collection of a project; a copy that broke off goes on where it was when it is called again.

    Nothing may write to either side meanwhile. Afterwards both sides are read once more and compared.

    Args:
        source: where to read.
        target: where to write; it may hold nothing of the project but what an earlier copy brought.
        project: the project.
        progress: called with how many of how many rows were looked at.

    Raises:
        ConflictError: the target has rows that the source has not, or the two differ afterwards.
        SchemaMismatchError: a collection is declared otherwise in the target.
    """
    collections = source.collections()
    target.declare(*collections)
    source.declare(*collections)
    totals = {one.name: source.count(project, one.name).rows for one in collections}
    _refuse_strangers(target, project, collections, totals)
    done = written = 0
    for collection in collections:
        for rows in _pages(source, project, collection):
            written += _write(target, project, collection, rows)
            done += len(rows)
            if progress is not None:
                progress(done, sum(totals.values()))
    one, other = (_digest(store, project, collections) for store in (source, target))
    if one != other:
        msg = "the copy differs from what was copied: something wrote to one of them meanwhile; call it once more"
        raise ConflictError(msg, memory_ids=())
    return Copied(rows=totals, written=written, digest=one)


def _refuse_strangers(
    target: Store, project: str, collections: Sequence[Collection], totals: Mapping[str, int]
) -> None:
    for collection in collections:
        there = target.count(project, collection.name).rows
        if there > totals[collection.name]:
            msg = (
                f"the target has {there} rows in {collection.name!r}, the source {totals[collection.name]}; "
                f"copy into a project that is empty, or has only what an earlier copy brought"
            )
            raise ConflictError(msg, memory_ids=())


def _pages(store: Store, project: str, collection: Collection) -> Iterator[tuple[Row, ...]]:
    include = _parts(collection)
    after: Cursor | None = None
    while True:
        page = store.scan(project, collection.name, after=after, limit=_PAGE, include=include)
        if page.rows:
            yield page.rows
        after = page.after
        if after is None:
            return


def _parts(collection: Collection) -> tuple[str, ...]:
    return ("terms", "metadata", "payload", *(space.name for space in collection.vectors))


def _write(target: Store, project: str, collection: Collection, rows: Sequence[Row]) -> int:
    there = target.get(project, collection.name, [row.id for row in rows], include=_parts(collection))
    new = [row for row in rows if row.id not in there or fingerprint(there[row.id]) != fingerprint(row)]
    if new:
        target.apply(project, [Put(collection=collection.name, row=_taken(row)) for row in new])
    return len(new)


def _taken(row: Row) -> Row:
    return replace(row, vectors=to_store_again(row.vectors))


def _digest(store: Store, project: str, collections: Sequence[Collection]) -> str:
    whole = hashlib.sha256()
    for collection in collections:
        whole.update(json.dumps(collection.name).encode())
        for rows in _pages(store, project, collection):
            for row in rows:
                whole.update(fingerprint(row))
    return whole.hexdigest()


def fingerprint(row: Row) -> bytes:
    """Return a hash that rows share when every part of them is the same.

    1 and 1.0 are the same number in a field, and a vector of a norm that no store takes any more counts as what a copy
    makes of it.
    """
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    fields = {name: _plain(value) for name, value in sorted(row.fields.items())}
    found = hashlib.sha256(json_bytes([row.id, fields, row.terms, _sorted(row.metadata)]))
    found.update(hashlib.sha256(row.payload).digest())
    for name, vector in sorted(to_store_again(row.vectors).items()):
        found.update(json.dumps(name).encode() + np.asarray(vector, dtype=np.float32).tobytes())
    return found.digest()


def _plain(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _sorted(value: object) -> object:
    if isinstance(value, dict):
        pairs = sorted(cast("dict[str, object]", value).items())
        return {name: _sorted(item) for name, item in pairs}
    if isinstance(value, list):
        return [_sorted(item) for item in cast("list[object]", value)]
    return value
