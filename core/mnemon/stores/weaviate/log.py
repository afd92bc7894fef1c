"""What a writer announces before it writes and confirms afterwards, so that others need not read everything anew.

The server counts nothing for us, and clocks differ. But what is only ever added to can be counted: the log
of changes is such a collection, one entry before each batch and one after it, and none is ever changed. Who
knows as many entries as there are knows all of them. An entry is there before the first of its rows is
written, so nothing that was acknowledged can be missed; until its end is there, its rows are looked at again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from mnemon.logic.filters import conjuncts
from mnemon.stores.weaviate import naming
from mnemon.stores.weaviate.numbers import instant
from mnemon.types.filters import Condition, Operator

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    from mnemon.stores.weaviate.plans import Known, Step
    from mnemon.types.filters import Filter
    from mnemon.types.storage import Collection, FieldValue, Row

__all__ = [
    "Change",
    "Entry",
    "end_of",
    "entry_properties",
    "entry_read",
    "is_told",
    "moved",
    "of_rows",
    "token_of",
    "touched",
]


@dataclass(slots=True)
class Change:
    """Rows of one collection that are about to be written.

    Attributes:
        key: of the project's log, see `change_token`.
        collection: whose rows they are.
        tokens: whose they were and will be.
        put: rows that are written whole, in order.
        other: rows that are patched or deleted.
        there: those of them that were there before.
    """

    key: str
    collection: Collection
    tokens: dict[str, None] = field(default_factory=dict[str, None])
    put: dict[str, None] = field(default_factory=dict[str, None])
    other: dict[str, None] = field(default_factory=dict[str, None])
    there: dict[str, None] = field(default_factory=dict[str, None])

    def concerns(self, fields: Mapping[str, FieldValue | None]) -> None:
        """Note whose a row with these fields is."""
        name = self.collection.name
        self.tokens[naming.change_token(self.key, name)] = None
        for scope in self.collection.scopes:
            if isinstance(value := fields.get(scope), str):
                self.tokens[naming.change_token(self.key, name, scope, value)] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry of the log.

    Attributes:
        uuid: its own.
        at: when the server got it, in microseconds by its clock.
        ends: whether it says that another one is done.
        put: ids of rows that were written whole.
        other: ids of rows that were patched or deleted.
    """

    uuid: UUID
    at: float
    ends: bool
    put: tuple[str, ...]
    other: tuple[str, ...]


def is_told(collection: Collection) -> bool:
    """Whether a collection's changes are told: of what is searched, where later rows supersede earlier ones.

    Only who searches among what is current keeps it and follows. Announcing costs two requests for each batch,
    which vectors or records that somebody else's framework searches by itself need not pay.
    """
    return collection.current is not None and (collection.text or bool(collection.vectors))


def touched(
    key: str, steps: Iterable[Step], known: Mapping[tuple[str, str], Known], told: Mapping[str, Collection]
) -> list[Change]:
    """Return what the steps of a batch change in the collections whose changes are told, one for each of these.

    What a filter deletes is not among it: that is listed, and announced, when its step is carried out.
    """
    changes: dict[str, Change] = {}
    for step in steps:
        if step.collection not in told or step.where is not None:
            continue
        change = changes.setdefault(step.collection, Change(key, told[step.collection]))
        for row_id in (*step.puts, *step.patches, *step.ids):
            if (before := known.get((step.collection, row_id))) is not None:
                change.concerns(before.row.fields)
                change.there[row_id] = None
        for row_id, (_, write) in step.puts.items():
            change.concerns(write.row.fields)
            change.put[row_id] = None
        for row_id, (_, patch) in step.patches.items():
            change.concerns(patch.fields)
            change.other[row_id] = None
        change.other |= dict.fromkeys(step.ids)
    return list(changes.values())


def of_rows(key: str, collection: Collection, rows: Iterable[Row]) -> Change:
    """Return the change of rows that are there, each of which is about to be patched or deleted."""
    change = Change(key, collection)
    for row in rows:
        change.concerns(row.fields)
        change.other[row.id] = change.there[row.id] = None
    return change


def moved(change: Change, rows: Iterable[Row]) -> Change | None:
    """Return what has to be announced too, given rows as they are after a change was: others' that took them over."""
    more = Change(change.key, change.collection)
    for row in rows:
        now = Change(change.key, change.collection)
        now.concerns(row.fields)
        if now.tokens.keys() - change.tokens.keys():
            more.tokens |= now.tokens
            (more.put if row.id in change.put else more.other)[row.id] = None
    return more if more.tokens else None


def entry_properties(change: Change) -> dict[str, Any]:
    """Return the entry that announces a change."""
    note = json.dumps({"put": list(change.put), "other": list(change.other)}, separators=(",", ":"))
    return {naming.BEGUN: list(change.tokens), naming.NOTE: note}


def end_of(found: Any) -> dict[str, Any]:  # noqa: ANN401 - an object of weaviate-client
    """Return the entry that says that what an entry of the server announced is done.

    It says when that one came: by their own times an end may be earlier, where another node's clock is behind.
    """
    return {naming.ENDED: found.properties[naming.BEGUN], naming.AT: instant(found.metadata.creation_time)}


def entry_read(found: Any) -> Entry:  # noqa: ANN401 - an object of weaviate-client
    """Return an entry of the server."""
    note = cast("str | None", found.properties.get(naming.NOTE))
    told = cast("dict[str, list[str]]", json.loads(note or '{"put": [], "other": []}'))
    return Entry(
        uuid=found.uuid,
        at=instant(found.metadata.creation_time),
        ends=note is None,
        put=tuple(told["put"]),
        other=tuple(told["other"]),
    )


def token_of(key: str, where: Filter, collection: Collection) -> str:
    """Return the token of every entry that may change which rows match a bound filter."""
    for part in conjuncts(where):
        if (
            isinstance(part, Condition)
            and part.operator is Operator.EQ
            and part.field in collection.scopes
            and isinstance(part.value, str)
        ):
            return naming.change_token(key, collection.name, part.field, part.value)
    return naming.change_token(key, collection.name)
