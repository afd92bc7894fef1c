"""`Memory` and `AsyncMemory`: one engine, opened."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, cast

from mnemon._async.core import AsyncCore
from mnemon._async.desk import AsyncDesk
from mnemon._async.methods import AsyncMethods
from mnemon._async.spaces import recorded_space as async_recorded_space
from mnemon._sync.core import Core
from mnemon._sync.desk import Desk
from mnemon._sync.methods import Methods
from mnemon._sync.spaces import recorded_space
from mnemon.config import choose_embedder, open_settings, open_store
from mnemon.errors import ConfigError
from mnemon.logic.memories import MEMORIES
from mnemon.logic.messages import MESSAGES
from mnemon.logic.operations import OPERATIONS
from mnemon.logic.spaces import SETTINGS, check_embedder
from mnemon.logic.versions import KEEP, Keep
from mnemon.protocols.clock import random_id, system_clock
from mnemon.protocols.store import Store
from mnemon.running import DirectRunner, NativeRunner, ThreadRunner
from mnemon.types.recall import RecallConfig

if TYPE_CHECKING:
    import os

    from mnemon.config import MemoryConfig
    from mnemon.protocols.async_store import AsyncStore
    from mnemon.protocols.clock import Clock, NewId
    from mnemon.protocols.embedder import Embedder
    from mnemon.types.storage import VectorSpace

__all__ = ["AsyncMemory", "Memory"]

COLLECTIONS = (MEMORIES, MESSAGES, OPERATIONS, SETTINGS)
"""What the engine itself keeps in a store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """What opening gave, for a memory and for its twin."""

    store: Store | AsyncStore
    owned: bool
    settings: MemoryConfig
    embedder: Embedder | None
    space: VectorSpace | None
    clock: Clock
    new_id: NewId
    recall: RecallConfig

    def core(self, *, owned: bool) -> Core:
        """Return the core of a sync memory."""
        runner = DirectRunner(self.desk(), owned=owned)
        return Core(
            runner,
            embedder=self.embedder,
            space=self.space,
            defers=self.settings.on_embedder_error == "defer",
            clock=self.clock,
            recall=self.recall,
            retention=timedelta(days=self.settings.retention_days),
        )

    def async_core(self, *, owned: bool) -> AsyncCore:
        """Return the core of an async memory."""
        if isinstance(self.store, Store):
            runner = ThreadRunner(self.desk(), owned=owned)
        else:
            runner = self._native(self.store, owned=owned)
        return AsyncCore(
            runner,
            embedder=self.embedder,
            space=self.space,
            defers=self.settings.on_embedder_error == "defer",
            clock=self.clock,
            recall=self.recall,
            retention=timedelta(days=self.settings.retention_days),
        )

    def desk(self) -> Desk:
        """Return the desk of the sync engine."""
        return Desk(
            store=cast("Store", self.store),
            project=self.settings.project,
            clock=self.clock,
            new_id=self.new_id,
            language=self.recall.language,
            session_gap=timedelta(minutes=self.settings.session_gap_minutes),
        )

    def _native(self, store: AsyncStore, *, owned: bool) -> NativeRunner:
        desk = AsyncDesk(
            store=store,
            project=self.settings.project,
            clock=self.clock,
            new_id=self.new_id,
            language=self.recall.language,
            session_gap=timedelta(minutes=self.settings.session_gap_minutes),
        )

        async def setup() -> None:
            await store.declare(*COLLECTIONS)
            check_embedder(await async_recorded_space(desk), self.embedder)

        return NativeRunner(desk, setup, owned=owned)


def _open(
    target: str | os.PathLike[str] | None,
    *,
    store: Store | AsyncStore | None,
    project: str | None,
    embedder: object,
    config: MemoryConfig | str | os.PathLike[str] | None,
    clock: Clock,
    new_id: NewId,
    recall: RecallConfig | None,
) -> _Opened:
    settings = open_settings(config, project=project)
    if store is not None and target is not None:
        msg = "give the name of a store or an open store, not both"
        raise ConfigError(msg)
    opened = open_store(target, settings) if store is None else store
    try:
        ranking = RecallConfig(language=settings.language) if recall is None else recall
        parts = _Opened(
            store=opened,
            owned=store is None,
            settings=settings,
            embedder=None,
            space=None,
            clock=clock,
            new_id=new_id,
            recall=ranking,
        )
        return _with_embedder(parts, settings.embedder if embedder is KEEP else embedder)
    except BaseException:
        if store is None:
            cast("Store", opened).close()
        raise


def _with_embedder(parts: _Opened, choice: object) -> _Opened:
    """Return the parts with the embedder that was chosen, which must be the one that the store was begun with."""
    space: VectorSpace | None = None
    if isinstance(parts.store, Store):
        parts.store.declare(*COLLECTIONS)
        space = recorded_space(parts.desk())
    embedder = choose_embedder(choice, parts.settings, None if space is None else space.model)
    check_embedder(space, embedder)
    return replace(parts, embedder=embedder, space=space)


class Memory(Methods):
    """Long-term memory for agents: add what was said, search it later, by user, agent, app or run.

    `Memory()` opens the user's default file; two applications that both do share their memories.

    Example:
        >>> with Memory(":memory:") as memory:
        ...     _ = memory.add("I moved to Lisbon last spring.", user_id="alice")
        ...     memory.search("Where does she live?", user_id="alice")[0].memory.text
        'I moved to Lisbon last spring.'
    """

    def __init__(
        self,
        target: str | os.PathLike[str] | None = None,
        *,
        store: Store | None = None,
        project: str | None = None,
        embedder: Embedder | str | Keep | None = KEEP,
        config: MemoryConfig | str | os.PathLike[str] | None = None,
        clock: Clock = system_clock,
        new_id: NewId = random_id,
        recall: RecallConfig | None = None,
    ) -> None:
        """Open a store. Nothing is asked over the network.

        Args:
            target: a path, `:memory:`, or the address of a store; the user's default file if left out
                (`MNEMON_STORE` overrides it).
            store: an open store instead; it is not closed with the memory.
            project: the hard boundary that nothing crosses; `default` (`MNEMON_PROJECT` overrides it).
            embedder: an embedder, `"auto"` (the local one if it is installed), `"local"`,
                `"openai-compatible"`, or None for search by words alone.
            config: settings, or the path of a TOML file with them.
            clock: tells the time.
            new_id: gives ids.
            recall: how memories are ranked.

        Raises:
            ConfigError: a setting is wrong, or the embedder is not the one that the store was begun with.
            MissingExtraError: the embedder that the store was begun with is not installed.
            StoreError: the store cannot be opened.
        """
        self._opened = _open(
            target,
            store=store,
            project=project,
            embedder=embedder,
            config=config,
            clock=clock,
            new_id=new_id,
            recall=recall,
        )
        self._core = self._opened.core(owned=self._opened.owned)

    @property
    def aio(self) -> AsyncMemory:
        """The same memory for async code, bound to the same scope; it is closed with this one."""
        opened = self._opened
        twin = AsyncMemory(
            store=opened.store,
            embedder=opened.embedder,
            config=opened.settings,
            clock=opened.clock,
            new_id=opened.new_id,
            recall=opened.recall,
        )
        return twin if self._bound is None else twin.scoped(**self._bound.to_dict(), actor=self._actor)


class AsyncMemory(AsyncMethods):
    """`Memory` for async code: the same arguments, the same methods, awaited.

    Over an embedded store each call is one hop into a worker thread, so the event loop goes on.
    """

    def __init__(
        self,
        target: str | os.PathLike[str] | None = None,
        *,
        store: Store | AsyncStore | None = None,
        project: str | None = None,
        embedder: Embedder | str | Keep | None = KEEP,
        config: MemoryConfig | str | os.PathLike[str] | None = None,
        clock: Clock = system_clock,
        new_id: NewId = random_id,
        recall: RecallConfig | None = None,
    ) -> None:
        """Open a store; arguments and errors as for `Memory`.

        An embedded store is opened here and now; loading the local model takes about .1 s, so open
        the memory before the loop serves others.
        """
        self._opened = _open(
            target,
            store=store,
            project=project,
            embedder=embedder,
            config=config,
            clock=clock,
            new_id=new_id,
            recall=recall,
        )
        self._core = self._opened.async_core(owned=self._opened.owned)

    @property
    def sync(self) -> Memory:
        """The same memory for sync code, bound to the same scope; it is closed with this one.

        Raises:
            ConfigError: the memory was opened over an async store, which has no sync twin.
        """
        opened = self._opened
        if not isinstance(opened.store, Store):
            msg = "this memory is over an async store that was handed to it; open a Memory over its sync twin"
            raise ConfigError(msg)
        twin = Memory(
            store=opened.store,
            embedder=opened.embedder,
            config=opened.settings,
            clock=opened.clock,
            new_id=opened.new_id,
            recall=opened.recall,
        )
        return twin if self._bound is None else twin.scoped(**self._bound.to_dict(), actor=self._actor)
