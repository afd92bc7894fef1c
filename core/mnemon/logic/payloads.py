"""Payloads of the engine's own rows, read back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from mnemon.errors import StoreCorruptError

if TYPE_CHECKING:
    from mnemon.types.storage import Row

__all__ = ["damaged_payload", "payload_data"]


def payload_data(row: Row, collection: str) -> dict[str, Any]:
    """Return the JSON object in a row's payload.

    Raises:
        StoreCorruptError: there is none.
    """
    try:
        data = json.loads(row.payload)
    except (ValueError, RecursionError):
        raise damaged_payload(row, collection) from None  # the cause would show stored text
    if not isinstance(data, dict):
        raise damaged_payload(row, collection)
    return cast("dict[str, Any]", data)


def damaged_payload(row: Row, collection: str) -> StoreCorruptError:
    """Return the error that names the row, and nothing of what it holds."""
    return StoreCorruptError(
        f"the payload of the row {row.id!r} of {collection!r} cannot be read as it was written; "
        "restore a backup, or delete the row from the store"
    )
