# Generated from integrations/mnemon_autogen/_async/states.py by tests/contracts/unasync.py; edit that file.
"""States of teams as rows: each save is a version, and none is written over."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mnemon import NotFoundError, where
from mnemon.adapting.desk import unit_of_work
from mnemon.types.storage import Put, Row
from mnemon_autogen.rows import STATES, payload_of, state_id, thread_of, version_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mnemon import Scope
    from mnemon.adapting.desk import Desk

__all__ = ["load", "save"]


def save(desk: Desk, scope: Scope, state: Mapping[str, object]) -> int:
    """Store a state as the next version; return which that is.

    Raises:
        InvalidInputError: it holds what JSON cannot say.
    """
    thread = thread_of(scope)
    with unit_of_work(desk.store) as store:
        ids = store.list_ids(desk.project, STATES.name, where("thread").eq(thread))
        version = max(map(version_of, ids), default=0) + 1
        row = Row(
            id=state_id(thread, version),
            fields={**scope.to_dict(), "thread": thread, "version": version},
            payload=payload_of(state),
        )
        store.apply(desk.project, [Put(collection=STATES.name, row=row, existing="abort")])
    return version


def load(desk: Desk, scope: Scope, version: int | None) -> tuple[int, Mapping[str, object]]:
    """Return a version and its state; the newest for None.

    Raises:
        NotFoundError: there is no such version.
    """
    thread = thread_of(scope)
    if version is None:
        ids = desk.store.list_ids(desk.project, STATES.name, where("thread").eq(thread))
        version = max(map(version_of, ids), default=0)
    key = state_id(thread, version)
    found = desk.store.get(desk.project, STATES.name, [key], include=("payload",), decisive=True)
    if key not in found:
        which = f"version {version} of the team's state" if version else "state of a team"
        msg = f"there is no {which} under {dict(scope.to_dict())}; save one with save_team"
        raise NotFoundError(msg)
    return version, json.loads(found[key].payload)
