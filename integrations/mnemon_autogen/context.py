"""`MnemonChatCompletionContext`: what an agent of AutoGen has heard and said, in the conversation log."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from autogen_core import Component
from autogen_core.model_context import ChatCompletionContext
from autogen_core.models import FunctionExecutionResultMessage, LLMMessage
from pydantic import BaseModel, Field

from mnemon import InvalidInputError
from mnemon.adapting import AsyncHistory, Policy
from mnemon_autogen.bound import Bound, BoundConfig
from mnemon_autogen.memory import is_recalled
from mnemon_autogen.messages import as_kept, from_llm_messages, to_llm_messages

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from mnemon import AsyncMemory, Memory, Scope
    from mnemon.adapting import IdSource, OnError

__all__ = ["MnemonChatCompletionContext", "MnemonChatCompletionContextConfig"]


class MnemonChatCompletionContextConfig(BoundConfig):
    """What AutoGen stores of a `MnemonChatCompletionContext`."""

    required: tuple[str, ...] = Field(default=("user_id", "run_id"), description="Ids without which a call fails.")
    newest: int | None = Field(default=None, description="How many messages a model is told at most; None for all.")
    remember: bool = Field(default=False, description="True remembers what is said, beside keeping it.")


class _State(BaseModel):
    messages: list[LLMMessage] = Field(default_factory=list[LLMMessage])


class MnemonChatCompletionContext(ChatCompletionContext, Component[MnemonChatCompletionContextConfig]):
    """Keeps the messages of an agent by session, so that they are there in the next process, and in other frameworks.

    The session is the `run_id`. Agents that hear the same conversation keep it each by itself: give each
    its `agent_id`. What a `MnemonMemory` shows to the agent is not kept.
    """

    component_config_schema = MnemonChatCompletionContextConfig
    component_provider_override = "mnemon_autogen.MnemonChatCompletionContext"

    def __init__(
        self,
        memory: Memory | AsyncMemory | str | None = None,
        *,
        run_id: IdSource = None,
        user_id: IdSource = None,
        agent_id: IdSource = None,
        app_id: IdSource = None,
        required: tuple[str, ...] = ("user_id", "run_id"),
        newest: int | None = None,
        remember: bool = False,
        on_error: OnError = "raise",
    ) -> None:
        """Keep messages in the conversation log of a memory.

        Args:
            memory: an open memory, the name under which one was registered, or None for the default one.
            run_id: the session: an id, a function that returns it, or None for that of `mnemon.scope`.
            user_id: whose session, as `run_id`.
            agent_id: whose view of it, as `run_id`.
            app_id: as `run_id`.
            required: ids without which a call fails.
            newest: how many messages a model is told at most, without answers of tools whose call is
                not among them; None for all.
            remember: whether what users and assistants say becomes memories too. Leave that to
                `remember_run` where several agents hear the same.
            on_error: `warn` goes on without the log when the store fails.

        Raises:
            ScopeError: an id that cannot be one.
            InvalidInputError: `newest` is not a number from 1.
        """
        super().__init__()
        if newest is not None and newest < 1:
            msg = f"newest is a number from 1, or None for all messages, not {newest}"
            raise InvalidInputError(msg)
        ids = {"user_id": user_id, "agent_id": agent_id, "app_id": app_id, "run_id": run_id}
        self._bound = Bound(memory, ids, required=required)
        self._newest, self._remember = newest, remember
        self._on_error: OnError = on_error
        MnemonChatCompletionContextConfig(on_error=on_error)

    async def add_message(self, message: LLMMessage) -> None:
        """Add a message at the end; what a memory shows is told to the model, and not kept."""
        if is_recalled(message):
            await super().add_message(message)
            return
        scope = self._run()
        await self._history().append(scope, from_llm_messages([message]), remember=self._remember)

    async def get_messages(self) -> list[LLMMessage]:
        """Return what memories show, and the messages of the session."""
        told = to_llm_messages(await self._history().read(self._run()))
        if self._newest is not None:
            told = told[-self._newest :]
            while told and isinstance(told[0], FunctionExecutionResultMessage):
                del told[0]
        return [*self._messages, *told]

    async def clear(self) -> None:
        """Empty the history of this session; memories stay."""
        await super().clear()
        await self._history().clear(self._run())

    async def save_state(self) -> Mapping[str, Any]:
        """Return the messages as every context of AutoGen does."""
        messages = to_llm_messages(await self._history().read(self._run()))
        return _State(messages=messages).model_dump(mode="json")

    async def load_state(self, state: Mapping[str, Any]) -> None:
        """Make the messages of a state the history; those that are in it stay as they are, and later ones go."""
        await super().clear()
        messages = [one for one in _State.model_validate(state).messages if not is_recalled(one)]
        await self._history().rewrite(self._run(), partial(as_kept, messages), remember=False)

    def _run(self) -> Scope:
        return self._bound.scope().writes

    def _history(self) -> AsyncHistory:
        return AsyncHistory(Policy(handle=self._bound.handle, on_error=self._on_error))

    def _to_config(self) -> MnemonChatCompletionContextConfig:
        return MnemonChatCompletionContextConfig(
            **self._bound.config().model_dump(exclude={"on_error"}),
            newest=self._newest,
            remember=self._remember,
            on_error=self._on_error,
        )

    @classmethod
    def _from_config(cls, config: MnemonChatCompletionContextConfig) -> Self:
        told = config.model_dump()
        return cls(told.pop("memory_name"), **told)
