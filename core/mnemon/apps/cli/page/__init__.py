"""A look inside: what a scope holds, and what searches find in it and why, as one page of HTML.

The page is one file. It loads nothing, runs nothing, and its policy forbids both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon.apps.cli.page.drawing import draw
from mnemon.apps.cli.page.gathering import gather
from mnemon.protocols.clock import system_clock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mnemon.memory import Memory
    from mnemon.protocols.clock import Clock

__all__ = ["page_of"]


def page_of(
    memory: Memory,
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    app_id: str | None = None,
    run_id: str | None = None,
    queries: Sequence[str] = (),
    found: int = 10,
    limit: int = 500,
    clock: Clock = system_clock,
) -> str:
    """Return a page of HTML about a scope: its turns and memories in order of time, with their versions.

    Args:
        memory: an open memory, or a view of one.
        user_id: whose page; what has all of the ids given.
        agent_id: as `user_id`.
        app_id: as `user_id`.
        run_id: as `user_id`.
        queries: the page tells what a search for each of them finds, and why.
        found: how many memories each search finds at most, up to 1,000.
        limit: how many turns and memories the page shows at most, the newest ones.
        clock: tells the time that the page is of.

    Raises:
        ScopeError: no scope.
        InvalidInputError: a blank query, or a number that does not fit.
    """
    scope = {"user_id": user_id, "agent_id": agent_id, "app_id": app_id, "run_id": run_id}
    ids = {name: value for name, value in scope.items() if value is not None}
    view = memory.scoped(**ids) if ids else memory
    return draw(gather(view, ids, queries=queries, found=found, limit=limit, now=clock()))
