# Generated from core/mnemon/_async/outlived.py by tests/contracts/unasync.py; edit that file.
"""Versions that are current after a deletion that holds for them, since it did not see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon.logic.memories import DELETED, read_version
from mnemon.logic.mending import deletion_of
from mnemon.logic.operations import OPERATIONS, operation_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mnemon.protocols.store import Store
    from mnemon.types.storage import Row

__all__ = ["outlived"]


def outlived(store: Store, project: str, rows: Sequence[Row]) -> list[tuple[Row, Row]]:
    """Return the versions of a memory that outlived a deletion, each with the deleted one; what is read is none."""
    deleted = any(row.fields.get("ended") == DELETED for row in rows)
    read = read_version(rows).id if deleted else None
    current = [row for row in rows if deleted and "recorded_to" not in row.fields and row.id != read]
    if not current:
        return []
    op_ids = list({str(row.fields["op_id"]) for row in current})
    found = store.get(project, OPERATIONS.name, op_ids, decisive=True)
    operations = {op_id: operation_of(row) for op_id, row in found.items()}
    pairs = ((row, deletion_of(row, rows, operations.get(str(row.fields["op_id"])))) for row in current)
    return [(row, by) for row, by in pairs if by is not None]
