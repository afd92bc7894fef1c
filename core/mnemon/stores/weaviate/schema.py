"""Collections as the server keeps them: every flag stated, and a declaration that can be read back.

What can be added later, fields, spaces, indexes, is a property each, whose description says what it is:
the server adds properties one by one under its own consensus, so that two processes that add
different ones at once lose none. What cannot change stands in the collection's description.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, cast

from weaviate.classes.config import (
    Configure,
    DataType,
    Property,
    StopwordsPreset,
    Tokenization,
    VectorDistances,
    VectorFilterStrategy,
    Vectorizers,
)

from mnemon.errors import SchemaMismatchError
from mnemon.logic.declarations import collection_of
from mnemon.stores.weaviate import naming

if TYPE_CHECKING:
    from collections.abc import Iterable

    from weaviate.collections.classes.config import (
        _CollectionConfig,  # pyright: ignore[reportPrivateUsage]
        _NamedVectorConfig,  # pyright: ignore[reportPrivateUsage]
        _Property,  # pyright: ignore[reportPrivateUsage]
    )
    from weaviate.collections.classes.config_vectors import _VectorConfigCreate  # pyright: ignore[reportPrivateUsage]

    from mnemon.types.storage import Collection, VectorSpace

__all__ = [
    "changes_arguments",
    "changes_key",
    "changes_properties",
    "collection_arguments",
    "declared",
    "differences",
    "parts_arguments",
    "parts_properties",
    "probe_arguments",
    "properties_of",
    "vector_of",
]

LAYOUT = 1
"""Grows when what is written in a row changes its meaning; additions leave it."""

_LOG_KEY = "hash_key"
"""Was `key` where the time of an entry was its writer's; who looks for that finds none, and says so."""

_SHAPES: dict[str, tuple[DataType, Tokenization | None, bool, bool, bool]] = {
    # data type, tokenisation, filterable, searchable, range filters
    "id": (DataType.TEXT, Tokenization.FIELD, True, False, False),
    "slot": (DataType.INT, None, False, False, True),
    "key": (DataType.TEXT_ARRAY, Tokenization.FIELD, True, False, False),
    "tag": (DataType.TEXT_ARRAY, Tokenization.FIELD, True, False, False),
    "text": (DataType.TEXT, Tokenization.FIELD, True, False, False),
    "number": (DataType.NUMBER, None, False, False, True),
    "time": (DataType.NUMBER, None, False, False, True),
    "flag": (DataType.BOOL, None, True, False, False),
    "space": (DataType.BOOL, None, True, False, False),
    "terms": (DataType.TEXT, Tokenization.WHITESPACE, True, True, False),
    "tokens": (DataType.TEXT_ARRAY, Tokenization.FIELD, True, False, False),
    "kept": (DataType.TEXT, Tokenization.FIELD, False, False, False),
    "owner": (DataType.TEXT, Tokenization.FIELD, True, False, False),
}


def properties_of(collection: Collection) -> list[Property]:
    """Return every property that a collection has, in an order that keeps that of the declaration."""
    found = [_property(naming.ID, "id"), _property(naming.SLOT, "slot"), _property(naming.LARGE, "flag")]
    found += [_property(name, "kept") for name in (naming.METADATA, naming.PAYLOAD)]
    found.append(_property(naming.TOKENS, "tokens"))
    if collection.text:
        found.append(_property(naming.TERMS, "terms"))
    for name, kind in collection.fields.items():
        found.append(_property(naming.field_property(name), kind, {"field": name, "kind": kind}))
        if kind == "time":
            found.append(_property(naming.exact_time_property(name), "kept"))
    for space in collection.vectors:
        note = {"space": space.name, "model": space.model, "dimensions": space.dimensions}
        found.append(_property(naming.space_property(space.name), "space", note))
    for index in collection.indexes:
        name = hashlib.sha256(json.dumps(index).encode()).hexdigest()[:12]
        found.append(_property(f"index_{name}_i", "kept", {"index": list(index)}))
    return found


def _property(name: str, shape: str, note: dict[str, Any] | None = None) -> Property:
    data_type, tokenization, filterable, searchable, ranged = _SHAPES[shape]
    return Property(
        name=name,
        data_type=data_type,
        description=None if note is None else json.dumps(note),
        tokenization=tokenization,
        index_filterable=filterable,
        index_searchable=searchable,
        index_range_filters=ranged,
    )


def vector_of(space: VectorSpace) -> _VectorConfigCreate:
    """Return the named vector of a space: cosine, a graph, nothing compressed."""
    return Configure.Vectors.self_provided(
        name=space.name,
        vector_index_config=Configure.VectorIndex.hnsw(
            distance_metric=VectorDistances.COSINE,
            ef=-1,
            dynamic_ef_min=100,
            dynamic_ef_max=500,
            dynamic_ef_factor=8,
            ef_construction=128,
            max_connections=32,
            flat_search_cutoff=40_000,  # a filter that leaves fewer is answered exactly, without the graph
            filter_strategy=VectorFilterStrategy.ACORN,
            quantizer=Configure.VectorIndex.Quantizer.none(),
        ),
    )


def collection_arguments(collection: Collection, prefix: str, factor: int) -> dict[str, Any]:
    """Return what the client needs to create a collection."""
    facts = {
        "mnemon": LAYOUT,
        "scopes": list(collection.scopes),
        "text": collection.text,
        "current": collection.current,
        "person": collection.person,
    }
    name = naming.class_name(prefix, collection.name)
    properties, vectors = properties_of(collection), [vector_of(space) for space in collection.vectors]
    return _arguments(name, json.dumps(facts), properties, vectors, factor)


def parts_arguments(prefix: str, factor: int) -> dict[str, Any]:
    """Return what the client needs to create the collection of what is too large for its row."""
    note = json.dumps({"mnemon": LAYOUT, "parts": True})
    return _arguments(naming.parts_class(prefix), note, parts_properties(), [], factor)


def changes_arguments(prefix: str, factor: int, key: str) -> dict[str, Any]:
    """Return what the client needs to create the log of changes, with the key of its hashes.

    The key stands in the description: of two who create the collection at once one does, and both read it there.
    """
    note = json.dumps({"mnemon": LAYOUT, "changes": True, _LOG_KEY: key})
    return _arguments(naming.changes_class(prefix), note, changes_properties(), [], factor, timestamps=True)


def changes_properties() -> list[Property]:
    """Return the properties of an entry of the log: whose rows, and which; of an end also when what it ends began."""
    kinds = {naming.BEGUN: "tag", naming.ENDED: "tag", naming.AT: "time", naming.NOTE: "kept"}
    return [_property(name, kind) for name, kind in kinds.items()]


def changes_key(config: _CollectionConfig) -> str | None:
    """Return the key that the log of changes was made with, or None where an earlier version made it."""
    key = _note(config.description).get(_LOG_KEY)
    return key if isinstance(key, str) and config.inverted_index_config.index_timestamps else None


def probe_arguments(prefix: str) -> dict[str, Any]:
    """Return what the client needs to create the collection that a look at the server's health writes into."""
    note = json.dumps({"mnemon": LAYOUT, "probe": True})
    arguments = _arguments(naming.probe_class(prefix), note, [_property("text_", "kept")], [], 1)
    return {**arguments, "multi_tenancy_config": Configure.multi_tenancy(enabled=False)}


def parts_properties() -> list[Property]:
    """Return the properties of a part: whose it is, and what it holds."""
    return [_property("owner_", "owner"), _property("text_", "kept")]


def _arguments(
    name: str,
    note: str,
    properties: list[Property],
    vectors: list[_VectorConfigCreate],
    factor: int,
    *,
    timestamps: bool = False,
) -> dict[str, Any]:
    nothing = Configure.Vectors.self_provided(name=naming.NO_VECTOR, vector_index_config=Configure.VectorIndex.none())
    return {
        "name": name,
        "description": note,
        "properties": properties,
        "vector_config": [nothing, *vectors],
        "inverted_index_config": Configure.inverted_index(
            bm25_b=0.75,
            bm25_k1=1.2,
            index_null_state=False,
            index_property_length=False,
            index_timestamps=timestamps,
            stopwords_preset=StopwordsPreset.NONE,
        ),
        "multi_tenancy_config": Configure.multi_tenancy(
            enabled=True, auto_tenant_creation=True, auto_tenant_activation=True
        ),
        "replication_config": Configure.replication(factor=factor),
    }


def declared(config: _CollectionConfig, prefix: str) -> Collection | None:
    """Return the declaration that a collection of the server was made of; None for one that is not ours.

    Raises:
        SchemaMismatchError: a newer mnemon made it.
    """
    facts = _note(config.description)
    if not config.name.startswith(f"{prefix}_") or "mnemon" not in facts:
        return None
    if facts["mnemon"] != LAYOUT:
        msg = (
            f"{config.name} has layout {facts['mnemon']}, this release knows {LAYOUT}; install the release that made it"
        )
        raise SchemaMismatchError(msg)
    notes = [_note(item.description) for item in config.properties]
    fields = [(note["field"], note["kind"]) for note in notes if "field" in note]
    return collection_of(
        {
            "name": config.name.removeprefix(f"{prefix}_"),
            "keys": [name for name, kind in fields if kind == "key"],
            "tags": [name for name, kind in fields if kind == "tag"],
            "ordered": [{"name": name, "kind": kind} for name, kind in fields if kind not in {"key", "tag"}],
            "scopes": facts["scopes"],
            "text": facts["text"],
            "vectors": [
                {"name": note["space"], "model": note["model"], "dimensions": note["dimensions"]}
                for note in notes
                if "space" in note
            ],
            "current": facts["current"],
            "person": facts["person"],
            "indexes": [note["index"] for note in notes if "index" in note],
        }
    )


def _note(text: str | None) -> dict[str, Any]:
    try:
        note = cast("object", json.loads(text or "{}"))
    except ValueError:
        return {}
    return cast("dict[str, Any]", note) if isinstance(note, dict) else {}


def differences(config: _CollectionConfig, properties: Iterable[Property], factor: int | None) -> list[str]:
    """Return, a sentence each, what of a collection of the server would make our answers wrong."""
    found: list[str] = []
    tenancy = config.multi_tenancy_config
    if not tenancy.enabled or not tenancy.auto_tenant_creation:
        found.append("multi-tenancy with automatic creation of tenants is off")
    if factor is not None and config.replication_config.factor != factor:
        found.append(f"the replication factor is {config.replication_config.factor}, and {factor} was asked for")
    there = {item.name: item for item in config.properties}
    names: set[str] = set()
    for wanted in properties:
        names.add(wanted.name)
        item = there.get(wanted.name)
        if item is not None and (wrong := _different(item, wanted)):
            found.append(f"property {wanted.name!r} has another {', '.join(wrong)}")
    stopwords = config.inverted_index_config.stopwords
    if naming.TERMS in names and (stopwords.preset != StopwordsPreset.NONE or stopwords.additions):
        found.append("some words are left out of its index (stopwords)")
    for name, vector in (config.vector_config or {}).items():
        if naming.space_property(name) in names:
            found += _vector_differences(name, vector)
    return found


def _vector_differences(name: str, vector: _NamedVectorConfig) -> list[str]:
    """Return what finds other rows than the nearest; how the index is tuned is the server's owner's to say."""
    index: Any = vector.vector_index_config
    if getattr(index, "skip", False):
        return [f"vector {name!r} has no index"]
    found: list[str] = []
    if (distance := index.distance_metric) != VectorDistances.COSINE:
        found.append(f"vector {name!r} is searched by {VectorDistances(distance).value} and not by cosine")
    if vector.vectorizer.vectorizer != Vectorizers.NONE:
        found.append(f"vector {name!r} is made by the server for rows that have none")
    return found


def _different(item: _Property, wanted: Property) -> list[str]:
    pairs = {
        "data type": (item.data_type, wanted.dataType),
        "tokenisation": (item.tokenization, wanted.tokenization),
        "index for filters": (item.index_filterable, wanted.indexFilterable),
        "index for search": (item.index_searchable, wanted.indexSearchable),
        "index for ranges": (item.index_range_filters, wanted.indexRangeFilters),
    }
    return [name for name, (one, other) in pairs.items() if one != other]
