"""Collections and batches of the scenarios that the protocol was tried on, see `docs/explanation/store-protocol.md`.

Each function returns the writes of one call of an engine, in the order that they are carried out in:
so that a store without atomic batches shows nothing by halves, and so that the same batch once more
finishes what an interrupted one began.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal, cast
from uuid import UUID, uuid5

from mnemon.types.filters import where
from mnemon.types.storage import Collection, Delete, Ordered, Patch, Put, Row, VectorSpace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mnemon.types.filters import Filter
    from mnemon.types.jsonvalue import JsonObject
    from mnemon.types.storage import Match, Write

__all__ = [
    "CURRENT",
    "PAPER",
    "WHOLE",
    "add_turn",
    "add_version",
    "as_of",
    "close_rows",
    "drop_newest",
    "erase_rows",
    "item_row",
    "namespace_text",
    "newest_versions",
    "put_checkpoint",
    "put_writes",
    "row_id",
    "under",
]

_MEMORIES = Collection(
    name="memories",
    keys=("memory", "newest", "user_id", "run_id", "previous", "closed_by"),
    tags=("sources",),
    ordered=(
        Ordered("version", "number"),
        Ordered("newest_version", "number"),
        Ordered("said_at", "time"),
        Ordered("recorded_from", "time"),
        Ordered("recorded_to", "time"),
    ),
    scopes=("run_id", "user_id"),
    text=True,
    vectors=(VectorSpace("meaning", "hash", 3),),
    current="recorded_to",
    person="user_id",
    indexes=(("memory", "version"), ("run_id", "said_at"), ("user_id", "said_at")),
)
_MESSAGES = Collection(
    name="messages",
    keys=("user_id", "run_id"),
    ordered=(Ordered("said_at", "time"),),
    person="user_id",
    indexes=(("run_id", "said_at"),),
)
_OPERATIONS = Collection(
    name="operations",
    keys=("user_id", "kind"),
    tags=("memories",),
    ordered=(Ordered("at", "time"),),
    person="user_id",
    indexes=(("user_id", "at"),),
)
_CHECKPOINTS = Collection(
    name="checkpoints",
    keys=("thread", "namespace", "parent"),
    ordered=(Ordered("checkpoint", "text"),),
    indexes=(("thread", "checkpoint"),),
)
_HEADS = Collection(name="heads", keys=("thread", "namespace"), ordered=(Ordered("checkpoint", "text"),))
_BLOBS = Collection(name="blobs", keys=("thread", "namespace"), indexes=(("thread",),))
_PENDING = Collection(
    name="pending_writes",
    keys=("thread", "namespace", "checkpoint", "task"),
    ordered=(Ordered("path", "text"), Ordered("place", "number")),
    indexes=(("checkpoint",), ("thread",)),
)
_ITEMS = Collection(
    name="items",
    keys=("root", "namespace", "key"),
    tags=("prefixes",),
    ordered=(Ordered("created_at", "time"), Ordered("updated_at", "time")),
    scopes=("root",),
    vectors=(VectorSpace("meaning", "hash", 3),),
    indexes=(("root", "updated_at"),),
)

PAPER = (_MEMORIES, _MESSAGES, _OPERATIONS, _CHECKPOINTS, _HEADS, _BLOBS, _PENDING, _ITEMS)
"""Every collection of the scenarios."""

WHOLE = ("terms", "metadata", "payload", "meaning")
"""Every part of a memory's row."""

CURRENT = where("recorded_to").exists(value=False)
"""The condition of versions that are not superseded."""

_IDS = UUID("5b0e1c52-6b0b-5c11-8f5b-0d6f6d0f3d2a")


def row_id(*parts: str | int) -> str:
    """Return the id that the same parts always give."""
    return str(uuid5(_IDS, json.dumps(parts)))


def _log(op_id: str, kind: str, at: str, user_id: str, touched: Sequence[tuple[str, int]]) -> Put:
    fields = {"user_id": user_id, "kind": kind, "at": at, "memories": tuple(memory for memory, _ in touched)}
    row = Row(id=op_id, fields=fields, metadata={"touched": [list(pair) for pair in touched]})
    return Put(collection="operations", row=row, existing="skip")


def add_turn(
    turn: str, text: str, *, at: str, user_id: str = "alice", run_id: str = "chat", previous: str | None = None
) -> list[Write]:
    """Return the writes that keep one turn: the message, the operation, and last the memory that is searched for.

    Ids come from the turn's own id, and `skip` leaves what is there: the same turn twice is one turn.
    """
    memory = row_id("memory", turn)
    said = {"user_id": user_id, "run_id": run_id, "said_at": at}
    first = {"memory": memory, "version": 1, "newest": memory, "newest_version": 1, "recorded_from": at}
    row = Row(
        id=memory,
        fields={**said, **first, "sources": (turn,), "previous": previous},
        terms=tuple(text.split()),
        payload=text.encode(),
        vectors={"meaning": (1.0, len(text), 0.0)},
    )
    return [
        Put(collection="messages", row=Row(id=turn, fields=said, payload=text.encode()), existing="skip"),
        _log(row_id("add", turn), "add", at, user_id, [(memory, 1)]),
        Put(collection="memories", row=row, existing="skip"),
    ]


def add_version(old: Row, content: Row, *, op_id: str, at: str, kind: str = "update") -> list[Write]:
    """Return the writes that supersede the row `old` by one that says what `content` says.

    The new row comes first, so that a reader never misses the memory; closing the old one is the step
    that only one of two writers can take; the first version's row never names an older version again.
    """
    memory, version = str(old.fields["memory"]), _version(old) + 1
    kept = {name: old.fields.get(name) for name in ("memory", "user_id", "run_id", "previous", "said_at", "sources")}
    new = Row(
        id=row_id(memory, version, op_id),
        fields={**kept, "version": version, "recorded_from": at},
        terms=content.terms,
        metadata=content.metadata,
        payload=content.payload,
        vectors=content.vectors,
    )
    return [
        _log(op_id, kind, at, str(old.fields["user_id"]), [(memory, version)]),
        Put(collection="memories", row=new, existing="skip"),
        *close_rows([old.id], op_id=op_id, at=at, otherwise="abort"),
        Patch(
            collection="memories",
            id=memory,
            fields={"newest": new.id, "newest_version": version},
            expect=where("newest_version").lt(version),
            otherwise="skip",
        ),
    ]


def close_rows(ids: Iterable[str], *, op_id: str, at: str, otherwise: Literal["abort", "skip"] = "skip") -> list[Write]:
    """Return the writes that supersede rows by nothing; what another operation closed stays as it closed it.

    The expectation also holds of a row that this very operation closed, so that the batch can be repeated.
    """
    return [
        Patch(
            collection="memories",
            id=item,
            fields={"recorded_to": at, "closed_by": op_id},
            expect=CURRENT | where("closed_by").eq(op_id),
            otherwise=otherwise,
        )
        for item in ids
    ]


def newest_versions(matches: Sequence[Match]) -> list[str]:
    """Return the ids of the rows found, of each memory its newest one only, in the order of the matches."""
    newest: dict[object, Row] = {}
    for row in (match.row for match in matches):
        other = newest.get(row.fields["memory"])
        if other is None or _version(other) < _version(row):
            newest[row.fields["memory"]] = row
    kept = {row.id for row in newest.values()}
    return [match.row.id for match in matches if match.row.id in kept]


def _version(row: Row) -> int:
    return cast("int", row.fields["version"])


def as_of(moment: str) -> Filter:
    """Return the condition of the versions that were current at a moment."""
    return where("recorded_from").lte(moment) & (CURRENT | where("recorded_to").gt(moment))


def put_checkpoint(
    thread: str, namespace: str, checkpoint: str, *, channels: Mapping[str, tuple[str, bytes]]
) -> list[Write]:
    """Return the writes of one checkpoint: values, then the checkpoint, and last the head, which only moves on."""
    fields = {"thread": thread, "namespace": namespace}
    head = row_id("head", thread, namespace)
    ids = {name: row_id("blob", thread, namespace, name, version) for name, (version, _) in channels.items()}
    values = [
        Put(collection="blobs", row=Row(id=ids[name], fields=fields, payload=value), existing="skip")
        for name, (_, value) in channels.items()
    ]
    placed = {**fields, "checkpoint": checkpoint}
    return [
        *values,
        Put(
            collection="checkpoints",
            row=Row(id=row_id(thread, namespace, checkpoint), fields=placed, metadata={"blobs": ids}),
        ),
        Put(collection="heads", row=Row(id=head, fields=placed), existing="skip"),
        Patch(
            collection="heads",
            id=head,
            fields={"checkpoint": checkpoint},
            expect=where("checkpoint").lt(checkpoint),
            otherwise="skip",
        ),
    ]


def drop_newest(thread: str, namespace: str, checkpoint: str, *, before: str) -> list[Write]:
    """Return the writes that take the newest checkpoint away; the head goes back to `before`, unless it moved on."""
    back = Patch(
        collection="heads",
        id=row_id("head", thread, namespace),
        fields={"checkpoint": before},
        expect=where("checkpoint").eq(checkpoint),
        otherwise="skip",
    )
    return [back, Delete(collection="checkpoints", ids=[row_id(thread, namespace, checkpoint)])]


def put_writes(
    thread: str, namespace: str, checkpoint: str, *, task: str, values: Sequence[tuple[int, bytes]]
) -> list[Write]:
    """Return the pending writes of one task by place; the first value of a place stays, a special one is replaced."""
    return [
        Put(
            collection="pending_writes",
            row=Row(
                id=row_id("write", thread, namespace, checkpoint, task, place),
                fields={
                    "thread": thread,
                    "namespace": namespace,
                    "checkpoint": checkpoint,
                    "task": task,
                    "path": f"path of {task}",
                    "place": place,
                },
                payload=value,
            ),
            existing="replace" if place < 0 else "skip",
        )
        for place, value in values
    ]


def namespace_text(labels: Sequence[str]) -> str:
    """Return labels as one text, different for different labels."""
    return json.dumps(labels)


def item_row(labels: Sequence[str], key: str, value: JsonObject, *, at: str, vector: Sequence[float]) -> Row:
    """Return an item's row: its namespace, and every namespace above it, as one text each."""
    return Row(
        id=row_id("item", *labels, key),
        fields={
            "root": labels[0],
            "namespace": namespace_text(labels),
            "key": key,
            "prefixes": tuple(namespace_text(labels[:depth]) for depth in range(1, len(labels) + 1)),
            "created_at": at,
            "updated_at": at,
        },
        metadata=value,
        vectors={"meaning": vector},
    )


def under(labels: Sequence[str]) -> Filter:
    """Return the condition of items in a namespace or below it."""
    return where("root").eq(labels[0]) & where("prefixes").eq(namespace_text(labels))


def erase_rows(memory: str, rows: Iterable[Row], sources: Iterable[str]) -> list[Write]:
    """Return the writes that erase messages and rows; the memory's first row goes last, so that it can be repeated."""
    ids = [row.id for row in rows]
    emptied = [
        Patch(collection="messages", id=turn, payload=b"", metadata={"erased": True}, otherwise="skip")
        for turn in sources
    ]
    return [*emptied, Delete(collection="memories", ids=[*sorted(set(ids) - {memory}), memory])]
