"""What it takes to erase: which rows go, and which lose only their text."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from mnemon.logic.memories import EMPTY, MEMORIES, by_memory, newest_of, newness, read_version
from mnemon.logic.messages import ERASED, MESSAGES, message_row_id, message_to_dict, readable_message
from mnemon.logic.scopes import scope_of
from mnemon.types.jsonvalue import json_bytes
from mnemon.types.scope import SCOPE_FIELDS
from mnemon.types.storage import Delete, Patch, Put, Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mnemon.types.storage import Write

__all__ = ["empty_version", "erase_writes", "old_versions", "orphans", "source_rows", "sources_of"]


def sources_of(row: Row) -> tuple[str, ...]:
    """Return the ids of the messages that a version comes from."""
    return cast("tuple[str, ...]", row.fields.get("sources", ()))


def source_rows(versions: Iterable[Row]) -> list[str]:
    """Return the rows of the messages that versions come from; they have the scope of the memory."""
    rows = (message_row_id(scope_of(row), message_id) for row in versions for message_id in sources_of(row))
    return list(dict.fromkeys(rows))


def orphans(erased: Sequence[Row], others: Iterable[Row]) -> list[str]:
    """Return the memories among others whose only sources are those of the erased versions."""
    gone = {(scope_of(row), message_id) for row in erased for message_id in sources_of(row)}
    found = (
        cast("str", row.fields["memory_id"])
        for row in others
        if sources_of(row) and all((scope_of(row), message_id) in gone for message_id in sources_of(row))
    )
    return list(dict.fromkeys(found))


def erase_writes(versions: Sequence[Row], messages: Mapping[str, Row]) -> list[Write]:
    """Return the writes that take versions away and the words out of the messages that they come from.

    The messages come first: as long as a version is there, a repeat finds them. The newest versions come last:
    they tell whether a memory is there or deleted.
    """
    writes: list[Write] = []
    for row in messages.values():
        message = readable_message(row)
        if message is None:  # nothing tells what of it is no word: it goes as a whole
            writes.append(Delete(collection=MESSAGES.name, ids=[row.id]))
            continue
        marker = replace(message, content=ERASED, name=None, metadata={})
        payload = json_bytes(message_to_dict(marker))
        writes.append(Patch(collection=MESSAGES.name, id=row.id, payload=payload, otherwise="skip"))
    newest = {newest_of(rows).id for rows in by_memory(versions).values()}
    older = [row.id for row in versions if row.id not in newest]
    deletes = [Delete(collection=MEMORIES.name, ids=ids) for ids in (older, sorted(newest)) if ids]
    return [*writes, *deletes]


def old_versions(rows: Sequence[Row], keep: int) -> list[Row]:
    """Return which versions of a memory go where only so many are kept: the one that is read, and the newest before it.

    What is later than the one that is read, an import has brought that has not come to its end.
    """
    read = read_version(rows)
    last = cast("float", read.fields["version"])
    known = [row for row in rows if cast("float", row.fields["version"]) <= last]
    known.sort(key=lambda row: (row is read, newness(row)), reverse=True)
    return [row for row in known[keep:] if "recorded_to" in row.fields and row.fields.get("ended") != EMPTY]


def empty_version(row: Row) -> list[Write]:
    """Return the writes that erase an old version; of a first version's row what names the newest stays."""
    if row.id != row.fields["memory_id"]:
        return [Delete(collection=MEMORIES.name, ids=[row.id])]
    kept = ("memory_id", *SCOPE_FIELDS, "version", "newest", "newest_version", "recorded_from", "recorded_to")
    fields = {name: row.fields[name] for name in kept if name in row.fields}
    stub = Row(id=row.id, fields={**fields, "ended": EMPTY})
    return [Put(collection=MEMORIES.name, row=stub)]
