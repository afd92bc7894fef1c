"""`Memory` and `AsyncMemory`: one engine, opened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, cast

from mnemon._async.core import AsyncCore
from mnemon._async.desk import AsyncDesk
from mnemon._async.methods import AsyncMethods
from mnemon._async.spaces import agree_on_words as async_agree_on_words
from mnemon._async.spaces import usable_space as async_usable_space
from mnemon._sync.core import Core
from mnemon._sync.desk import Desk
from mnemon._sync.methods import Methods
from mnemon._sync.spaces import agree_on_words, usable_space
from mnemon.config import choose_embedder, choose_ranking, open_async_store, open_settings, open_store
from mnemon.errors import ConfigError
from mnemon.logic.memories import MEMORIES
from mnemon.logic.messages import MESSAGES
from mnemon.logic.operations import OPERATIONS
from mnemon.logic.spaces import SETTINGS, Vectors, check_embedder
from mnemon.logic.versions import KEEP, Keep
from mnemon.protocols.async_store import AsyncStore
from mnemon.protocols.clock import random_id, system_clock
from mnemon.protocols.store import Store
from mnemon.running import BorrowedRunner, DirectRunner, NativeRunner, ThreadRunner

if TYPE_CHECKING:
    import os

    from mnemon.config import MemoryConfig
    from mnemon.protocols.clock import Clock, NewId
    from mnemon.protocols.embedder import Embedder
    from mnemon.protocols.runner import AsyncRunner, Runner
    from mnemon.types.recall import RecallConfig
    from mnemon.types.storage import VectorSpace

__all__ = ["AsyncMemory", "Memory"]

COLLECTIONS = (MEMORIES, MESSAGES, OPERATIONS, SETTINGS)
"""What the engine itself keeps in a store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """What opening gave, for a memory and for its twin.

    `runner` is that of the sync engine, or None over an async store; `choice` is the embedder that was asked for.
    """

    store: Store | AsyncStore
    owned: bool
    settings: MemoryConfig
    vectors: Vectors
    choice: object
    clock: Clock
    new_id: NewId
    recall: RecallConfig
    runner: DirectRunner | None

    def core(self, runner: Runner[Desk]) -> Core:
        """Return the core of a sync memory."""
        return Core(
            runner,
            vectors=self.vectors,
            defers=self.settings.on_embedder_error == "defer",
            clock=self.clock,
            recall=self.recall,
            retention=timedelta(days=self.settings.retention_days),
        )

    def async_core(self, runner: AsyncRunner[AsyncDesk]) -> AsyncCore:
        """Return the core of an async memory."""
        return AsyncCore(
            runner,
            vectors=self.vectors,
            defers=self.settings.on_embedder_error == "defer",
            clock=self.clock,
            recall=self.recall,
            retention=timedelta(days=self.settings.retention_days),
        )

    def native(self) -> NativeRunner:
        """Return the runner over an async store; what cannot be read before a loop runs is read at first use."""
        store = cast("AsyncStore", self.store)
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
            await async_agree_on_words(desk)
            recorded = await async_usable_space(desk, None)
            if recorded is not None and self.vectors.embedder is None and self.choice == "auto":
                choose_embedder("auto", self.settings, recorded.model)  # raises: what the store needs is not here
            check_embedder(recorded, self.vectors.embedder)
            self.vectors.space = recorded

        return NativeRunner(desk, setup, owned=self.owned)


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
    native: bool = False,
) -> _Opened:
    settings = open_settings(config, project=project)
    if store is not None and target is not None:
        msg = "give the name of a store or an open store, not both"
        raise ConfigError(msg)
    opened = store or (open_async_store if native else open_store)(target, settings)
    choice = settings.embedder if embedder is KEEP else embedder
    try:
        runner: DirectRunner | None = None
        space: VectorSpace | None = None
        if isinstance(opened, Store):
            opened.declare(*COLLECTIONS)
            desk = Desk(
                store=opened,
                project=settings.project,
                clock=clock,
                new_id=new_id,
                language=settings.language if recall is None else recall.language,
                session_gap=timedelta(minutes=settings.session_gap_minutes),
            )
            agree_on_words(desk)
            space = usable_space(desk, None)
            runner = DirectRunner(desk, owned=store is None)
        chosen = choose_embedder(choice, settings, None if space is None else space.model)
        check_embedder(space, chosen)
        ranking = choose_ranking(settings, chosen) if recall is None else recall
    except BaseException:
        if store is None and isinstance(opened, Store):  # an async store has not connected yet
            opened.close()
        raise
    return _Opened(
        store=opened,
        owned=store is None,
        settings=settings,
        vectors=Vectors(chosen, space),
        choice=choice,
        clock=clock,
        new_id=new_id,
        recall=ranking,
        runner=runner,
    )


def _refuse_store(store: object, *kinds: type) -> None:
    """Refuse what is no open store, or speaks async where that cannot be awaited."""
    if isinstance(store, type):
        msg = (
            f"store is the class {store.__name__}, which is no open store; give an object of it: {store.__name__}(...)"
        )
        raise ConfigError(msg)
    if store is None or isinstance(store, kinds):
        return
    if isinstance(store, AsyncStore):
        msg = "store is an async store, which only AsyncMemory can use; open AsyncMemory(store=...), or its sync twin"
    else:
        msg = f"store is an object of {type(store).__name__}, which is no open store; give a name as the first argument"
    raise ConfigError(msg)


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
            recall: how memories are ranked; None for what the settings `language` and `calibration` say.

        Raises:
            ConfigError: a setting is wrong, the embedder is not the one that the store was begun with, or
                `store` is no open store, or an async one.
            MissingExtraError: the embedder that the store was begun with is not installed.
            StoreError: the store cannot be opened.
        """
        _refuse_store(store, Store)
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
        self._core = self._opened.core(cast("DirectRunner", self._opened.runner))

    @property
    def aio(self) -> AsyncMemory:
        """The same memory for async code, bound to the same scope.

        It is closed with this one; closing it alone does nothing.
        """
        twin = object.__new__(AsyncMemory)
        runner = BorrowedRunner(cast("DirectRunner", self._opened.runner))
        _bind(twin, self, self._opened.async_core(ThreadRunner(runner)))
        return twin


class AsyncMemory(AsyncMethods):
    """`Memory` for async code: the same arguments, the same methods, awaited.

    Over an embedded store each call is one hop into a worker thread, so the event loop goes on. A server
    is asked by its own async client, which belongs to the loop that runs the first call.
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

        An embedded store is opened here and now, a server at the first call; loading the local model
        takes about .1 s, so open the memory before the loop serves others.
        """
        _refuse_store(store, Store, AsyncStore)
        self._opened = _open(
            target,
            store=store,
            project=project,
            embedder=embedder,
            config=config,
            clock=clock,
            new_id=new_id,
            recall=recall,
            native=True,
        )
        runner = self._opened.runner
        self._core = self._opened.async_core(self._opened.native() if runner is None else ThreadRunner(runner))

    @property
    def sync(self) -> Memory:
        """The same memory for sync code, bound to the same scope.

        It is closed with this one; closing it alone does nothing.

        Raises:
            ConfigError: the memory is over an async store, such as a server's, which has no sync twin.
        """
        if self._opened.runner is None:
            msg = "this memory is over an async store; open a Memory over its sync twin, by the same name"
            raise ConfigError(msg)
        twin = object.__new__(Memory)
        _bind(twin, self, self._opened.core(BorrowedRunner(self._opened.runner)))
        return twin


def _bind(twin: Memory | AsyncMemory, memory: Memory | AsyncMemory, core: Core | AsyncCore) -> None:
    """Make a twin of a memory or a view: the same parts, the same scope."""
    given = {name: value for name, value in vars(memory).items() if name != "_core"}
    vars(twin).update(given, _core=core)
