"""CrewAI's records as memories, and back: what it says of a record stands under `crewai` of the metadata."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields
from datetime import UTC
from typing import TYPE_CHECKING, Any, cast

from crewai.memory.types import MemoryRecord, ScopeInfo
from crewai.memory.utils import normalize_scope_path

from mnemon import InvalidInputError, where
from mnemon.types.filters import And

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    import mnemon
    from mnemon.types.filters import Filter
    from mnemon.types.jsonvalue import Json

__all__ = [
    "KEY",
    "About",
    "about_of",
    "categories_of",
    "children",
    "chosen",
    "naive",
    "paths_of",
    "scope_info",
    "to_record",
    "with_marks",
]

KEY = "crewai"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What CrewAI says of a record beside its text.

    Attributes:
        scope: its path.
        importance: from 0 to 1.
        source: where it comes from, or None.
        private: whether only its source may read it.
        part_of: what the pieces of one result have in common, or None.
        part: which piece this is, from 0, or None.
    """

    scope: str = "/"
    importance: float = 0.5
    source: str | None = None
    private: bool = False
    part_of: str | None = None
    part: int | None = None


def paths_of(scope: str) -> list[str]:
    """Return a path and those above it, without the root: whole labels, so that /user/1 is not above /user/10."""
    labels = normalize_scope_path(scope).split("/")[1:]
    return ["/" + "/".join(labels[: end + 1]) for end in range(len(labels)) if labels[end]]


def with_marks(metadata: Mapping[str, Any] | None, about: About) -> dict[str, Json]:
    """Return the metadata of a memory for a record.

    Raises:
        InvalidInputError: the record's own metadata use our name.
    """
    if KEY in (metadata or {}):
        msg = f"{KEY!r} in the metadata of a record is where mnemon keeps what CrewAI says of it; use another name"
        raise InvalidInputError(msg)
    marks: dict[str, Json] = {
        "scope": normalize_scope_path(about.scope),
        "paths": cast("list[Json]", paths_of(about.scope)),
        "importance": about.importance,
        "private": about.private,
    }
    marks |= {name: value for name in ("source", "part_of", "part") if (value := getattr(about, name)) is not None}
    return {**(metadata or {}), KEY: marks}


def about_of(memory: mnemon.MemoryRecord) -> About:
    """Return what CrewAI said of a memory; one from elsewhere is of the root and public."""
    marks = cast("dict[str, Any]", memory.metadata.get(KEY) or {})
    return About(**{field.name: marks[field.name] for field in fields(About) if field.name in marks})


def to_record(memory: mnemon.MemoryRecord) -> MemoryRecord:
    """Return a memory as CrewAI's record; its times are UTC without a zone, as CrewAI compares them."""
    about = about_of(memory)
    return MemoryRecord(
        id=memory.id,
        content=memory.text,
        scope=about.scope,
        categories=list(memory.categories),
        metadata={name: value for name, value in memory.metadata.items() if name != KEY},
        importance=about.importance,
        created_at=naive(memory.created_at),
        last_accessed=naive(memory.updated_at),
        source=about.source,
        private=about.private,
    )


def naive(moment: datetime) -> datetime:
    """Return a time in UTC without its zone."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def chosen(
    scope: str | None = None,
    categories: Sequence[str] | None = None,
    metadata: Mapping[str, Any] | None = None,
    *,
    readers: tuple[str | None] | None = None,
) -> And:
    """Return the condition that these choose by.

    Args:
        scope: a path; what is at it or under it.
        categories: at least one of these.
        metadata: all of these values.
        readers: the source that reads, in a tuple: what is private to others is left out. None reads all.
    """
    parts: list[Filter] = []
    if scope is not None and (path := normalize_scope_path(scope)) != "/":
        parts.append(where(f"{KEY}.paths").eq(path))
    if categories:
        parts.append(where("categories").in_(list(categories)))
    parts += [where(f"metadata.{name}").eq(value) for name, value in (metadata or {}).items()]
    if readers is not None:
        public = ~where(f"{KEY}.private").eq(True)  # noqa: FBT003 - the value
        (reader,) = readers
        parts.append(public if reader is None else public | where(f"{KEY}.source").eq(reader))
    return And(tuple(parts))


def children(scopes: Iterable[str], parent: str) -> list[str]:
    """Return the paths directly under a path, sorted."""
    above = normalize_scope_path(parent).rstrip("/") + "/"
    below = (one.removeprefix(above) for one in scopes if one.startswith(above) and one != above)
    return sorted({above + labels.split("/")[0] for labels in below})


def categories_of(records: Iterable[MemoryRecord]) -> dict[str, int]:
    """Return how many records each category has."""
    return dict(sorted(Counter(category for record in records for category in record.categories).items()))


def scope_info(records: Sequence[MemoryRecord], scope: str) -> ScopeInfo:
    """Return what CrewAI tells of a path, from the records at it and under it."""
    times = [record.created_at for record in records]
    return ScopeInfo(
        path=normalize_scope_path(scope),
        record_count=len(records),
        categories=list(categories_of(records)),
        oldest_record=min(times, default=None),
        newest_record=max(times, default=None),
        child_scopes=children((record.scope for record in records), scope),
    )
