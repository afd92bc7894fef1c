# Generated from integrations/mnemon_crewai/_async/states.py by tests/contracts/unasync.py; edit that file.
"""States of flows as rows: the newest of each, and what it waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon.types.storage import Delete, Put, Row
from mnemon.types.times import format_time
from mnemon_crewai.rows import STATES, state_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mnemon import Scope
    from mnemon.adapting.desk import Desk

__all__ = ["clear", "load", "save"]


def save(desk: Desk, scope: Scope, flow: str, states: Mapping[str, bytes]) -> None:
    """Store what there is of a flow, by kind, in the place of what there was."""
    now = format_time(desk.clock())
    rows = [
        Row(
            id=state_id(scope, flow, kind),
            fields={**scope.to_dict(), "flow": flow, "kind": kind, "saved_at": now},
            payload=state,
        )
        for kind, state in states.items()
    ]
    desk.store.apply(desk.project, [Put(collection=STATES.name, row=row) for row in rows])


def load(desk: Desk, scope: Scope, flow: str, kind: str) -> bytes | None:
    """Return what is stored of a flow, or None."""
    key = state_id(scope, flow, kind)
    found = desk.store.get(desk.project, STATES.name, [key], include=("payload",), decisive=True)
    return found[key].payload if key in found else None


def clear(desk: Desk, scope: Scope, flow: str, kind: str) -> None:
    """Take away what is stored of a flow."""
    key = state_id(scope, flow, kind)
    desk.store.apply(desk.project, [Delete(collection=STATES.name, ids=[key])])
