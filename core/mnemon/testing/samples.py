"""What the suites store: collections that use every part of a declaration, and texts that break careless code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon.types.filters import where
from mnemon.types.storage import Collection, Ordered, Put, Row, VectorSpace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mnemon.types.jsonvalue import JsonObject
    from mnemon.types.storage import FieldValue, Vector

__all__ = ["CURRENT", "HOSTILE", "NOTES", "PLAIN", "PROJECT", "moment", "note", "put"]

PROJECT = "default"

NOTES = Collection(
    name="notes",
    keys=("user_id", "run_id", "kind"),
    tags=("categories", "paths"),
    ordered=(
        Ordered("created_at", "time"),
        Ordered("closed_at", "time"),
        Ordered("version", "number"),
        Ordered("label", "text"),
    ),
    scopes=("run_id", "user_id"),
    text=True,
    vectors=(VectorSpace("small", "hash", 3), VectorSpace("other", "hash-2", 2)),
    current="closed_at",
    person="user_id",
    indexes=(("user_id", "created_at"), ("run_id", "label")),
)
"""A collection with every kind of field, text, two vector spaces and superseded rows."""

PLAIN = Collection(name="plain", keys=("thread",), ordered=(Ordered("label", "text"),), indexes=(("thread", "label"),))
"""A collection that is neither searched nor about a person, as checkpoints are."""

CURRENT = where("closed_at").exists(value=False)
"""The condition of rows that are not superseded."""

HOSTILE = (
    "1",
    "10",
    "01",
    "alice",
    "Alice",
    "alice-2",
    "alice ",
    " alice",
    "\talice\n",
    "\u00a0alice",
    "a@b.com",
    "a-b.com",
    "Jos\u00e9",
    "Jose\u0301",
    "Jose",
    "\u0130stanbul",
    "*",
    "%",
    "_",
    "?",
    "'",
    '"',
    "\\",
    "`; DROP TABLE rows_notes; --",
    "a\x00b",
    "a",
    "\x00",
    "",
    " ",
    "/",
    "a/b",
    "a.b",
    "$where",
    "null",
    "None",
    "true",
    "x",
    "\U0001f469\u200d\U0001f4bb",
    "\u202eabc",
    "\ufffd",
    "\U0010ffff",
    "\uffff",
    "1e3",
    "0x10",
    "l" * 5_000,
    "l" * 4_999 + "m",
)
"""Ids that are all different, and that a store may confuse: as numbers, patterns, words, or after trimming."""


def moment(second: int) -> str:
    """Return the canonical time `second` seconds after the year 2026 began (less than an hour)."""
    return f"2026-01-01T00:{second // 60:02}:{second % 60:02}.000000Z"


def note(
    row_id: str,
    *,
    user_id: str | None = "alice",
    terms: Sequence[str] = (),
    small: Sequence[float] | None = None,
    metadata: JsonObject | None = None,
    payload: bytes = b"",
    **fields: FieldValue | None,
) -> Row:
    """Return a row of `NOTES`."""
    vectors: Mapping[str, Vector] = {} if small is None else {"small": small}
    return Row(
        id=row_id,
        fields={"user_id": user_id, **fields},
        terms=tuple(terms),
        metadata=metadata or {},
        payload=payload,
        vectors=vectors,
    )


def put(*rows: Row) -> list[Put]:
    """Return the writes that put rows into `NOTES`."""
    return [Put(collection="notes", row=row) for row in rows]
