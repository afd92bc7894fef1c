"""The scope that code further down the call is bound to, without being handed it."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from mnemon.logic.conditions import merge_scopes
from mnemon.types.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

__all__ = ["ambient_ids", "scope"]

_bound: ContextVar[Scope | None] = ContextVar("mnemon_scope", default=None)


@contextmanager
def scope(
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    app_id: str | None = None,
    run_id: str | None = None,
) -> Generator[Scope]:
    """Bind every call of a memory inside the block to a scope, for objects that many customers share.

    Ids given to a call must agree with it and may add to it. Blocks may be nested, each adding to
    the one around it. Tasks and worker threads that are started inside with the context copied
    (`asyncio.create_task`, `asyncio.to_thread`) are bound as well.

    Raises:
        ScopeError: no id at all, one that cannot be an id, or one that contradicts the block around.

    Example:
        >>> import mnemon
        >>> with mnemon.scope(user_id="alice") as bound:
        ...     bound.user_id
        'alice'
    """
    given = Scope(user_id=user_id, agent_id=agent_id, app_id=app_id, run_id=run_id)
    merged = merge_scopes(ambient_ids(), given.to_dict())
    token = _bound.set(merged)
    try:
        yield merged or given
    finally:
        _bound.reset(token)


def ambient_ids() -> Mapping[str, str]:
    """Return the ids that the calls of this context are bound to."""
    bound = _bound.get()
    return {} if bound is None else bound.to_dict()
