"""The methods of a memory that find: hits, a block for a prompt, and why something was not found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon._async import searching
from mnemon._async.face import AsyncFace
from mnemon.logic.arguments import (
    check_id,
    check_ids,
    check_kinds,
    check_limit,
    check_query,
    check_threshold,
    refuse_foreign,
)
from mnemon.logic.conditions import matching, recorded_at, split_filters, unexpired
from mnemon.logic.recall import check_max_tokens, render_block
from mnemon.logic.scopes import scope_condition
from mnemon.logic.searching import Sought
from mnemon.types.filters import And
from mnemon.types.times import to_datetime
from mnemon.wrappers.threads import athink

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy
    from numpy.typing import NDArray

    from mnemon.logic.searching import Understood
    from mnemon.types.filters import Filter
    from mnemon.types.memory import Kind
    from mnemon.types.results import Context, SearchResult, WhyNot
    from mnemon.types.times import Time

__all__ = ["AsyncSearches"]


class AsyncSearches(AsyncFace):
    """Searching, and what is made of it."""

    async def search(
        self,
        query: str,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        app_id: str | None = None,
        run_id: str | None = None,
        filters: Mapping[str, object] | Filter | None = None,
        limit: int = 10,
        threshold: float | None = None,
        as_of: Time | None = None,
        kinds: Sequence[Kind] | None = None,
        include_expired: bool = False,
        exclude_message_ids: Sequence[str] = (),
        explain: bool = False,
        project_wide: bool = False,
        **foreign: object,
    ) -> SearchResult:
        """Return the memories that answer a query best, best first.

        Candidates come from their words and from their meaning; one score ranks both, whose value
        depends on the query, the memory and the turns around it alone, not on `limit` or others' data.
        Of memories that say the same, in nearly the same words, the best is found and the others are not.

        Args:
            query: what to look for.
            user_id: whose memories; a search with two ids finds what has both.
            agent_id: as `user_id`.
            app_id: as `user_id`.
            run_id: as `user_id`.
            filters: which of them; see the page on filters. Scope ids at its top count as scope.
            limit: how many at most, up to 1,000.
            threshold: the least score, from 0 to 1; None for all.
            as_of: answer as of then: what was current at that time, and not expired.
            kinds: only these kinds of memory.
            include_expired: find what has expired too.
            exclude_message_ids: leave out what comes from these messages, such as those a prompt still holds.
            explain: tell the part of each signal in the score.
            project_wide: search the whole project, without any scope.
            foreign: refused, with our word for it.

        Raises:
            ScopeError: no scope.
            InvalidInputError: a blank query, or a value that does not fit.
            InvalidFilterError: a filter that is not understood.
        """
        refuse_foreign("search", foreign)
        sought, understood, vector = await self._read(
            "search",
            query,
            (user_id, agent_id, app_id, run_id),
            filters=filters,
            limit=limit,
            threshold=threshold,
            as_of=as_of,
            kinds=kinds,
            include_expired=include_expired,
            exclude_message_ids=exclude_message_ids,
            explain=explain,
            project_wide=project_wide,
        )
        return await self._core.runner.run(searching.search, sought, understood, vector)

    async def context(
        self,
        query: str,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        app_id: str | None = None,
        run_id: str | None = None,
        max_tokens: int = 1_000,
        count_tokens: Callable[[str], int] | None = None,
        filters: Mapping[str, object] | Filter | None = None,
        limit: int = 50,
        threshold: float | None = None,
        as_of: Time | None = None,
        kinds: Sequence[Kind] | None = None,
        include_expired: bool = False,
        exclude_message_ids: Sequence[str] = (),
        project_wide: bool = False,
        **foreign: object,
    ) -> Context:
        """Return the memories that answer a query best as text for a prompt.

        The best that fit into the budget together, in the order of time, each with its date and who
        said it. They are delimited as data: no remembered text can close the block, or start a line of it.

        Args:
            query: what to look for.
            user_id: as for `search`; so for the other ids.
            agent_id: as `user_id`.
            app_id: as `user_id`.
            run_id: as `user_id`.
            max_tokens: the most tokens of the whole block.
            count_tokens: tells how many tokens a text has; an estimate (one per 3.5 ASCII characters,
                one per other character) if left out.
            filters: as for `search`.
            limit: the most memories, up to 1,000.
            threshold: as for `search`.
            as_of: as for `search`.
            kinds: as for `search`.
            include_expired: as for `search`.
            exclude_message_ids: as for `search`.
            project_wide: as for `search`.
            foreign: refused, with our word for it.

        Raises:
            InvalidInputError: a budget that not even the frame of the block fits into; also as `search`.
            ScopeError, InvalidFilterError: as `search`.
        """
        refuse_foreign("context", foreign)
        budget = check_max_tokens(max_tokens, count_tokens)
        sought, understood, vector = await self._read(
            "context",
            query,
            (user_id, agent_id, app_id, run_id),
            filters=filters,
            limit=limit,
            threshold=threshold,
            as_of=as_of,
            kinds=kinds,
            include_expired=include_expired,
            exclude_message_ids=exclude_message_ids,
            explain=False,
            project_wide=project_wide,
        )
        hits = await self._core.runner.run(searching.search, sought, understood, vector)
        return await athink(render_block, hits, max_tokens=budget, count=count_tokens)

    async def why_not(
        self,
        query: str,
        memory_id: str,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        app_id: str | None = None,
        run_id: str | None = None,
        filters: Mapping[str, object] | Filter | None = None,
        limit: int = 10,
        threshold: float | None = None,
        as_of: Time | None = None,
        kinds: Sequence[Kind] | None = None,
        include_expired: bool = False,
        exclude_message_ids: Sequence[str] = (),
        project_wide: bool = False,
        **foreign: object,
    ) -> WhyNot:
        """Return at which step a search loses a memory, and the rank and score that it had.

        Args:
            query: what to look for.
            memory_id: the memory that should have been found.
            user_id: as for `search`; so for all that follow.
            agent_id: as `user_id`.
            app_id: as `user_id`.
            run_id: as `user_id`.
            filters: as for `search`.
            limit: as for `search`.
            threshold: as for `search`.
            as_of: as for `search`.
            kinds: as for `search`.
            include_expired: as for `search`.
            exclude_message_ids: as for `search`.
            project_wide: as for `search`.
            foreign: refused, with our word for it.

        Raises:
            ScopeError, InvalidInputError, InvalidFilterError: as `search`.
        """
        refuse_foreign("why_not", foreign)
        wanted = check_id(memory_id, "memory_id")
        sought, understood, vector = await self._read(
            "why_not",
            query,
            (user_id, agent_id, app_id, run_id),
            filters=filters,
            limit=limit,
            threshold=threshold,
            as_of=as_of,
            kinds=kinds,
            include_expired=include_expired,
            exclude_message_ids=exclude_message_ids,
            explain=True,
            project_wide=project_wide,
        )
        return await self._core.runner.run(searching.why_not, sought, understood, vector, wanted)

    async def _read(
        self,
        method: str,
        query: str,
        own: tuple[str | None, str | None, str | None, str | None],
        *,
        filters: Mapping[str, object] | Filter | None,
        limit: int,
        threshold: float | None,
        as_of: Time | None,
        kinds: Sequence[Kind] | None,
        include_expired: bool,
        exclude_message_ids: Sequence[str],
        explain: bool,
        project_wide: bool,
    ) -> tuple[Sought, Understood, NDArray[numpy.float32] | None]:
        """Return what a call asks for, checked; its query as the scope understands it; and the query's vector."""
        ids, rest = split_filters(filters)
        scope = self._reading_scope(method, own, ids, project_wide=project_wide)
        check_query(query)
        now = self._core.clock()
        moment = None if as_of is None else to_datetime(as_of, "as_of")
        recorded = recorded_at(moment)
        space = await self._core.find_space()
        excluded = check_ids(exclude_message_ids, "exclude_message_ids", "message")
        sought = Sought(
            everywhere=recorded if scope is None else scope_condition(scope) & recorded,
            scope=scope,
            recorded=recorded,
            unexpired=And() if include_expired else unexpired(moment or now),
            moment=None if include_expired else moment or now,
            excluded=excluded,
            where=matching(
                scope,
                rest,
                now=now,
                as_of=moment,
                kinds=check_kinds(kinds),
                include_expired=include_expired,
                exclude_message_ids=excluded,
            ),
            limit=check_limit(limit),
            threshold=check_threshold(threshold),
            explain=explain,
            config=self._core.recall,
            space=None if space is None else space.name,
            dimensions=None if space is None else space.dimensions,
            embedder=None if space is None else space.model,
        )
        # "Yesterday" is a day of the clock's zone at any time: `to_datetime` gave the moment in UTC.
        understood = await self._core.runner.run(searching.understand, sought, query, moment or now, now.tzinfo)
        return sought, understood, await self._core.embed_query(understood.query)
