"""What the classes of this package are built with, and what AutoGen stores of them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from mnemon.adapting import Handle, OnError, ScopeRule, handle_of, name_of

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from autogen_core import CancellationToken

    from mnemon import AsyncMemory, Memory
    from mnemon.adapting import CallScope, IdSource

__all__ = ["Bound", "BoundConfig", "cancellable"]

Answer = TypeVar("Answer")


class BoundConfig(BaseModel):
    """What AutoGen stores: plain JSON, with a name in the place of the memory, and no secrets."""

    model_config = ConfigDict(extra="forbid")

    memory_name: str | None = Field(default=None, description="Name of the memory; None for the default one.")
    user_id: str | None = Field(default=None, description="Whose memories.")
    agent_id: str | None = Field(default=None, description="The agent.")
    app_id: str | None = Field(default=None, description="The application.")
    run_id: str | None = Field(default=None, description="The session.")
    required: tuple[str, ...] = Field(default=("user_id",), description="Ids without which a call fails.")
    on_error: OnError = Field(default="raise", description="`warn` goes on without memory when the store fails.")


class Bound:
    """A memory, and whose it is; ids may be functions, and are asked at each call."""

    def __init__(
        self,
        memory: Memory | AsyncMemory | str | None,
        ids: dict[str, IdSource],
        *,
        required: tuple[str, ...],
    ) -> None:
        """Take a memory, its name, or None for the default one."""
        self._name = name_of(memory) if memory is not None and not isinstance(memory, str) else memory
        self._handle = None if isinstance(memory, str) else Handle(memory)
        self._rule = ScopeRule(
            user_id=ids["user_id"],
            agent_id=ids["agent_id"],
            app_id=ids["app_id"],
            run_id=ids["run_id"],
            required=required,
        )
        self._ids, self._required = ids, required

    @property
    def handle(self) -> Handle:
        """The memory to work with; it is looked for when it is first needed."""
        if self._handle is None:
            self._handle = handle_of(self._name)
        return self._handle

    def scope(self, thread: str | None = None) -> CallScope:
        """Return whose memories a call means."""
        return self._rule.resolve(bound=self.handle.scope, thread=thread)

    def config(self) -> BoundConfig:
        """Return what is stored; an id that is a function is not, and comes from `mnemon.scope` then."""
        fixed = {name: value if isinstance(value, str) else None for name, value in self._ids.items()}
        return BoundConfig.model_validate({"memory_name": self._name, "required": self._required, **fixed})

    async def aclose(self) -> None:
        """Close the default memory if it was opened here."""
        if self._handle is not None:
            await self._handle.aclose()


async def cancellable(work: Coroutine[object, object, Answer], token: CancellationToken | None) -> Answer:
    """Return what the work returns, unless the token is cancelled meanwhile."""
    task = asyncio.ensure_future(work)
    if token is not None:
        token.link_future(task)
    return await task
