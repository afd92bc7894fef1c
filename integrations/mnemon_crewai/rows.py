"""What this package keeps beside memories: records with CrewAI's vectors, and states of flows."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING

from crewai.memory.types import MemoryRecord
from crewai.memory.utils import normalize_scope_path

from mnemon import where
from mnemon.adapting import row_id, scope_condition, scope_key, scope_of
from mnemon.types.scope import SCOPE_FIELDS
from mnemon.types.storage import Collection, Ordered, Row, VectorSpace
from mnemon.types.times import format_time, to_datetime
from mnemon_crewai.records import naive, paths_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from mnemon import Scope
    from mnemon.types.filters import Filter

__all__ = [
    "RECORDS",
    "STATES",
    "record_of",
    "row_instead",
    "row_of",
    "selected",
    "space_of",
    "stamp",
    "state_id",
    "with_space",
]

RECORDS = Collection(
    name="crewai_records",
    keys=(*SCOPE_FIELDS, "record"),
    tags=("paths", "categories"),
    ordered=(Ordered("created_at", "time"), Ordered("accessed_at", "time"), Ordered("dimensions", "number")),
    scopes=SCOPE_FIELDS,
    person="user_id",
    indexes=(("user_id", "created_at"), ("record",)),
)
"""One row is one record, with the vector that CrewAI made of it."""

STATES = Collection(
    name="crewai_states",
    keys=(*SCOPE_FIELDS, "flow", "kind"),
    ordered=(Ordered("saved_at", "time"),),
    person="user_id",
    indexes=(("flow",), ("user_id",)),
)
"""One row is the newest state of a flow (`kind` is `state`), or what it waits for (`pending`), as JSON."""

_ELSEWHERE = {"metadata", "embedding", "created_at", "last_accessed"}


def state_id(scope: Scope, flow: str, kind: str) -> str:
    """Return the row of a flow's state: one flow id of two customers is two flows."""
    return row_id(STATES.name, *scope_key(scope), flow, kind)


def selected(
    scope: Scope,
    path: str | None = None,
    categories: Sequence[str] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Filter:
    """Return the condition for records: at a path or under it, in one of the categories, with all of the metadata."""
    condition: Filter = scope_condition(scope)
    if path is not None and (whole := normalize_scope_path(path)) != "/":
        condition &= where("paths").eq(whole)
    if categories:
        condition &= where("categories").in_(list(categories))
    for name, value in (metadata or {}).items():
        condition &= where(f"metadata.{name}").eq(value)
    return condition


def space_of(dimensions: int) -> VectorSpace:
    """Return where vectors of a length are; CrewAI does not tell which model made them."""
    return VectorSpace(f"v_{dimensions}", "crewai", dimensions)


def with_space(dimensions: int) -> Collection:
    """Return the collection of records with room for vectors of a length."""
    return replace(RECORDS, vectors=(space_of(dimensions),))


def row_of(scope: Scope, record: MemoryRecord) -> Row:
    """Return a record as a row; its times, which say no zone, are UTC."""
    vector = record.embedding or []
    fields = {
        **scope.to_dict(),
        "record": record.id,
        "paths": tuple(paths_of(record.scope)),
        "categories": tuple(dict.fromkeys(record.categories)),
        "created_at": stamp(record.created_at),
        "accessed_at": stamp(record.last_accessed),
        "dimensions": len(vector) or None,
    }
    return Row(
        id=row_id(RECORDS.name, *scope_key(scope), record.id),
        fields=fields,
        metadata=record.metadata,
        payload=json.dumps(record.model_dump(mode="json", exclude=_ELSEWHERE)).encode(),
        vectors={space_of(len(vector)).name: vector} if vector else {},
    )


def row_instead(old: Row, record: MemoryRecord) -> Row:
    """Return a record as the row that takes the place of another; what is private stays so, and its source's.

    CrewAI's consolidation forgets both of what it rewrites.
    """
    before = record_of(old)
    if before.private:
        record = record.model_copy(update={"private": True, "source": before.source})
    if record.embedding is None and record.content == before.content:
        record = record.model_copy(update={"embedding": before.embedding})
    return replace(row_of(scope_of(old), record), id=old.id)


def record_of(row: Row) -> MemoryRecord:
    """Return a row as a record; with its vector, where that was read too."""
    told = json.loads(row.payload)
    vector = next(iter(row.vectors.values()), None)
    return MemoryRecord(
        **told,
        metadata=dict(row.metadata),
        created_at=naive(to_datetime(row.fields["created_at"], "created_at")),
        last_accessed=naive(to_datetime(row.fields["accessed_at"], "accessed_at")),
        embedding=None if vector is None else [float(number) for number in vector],
    )


def stamp(moment: datetime) -> str:
    """Return a time as it is stored; one that says no zone is UTC."""
    return format_time(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
