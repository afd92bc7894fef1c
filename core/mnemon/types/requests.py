"""What a backend is asked, checked: projects and fields exist, filters are bound, limits are within bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mnemon.types.changes import Mark
    from mnemon.types.filters import Filter
    from mnemon.types.storage import Collection, Cursor, Nearest, Part, Terms

__all__ = ["ChangesRequest", "CountRequest", "GetRequest", "GroupRequest", "ScanRequest", "SearchRequest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GetRequest:
    """Rows by id; `ids` holds each once. Parts that `include` does not name stay empty."""

    project: str
    collection: Collection
    ids: tuple[str, ...]
    include: frozenset[Part]
    fields: frozenset[str] | None = None
    decisive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRequest:
    """One page by `order` (an ordered field, or None for the id alone), then by id."""

    project: str
    collection: Collection
    where: Filter
    order: str | None
    descending: bool
    after: Cursor | None
    limit: int
    include: frozenset[Part]
    fields: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """The best `limit` rows; a `Nearest` query's vector is float32 of the space's dimensions."""

    project: str
    collection: Collection
    query: Terms | Nearest
    where: Filter
    limit: int
    include: frozenset[Part]
    fields: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CountRequest:
    """How many rows match, and how many of them hold each term."""

    project: str
    collection: Collection
    where: Filter
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRequest:
    """Rows that match, by the values above `after` of a key or tag."""

    project: str
    collection: Collection
    field: str
    where: Filter
    of: str | None
    after: str | None
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesRequest:
    """What changed among the rows that match; at most about `limit` of them at once."""

    project: str
    collection: Collection
    where: Filter
    since: Mark | None
    limit: int
    include: frozenset[Part]
    fields: frozenset[str] | None = None
