"""Items as rows: a value with its key and namespace, and one vector for each text that it is found by.

| collection | one row is |
| --- | --- |
| `langgraph_items` | an item: its value as metadata, so that filters reach it |
| `langgraph_vectors` | the vector of one text of an item |
| `langgraph_versions` | an item as it was before it was changed, where `history=True` |
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import blake2b
from json import loads
from typing import TYPE_CHECKING, Any, cast

import numpy
from langgraph.store.base import Item, SearchItem, get_text_at_path, tokenize_path

from mnemon import InvalidInputError, where
from mnemon.types.storage import Collection, Delete, DeleteWhere, Ordered, Put, Row, VectorSpace
from mnemon.types.times import format_time, to_datetime
from mnemon_langgraph.names import made_of
from mnemon_langgraph.namespaces import prefixes, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from langchain_core.embeddings import Embeddings
    from langgraph.store.base import IndexConfig, PutOp

    from mnemon.types.filters import Filter
    from mnemon.types.storage import Vector, Write

__all__ = [
    "ITEMS",
    "VECTORS",
    "VERSIONS",
    "Index",
    "NewItem",
    "item_id",
    "item_of",
    "put_batch",
    "scored",
    "unexpired",
    "with_space",
]

ITEMS = Collection(
    name="langgraph_items",
    keys=("root", "namespace", "key", "memory", "user_id"),
    tags=("prefixes",),
    ordered=(
        Ordered("created_at", "time"),
        Ordered("updated_at", "time"),
        Ordered("expires_at", "time"),
        Ordered("ttl", "number"),
    ),
    person="user_id",
    indexes=(("root", "updated_at"), ("namespace",), ("user_id",), ("expires_at",)),
)
VECTORS = Collection(
    name="langgraph_vectors",
    keys=("root", "item", "user_id"),
    tags=("prefixes",),
    scopes=("root",),
    person="user_id",
    indexes=(("item",), ("user_id",)),
)
VERSIONS = Collection(
    name="langgraph_versions",
    keys=("item", "namespace", "key", "user_id"),
    ordered=(Ordered("created_at", "time"), Ordered("updated_at", "time")),
    person="user_id",
    indexes=(("item", "updated_at"), ("user_id",)),
)


def with_space(space: VectorSpace) -> Collection:
    """Return the collection of vectors with room for those of a space."""
    return replace(VECTORS, vectors=(space,))


def item_id(namespace: Sequence[str], key: str) -> str:
    """Return the id of an item's row."""
    return made_of("item", list(namespace), key)


@dataclass(frozen=True, slots=True)
class Index:
    """How values become vectors.

    Attributes:
        embeddings: what makes them.
        space: where they are kept; another model or length is another space.
        fields: paths to the texts that an item is found by.
    """

    embeddings: Embeddings
    space: VectorSpace
    fields: tuple[str, ...]

    @classmethod
    def of(cls, config: IndexConfig, embeddings: Embeddings) -> Index:
        """Read LangGraph's own form.

        Raises:
            InvalidInputError: `dims` is missing or no length.
        """
        dimensions: object = config.get("dims")
        if not isinstance(dimensions, int) or dimensions < 1:
            msg = f'index needs the length of the vectors, e.g. index={{"dims": 384, ...}}, not {dimensions!r}'
            raise InvalidInputError(msg)
        model = model_of(embeddings)
        digest = blake2b(f"{dimensions}:{model}".encode(), digest_size=6).hexdigest()
        space = VectorSpace(f"v_{digest}", model, dimensions)
        return cls(embeddings, space, tuple(config.get("fields") or ["$"]))

    def texts(self, value: Mapping[str, Any], fields: Sequence[str] | None) -> dict[str, str]:
        """Return the texts of a value that it is found by, by a name for the place of each."""
        found: dict[str, str] = {}
        for path in self.fields if fields is None else fields:
            texts = get_text_at_path(value, path if path == "$" else tokenize_path(path))
            found |= {f"{path} {place}": text for place, text in enumerate(texts)}
        return found

    def vectors(self, given: Sequence[Sequence[float]], count: int) -> list[Vector]:
        """Return what the embeddings gave, checked.

        Raises:
            InvalidInputError: not one vector of the declared length for each text.
        """
        array = numpy.asarray(given, numpy.float32)
        if array.shape != (count, self.space.dimensions) and count:
            msg = (
                f"the embedder of this store gave {array.shape} numbers for {count} texts; index says "
                f'"dims": {self.space.dimensions}'
            )
            raise InvalidInputError(msg)
        return list(array)


def model_of(embeddings: Embeddings) -> str:
    """Return what tells an embedder from others as well as can be told from outside."""
    for source in (embeddings, getattr(embeddings, "func", None), getattr(embeddings, "afunc", None)):
        for name in ("model", "model_name", "model_id"):
            if isinstance(model := getattr(source, name, None), str):
                return model
    source: Any = getattr(embeddings, "func", None) or getattr(embeddings, "afunc", None) or type(embeddings)
    return f"{getattr(source, '__module__', '')}.{getattr(source, '__qualname__', type(source).__qualname__)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """An item to be stored, or deleted where it has no value.

    Attributes:
        op: what was asked.
        person: who it is about, or None.
        texts: what it is found by, by place.
        vectors: a vector for each of the texts, in their order.
    """

    op: PutOp
    person: str | None
    texts: Mapping[str, str]
    vectors: Sequence[Vector] = ()

    @property
    def id(self) -> str:
        """Id of its row."""
        return item_id(self.op.namespace, self.op.key)

    def with_vectors(self, by_text: Mapping[str, Vector]) -> NewItem:
        """Return the item with the vectors of its texts."""
        return replace(self, vectors=[by_text[text] for text in self.texts.values()])


def put_batch(new: NewItem, old: Row | None, space: VectorSpace | None, *, now: datetime, history: bool) -> list[Write]:
    """Return the writes that store or delete an item, and take along the vectors that it had."""
    labels, key, value = new.op.namespace, new.op.key, new.op.value
    batch: list[Write] = [] if old is None or not history else [_version(old, now)]
    if value is None:
        gone = DeleteWhere(collection=VECTORS.name, where=where("item").eq(new.id))
        return [*batch, Delete(collection=ITEMS.name, ids=[new.id]), gone]
    shared = {"root": labels[0], "prefixes": prefixes(labels), "user_id": new.person}
    rows = [
        Row(id=made_of("vector", new.id, place), fields={**shared, "item": new.id}, vectors={space.name: vector})
        for place, vector in zip(new.texts, new.vectors, strict=True)
        if space is not None
    ]
    if old is not None:
        stale = where("item").eq(new.id) & where("id").nin([row.id for row in rows])
        batch.append(DeleteWhere(collection=VECTORS.name, where=stale))
    stamp = format_time(now)
    fields = {
        **shared,
        "namespace": text_of(labels),
        "key": key,
        "created_at": stamp if old is None else old.fields["created_at"],
        "updated_at": stamp,
        "ttl": new.op.ttl,
        "expires_at": None if new.op.ttl is None else format_time(now + timedelta(minutes=new.op.ttl)),
    }
    item = Row(id=new.id, fields=fields, metadata=value)
    return [*batch, *(Put(collection=VECTORS.name, row=row) for row in rows), Put(collection=ITEMS.name, row=item)]


def _version(old: Row, now: datetime) -> Put:
    fields = {name: old.fields.get(name) for name in ("namespace", "key", "user_id", "created_at", "updated_at")}
    row_id = made_of("version", old.id, old.fields["updated_at"], format_time(now))
    return Put(collection=VERSIONS.name, row=replace(old, id=row_id, fields={**fields, "item": old.id}))


def unexpired(now: datetime) -> Filter:
    """Return the condition for items whose time is not over."""
    return ~where("expires_at").lte(format_time(now))


def item_of(row: Row) -> Item:
    """Return an item as LangGraph wants it."""
    return Item(**_parts(row))


def scored(rows: Iterable[tuple[Row, float | None]]) -> list[SearchItem]:
    """Return what a search found."""
    return [SearchItem(**_parts(row), score=score) for row, score in rows]


def _parts(row: Row) -> dict[str, Any]:
    return {
        "value": dict(row.metadata),
        "key": str(row.fields["key"]),
        "namespace": tuple(loads(cast("str", row.fields["namespace"]))),
        "created_at": to_datetime(row.fields["created_at"], "created_at"),
        "updated_at": to_datetime(row.fields["updated_at"], "updated_at"),
    }
