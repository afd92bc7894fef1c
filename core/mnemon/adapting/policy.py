"""What an adapter was built with, and decides the same way in every framework."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, cast

from mnemon.adapting.failing import OnError, check_on_error
from mnemon.adapting.recall import RecallRules, without_recalled
from mnemon.types.message import File, Image

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mnemon.adapting.handle import Handle
    from mnemon.adapting.queue import WriteQueue
    from mnemon.types.message import Message
    from mnemon.types.scope import Scope

__all__ = ["Policy", "spoken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How an adapter recalls and remembers.

    Attributes:
        handle: the memory.
        recall: what goes into a prompt.
        on_error: what to do when the store or the embedder fails.
        queue: where writes wait, or None to write at once.
        actor: who is named in the history of what the adapter changes.
    """

    handle: Handle
    recall: RecallRules = field(default_factory=RecallRules)
    on_error: OnError = "raise"
    queue: WriteQueue | None = None
    actor: str | None = None

    def __post_init__(self) -> None:
        """Refuse an option that there is not."""
        check_on_error(self.on_error)

    def enqueue(self, scope: Scope, said: Sequence[Message]) -> None:
        """Leave turns to the queue, which is there; waits while it is full."""
        memory = self.handle.memory().scoped(**scope.to_dict(), actor=self.actor)
        cast("WriteQueue", self.queue).put(scope, partial(memory.add, said))


def spoken(messages: Iterable[Message]) -> list[Message]:
    """Return the turns of a conversation that people and assistants spoke, without what recall put into them.

    A message of pictures or files alone is one too: it stands in the log, and becomes no memory. What tools
    answered is left out: it may repeat a memory, which would then outlive its erasure.
    """
    said = (without_recalled(message) for message in messages if message.role in {"user", "assistant"})
    return [message for message in said if message.text.strip() or _shows(message)]


def _shows(message: Message) -> bool:
    return any(isinstance(block, Image | File) for block in message.blocks)
