"""What every method of a memory begins with: whose memories the call means."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Self

from mnemon.errors import ScopeError
from mnemon.logic.ambient import ambient_ids
from mnemon.logic.arguments import check_id, refuse_foreign
from mnemon.logic.conditions import merge_scopes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mnemon._async.core import AsyncCore
    from mnemon.types.scope import Scope

__all__ = ["AsyncFace"]


class AsyncFace:
    """A memory, or a view of one that is bound to a scope."""

    _core: AsyncCore
    _bound: Scope | None = None
    _actor: str | None = None

    def scoped(
        self,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        app_id: str | None = None,
        run_id: str | None = None,
        actor: str | None = None,
        **foreign: object,
    ) -> Self:
        """Return a view with every method, whose scope nothing can widen.

        A view of a view has the ids of both. Memories of others are not there for it: reading or
        changing one by its id is a `NotFoundError`. Calls that mean the whole project are refused.
        Closing a view does nothing.

        Args:
            user_id: bind to this person.
            agent_id: bind to this agent.
            app_id: bind to this application.
            run_id: bind to this session or thread.
            actor: who is named in the history of what this view changes.
            foreign: refused, with our word for it.

        Raises:
            ScopeError: no id, one that cannot be an id, or one that contradicts this view's.
        """
        refuse_foreign("scoped", foreign)
        view = copy(self)
        view.__dict__["_bound"] = self._scope("scoped", user_id, agent_id, app_id, run_id)
        view.__dict__["_actor"] = actor if actor is not None else self._actor
        return view

    @property
    def scope(self) -> Scope | None:
        """The scope that this view is bound to, or None."""
        return self._bound

    def _who(self, actor: str | None) -> str | None:
        given = self._actor if actor is None else actor
        return None if given is None else check_id(given, "actor")

    def _named(
        self,
        user_id: str | None,
        agent_id: str | None,
        app_id: str | None,
        run_id: str | None,
        more: Mapping[str, str] | None = None,
    ) -> Scope | None:
        """Return the scope of a call that may do without one: the view's, the block's and its own together."""
        bound = None if self._bound is None else self._bound.to_dict()
        given = {"user_id": user_id, "agent_id": agent_id, "app_id": app_id, "run_id": run_id}
        return merge_scopes(*(ids for ids in (bound, ambient_ids(), given, more) if ids))

    def _scope(
        self,
        method: str,
        user_id: str | None,
        agent_id: str | None,
        app_id: str | None,
        run_id: str | None,
        more: Mapping[str, str] | None = None,
        *,
        hint: str = "",
    ) -> Scope:
        """Return the scope of a call that needs one."""
        named = self._named(user_id, agent_id, app_id, run_id, more)
        if named is None:
            msg = (
                f"{method}() needs to know whose memories are meant: give at least one of user_id, agent_id, "
                f"app_id and run_id, e.g. user_id='alice'{hint}"
            )
            raise ScopeError(msg)
        return named

    def _reading_scope(
        self,
        method: str,
        ids: tuple[str | None, str | None, str | None, str | None],
        more: Mapping[str, str],
        *,
        project_wide: bool,
    ) -> Scope | None:
        """Return the scope of a call that means the whole project only where it says so."""
        if not project_wide:
            return self._scope(method, *ids, more, hint=", or say project_wide=True")
        self._check_project_wide(f"{method}(project_wide=True)")
        if named := self._named(*ids, more):
            msg = f"{method}() is asked for the whole project and for {dict(named.to_dict())}; leave one out"
            raise ScopeError(msg)
        return None

    def _check_project_wide(self, call: str) -> None:
        """Refuse a call that means the whole project on a view, and inside of a block that binds a scope."""
        bound = self._named(None, None, None, None)
        if bound is not None:
            msg = f"{call} means the whole project, and this memory is bound to {dict(bound.to_dict())}"
            raise ScopeError(msg)
