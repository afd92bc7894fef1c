"""What changed in a store since somebody looked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mnemon.types.storage import Row

__all__ = ["Changes", "Mark"]

Mark = tuple[int, ...]
"""Up to where changes were read. Only the store that gave it knows what it means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Rows that match a filter and were added or patched since a mark, and rows that match no more.

    Attributes:
        rows: by number, ascending. A number is given to one row for ever, later ones are higher; what a row
            of a known number has of terms and vectors is what it had, fields and metadata may be others.
        gone: numbers of rows that were deleted, or changed and do not match; some may never have matched.
        mark: up to where this goes.
        more: whether rows are left for the next call.
        anew: whether the mark was too old: then this is the beginning, and what was known before is void.
    """

    rows: Mapping[int, Row]
    gone: tuple[int, ...]
    mark: Mark
    more: bool
    anew: bool
