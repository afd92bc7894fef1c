"""Which checkpoints `list` asks for, and threads as they are listed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mnemon import where
from mnemon.types.filters import And
from mnemon_langgraph.checkpoints import spot_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from langchain_core.runnables import RunnableConfig

    from mnemon.types.filters import Filter

__all__ = ["Listing", "Thread"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """A thread as `list_threads` tells it.

    Attributes:
        thread_id: its id.
        user_id: the person that its newest checkpoint is about, or None.
        created_at: when its first checkpoint was made.
        updated_at: when its newest one was.
        checkpoints: how many it has, in all namespaces.
    """

    thread_id: str
    user_id: str | None
    created_at: datetime
    updated_at: datetime
    checkpoints: int


@dataclass(frozen=True, slots=True)
class Listing:
    """The arguments of `list`: what a store can look for, and what is compared here, exactly.

    Attributes:
        condition: what narrows the rows.
        metadata: equality with these top keys decides; None matches a missing one.
    """

    condition: Filter
    metadata: Mapping[str, Any]

    @classmethod
    def of(
        cls, config: RunnableConfig | None, metadata: Mapping[str, Any] | None, before: RunnableConfig | None
    ) -> Listing:
        """Read the arguments of `list`."""
        parts: list[Filter] = []
        if config is not None:
            spot = spot_of(config)
            parts.append(where("thread").eq(spot.thread))
            if "checkpoint_ns" in config.get("configurable", {}):
                parts.append(where("namespace").eq(spot.namespace))
            if spot.checkpoint is not None:
                parts.append(where("checkpoint").eq(spot.checkpoint))
        if before is not None and (bound := before.get("configurable", {}).get("checkpoint_id")):
            parts.append(where("checkpoint").lt(str(bound)))
        wanted = dict(metadata or {})
        parts += [_narrowing(key, value) for key, value in wanted.items() if _can_narrow(key, value)]
        return cls(And(tuple(parts)), wanted)

    def holds(self, metadata: Mapping[str, Any]) -> bool:
        """Whether a checkpoint of this metadata is listed."""
        return all(metadata.get(key) == value for key, value in self.metadata.items())


def _can_narrow(key: str, value: object) -> bool:
    """Whether a store's equality is at least as wide: with a dot a key means a path there."""
    return isinstance(value, str) and key.isidentifier()


def _narrowing(key: str, value: str) -> Filter:
    return where(key if key in {"user_id", "run_id"} and value else f"metadata.{key}").eq(value)
