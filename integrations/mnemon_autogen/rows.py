"""What of a team is stored."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mnemon import InvalidInputError
from mnemon.adapting import row_id, scope_key
from mnemon.types.scope import SCOPE_FIELDS
from mnemon.types.storage import Collection, Ordered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mnemon import Scope

__all__ = ["STATES", "payload_of", "state_id", "thread_of", "version_of"]

STATES = Collection(
    name="autogen_states",
    keys=(*SCOPE_FIELDS, "thread"),
    ordered=(Ordered("version", "number"),),
    person="user_id",
    indexes=(("thread", "version"), ("user_id",)),
)
"""One row is one version of a team's state, as JSON; `thread` is what states of exactly the same scope share."""


def thread_of(scope: Scope) -> str:
    """Return what the states of exactly this scope share: the same ids, and no others."""
    return row_id(STATES.name, *scope_key(scope))


def state_id(thread: str, version: int) -> str:
    """Return the row of a version."""
    return f"{thread}:{version}"


def version_of(row: str) -> int:
    """Return the version of a row."""
    return int(row.rpartition(":")[2])


def payload_of(state: Mapping[str, object]) -> bytes:
    """Return a state as JSON.

    Raises:
        InvalidInputError: it holds what JSON cannot say.
    """
    try:
        return json.dumps(state).encode()
    except (TypeError, ValueError) as error:
        msg = f"the state of a team cannot be stored: {error}; let its agents keep in it what JSON can say"
        raise InvalidInputError(msg) from error
