"""The methods of a checkpoint saver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mnemon import InvalidInputError, Scope
from mnemon_langgraph._async import checkpoints, threads
from mnemon_langgraph.batches import NewCheckpoint, NewWrites
from mnemon_langgraph.checkpoints import person_of, spot_of
from mnemon_langgraph.listing import Listing
from mnemon_langgraph.names import named

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from langchain_core.runnables import RunnableConfig
    from langgraph.checkpoint.base import (
        ChannelVersions,
        Checkpoint,
        CheckpointMetadata,
        CheckpointTuple,
        DeltaChannelHistory,
    )
    from langgraph.checkpoint.serde.base import SerializerProtocol

    from mnemon.adapting.storage import Storage
    from mnemon.types.storage import Cursor
    from mnemon_langgraph.listing import Thread
    from mnemon_langgraph.segments import KnownLists

__all__ = ["AsyncSaving"]

_PAGE = 16
"""Checkpoints that `list` reads at a time: as few round trips as are worth the values that wait in memory."""
_MOST = 1_000


class AsyncSaving:
    """Reading and writing checkpoints and threads."""

    serde: SerializerProtocol
    _storage: Storage
    _ttl: timedelta | None
    _known: KnownLists

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Return the checkpoint that a config names, or the newest of its thread; None where there is none.

        Raises:
            UnreadableTypeError: a value is of a class that is not allowed or cannot be rebuilt.
            CheckpointIncompleteError: a value that it names was erased.
        """
        return await self._storage.arun(checkpoints.get_tuple, self.serde, spot_of(config))

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002 - LangGraph's name
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """Yield checkpoints, newest first.

        Args:
            config: a thread, perhaps a namespace of it (`""` is the root), perhaps a checkpoint; None for all threads.
            filter: values that keys of the metadata must equal; None matches a missing key.
            before: only what is older than this config's checkpoint.
            limit: how many at most.
        """
        listing = Listing.of(config, filter, before)
        after: Cursor | None = None
        left = limit
        while left is None or left > 0:
            size = _PAGE if left is None or listing.metadata else min(_PAGE, left)
            found, after = await self._storage.arun(checkpoints.page, self.serde, listing, after, size)
            for one in found[:left]:
                yield one
            left = None if left is None else left - len(found)
            if after is None:
                return

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Store a checkpoint that follows the one that the config names; return the config that names it."""
        new = NewCheckpoint.of(config, checkpoint, metadata, new_versions)
        await self._storage.arun(checkpoints.put, self.serde, new, self._ttl, self._known)
        return new.config

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Store what a task wrote before its step is done, so that it is not run again."""
        if writes:
            new = NewWrites(spot=spot_of(config), writes=writes, task=task_id, path=task_path, person=person_of(config))
            await self._storage.arun(checkpoints.put_writes, self.serde, new, self._ttl)

    async def aget_delta_channel_history(
        self, *, config: RunnableConfig, channels: Sequence[str]
    ) -> Mapping[str, DeltaChannelHistory]:
        """Return per channel what was written to it since its last stored value, oldest first, and that value."""
        if not channels:
            return {}
        return await self._storage.arun(checkpoints.delta_history, self.serde, spot_of(config), channels)

    async def adelete_thread(self, thread_id: str) -> None:
        """Delete a thread: checkpoints, values and pending writes of all namespaces."""
        await self._storage.arun(threads.delete_thread, str(thread_id))

    async def adelete_for_runs(self, run_ids: Sequence[str]) -> None:
        """Delete the checkpoints of runs (`metadata["run_id"]`), and what only they name.

        A checkpoint that another one is made of (`DeltaChannel`) stays; a warning in the log tells how many did.
        """
        await self._storage.arun(threads.delete_runs, self.serde, [str(run_id) for run_id in run_ids])

    async def acopy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """Copy a thread with all that it has; what the other thread has already stays."""
        await self._storage.arun(
            threads.copy_thread, self.serde, str(source_thread_id), str(target_thread_id), self._ttl
        )

    async def aprune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Delete old checkpoints of threads.

        Args:
            thread_ids: the threads.
            strategy: `keep_latest` keeps the newest checkpoint of each namespace, and the ancestors that it is
                made of (`DeltaChannel`); `delete` keeps nothing.
        """
        if strategy not in {"keep_latest", "delete"}:
            msg = f"strategy must be 'keep_latest' or 'delete', not {strategy!r}"
            raise InvalidInputError(msg)
        for thread_id in thread_ids:
            if strategy == "delete":
                await self._storage.arun(threads.delete_thread, str(thread_id))
            else:
                await self._storage.arun(threads.prune, self.serde, str(thread_id))

    async def alist_threads(
        self, *, user_id: str | None = None, before: Thread | datetime | None = None, limit: int = 100
    ) -> Sequence[Thread]:
        """Return threads, those that were changed last first.

        Args:
            user_id: only threads of this person (`user_id` in the config); None for all.
            before: only what comes after this thread, the last one of the page before; or threads that were last
                changed before a time.
            limit: how many at most, up to 1,000.

        Raises:
            ScopeError: an id that cannot be one.
            InvalidInputError: a limit that is none.
        """
        if not 1 <= limit <= _MOST:
            msg = f"limit must be 1 to {_MOST:,}, not {limit}"
            raise InvalidInputError(msg)
        return await self._storage.arun(threads.list_threads, named(user_id), before, limit)

    async def adelete_user(self, user_id: str) -> int:
        """Delete all that is about a person (`user_id` in the config) in every thread; return how many rows it was.

        `Memory.forget` does the same for all that a person has in the store, and clears the bytes.

        Raises:
            ScopeError: an id that cannot be one.
        """
        person = Scope(user_id=user_id).to_dict()["user_id"]
        return await self._storage.arun(threads.delete_user, person)

    async def asweep(self, *, limit: int = 1_000) -> int:
        """Delete the threads whose time (`ttl`) is over, at most so many; return how many they were."""
        return await self._storage.arun(threads.sweep, limit)
