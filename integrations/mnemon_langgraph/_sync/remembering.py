# Generated from integrations/mnemon_langgraph/_async/remembering.py by tests/contracts/unasync.py; edit that file.
"""Items that are memories: read and written by the methods of a memory."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, cast

from mnemon import NotFoundError, where
from mnemon.adapting.desk import in_chunks, newest_rows, pages
from mnemon.types.storage import DeleteWhere, Nearest, Put, Row
from mnemon.types.times import format_time
from mnemon_langgraph.filters import matches
from mnemon_langgraph.items import ITEMS, VECTORS, item_id
from mnemon_langgraph.memories import (
    Synced,
    item_of_memory,
    key_of,
    over,
    remembered,
    synced_id,
    texts_of,
    ttl_of,
    value_of,
    vector_writes,
)
from mnemon_langgraph.namespaces import MEMORY_ROOT, memory_namespace, prefixes, text_of, under, user_of

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence
    from datetime import datetime

    from langgraph.store.base import GetOp, Item, PutOp, SearchOp

    from mnemon import Memory, MemoryRecord
    from mnemon.adapting.desk import Desk
    from mnemon.adapting.storage import Storage
    from mnemon.types.filters import Filter
    from mnemon.types.storage import Vector, VectorSpace
    from mnemon_langgraph.items import Index

__all__ = ["get", "put", "search", "sweep"]

_PAGE = 200
_MOST = 1_000
"""What one call of a memory gives at most."""
_MOST_VECTORS = 10_000
"""What one search of a store gives at most."""


def get(storage: Storage, op: GetOp) -> Item | None:
    """Return the item of a memory, or None."""
    record = _record(storage, op.namespace, op.key)
    if record is None:
        return None
    return item_of_memory(_living_on(storage, record) if op.refresh_ttl else record, op.key)


def _living_on(storage: Storage, record: MemoryRecord) -> MemoryRecord:
    """Return a memory, which expires as long after now as it was stored for."""
    ttl = ttl_of(record)
    if ttl is None:
        return record
    memory = storage.memory()
    until = storage.run(_later, ttl)
    try:
        return memory.update(record.id, expires_at=until, user_id=record.scope.user_id)
    except NotFoundError:  # it has gone since it was read
        return record


def _record(storage: Storage, namespace: tuple[str, ...], key: str, *, expired: bool = False) -> MemoryRecord | None:
    """Return the memory of an item: the one that was stored under the key, or the one whose id it is."""
    memory = storage.memory()
    pointed = storage.run(_pointed, item_id(namespace, key))
    memory_id = key if pointed is None else pointed
    try:
        record = memory.get(memory_id, user_id=user_of(namespace), include_expired=expired)
    except NotFoundError:
        return None
    if pointed is not None and key_of(record) == key:
        return record
    return record if (storage.run(_keys, [record]))[record.id] == key else None


def _keys(desk: Desk, records: Sequence[MemoryRecord]) -> dict[str, str]:
    """Return the key of each memory: the one it was stored under while that stands for it, else its id.

    It does not where a memory was deleted, its key was put anew, and then the deletion was undone.
    """
    keys = {record.id: key_of(record) for record in records}
    stored = {
        record.id: item_id(memory_namespace(str(record.scope.user_id)), keys[record.id])
        for record in records
        if keys[record.id] != record.id
    }
    taken = list(stored)
    for decisive in (False, True):  # of a page nearly all stand; what seems not to is asked of all replicas
        left: list[str] = []
        for chunk in in_chunks(taken):
            wanted = [stored[one] for one in chunk]
            found = desk.store.get(desk.project, ITEMS.name, wanted, include=(), decisive=decisive)
            left += [one for one in chunk if stored[one] not in found or found[stored[one]].fields["memory"] != one]
        taken = left
    return keys | {one: one for one in taken}


def _pointed(desk: Desk, row_id: str) -> str | None:
    found = desk.store.get(desk.project, ITEMS.name, [row_id], include=(), decisive=True)
    return None if row_id not in found else cast("str", found[row_id].fields["memory"])


def _later(desk: Desk, minutes: float | None) -> datetime | None:
    return None if minutes is None else desk.clock() + timedelta(minutes=minutes)


def put(storage: Storage, op: PutOp) -> None:
    """Remember a value under its key, or delete the memory of that key."""
    record = _record(storage, op.namespace, op.key, expired=op.value is not None)
    memory = storage.memory()
    if op.value is None:
        if record is not None:  # its key stays as long as it can be had back, see `sweep`
            memory.delete(record.id, user_id=record.scope.user_id)
            storage.run(_drop_vectors, [record.id])
        return
    user_id = user_of(op.namespace)
    what = remembered(op)
    until = storage.run(_later, op.ttl)
    if record is not None:
        _update(memory, record.id, what.text, what.metadata, until, user_id)
        storage.run(_point, op, record.id, "replace")
        return
    added = memory.add(what.text, user_id=user_id, kind="semantic", metadata=what.metadata, expires_at=until)
    _claim(storage, op, added.ids[0])


def _claim(storage: Storage, op: PutOp, memory_id: str) -> None:
    """Let a key stand for a new memory, unless another one that is there was stored under it meanwhile."""
    memory = storage.memory()
    user_id = user_of(op.namespace)
    holder = storage.run(_point, op, memory_id, "skip")
    if holder == memory_id:
        return
    what = remembered(op)
    until = storage.run(_later, op.ttl)
    try:
        _update(memory, holder, what.text, what.metadata, until, user_id)
    except NotFoundError:
        storage.run(_point, op, memory_id, "replace")
    else:
        memory.delete(memory_id, user_id=user_id)


def _update(
    memory: Memory,
    memory_id: str,
    text: str,
    metadata: dict[str, Any],
    until: datetime | None,
    user_id: str | None,
) -> None:
    memory.update(memory_id, text, metadata=metadata, replace_metadata=True, expires_at=until, user_id=user_id)


def _point(desk: Desk, op: PutOp, memory_id: str, existing: Literal["skip", "replace"]) -> str:
    """Remember which memory a key stands for; return the one that it stands for then."""
    key = item_id(op.namespace, op.key)
    now = format_time(desk.clock())
    fields = {
        "root": op.namespace[0],
        "namespace": text_of(op.namespace),
        "prefixes": prefixes(op.namespace),
        "key": op.key,
        "memory": memory_id,
        "user_id": user_of(op.namespace),
        "created_at": now,
        "updated_at": now,
    }
    write = Put(collection=ITEMS.name, row=Row(id=key, fields=fields), existing=existing)
    desk.store.apply(desk.project, [write])
    return _pointed(desk, key) or memory_id


def _drop_vectors(desk: Desk, memory_ids: Sequence[str]) -> None:
    stale = where("item").in_(list(memory_ids))
    desk.store.apply(desk.project, [DeleteWhere(collection=VECTORS.name, where=stale)])


def _drop_vectors_without_item(desk: Desk, ids: Sequence[str]) -> None:
    """Delete the vectors of memories that are gone, and not those of items in namespaces below the person's."""
    below: set[str] = set()
    for chunk in in_chunks(ids):
        below |= {*desk.store.get(desk.project, ITEMS.name, chunk, include=(), decisive=True)}
    if gone := [one for one in ids if one not in below]:
        _drop_vectors(desk, gone)


def sweep(storage: Storage, limit: int) -> int:
    """Erase memories whose time as items is over, at most so many; return how many they were.

    Also delete the keys of memories that were erased, in whatever way. That of a memory that is only
    deleted stays: `Memory.undo` brings back the item, too.
    """
    memory = storage.memory()
    condition = storage.run(_over)
    erased = 0
    while erased < limit:
        page = memory.get_all(
            filters=condition,
            sort="expires_at",
            descending=False,
            limit=min(_MOST, limit - erased),
            include_expired=True,
            project_wide=True,
        )
        ids = [record.id for record in page.items]
        if not ids:
            break
        # The condition again: somebody may have read one meanwhile, and it lives on.
        done = (memory.delete_all(filters=condition & where("id").in_(ids), erase=True)).count
        if not done:
            break
        erased += done
    storage.run(_drop_keys)
    return erased


def _over(desk: Desk) -> Filter:
    return over(desk.clock())


def _drop_keys(desk: Desk) -> None:
    """Delete the keys and the vectors of memories of which no version is left."""
    keys = where("root").eq(MEMORY_ROOT) & where("memory").exists()
    for rows in pages(desk.store, desk.project, ITEMS.name, keys, include=()):
        pointed = [str(row.fields["memory"]) for row in rows]
        left = newest_rows(desk.store, desk.project, pointed, ())
        gone = sorted({*pointed} - {*left})
        if gone:
            # A key that stands for another memory meanwhile is spared.
            stale = where("id").in_([row.id for row in rows]) & where("memory").in_(gone)
            desk.store.apply(desk.project, [DeleteWhere(collection=ITEMS.name, where=stale)])
            _drop_vectors(desk, gone)


def search(storage: Storage, op: SearchOp, index: Index | None) -> list[Item]:
    """Return memories of a person: by cosine in the index, or by recall without one, or the last changed first."""
    wanted = op.offset + op.limit
    user_id = cast("str", user_of(op.namespace_prefix))
    if op.query and index is not None:
        found = _nearest(storage, op, index, user_id, wanted)
        if len(found) < wanted:  # those that have no vector, since the index knows none of their texts
            seen = {record.id for record, _ in found}
            found += [(record, None) for record in _newest(storage, op, user_id, wanted - len(found), seen)]
    elif op.query:
        found = _recalled(storage, op, user_id, wanted)
    else:
        found = [(record, None) for record in _newest(storage, op, user_id, wanted, ())]
    page = found[op.offset : wanted]
    keys = storage.run(_keys, [record for record, _ in page])
    items: list[Item] = []
    for record, score in page:
        key, living = keys[record.id], record
        if op.refresh_ttl and record.expires_at is not None:
            living = _living_on(storage, record)
        items.append(item_of_memory(living, key, score=score, found=True))
    return items


def _fits(op: SearchOp, record: MemoryRecord) -> bool:
    return record.scope.user_id is not None and (not op.filter or matches(value_of(record), op.filter))


def _recalled(storage: Storage, op: SearchOp, user_id: str, wanted: int) -> list[tuple[MemoryRecord, float | None]]:
    memory = storage.memory()
    limit = _MOST if op.filter else min(_MOST, max(1, wanted))
    hits = memory.search(cast("str", op.query), user_id=user_id, limit=limit)
    return [(hit.memory, hit.score) for hit in hits if _fits(op, hit.memory)]


def _newest(storage: Storage, op: SearchOp, user_id: str, wanted: int, without: Container[str]) -> list[MemoryRecord]:
    memory = storage.memory()
    records: list[MemoryRecord] = []
    cursor: str | None = None
    while len(records) < wanted:
        page = memory.get_all(user_id=user_id, sort="updated_at", limit=_PAGE, cursor=cursor)
        records += [record for record in page.items if record.id not in without and _fits(op, record)]
        cursor = page.cursor
        if cursor is None:
            break
    return records


def _nearest(
    storage: Storage, op: SearchOp, index: Index, user_id: str, wanted: int
) -> list[tuple[MemoryRecord, float | None]]:
    """Return memories by the cosine of their nearest vector, after those that have none yet were given theirs."""
    _sync(storage, index, user_id)
    memory = storage.memory()
    (vector,) = index.vectors([index.embeddings.embed_query(cast("str", op.query))], 1)
    limit = max(1, _MOST_VECTORS if op.filter else min(_MOST_VECTORS, 2 * wanted))
    while True:
        best, rows = storage.run(_vectors, op.namespace_prefix, vector, index.space, limit)
        there: dict[str, MemoryRecord] = {}
        names = list(best)
        for start in range(0, len(names), _MOST):
            ids = names[start : start + _MOST]
            page = memory.get_all(user_id=user_id, filters=where("id").in_(ids), limit=_MOST)
            there |= {record.id: record for record in page.items}
        if gone := [name for name in names if name not in there]:
            storage.run(_drop_vectors_without_item, gone)
        found = [(there[name], score) for name, score in best.items() if name in there and _fits(op, there[name])]
        if len(found) >= wanted or rows < limit or limit == _MOST_VECTORS:
            return found
        limit = min(_MOST_VECTORS, 4 * limit)


def _vectors(
    desk: Desk, labels: tuple[str, ...], vector: Vector, space: VectorSpace, limit: int
) -> tuple[dict[str, float | None], int]:
    """Return the memories of the nearest vectors with the cosine of each, and how many vectors there were."""
    matched = desk.store.search(
        desk.project,
        VECTORS.name,
        Nearest(space=space.name, vector=vector),
        under(labels),
        limit=limit,
        include=(),
        fields=("item",),
    )
    best: dict[str, float | None] = {}
    for match in matched:
        best.setdefault(str(match.row.fields["item"]), match.evidence.cosine)
    return best, len(matched)


def _sync(storage: Storage, index: Index, user_id: str) -> None:
    """Give vectors to the memories that were added or changed since the last time, by whatever way."""
    memory = storage.memory()
    synced = storage.run(_synced, user_id, index.space)
    cursor: str | None = None
    while True:
        page = memory.get_all(
            user_id=user_id, filters=synced.rest, sort="updated_at", descending=False, limit=_PAGE, cursor=cursor
        )
        new = [record for record in page.items if synced.lacks(record)]
        if new:
            texts = {record.id: texts_of(record, index) for record in new}
            flat = list(dict.fromkeys(text for places in texts.values() for text in places.values()))
            given = index.embeddings.embed_documents(flat) if flat else []
            by_text = dict(zip(flat, index.vectors(given, len(flat)), strict=True))
            synced = synced.after(new)
            storage.run(_keep, user_id, new, texts, by_text, index.space, synced)
        if page.cursor is None:
            return
        cursor = None if new else page.cursor


def _synced(desk: Desk, user_id: str, space: VectorSpace) -> Synced:
    key = synced_id(user_id, space)
    found = desk.store.get(desk.project, VECTORS.name, [key], include=("metadata",), decisive=True)
    return Synced.of(found.get(key))


def _keep(
    desk: Desk,
    user_id: str,
    records: Sequence[MemoryRecord],
    texts: Mapping[str, Mapping[str, str]],
    by_text: Mapping[str, Vector],
    space: VectorSpace,
    synced: Synced,
) -> None:
    desk.store.apply(desk.project, vector_writes(user_id, records, texts, by_text, space, synced))
