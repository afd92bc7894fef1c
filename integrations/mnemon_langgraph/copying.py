"""Rows of one thread as rows of another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from mnemon.types.storage import Put, Row
from mnemon_langgraph.batches import keeping_alive, moving_head
from mnemon_langgraph.checkpoints import (
    BLOBS,
    CHECKPOINTS,
    HEADS,
    WRITES,
    Spot,
    blob_ids,
    checkpoint_id,
    head_id,
    spot_of_row,
    write_id,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from mnemon.types.storage import Write
    from mnemon_langgraph.checkpoints import Parts

__all__ = ["copied_checkpoints", "copied_heads", "copied_writes"]


def copied_checkpoints(
    rows: Sequence[Row], parts: Sequence[Parts], blobs: Mapping[str, Row], thread: str
) -> list[Write]:
    """Return the writes that store checkpoints under another thread, their values first."""
    values: dict[str, Row] = {}
    copies: list[Row] = []
    for row, part in zip(rows, parts, strict=True):
        spot = spot_of_row(row)
        there = replace(spot, thread=thread)
        new_ids = blob_ids(there, part)
        for channel, keys in blob_ids(spot, part).items():
            for key, new_id in zip(keys, new_ids[channel], strict=True):
                if key in blobs:
                    values[new_id] = _moved(blobs[key], new_id, thread)
        copies.append(_moved(row, checkpoint_id(there), thread))
    return [
        *(Put(collection=BLOBS.name, row=row, existing="skip") for row in values.values()),
        *(Put(collection=CHECKPOINTS.name, row=row) for row in copies),
    ]


def copied_writes(rows: Iterable[Row], thread: str) -> list[Write]:
    """Return the writes that store pending writes under another thread."""
    return [
        Put(
            collection=WRITES.name,
            row=_moved(row, write_id(_there(row, thread), str(row.fields["task"]), _place(row)), thread),
        )
        for row in rows
    ]


def copied_heads(rows: Sequence[Row], thread: str, expires_at: str | None, now: datetime) -> list[Write]:
    """Return the writes that make the copies visible; a newer checkpoint of that thread stays the newest."""
    batch: list[Write] = []
    for row in rows:
        there = _there(row, thread)
        fields = {**row.fields, "thread": thread, "expires_at": None}
        batch.append(Put(collection=HEADS.name, row=Row(id=head_id(there), fields=fields), existing="skip"))
        person = cast("str | None", row.fields.get("user_id"))
        batch += moving_head(there, at=str(row.fields["updated_at"]), person=person)
    return [*batch, *(keeping_alive(Spot(thread), expires_at, None, now) if rows else ())]


def _moved(row: Row, row_id: str, thread: str) -> Row:
    return replace(row, id=row_id, fields={**row.fields, "thread": thread})


def _there(row: Row, thread: str) -> Spot:
    return replace(spot_of_row(row), thread=thread)


def _place(row: Row) -> int:
    return int(cast("float", row.fields["place"]))
