# Generated from core/mnemon/_async/reads.py by tests/contracts/unasync.py; edit that file.
"""The methods of a memory that read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from mnemon._sync import reading
from mnemon._sync.face import Face
from mnemon.errors import InvalidInputError
from mnemon.logic.arguments import check_id, check_kinds, check_limit, refuse_foreign
from mnemon.logic.conditions import CURRENT, matching, split_filters
from mnemon.logic.cursors import read_cursor
from mnemon.logic.scopes import scope_condition
from mnemon.types.filters import And, where
from mnemon.types.jsonvalue import shown
from mnemon.types.scope import SCOPE_FIELDS
from mnemon.types.times import parse_time, to_datetime

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mnemon.types.filters import Filter
    from mnemon.types.memory import Kind, MemoryRecord
    from mnemon.types.results import History, MemoryPage, OperationPage, ScopeSummary, Stats
    from mnemon.types.times import Time

__all__ = ["Reads"]

Sort = Literal["created_at", "updated_at", "said_at", "expires_at"]
_SORTS = {"created_at": "created_at", "updated_at": "recorded_from", "said_at": "said_at", "expires_at": "expires_at"}


class Reads(Face):
    """Listing, counting, history."""

    def get(
        self,
        memory_id: str,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        app_id: str | None = None,
        run_id: str | None = None,
        include_expired: bool = False,
        **foreign: object,
    ) -> MemoryRecord:
        """Return a memory as it is now.

        Args:
            memory_id: the memory.
            user_id: it must have this id; so for the others.
            agent_id: as `user_id`.
            app_id: as `user_id`.
            run_id: as `user_id`.
            include_expired: also when it has expired.
            foreign: refused, with our word for it.

        Raises:
            NotFoundError: no such memory in that scope, or it was deleted or has expired.
            ConflictError: others update it without a pause, or its newest version was lost.
        """
        refuse_foreign("get", foreign)
        scope = self._named(user_id, agent_id, app_id, run_id)
        return self._core.runner.run(reading.get, check_id(memory_id, "memory_id"), scope, include_expired)

    def get_all(
        self,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        app_id: str | None = None,
        run_id: str | None = None,
        filters: Mapping[str, object] | Filter | None = None,
        sort: Sort = "created_at",
        descending: bool = True,
        limit: int = 100,
        cursor: str | None = None,
        as_of: Time | None = None,
        kinds: Sequence[Kind] | None = None,
        include_expired: bool = False,
        project_wide: bool = False,
        **foreign: object,
    ) -> MemoryPage:
        """Return memories, a page at a time, newest first unless told otherwise.

        Args:
            user_id: whose memories; what has all of the ids given.
            agent_id: as `user_id`.
            app_id: as `user_id`.
            run_id: as `user_id`.
            filters: as for `search`.
            sort: `created_at`, `updated_at`, `said_at` or `expires_at`.
            descending: the latest first.
            limit: how many at most, up to 1,000.
            cursor: `cursor` of the page before.
            as_of: as for `search`.
            kinds: as for `search`.
            include_expired: as for `search`.
            project_wide: of the whole project, without any scope.
            foreign: refused, with our word for it.

        Raises:
            ScopeError: no scope.
        """
        refuse_foreign("get_all", foreign)
        ids, rest = split_filters(filters)
        scope = self._reading_scope("get_all", (user_id, agent_id, app_id, run_id), ids, project_wide=project_wide)
        if sort not in _SORTS:
            msg = f"sort {shown(sort)} is unknown; sort by {', '.join(_SORTS)}"
            raise InvalidInputError(msg)
        condition = matching(
            scope,
            rest,
            now=self._core.clock(),
            as_of=None if as_of is None else to_datetime(as_of, "as_of"),
            kinds=check_kinds(kinds),
            include_expired=include_expired,
        )
        request = reading.ListRequest(
            where=condition,
            order=_SORTS[sort],
            descending=descending,
            after=read_cursor(cursor, _SORTS[sort], descending=descending),
            limit=check_limit(limit),
        )
        return self._core.runner.run(reading.get_all, request)

    def count(
        self,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        app_id: str | None = None,
        run_id: str | None = None,
        filters: Mapping[str, object] | Filter | None = None,
        kinds: Sequence[Kind] | None = None,
        include_expired: bool = False,
        project_wide: bool = False,
        **foreign: object,
    ) -> int:
        """Return how many memories there are; arguments as for `get_all`."""
        refuse_foreign("count", foreign)
        ids, rest = split_filters(filters)
        scope = self._reading_scope("count", (user_id, agent_id, app_id, run_id), ids, project_wide=project_wide)
        condition = matching(
            scope, rest, now=self._core.clock(), kinds=check_kinds(kinds), include_expired=include_expired
        )
        return self._core.runner.run(reading.count, condition)

    def history(
        self,
        memory_id: str,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        app_id: str | None = None,
        run_id: str | None = None,
        **foreign: object,
    ) -> History:
        """Return all versions of a memory with who made and closed them and when, oldest first.

        A deleted memory still has its history; an erased one has none.

        Raises:
            NotFoundError: no such memory in that scope.
        """
        refuse_foreign("history", foreign)
        scope = self._named(user_id, agent_id, app_id, run_id)
        return self._core.runner.run(reading.history, check_id(memory_id, "memory_id"), scope)

    def operations(
        self,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        app_id: str | None = None,
        run_id: str | None = None,
        since: Time | None = None,
        limit: int = 100,
        cursor: str | None = None,
        project_wide: bool = False,
        **foreign: object,
    ) -> OperationPage:
        """Return what was done, newest first.

        Args:
            user_id: to whose memories; so for the others.
            agent_id: as `user_id`.
            app_id: as `user_id`.
            run_id: as `user_id`.
            since: only from then on.
            limit: how many at most, up to 1,000.
            cursor: `cursor` of the page before.
            project_wide: in the whole project, without any scope.
            foreign: refused, with our word for it.

        Raises:
            ScopeError: no scope.
        """
        refuse_foreign("operations", foreign)
        scope = self._reading_scope("operations", (user_id, agent_id, app_id, run_id), {}, project_wide=project_wide)
        condition = And() if scope is None else scope_condition(scope)
        if since is not None:
            condition &= where("at").gte(parse_time(since, "since"))
        request = reading.ListRequest(
            where=condition,
            order="at",
            descending=True,
            after=read_cursor(cursor, "at", descending=True),
            limit=check_limit(limit),
        )
        return self._core.runner.run(reading.operations, request)

    def scopes(
        self,
        field: Literal["user", "agent", "app", "run"] = "user",
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        app_id: str | None = None,
        run_id: str | None = None,
        after: str | None = None,
        limit: int = 1_000,
        **foreign: object,
    ) -> list[ScopeSummary]:
        """Return who has memories, how many, and when something last happened; by id.

        Args:
            field: `user`, `agent`, `app` or `run`.
            user_id: only in memories that have this id; so for the others.
            agent_id: as `user_id`.
            app_id: as `user_id`.
            run_id: as `user_id`.
            after: the last id of the page before.
            limit: how many at most, up to 10,000.
            foreign: refused, with our word for it.
        """
        refuse_foreign("scopes", foreign)
        name = f"{field}_id"
        if name not in SCOPE_FIELDS:
            msg = f"{shown(field)} is no kind of scope; list scopes of user, agent, app or run"
            raise InvalidInputError(msg)
        scope = self._named(user_id, agent_id, app_id, run_id)
        condition = CURRENT if scope is None else scope_condition(scope) & CURRENT
        return self._core.runner.run(reading.scopes, name, condition, after, check_limit(limit, most=10_000))

    def stats(
        self,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        app_id: str | None = None,
        run_id: str | None = None,
        **foreign: object,
    ) -> Stats:
        """Return numbers of the project, or of a scope in it."""
        refuse_foreign("stats", foreign)
        scope = self._named(user_id, agent_id, app_id, run_id)
        embedder, space = self._core.embedder, self._core.find_space()
        name = None if embedder is None else embedder.name
        stats = self._core.runner.run(reading.stats, scope, name, space)
        return replace(stats, calibrated=self._core.recall.is_calibrated(name))
