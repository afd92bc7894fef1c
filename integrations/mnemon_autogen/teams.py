"""The state of a whole team, or of an agent, kept by session and by version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from mnemon.adapting import ScopeRule
from mnemon.adapting.storage import Storage
from mnemon_autogen._async import states
from mnemon_autogen.rows import STATES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mnemon import AsyncMemory, Memory, Scope
    from mnemon.adapting import IdSource

__all__ = ["load_team", "save_team"]


class Stateful(Protocol):
    """A team or an agent of AutoGen."""

    async def save_state(self) -> Mapping[str, Any]:
        """Return its state as JSON data."""
        ...

    async def load_state(self, state: Mapping[str, Any]) -> None:
        """Take a state over."""
        ...


async def save_team(
    team: Stateful,
    memory: Memory | AsyncMemory | None = None,
    *,
    run_id: IdSource = None,
    user_id: IdSource = None,
    agent_id: IdSource = None,
    app_id: IdSource = None,
    required: tuple[str, ...] = ("user_id", "run_id"),
) -> int:
    """Store the state of a team that is not running, as the next version; return which that is.

    Args:
        team: a team, or an agent.
        memory: where to; the default memory if left out. No view.
        run_id: the session.
        user_id: whose session: an id, a function that returns it, or None for that of `mnemon.scope`.
        agent_id: as `user_id`.
        app_id: as `user_id`.
        required: ids without which the call fails.

    Raises:
        ScopeError: a required id is missing.
        InvalidInputError: the state holds what JSON cannot say.
    """
    scope = _scope(run_id, user_id, agent_id, app_id, required)
    state = await team.save_state()
    storage = Storage(memory, STATES)
    try:
        return await storage.arun(states.save, scope, state)
    finally:
        await storage.aclose()


async def load_team(
    team: Stateful,
    memory: Memory | AsyncMemory | None = None,
    *,
    run_id: IdSource = None,
    user_id: IdSource = None,
    agent_id: IdSource = None,
    app_id: IdSource = None,
    required: tuple[str, ...] = ("user_id", "run_id"),
    version: int | None = None,
) -> int:
    """Give a team the state that was stored for a session; return its version.

    Args:
        team: a team with the same agents, or an agent.
        memory: as for `save_team`.
        run_id: as for `save_team`.
        user_id: as for `save_team`.
        agent_id: as for `save_team`.
        app_id: as for `save_team`.
        required: as for `save_team`.
        version: an earlier version; the newest if left out.

    Raises:
        NotFoundError: nothing was stored for this session, or not that version.
        ScopeError: a required id is missing.
    """
    scope = _scope(run_id, user_id, agent_id, app_id, required)
    storage = Storage(memory, STATES)
    try:
        found, state = await storage.arun(states.load, scope, version)
    finally:
        await storage.aclose()
    await team.load_state(state)
    return found


def _scope(
    run_id: IdSource, user_id: IdSource, agent_id: IdSource, app_id: IdSource, required: tuple[str, ...]
) -> Scope:
    rule = ScopeRule(user_id=user_id, agent_id=agent_id, app_id=app_id, run_id=run_id, required=required)
    return rule.resolve().writes
