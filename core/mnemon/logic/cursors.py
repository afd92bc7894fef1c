"""Cursors of pages as opaque texts."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, cast

from mnemon.errors import InvalidInputError

if TYPE_CHECKING:
    from mnemon.types.storage import Cursor

__all__ = ["read_cursor", "write_cursor"]


def write_cursor(after: Cursor | None, order: str, *, descending: bool) -> str | None:
    """Return where a page of a listing in this order ended, as a text; None where there is no more."""
    if after is None:
        return None
    return base64.urlsafe_b64encode(json.dumps([order, descending, *after]).encode()).decode()


def read_cursor(cursor: object, order: str, *, descending: bool) -> Cursor | None:
    """Return what `write_cursor` was given for the same order.

    Raises:
        InvalidInputError: it is no cursor, or that of a listing in another order.
    """
    if cursor is None:
        return None
    try:
        listed, direction, value, row_id = json.loads(base64.urlsafe_b64decode(cast("str", cursor).encode()))
    except (AttributeError, TypeError, ValueError, binascii.Error):
        msg = "cursor must be the one that the page before returned"
        raise InvalidInputError(msg) from None
    if (listed, direction) != (order, descending):
        msg = "cursor is of another listing or order; go on with the call that the page before was of"
        raise InvalidInputError(msg)
    return value, row_id
