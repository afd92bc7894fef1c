"""What every class of this package has: a memory, and whose it is; in fields that are JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llama_index.core.bridge.pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from mnemon.adapting import Handle, OnError, Policy, RecallRules, ScopeRule, handle_of, name_of

if TYPE_CHECKING:
    from mnemon import AsyncMemory, Memory
    from mnemon.adapting import CallScope

__all__ = ["Recalling", "Scoped"]

_IDS = ("user_id", "agent_id", "app_id")


class Scoped(BaseModel):
    """A memory, and whose memories are meant.

    An id is fixed, or a function that returns it when it is needed, or left to `mnemon.scope(...)`. What
    LlamaIndex stores of an object are its fields: a name for the memory, and ids that are fixed. Loaded
    again in another process, it finds the memory that was registered under that name
    (`mnemon.adapting.register_memory`), and fails where there is none.
    """

    model_config = ConfigDict(extra="forbid")

    memory_name: str | None = Field(default=None, description="Name of the memory; None for the default one.")
    user_id: str | None = Field(default=None, description="Whose memories.")
    agent_id: str | None = Field(default=None, description="The agent.")
    app_id: str | None = Field(default=None, description="The application.")
    required: list[str] = Field(default=["user_id"], description="Ids without which a call fails.")
    on_error: OnError = Field(default="raise", description="`warn` goes on without memory when the store fails.")

    _handle: Handle | None = PrivateAttr(default=None)
    _rule: ScopeRule = PrivateAttr()

    def __init__(self, *, memory: Memory | AsyncMemory | None = None, **fields: Any) -> None:
        """Take a memory, or the default one, and the fields; ids may be functions.

        Raises:
            ScopeError: an id that cannot be one.
            ConfigError: a wrong option.
        """
        asked = {name: fields.pop(name) for name in _IDS if callable(fields.get(name))}
        if memory is not None:
            fields["memory_name"] = name_of(memory)
        super().__init__(**fields)
        ids = {name: asked.get(name, getattr(self, name)) for name in _IDS}
        self._rule = ScopeRule(**ids, required=tuple(self.required))
        self._handle = None if memory is None else Handle(memory)

    def _opened(self) -> Handle:
        """Return the memory to work with; it is looked for when it is first needed."""
        if self._handle is None:
            self._handle = handle_of(self.memory_name)
        return self._handle

    def _scope(self, session: str | None) -> CallScope:
        return self._rule.resolve(bound=self._opened().scope, thread=session)

    def _policy(self) -> Policy:
        return Policy(handle=self._opened(), on_error=self.on_error)


class Recalling(Scoped):
    """Recalls for prompts, by the rules that all adapters share."""

    recall_limit: int = Field(default=10, description="Memories that are recalled, at most.")
    recall_tokens: int = Field(default=1_000, description="Estimated tokens of what is recalled, at most.")
    threshold: float | None = Field(default=0.25, description="The least score of what is recalled; None for any.")

    def __init__(self, *, memory: Memory | AsyncMemory | None = None, **fields: Any) -> None:
        """Take a memory and the fields, as `Scoped` does; rules that cannot be any are refused."""
        super().__init__(memory=memory, **fields)
        self._rules()

    def _rules(self) -> RecallRules:
        return RecallRules(limit=self.recall_limit, max_tokens=self.recall_tokens, threshold=self.threshold)

    def _policy(self) -> Policy:
        return Policy(handle=self._opened(), recall=self._rules(), on_error=self.on_error)
