"""`MnemonMemory`: the memory of a crew, an agent or a flow."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NoReturn, cast

from crewai.memory.unified_memory import Memory as CrewMemory
from crewai.memory.utils import join_scope_paths
from pydantic import ConfigDict, Field, PrivateAttr

from mnemon import ConfigError, ScopeError
from mnemon.adapting import OnError, RecallRules, WriteQueue, fitting
from mnemon.protocols.clock import random_id
from mnemon.types.unseen import is_blank
from mnemon_crewai.asking import carried_with
from mnemon_crewai.copies import share_with_copies
from mnemon_crewai.errors import MemoryAbortedError, aborting
from mnemon_crewai.items import first_of, items_of, records_of
from mnemon_crewai.kept import KeptMemories
from mnemon_crewai.matches import match_of
from mnemon_crewai.pieces import pieces, result_of
from mnemon_crewai.records import About, chosen
from mnemon_crewai.scoping import Bound, Ids
from mnemon_crewai.tools import uncache_crewais_tools

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from crewai.memory.types import MemoryMatch, MemoryRecord

    import mnemon
    from mnemon.adapting import Carried, IdSource
    from mnemon.types.filters import Filter
    from mnemon.types.results import SearchResult

__all__ = ["MnemonMemory"]

_THEIRS = frozenset(CrewMemory.model_fields) - {"llm", "memory_kind", "read_only", "root_scope", "default_importance"}
_MOST_FOUND = 1_000
"""What one search gives at most."""


class MnemonMemory(CrewMemory):
    """CrewAI's memory on mnemon: searched by words and by meaning, kept by customer, and written without a model.

    Agents recall before each task, and the result of a task is remembered when it is finished, word by
    word, as said by the agent. A crew, an agent, a flow, scopes and slices take it in the place of
    CrewAI's own.

    One object serves many customers: whose memories a call means comes from here, from the kickoff's
    inputs (`scope_from_inputs`) or from `mnemon.scope(...)`, and never from a path. A path orders the
    memories of one customer.

    A memory that cannot be reached fails the kickoff with a `MemoryAbortedError`; CrewAI goes on without
    memory after any other error.

    Example:
        >>> from mnemon import Memory
        >>> memory = MnemonMemory(Memory(":memory:"), user_id="ana")
        >>> memory.remember("Ana lives in Lisbon.").content
        'Ana lives in Lisbon.'
        >>> [match.record.content for match in memory.recall("Where does Ana live?")]
        ['Ana lives in Lisbon.']
    """

    model_config = ConfigDict(extra="forbid")

    llm: Any = Field(default=None, description="Extracts statements from results; None: they are kept as they are.")
    storage: Any = Field(default=None, exclude=True, description="Not used: the memory itself is where all is kept.")
    threshold: float | None = Field(default=0.25, description="The least score of what is recalled; None for any.")
    max_tokens: int = Field(default=1_000, description="Estimated tokens of what is recalled, at most.")
    on_error: OnError = Field(default="raise", description="`warn` goes on without memory when the store fails.")
    background: bool = Field(default=False, description="Whether results are written while the crew goes on.")

    _bound: Bound = PrivateAttr()
    _kept: KeptMemories = PrivateAttr()
    _queue: WriteQueue | None = PrivateAttr(default=None)

    def __init__(
        self,
        memory: mnemon.Memory | mnemon.AsyncMemory | None = None,
        /,
        *,
        user_id: IdSource = None,
        agent_id: IdSource = None,
        app_id: IdSource = None,
        run_id: IdSource = None,
        required: tuple[str, ...] = ("user_id",),
        **fields: Any,
    ) -> None:
        """Work on a memory, or on the default one, which is opened when it is needed.

        Args:
            memory: an open memory.
            user_id: whose memories: an id, a function that returns it, or None for that of the kickoff.
            agent_id: as `user_id`.
            app_id: as `user_id`.
            run_id: as `user_id`.
            required: ids without which a call fails.
            fields: `root_scope`, `read_only`, `default_importance`, `threshold`, `max_tokens`, `on_error`,
                `background`, and `llm`, a model that extracts statements from results.

        Raises:
            ConfigError: a wrong option, or one of CrewAI's memory that mnemon decides by itself.
            ScopeError: an id that cannot be one.
        """
        if theirs := sorted(_THEIRS & set(fields)):
            msg = f"MnemonMemory takes no {', '.join(theirs)}: the memory that it works on embeds, ranks and keeps"
            raise ConfigError(msg)
        super().__init__(**fields, embedder=_is_a_copy)
        RecallRules(max_tokens=self.max_tokens, threshold=self.threshold)
        ids: Ids = {"user_id": user_id, "agent_id": agent_id, "app_id": app_id, "run_id": run_id}
        self._bound = Bound(memory, ids, required)
        self._kept = KeptMemories(self._bound)
        self._storage = cast("Any", self._kept)
        self._queue = WriteQueue() if self.background else None
        uncache_crewais_tools()
        share_with_copies(MnemonMemory)

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> MnemonMemory:
        """Return this object: a memory is shared by whoever copies a crew."""
        return self

    def remember(
        self,
        content: str,
        scope: str | None = None,
        categories: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        importance: float | None = None,
        source: str | None = None,
        private: bool = False,  # noqa: FBT001, FBT002 - CrewAI's signature
        agent_role: str | None = None,
        root_scope: str | None = None,
    ) -> MemoryRecord | None:
        """Store one thing, word by word, before this returns; arguments are CrewAI's.

        Returns:
            The record, or None where `read_only`, and where the store failed with `on_error="warn"`.

        Raises:
            MemoryAbortedError: whatever the memory raised.
        """
        if self.read_only:
            return None
        about = self._about(scope, root_scope, importance, source, private=private)
        with aborting(self.on_error, "a memory was not stored"):
            added = self._bound.memory().add_many(items_of([content], about, categories, metadata, agent_role))
            return first_of(added)
        return None

    async def aremember(
        self,
        content: str,
        scope: str | None = None,
        categories: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        importance: float | None = None,
        source: str | None = None,
        private: bool = False,  # noqa: FBT001, FBT002 - CrewAI's signature
    ) -> MemoryRecord | None:
        """Do what `remember` does, while the event loop goes on."""
        if self.read_only:
            return None
        about = self._about(scope, None, importance, source, private=private)
        with aborting(self.on_error, "a memory was not stored"):
            view = await self._bound.amemory()
            return first_of(await view.add_many(items_of([content], about, categories, metadata, None)))
        return None

    def remember_many(
        self,
        contents: list[str],
        scope: str | None = None,
        categories: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        importance: float | None = None,
        source: str | None = None,
        private: bool = False,  # noqa: FBT001, FBT002 - CrewAI's signature
        agent_role: str | None = None,
        root_scope: str | None = None,
    ) -> list[MemoryRecord]:
        """Store several things as one operation; they have `crewai.part_of` of their metadata in common.

        Returns:
            The records; none with `background`, where they are written soon, and before anything of
            their customer is recalled.

        Raises:
            MemoryAbortedError: whatever the memory raised. With `background`, the next recall of that
                customer raises it, or the end of the kickoff.
        """
        if self.read_only or not contents:
            return []
        about = self._about(scope, root_scope, importance, source, private=private, part_of=random_id())
        with aborting(self.on_error, f"{len(contents)} memories were not stored"):
            items = items_of(contents, about, categories, metadata, agent_role)
            if self._queue is None:
                return records_of(self._bound.memory().add_many(items))
            self._queue.put(self._bound.scope(), partial(self._bound.memory().add_many, items))
        return []

    async def aremember_many(
        self,
        contents: list[str],
        scope: str | None = None,
        categories: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        importance: float | None = None,
        source: str | None = None,
        private: bool = False,  # noqa: FBT001, FBT002 - CrewAI's signature
        agent_role: str | None = None,
    ) -> list[MemoryRecord]:
        """Do what `remember_many` does, while the event loop goes on; it returns when they are stored."""
        if self.read_only or not contents:
            return []
        about = self._about(scope, None, importance, source, private=private, part_of=random_id())
        with aborting(self.on_error, f"{len(contents)} memories were not stored"):
            view = await self._bound.amemory()
            return records_of(await view.add_many(items_of(contents, about, categories, metadata, agent_role)))
        return []

    def extract_memories(self, content: str) -> list[str]:
        """Return what is to be remembered of a finished task.

        Without a model that is its result, without the task around it, in pieces that an embedder takes
        in whole. With one, the statements that it finds.
        """
        if self.llm is None:
            return pieces(result_of(content))
        return super().extract_memories(content)

    async def aextract_memories(self, content: str) -> list[str]:
        """Do what `extract_memories` does; a model is asked in a thread."""
        if self.llm is None:
            return pieces(result_of(content))
        return await asyncio.to_thread(super().extract_memories, content)

    def recall(
        self,
        query: str,
        scope: str | None = None,
        categories: list[str] | None = None,
        limit: int = 10,
        depth: Literal["shallow", "deep"] = "deep",
        source: str | None = None,
        include_private: bool = False,  # noqa: FBT001, FBT002 - CrewAI's signature
    ) -> list[MemoryMatch]:
        """Return what answers a query, best first, by words and by meaning.

        Where CrewAI recalls for the prompt of a task or an agent, what that says already is left out.

        Args:
            query: what to look for; a blank one finds nothing.
            scope: a path; what is at it or under it.
            categories: at least one of these.
            limit: how many at most.
            depth: makes no difference here: one search, and no model is asked.
            source: who asks: what is private to others is left out.
            include_private: what is private to anybody, too.

        Raises:
            MemoryAbortedError: whatever the memory raised.
        """
        if is_blank(query):
            return []
        condition = self._chosen(scope, categories, source, include_private=include_private)
        with aborting(self.on_error, "nothing was recalled"):
            self._settle()
            carried = carried_with(query)
            most = min(_MOST_FOUND, limit + len(carried))
            found = self._bound.memory().search(query, filters=condition, limit=most, threshold=self.threshold)
            return self._fitting(found, carried, limit)
        return []

    async def arecall(
        self,
        query: str,
        scope: str | None = None,
        categories: list[str] | None = None,
        limit: int = 10,
        depth: Literal["shallow", "deep"] = "deep",
        source: str | None = None,
        include_private: bool = False,  # noqa: FBT001, FBT002 - CrewAI's signature
    ) -> list[MemoryMatch]:
        """Do what `recall` does, while the event loop goes on."""
        if is_blank(query):
            return []
        condition = self._chosen(scope, categories, source, include_private=include_private)
        with aborting(self.on_error, "nothing was recalled"):
            if self._queue is not None:
                await asyncio.to_thread(self._settle)
            carried = carried_with(query)
            view = await self._bound.amemory()
            most = min(_MOST_FOUND, limit + len(carried))
            found = await view.search(query, filters=condition, limit=most, threshold=self.threshold)
            return self._fitting(found, carried, limit)
        return []

    def update(
        self,
        record_id: str,
        content: str | None = None,
        scope: str | None = None,
        categories: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        importance: float | None = None,
    ) -> MemoryRecord:
        """Change a record; None keeps what is there, and what is private stays so.

        Raises:
            ValueError: there is no such record among those of whom the call means.
            MemoryAbortedError: whatever else the memory raised.
        """
        record = self._kept.get_record(record_id)
        if record is None:
            msg = f"Record not found: {record_id}"
            raise ValueError(msg)
        if self.read_only:
            return record
        given = {"content": content, "scope": scope, "categories": categories, "metadata": metadata}
        changes = {name: value for name, value in (given | {"importance": importance}).items() if value is not None}
        return self._kept.change(record.model_copy(update=changes))

    def forget(
        self,
        scope: str | None = None,
        categories: list[str] | None = None,
        older_than: datetime | None = None,
        metadata_filter: dict[str, Any] | None = None,
        record_ids: list[str] | None = None,
    ) -> int:
        """Delete what fits all of these, of whom the call means; return how many they were."""
        self.drain_writes()
        return super().forget(scope, categories, older_than, metadata_filter, record_ids)

    def drain_writes(self) -> None:
        """Wait for what is written in the background, of whom the call means, or of everybody.

        Raises:
            MemoryAbortedError: something was not written.
        """
        with aborting(self.on_error, "memories were not stored"):
            self._settle()

    def close(self) -> None:
        """Wait for what is written in the background, and close the default memory if it was opened here."""
        with aborting(self.on_error, "memories were not stored"):
            if self._queue is not None:
                self._queue.close()
        super().close()

    def _settle(self) -> None:
        """Wait for the queued writes of whom the call means; where nobody says so, for all."""
        if self._queue is None:
            return
        try:
            scope = self._bound.scope()
        except ScopeError:
            scope = None
        self._queue.wait(scope)

    def _about(
        self,
        scope: str | None,
        root: str | None,
        importance: float | None,
        source: str | None,
        *,
        private: bool,
        part_of: str | None = None,
    ) -> About:
        path = join_scope_paths(self.root_scope if root is None else root, scope)
        weight = self.default_importance if importance is None else importance
        return About(scope=path, importance=weight, source=source, private=private, part_of=part_of)

    def _chosen(
        self, scope: str | None, categories: Sequence[str] | None, source: str | None, *, include_private: bool
    ) -> Filter:
        path = join_scope_paths(self.root_scope, scope)
        return chosen(path, categories, readers=None if include_private else (source,))

    def _fitting(self, found: SearchResult, carried: Carried, limit: int) -> list[MemoryMatch]:
        rules = RecallRules(limit=limit, max_tokens=self.max_tokens, threshold=self.threshold)
        return [match_of(hit) for hit in fitting(found, carried, rules)]


def _is_a_copy(_: Sequence[str]) -> NoReturn:
    """Stop what CrewAI builds of this memory's fields, such as those in a checkpoint: a memory of its own.

    Only that ever embeds; it would recall nothing, without a word.
    """
    msg = "CrewAI has built a memory of its own of the fields of a MnemonMemory; give that to the crew or agent again"
    raise MemoryAbortedError(msg)
