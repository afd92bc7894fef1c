# Generated from core/mnemon/adapting/_async/people.py by tests/contracts/unasync.py; edit that file.
"""Who has memories, and what else rows can be grouped by, for adapters that list it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon.logic.conditions import matching
from mnemon.logic.memories import MEMORIES
from mnemon.types.filters import And
from mnemon.types.scope import Scope

if TYPE_CHECKING:
    from mnemon._sync.desk import Desk
    from mnemon.types.filters import Filter

__all__ = ["groups_of", "people"]

_PAGE = 10_000


def people(desk: Desk, user_id: str | None = None) -> list[str]:
    """Return the users who have memories that are neither deleted nor expired; with an id that one, or nobody."""
    scope = None if user_id is None else Scope(user_id=user_id)
    condition = matching(scope, And(), now=desk.clock())
    return groups_of(desk, MEMORIES.name, "user_id", condition)


def groups_of(desk: Desk, collection: str, field: str, condition: Filter) -> list[str]:
    """Return the values that a field has in the rows that match, in order."""
    found: list[str] = []
    after: str | None = None
    while True:
        page = desk.store.groups(desk.project, collection, field, condition, after=after, limit=_PAGE)
        found += [group.value for group in page.groups]
        after = page.after
        if after is None:
            return found
