"""`MnemonMemory`: long-term memories for the agents of AutoGen."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakKeyDictionary

from autogen_core import Component
from autogen_core.memory import Memory as AutogenMemory
from autogen_core.memory import MemoryContent, MemoryMimeType, MemoryQueryResult, UpdateContextResult
from autogen_core.models import SystemMessage, UserMessage
from pydantic import Field

from mnemon import InvalidInputError, Message
from mnemon.adapting import AsyncKeeper, Carried, Policy, RecallRules, tolerating, without_recalled
from mnemon_autogen.bound import Bound, BoundConfig, cancellable
from mnemon_autogen.messages import from_llm_messages

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Self

    from autogen_core import CancellationToken
    from autogen_core.model_context import ChatCompletionContext
    from autogen_core.models import LLMMessage

    from mnemon import AsyncMemory, Hit, Memory
    from mnemon.adapting import IdSource, OnError
    from mnemon.types.jsonvalue import JsonObject

__all__ = ["MnemonMemory", "MnemonMemoryConfig", "is_recalled"]

ShownAs = Literal["system", "user"]
"""Which message tells an agent its memories; some providers take a system message at the beginning only."""


class MnemonMemoryConfig(BoundConfig):
    """What AutoGen stores of a `MnemonMemory`."""

    limit: int = Field(default=10, description="Memories that are recalled, at most.")
    max_tokens: int = Field(default=1_000, description="Estimated tokens of what is recalled, at most.")
    threshold: float | None = Field(default=0.25, description="The least score of what is recalled; None for any.")
    shown_as: ShownAs = Field(default="system", description="`system` or `user`.")


class MnemonMemory(AutogenMemory, Component[MnemonMemoryConfig]):
    """Tells an agent what is remembered of its user, before each answer.

    An agent has one message with memories, which is kept up to date: a second turn does not add a
    second. AutoGen never writes to a memory by itself; `remember_run` and `remember_stream` do.

    Example:
        >>> import asyncio
        >>> from mnemon import Memory
        >>> with Memory(":memory:") as store:
        ...     _ = store.add("Ana lives in Lisbon.", user_id="ana")
        ...     memory = MnemonMemory(store, user_id="ana")
        ...     asyncio.run(memory.query("Where does Ana live?")).results[0].content
        'Ana lives in Lisbon.'
    """

    component_type = "memory"
    component_config_schema = MnemonMemoryConfig
    component_provider_override = "mnemon_autogen.MnemonMemory"

    def __init__(
        self,
        memory: Memory | AsyncMemory | str | None = None,
        *,
        user_id: IdSource = None,
        agent_id: IdSource = None,
        app_id: IdSource = None,
        run_id: IdSource = None,
        required: tuple[str, ...] = ("user_id",),
        limit: int = 10,
        max_tokens: int = 1_000,
        threshold: float | None = 0.25,
        shown_as: ShownAs = "system",
        on_error: OnError = "raise",
    ) -> None:
        """Work on a memory.

        Args:
            memory: an open memory, the name under which one was registered, or None for the default one.
            user_id: whose memories: an id, a function that returns it, or None for that of `mnemon.scope`.
            agent_id: as `user_id`.
            app_id: as `user_id`.
            run_id: as `user_id`; left out, memories of all sessions.
            required: ids without which a call fails.
            limit: memories that are recalled, at most.
            max_tokens: estimated tokens of what is recalled, at most.
            threshold: the least score of what is recalled; None for any.
            shown_as: whether an agent is told in a system message, or in one of the user `memory`.
            on_error: `warn` goes on without memory when the store fails.

        Raises:
            ScopeError: an id that cannot be one.
            ConfigError: a wrong option.
        """
        ids = {"user_id": user_id, "agent_id": agent_id, "app_id": app_id, "run_id": run_id}
        self._bound = Bound(memory, ids, required=required)
        self._rules = RecallRules(limit=limit, max_tokens=max_tokens, threshold=threshold)
        self._on_error: OnError = on_error
        self._shown_as: ShownAs = shown_as
        MnemonMemoryConfig(shown_as=shown_as, on_error=on_error)

    async def update_context(self, model_context: ChatCompletionContext) -> UpdateContextResult:
        """Recall what answers the user's last message, and show it in the context in the place of what was shown."""
        messages = [message for message in await model_context.get_messages() if not is_recalled(message)]
        said = from_llm_messages(messages)
        question = next((one.text for one in reversed(said) if one.role == "user" and one.text), "")
        carried = Carried((one.id, one.text) for one in said)
        recalled = await AsyncKeeper(self._policy()).recall(self._bound.scope(), question, carried)
        await self._show(model_context, recalled)
        results = [MemoryContent(content=recalled, mime_type=MemoryMimeType.TEXT)] if recalled else []
        return UpdateContextResult(memories=MemoryQueryResult(results=results))

    async def query(
        self,
        query: str | MemoryContent,
        cancellation_token: CancellationToken | None = None,
        **kwargs: Any,
    ) -> MemoryQueryResult:
        """Return memories that answer a query, best first; their metadata have `id`, `score`, `said_at` and `kind`.

        Args:
            query: what to look for.
            cancellation_token: stops the search.
            kwargs: other arguments of `Memory.search`, such as `limit`, `threshold` and `filters`.
        """
        text = _text(query) if isinstance(query, MemoryContent) else query
        return await cancellable(self._query(text, kwargs), cancellation_token)

    async def _query(self, text: str, options: Mapping[str, Any]) -> MemoryQueryResult:
        asked: dict[str, Any] = {"limit": self._rules.limit, "threshold": self._rules.threshold, **options}
        with tolerating(self._on_error, "nothing was found"):
            memory = await self._bound.handle.amemory()
            found = await memory.scoped(**self._bound.scope().reads.to_dict()).search(text, **asked)
            return MemoryQueryResult(results=_contents(found))
        return MemoryQueryResult(results=[])

    async def add(self, content: MemoryContent, cancellation_token: CancellationToken | None = None) -> None:
        """Remember a fact: a text, Markdown, or JSON as its text.

        Raises:
            InvalidInputError: a picture or bytes, or metadata that are no JSON.
        """
        await cancellable(self._add(_text(content), content.metadata or {}), cancellation_token)

    async def _add(self, text: str, metadata: JsonObject) -> None:
        with tolerating(self._on_error, "a memory was not stored"):
            memory = await self._bound.handle.amemory()
            view = memory.scoped(**self._bound.scope().writes.to_dict())
            await view.add(text, kind="semantic", metadata=metadata)

    async def clear(self) -> None:
        """Delete all memories of this scope, and of no other; who has the memory can undo it."""
        memory = await self._bound.handle.amemory()
        await memory.scoped(**self._bound.scope().reads.to_dict()).delete_all()

    async def close(self) -> None:
        """Close the default memory if it was opened here; one that was handed over stays open."""
        await self._bound.aclose()

    def _policy(self) -> Policy:
        return Policy(handle=self._bound.handle, recall=self._rules, on_error=self._on_error)

    async def _show(self, context: ChatCompletionContext, recalled: str) -> None:
        """Show this in a context, in the place of what was shown there before."""
        others = _shown.setdefault(context, WeakKeyDictionary())
        mine = others.pop(self, None)
        known = list(others.values())
        # AutoGen has no way to take a message out. What nobody here showed came with a state that was loaded.
        context._messages = [  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
            one
            for one in context._messages  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
            if one is not mine and not (is_recalled(one) and not any(one is other for other in known))
        ]
        if recalled:
            system = self._shown_as == "system"
            shown = SystemMessage(content=recalled) if system else UserMessage(content=recalled, source="memory")
            await context.add_message(shown)
            others[self] = shown

    def _to_config(self) -> MnemonMemoryConfig:
        return MnemonMemoryConfig(
            **self._bound.config().model_dump(exclude={"on_error"}),
            limit=self._rules.limit,
            max_tokens=self._rules.max_tokens,
            threshold=self._rules.threshold,
            shown_as=self._shown_as,
            on_error=self._on_error,
        )

    @classmethod
    def _from_config(cls, config: MnemonMemoryConfig) -> Self:
        told = config.model_dump()
        return cls(told.pop("memory_name"), **told)


_shown: WeakKeyDictionary[ChatCompletionContext, WeakKeyDictionary[MnemonMemory, LLMMessage]] = WeakKeyDictionary()
"""What memories have shown in a context, by the memory."""


def is_recalled(message: LLMMessage) -> bool:
    """Whether a message tells memories, and nothing else."""
    if not isinstance(message, SystemMessage | UserMessage) or not isinstance(message.content, str):
        return False
    return bool(message.content.strip()) and not without_recalled(Message(role="user", content=message.content)).text


def _text(content: MemoryContent) -> str:
    said = content.content
    if isinstance(said, str):
        return said
    if isinstance(said, dict):
        return json.dumps(said, ensure_ascii=False)
    msg = f"a memory is a text; a {type(said).__name__} cannot be remembered, add what it shows in words"
    raise InvalidInputError(msg)


def _contents(hits: Iterable[Hit]) -> list[MemoryContent]:
    return [
        MemoryContent(
            content=hit.memory.text,
            mime_type=MemoryMimeType.TEXT,
            metadata={
                **hit.memory.metadata,
                "id": hit.memory.id,
                "score": hit.score,
                "said_at": hit.memory.said_at.isoformat(),
                "kind": hit.memory.kind,
            },
        )
        for hit in hits
    ]
