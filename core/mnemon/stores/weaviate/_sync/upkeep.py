# Generated from core/mnemon/stores/weaviate/_async/upkeep.py by tests/contracts/unasync.py; edit that file.
"""Looking after the server: rows that lost their place in an index, parts that nobody names, health."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from weaviate.classes.config import ConsistencyLevel
from weaviate.classes.data import DataObject
from weaviate.classes.query import Filter as Asked
from weaviate.classes.query import MetadataQuery

from mnemon.errors import MnemonError, StoreError
from mnemon.logic.requests import MAX_LIMIT
from mnemon.stores.weaviate import naming
from mnemon.stores.weaviate._sync.entries import Entries, past
from mnemon.stores.weaviate._sync.indexing import index_again, lost_vectors, mark_vectors, unmarked_vectors
from mnemon.stores.weaviate.conditions import EVERY_ROW, WITH_PARTS
from mnemon.stores.weaviate.failures import is_missing_collection
from mnemon.stores.weaviate.health import Health
from mnemon.stores.weaviate.log import is_told
from mnemon.stores.weaviate.rows import parts_of
from mnemon.types.storage import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from mnemon.stores.weaviate._sync.reader import Reader
    from mnemon.stores.weaviate._sync.server import Server
    from mnemon.stores.weaviate.concurrency import Call
    from mnemon.types.storage import Collection, VectorSpace

__all__ = ["examine", "probe", "told"]

_MOST_IDS = 100
_IN_FLIGHT = timedelta(hours=1)
_INCOMPLETE = "row that lacks parts of its large value; restore a backup, or delete the row"


def examine(server: Server, reader: Reader, collections: Sequence[Collection], *, repair: bool) -> list[Finding]:
    """Return what does not fit, in every project: lost vectors and parts, changes without an end, parts of no row."""
    now = server.now()
    findings: list[Finding] = []
    by_name = {collection.name: collection for collection in collections}
    for collection in collections:
        for tenant in _tenants(server, naming.class_name(server.prefix, collection.name)):
            broken = _incomplete(server, reader, tenant, collection)
            findings += _found(collection.name, _INCOMPLETE, broken, mended=False)
            for space in collection.vectors:
                findings += _vectors(server, reader, tenant, collection, space, repair=repair)
    for tenant in _tenants(server, naming.changes_class(server.prefix)):
        findings += _unended(server, reader, tenant, collections, now, repair=repair)
    for tenant in _tenants(server, naming.parts_class(server.prefix)):
        findings += _lost_parts(server, tenant, by_name, now - _IN_FLIGHT, repair=repair)
    return findings


def _tenants(server: Server, name: str) -> list[naming.Tenant]:
    client = server.client()
    try:
        found = server.ask_again("list the projects", client.collections.use(name).tenants.get)
    except StoreError as error:
        if is_missing_collection(error.__cause__):
            return []
        raise
    return sorted(naming.Tenant(tenant) for tenant in found)


def _vectors(
    server: Server,
    reader: Reader,
    tenant: naming.Tenant,
    collection: Collection,
    space: VectorSpace,
    *,
    repair: bool,
) -> list[Finding]:
    """Find vectors that a search cannot find, after those of which their rows do not tell, as the rest goes by that."""
    unmarked = unmarked_vectors(reader, tenant, collection, space)
    if repair:
        mark_vectors(server, tenant, collection, space, unmarked)
    lost = lost_vectors(server, reader, tenant, collection, space)
    mended = False
    if repair and lost:
        index_again(server, reader, tenant, collection, lost)
        mended = not lost_vectors(server, reader, tenant, collection, space)
    return [
        *_found(collection.name, "vector that its row does not tell of", unmarked, mended=repair),
        *_found(collection.name, "vector not found by any search", lost, mended=mended),
    ]


def _incomplete(server: Server, reader: Reader, tenant: naming.Tenant, collection: Collection) -> list[str]:
    """Return the rows that name parts which are not there; what a query does not find is looked at once more."""
    parts = server.parts(tenant)
    suspects: list[str] = []
    for _, rows in reader.in_ranges(tenant, collection, Asked.all_of([EVERY_ROW, WITH_PARTS])):
        ids = [naming.text_of_ordered(str(one.properties[naming.ID])) for one in rows]
        named = {
            uuid: row_id
            for row_id, places in (reader.references(tenant, collection, ids)).items()
            for uuids in places.values()
            for uuid in uuids
        }
        uuids = list(named)
        for start in range(0, len(uuids), MAX_LIMIT):
            asked = Asked.by_id().contains_any(uuids[start : start + MAX_LIMIT])
            found = reader.found(
                lambda asked=asked: parts.query.fetch_objects(
                    filters=asked, limit=MAX_LIMIT, return_properties=["owner_"]
                )
            )
            for one in found:
                del named[one.uuid]
        suspects += named.values()
    return reader.missing(tenant, collection, sorted({*suspects}))


def _lost_parts(
    server: Server,
    tenant: naming.Tenant,
    collections: Mapping[str, Collection],
    before: datetime,
    *,
    repair: bool,
) -> list[Finding]:
    """Find parts of large values that no row names: their writer did not come to the row, or not to deleting them.

    A part precedes its row. So one that was written in the last hour may still get its row.
    """
    parts = server.parts(tenant)
    owned: dict[str, dict[str, list[UUID]]] = {}
    for one in parts.iterator(return_properties=["owner_"], return_metadata=MetadataQuery(creation_time=True)):
        created = one.metadata.creation_time
        if created is not None and created < before:
            name, row_id = naming.unwrapped(str(one.properties["owner_"])).split(" ", 1)
            owned.setdefault(name, {}).setdefault(row_id, []).append(one.uuid)
    lost: list[UUID] = []
    owners: list[str] = []
    for name, rows in owned.items():
        named: set[UUID] = set()
        if name in collections:
            for row_id in rows:
                # not by a query, which may ask a node that was away: what no row names is deleted
                item = server.object_now(name, tenant, naming.object_id(row_id))
                named |= set() if item is None else {*parts_of(item["properties"], collections[name])}
        for row_id, uuids in rows.items():
            gone = [uuid for uuid in uuids if uuid not in named]
            lost += gone
            owners += [row_id] if gone else []
    if repair:
        for uuid in lost:
            server.ask_again("delete a part", lambda uuid=uuid: parts.data.delete_by_id(uuid))
    return _found("parts", "part that no row names", owners, mended=repair)


def _unended(
    server: Server,
    reader: Reader,
    tenant: naming.Tenant,
    collections: Sequence[Collection],
    now: datetime,
    *,
    repair: bool,
) -> list[Finding]:
    """Find changes that their writers announced and did not end: readers look at their rows at each search."""
    findings: list[Finding] = []
    log = Entries(server, reader, tenant)
    for collection in filter(is_told, collections):
        _, entries = log.unended(naming.change_token(server.log_key(tenant), collection.name))
        old = past(entries, now)
        if repair:
            begun, _ = log.state([entry.uuid for entry in old])
            log.end(begun)
        ids = sorted({row_id for entry in old for row_id in (*entry.put, *entry.other)})
        findings += _found(collection.name, "change that was announced and did not end", ids, mended=repair)
    return findings


def _found(collection: str, kind: str, ids: Sequence[str], *, mended: bool) -> list[Finding]:
    if not ids:
        return []
    return [Finding(collection=collection, kind=kind, ids=tuple(ids[:_MOST_IDS]), rows=len(ids), repaired=mended)]


def told(health: Health) -> list[Finding]:
    """Return what a look at the server found as what a check finds."""
    return [Finding(collection="server", kind=one, ids=(), rows=0, repaired=False) for one in health.problems]


def probe(server: Server, prepare: Call[None]) -> Health:
    """Write, read and delete a row of our own, and ask for every node and shard; what fails is told, not raised."""
    problems: list[str] = []
    version, healthy, nodes = "", 0, 0
    try:
        version = server.version()
        client = server.client()
        prepare()
        _round_trip(server)
        listed = server.ask_again("tell its nodes", lambda: client.cluster.nodes(output="verbose"))
        nodes = len(listed)
        for node in listed:
            healthy += node.status == "HEALTHY"
            if node.status != "HEALTHY":
                problems.append(f"node {node.name} is {node.status}")
            problems += [
                f"shard {shard.name} of {shard.collection} on node {node.name} is read-only: free disk, then set it "
                f"to READY"
                for shard in node.shards or ()
                if shard.vector_indexing_status == "READONLY"
            ]
    except MnemonError as error:
        problems.append(str(error))
    return Health(version=version, nodes=(healthy, nodes), problems=tuple(problems))


def _round_trip(server: Server) -> None:
    client = server.client()
    name = naming.probe_class(server.prefix)
    rows = client.collections.use(name).with_consistency_level(ConsistencyLevel.QUORUM)
    uuid = naming.object_id(f"probe {server.new_id()}")  # its own: two looks at once would delete each other's
    server.ask_again("write a row", lambda: rows.data.insert_many([DataObject(uuid=uuid, properties={"text_": "=="})]))
    if not server.ask_again("read a row", lambda: rows.data.exists(uuid)):
        msg = f"Weaviate at {server.where} does not find the row that it was just given"
        raise StoreError(msg)
    server.ask_again("delete a row", lambda: rows.data.delete_by_id(uuid))
