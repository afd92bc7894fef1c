"""What stores hold and are asked: collections declared as data, rows, batches and answers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from mnemon.errors import InvalidInputError
from mnemon.types.filters import And, Filter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy
    from numpy.typing import NDArray

    from mnemon.types.jsonvalue import Json, JsonObject

__all__ = [
    "Applied",
    "Collection",
    "Counts",
    "Cursor",
    "Delete",
    "DeleteWhere",
    "Evidence",
    "FieldValue",
    "Finding",
    "Group",
    "GroupPage",
    "Match",
    "Nearest",
    "Ordered",
    "Page",
    "Part",
    "Patch",
    "Put",
    "Row",
    "Scrubbed",
    "Terms",
    "Vector",
    "VectorSpace",
    "Write",
]

FieldValue = str | int | float | tuple[str, ...]
"""A key or ordered text or canonical time (str), a number, or the texts of a many-valued field."""

Cursor = tuple[str | int | float | None, str]
"""Where a page ended: the last row's value of the ordering field, and its id."""

Vector: TypeAlias = "NDArray[numpy.float32] | Sequence[float]"
"""Numbers of an embedder; what a store returns is always float32."""

Part = str
"""Which heavy parts of a row to read: `terms`, `metadata`, `payload`, or a vector space's name."""

_NAME = re.compile(r"(?=.{1,48}$)[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_OURS = ("sqlite", "mnemon")
_KINDS = ("text", "number", "time")
_RESERVED = frozenset({"id", "terms", "metadata", "payload", "rowid"})


@dataclass(frozen=True, slots=True)
class Ordered:
    """A field that rows can be compared and sorted by.

    Attributes:
        name: name of the field.
        kind: `text` (by code point), `number` (exact up to 2**53), or `time` (canonical text, see
            `mnemon.types.times`).
    """

    name: str
    kind: Literal["text", "number", "time"] = "text"


@dataclass(frozen=True, slots=True)
class VectorSpace:
    """Vectors of one embedder; at most one vector per row and space.

    Attributes:
        name: name of the space; lower-case letters, digits and single underscores.
        model: the embedder that made the vectors, as it names itself.
        dimensions: length of each vector.
    """

    name: str
    model: str
    dimensions: int


@dataclass(frozen=True, kw_only=True)
class Collection:
    """A set of rows of one form, declared as data; every backend serves any collection.

    Attributes:
        name: lower-case letters, digits and single underscores between them, at most 48.
        keys: single-valued texts, matched whole and case-sensitively.
        tags: many-valued texts; a condition holds where it holds for one of the values.
        ordered: fields to compare and sort by.
        scopes: the keys that a search names at least one of, narrowest first. Search in one value
            of a scope is what a backend makes fast; any other search is right, and may be slow.
        text: whether rows have terms to search for.
        vectors: spaces that a row may have a vector in. More may be declared later.
        current: an ordered field that only superseded rows have. Search among rows without it is
            what a backend makes fast.
        person: the key that names the person a row is about; `None` where a row is about nobody.
        indexes: field lists that conditions and order come in; advice, a backend may ignore it.
    """

    name: str
    keys: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    ordered: tuple[Ordered, ...] = ()
    scopes: tuple[str, ...] = ()
    text: bool = False
    vectors: tuple[VectorSpace, ...] = ()
    current: str | None = None
    person: str | None = None
    indexes: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        """Refuse names that a backend could not keep apart, and fields that are not declared."""
        for listed in (self.keys, self.tags, self.scopes, self.indexes):
            _check_tuple(listed)
        ordered = tuple(item.name for item in self.ordered)
        spaces = tuple(space.name for space in self.vectors)
        names = (*self.keys, *self.tags, *ordered, *spaces)
        for name in (self.name, *names):
            _check_name(name)
        if len(set(names)) != len(names):
            msg = f"collection {self.name!r} declares a name twice: {sorted(n for n in names if names.count(n) > 1)}"
            raise InvalidInputError(msg)
        for space in self.vectors:
            if type(space.dimensions) is not int or space.dimensions < 1:
                msg = f"vector space {space.name!r} needs at least one dimension, not {space.dimensions}"
                raise InvalidInputError(msg)
        for item in self.ordered:
            if item.kind not in _KINDS:
                msg = f"the kind of {item.name!r} must be one of {', '.join(_KINDS)}, not {item.kind!r}"
                raise InvalidInputError(msg)
        self._check_references((self.scopes, self.keys), ((self.person,), self.keys), ((self.current,), ordered))
        self._check_references(*((index, (*self.keys, *ordered)) for index in self.indexes))

    def _check_references(self, *pairs: tuple[tuple[str | None, ...], tuple[str, ...]]) -> None:
        for used, declared in pairs:
            for name in used:
                if name is not None and name not in declared:
                    msg = f"collection {self.name!r} uses the field {name!r} in a place where only {declared} can stand"
                    raise InvalidInputError(msg)

    @cached_property
    def fields(self) -> Mapping[str, str]:
        """Every field in the order of declaration, with what it is: `key`, `tag`, `text`, `number` or `time`."""
        return {
            **dict.fromkeys(self.keys, "key"),
            **dict.fromkeys(self.tags, "tag"),
            **{item.name: item.kind for item in self.ordered},
        }

    def space(self, name: str) -> VectorSpace | None:
        """Return the declared vector space of that name, or None."""
        return self._spaces.get(name)

    @cached_property
    def _spaces(self) -> Mapping[str, VectorSpace]:
        return {space.name: space for space in self.vectors}

    def order_of(self, name: str) -> Ordered | None:
        """Return the ordered field of that name, or None."""
        return next((item for item in self.ordered if item.name == name), None)


def _check_tuple(listed: object) -> None:
    if not isinstance(listed, tuple) or not all(
        isinstance(item, str) or item for item in cast("tuple[object, ...]", listed)
    ):
        msg = "keys, tags, scopes and indexes of a collection are tuples of names, indexes of tuples that are not empty"
        raise InvalidInputError(msg)


def _check_name(name: object) -> None:
    if not isinstance(name, str) or name in _RESERVED or name.startswith(_OURS) or not _NAME.fullmatch(name):
        msg = (
            f"{name!r} cannot name a collection or field: use up to 48 lower-case letters, digits and single "
            f"underscores between them, a letter first; not what begins with {' or '.join(_OURS)}, and none of "
            f"{', '.join(sorted(_RESERVED))}"
        )
        raise InvalidInputError(msg)


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class Row:
    """One row of a collection.

    Attributes:
        id: unique in its collection and project; exact.
        fields: values of declared fields; None, an empty tuple and a field that is not there are the
            same, and a row that was read leaves such fields out. A tag holds each text once.
        terms: what a text search finds the row by, in order, repeats included.
        metadata: JSON data that conditions reach as `metadata.path`.
        payload: bytes that no condition sees.
        vectors: one float32 vector per space it has one in; its norm is 0, or from 1e-12 to 1e12.

    A read fills only the parts that it was asked for.
    """

    id: str
    fields: Mapping[str, FieldValue | None] = field(default_factory=dict[str, "FieldValue | None"])
    terms: tuple[str, ...] = ()
    metadata: JsonObject = field(default_factory=dict[str, "Json"])
    payload: bytes = b""
    vectors: Mapping[str, Vector] = field(default_factory=dict[str, "Vector"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """Write a whole row.

    Attributes:
        collection: name of the collection.
        row: the row; vectors may be any sequence of finite numbers.
        existing: what to do with a row of that id: `replace` it, `skip` this write, or `abort` the batch.
    """

    collection: str
    row: Row
    existing: Literal["replace", "skip", "abort"] = "replace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """Change some fields of one row; vectors, terms and what is not named stay.

    Attributes:
        collection: name of the collection.
        id: the row; one that is not there counts as not meeting `expect`.
        fields: new values; `None` takes a value away.
        metadata: the new metadata as a whole, or None to keep it.
        payload: the new payload, or None to keep it.
        expect: what must hold of the row as it stands.
        otherwise: when it does not: `abort` the batch, or `skip` this write.
    """

    collection: str
    id: str
    fields: Mapping[str, FieldValue | None] = field(default_factory=dict[str, "FieldValue | None"])
    metadata: JsonObject | None = None
    payload: bytes | None = None
    expect: Filter = field(default_factory=And)
    otherwise: Literal["abort", "skip"] = "abort"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """Take rows away by id; ids that are not there count nothing."""

    collection: str
    ids: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteWhere:
    """Take away the rows that match, at most `limit` of them (the first by id; any where rows have replicas), or all.

    A caller that has many to delete repeats a limited batch until it counts 0, so that other
    writers come between.
    """

    collection: str
    where: Filter
    limit: int | None = None


Write = Put | Patch | Delete | DeleteWhere


@dataclass(frozen=True, slots=True)
class Applied:
    """What a batch did.

    Attributes:
        counts: per write of the batch, the rows that it wrote or took away; 0 for a skipped one.
    """

    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """A text search: rows that hold at least one of the terms, by the summed weight of those they hold.

    Attributes:
        weights: weight of each term, finite and above 0; weights come from the caller, so that the
            order of one scope never depends on another's rows.
    """

    weights: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """A vector search: rows that have a vector in `space`, by cosine similarity."""

    space: str
    vector: Vector


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why a row was found: never a mixed score.

    Attributes:
        terms: the searched terms that the row holds (text search).
        cosine: cosine similarity in [-1, 1]; 0 for a zero vector (vector search).
    """

    terms: frozenset[str] = frozenset()
    cosine: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A row that a search found, and its evidence."""

    row: Row
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Rows in order, and where the next page starts; `after` is None when there is none."""

    rows: tuple[Row, ...]
    after: Cursor | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many rows match, and how many of them hold each term that was asked for."""

    rows: int
    terms: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rows that share one value of a key or tag.

    Attributes:
        value: the shared value.
        rows: how many there are.
        least: smallest value of the ordered field that was asked for, or None.
        most: largest value of it, or None.
    """

    value: str
    rows: int
    least: str | int | float | None = None
    most: str | int | float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPage:
    """Groups by ascending value; `after` is the value to go on from, None when there is no more."""

    groups: tuple[Group, ...]
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrubbed:
    """Whether the bytes of deleted rows are `gone`, or `pending` while what `reason` names still holds them."""

    bytes: Literal["gone", "pending"]
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that does not fit in a store.

    Attributes:
        collection: where.
        kind: a short stable name of what is wrong.
        ids: rows concerned, at most 100.
        rows: how many there are.
        repaired: whether it was mended.
        project: whose rows they are, where that matters for what to do: another project may have rows of these ids.
    """

    collection: str
    kind: str
    ids: tuple[str, ...]
    rows: int
    repaired: bool
    project: str | None = None
