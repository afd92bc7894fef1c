"""Memory for `create_agent`: recalled before the model is asked, kept before the turn returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain.agents.middleware.types import AgentMiddleware, AgentState, ModelRequest, ModelResponse
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from mnemon.adapting import (
    AsyncKeeper,
    Carried,
    Closing,
    Handle,
    IdSource,
    Keeper,
    OnError,
    Policy,
    RecallRules,
    ScopeRule,
    WriteQueue,
    choose_tools,
)
from mnemon_langchain.calls import REMEDY, resolve
from mnemon_langchain.messages import from_langchain_messages, text_of
from mnemon_langchain.tools import build_tools

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from langchain_core.tools import BaseTool

    from mnemon import AsyncMemory, Memory
    from mnemon.adapting import CallScope

__all__ = ["MnemonMiddleware"]


class MnemonMiddleware(Closing, AgentMiddleware[AgentState[Any], Any]):
    """Gives an agent a memory of each person: across threads, processes and frameworks.

    Before each model call the memories that answer the user's words best are put at the end of the
    system prompt, as data, for that call alone: no state, no checkpoint and no stream ever holds them.
    What the prompt says already is not recalled, and with nothing to recall it stays as it is. What
    the user says is stored before the model is asked, and so kept when that fails; what the model says is
    stored before the turn returns. Each is one memory, of the person and, as `run_id`, of the thread.

    Example:
        >>> from langchain.agents import create_agent
        >>> from langchain_core.language_models import FakeListChatModel
        >>> from mnemon import Memory
        >>> with Memory(":memory:") as memory:
        ...     agent = create_agent(FakeListChatModel(responses=["Noted."]), middleware=[MnemonMiddleware(memory)])
        ...     said = {"messages": [("user", "I am allergic to peanuts.")]}
        ...     _ = agent.invoke(said, config={"configurable": {"user_id": "ana"}})
        ...     [one.text for one in memory.get_all(user_id="ana", sort="said_at", descending=False)]
        ['I am allergic to peanuts.', 'Noted.']
    """

    def __init__(
        self,
        memory: Memory | AsyncMemory | None = None,
        *,
        user_id: IdSource = None,
        agent_id: IdSource = None,
        app_id: IdSource = None,
        required: tuple[str, ...] = ("user_id",),
        recall: RecallRules | None = RecallRules(),  # noqa: B008 - frozen
        remember: bool = True,
        background: bool = False,
        on_error: OnError = "raise",
        tools: bool | Sequence[str] = False,
        name: str = "MnemonMiddleware",
    ) -> None:
        """Build it; nothing is opened, so an agent can be built when a module is imported.

        Args:
            memory: a `Memory`, an `AsyncMemory`, or a view of one; the default one if left out, which is
                opened at the first turn and closed with this.
            user_id: a fixed id ("me", for an application of one person), or a function that returns it;
                if left out, the caller's: `context={"user_id": ...}`, `configurable`, or `mnemon.scope`.
            agent_id: as `user_id`; memories are then shared by nobody but this agent.
            app_id: as `user_id`.
            required: ids that every turn must have; a turn without them is an error, whatever `on_error`.
            recall: how much is recalled; None for nothing.
            remember: whether what is said is stored.
            background: store in a thread and let the turn return; the next turn of this process sees it,
                and `flush` waits for it.
            on_error: `"raise"`, or `"warn"` to let a turn go on without memory, with a warning in the log
                `mnemon.adapting`, while the store or the embedder fails.
            tools: give the model all memory tools, or those named.
            name: tells two of these in one agent apart.

        Raises:
            ConfigError, ScopeError: an option that there is not, or an id that cannot be one.
        """
        super().__init__()
        self._handle = Handle(memory)
        self._rule = ScopeRule(user_id=user_id, agent_id=agent_id, app_id=app_id, required=required, remedy=REMEDY)
        self._policy = Policy(
            handle=self._handle,
            recall=recall or RecallRules(),
            on_error=on_error,
            queue=WriteQueue() if background else None,
        )
        self._keeper, self._async_keeper = Keeper(self._policy), AsyncKeeper(self._policy)
        self._recalls, self._remembers, self._name = recall is not None, remember, name
        wanted = [] if tools is False else choose_tools(None if tools is True else tools)
        self.tools: Sequence[BaseTool] = build_tools(self._handle, self._rule, wanted)

    @property
    def name(self) -> str:
        """The name that was given."""
        return self._name

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """Recall, keep what the user said, ask the model, keep what it said.

        Raises:
            ScopeError: nobody says whose turn it is.
            StoreError, EmbeddingError: with `on_error="raise"`.
        """
        scope = self._whose(request)
        if self._recalls:
            recalled = self._keeper.recall(scope, _question(request), _carried(request))
            request = _with_memories(request, recalled)
        if self._remembers:
            self._keeper.remember(scope, from_langchain_messages(_asked(request)))
        response = handler(request)
        if self._remembers:
            self._keeper.remember(scope, from_langchain_messages(_answered(response)))
        return response

    async def awrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]
    ) -> ModelResponse[Any]:
        """Do what `wrap_model_call` does, while the event loop goes on."""
        scope = self._whose(request)
        if self._recalls:
            recalled = await self._async_keeper.recall(scope, _question(request), _carried(request))
            request = _with_memories(request, recalled)
        if self._remembers:
            await self._async_keeper.remember(scope, from_langchain_messages(_asked(request)))
        response = await handler(request)
        if self._remembers:
            await self._async_keeper.remember(scope, from_langchain_messages(_answered(response)))
        return response

    def flush(self) -> None:
        """Wait until everything is stored that was left to the background.

        Raises:
            StoreError, EmbeddingError: what a write in the background raised.
        """
        self._keeper.flush()

    async def aflush(self) -> None:
        """Do what `flush` does, while the event loop goes on."""
        await self._async_keeper.flush()

    def close(self) -> None:
        """Store what waits, and close the default memory if it was opened here."""
        try:
            if self._policy.queue is not None:
                self._policy.queue.close()
        finally:
            self._handle.close()

    def _whose(self, request: ModelRequest[Any]) -> CallScope:
        return resolve(self._rule, self._handle, context=getattr(request.runtime, "context", None))


def _said(request: ModelRequest[Any]) -> list[BaseMessage]:
    """Return the messages of the conversation; the prompt's may be others, where a middleware changed them."""
    return list(request.state.get("messages") or request.messages)


def _asked(request: ModelRequest[Any]) -> list[BaseMessage]:
    """Return what the user has said since the model last spoke; usually one message.

    An earlier one that is still among them has an id that is known, and is not stored again.
    """
    asked: list[BaseMessage] = []
    for message in reversed(_said(request)):
        if isinstance(message, AIMessage):
            break
        if _by_user(message):
            asked.append(message)
    return asked[::-1]


def _by_user(message: BaseMessage) -> bool:
    """Whether a person said this: LangChain marks the summaries that it writes in a person's name."""
    return isinstance(message, HumanMessage) and "lc_source" not in message.additional_kwargs


def _question(request: ModelRequest[Any]) -> str:
    return next((text_of(message) for message in reversed(_said(request)) if _by_user(message)), "")


def _carried(request: ModelRequest[Any]) -> Carried:
    return Carried((message.id, text_of(message)) for message in [*request.messages, *_asked(request)])


def _answered(response: ModelResponse[Any]) -> Iterable[BaseMessage]:
    return [message for message in response.result if isinstance(message, AIMessage)]


def _with_memories(request: ModelRequest[Any], memories: str) -> ModelRequest[Any]:
    """Return the request with the block at the end of its system prompt; the same one where there is nothing."""
    if not memories:
        return request
    system = request.system_message
    if system is None:
        return request.override(system_message=SystemMessage(memories))
    if isinstance(system.content, str):
        content: Any = f"{system.content}\n\n{memories}"
    else:
        content = [*system.content, {"type": "text", "text": memories}]
    return request.override(system_message=system.model_copy(update={"content": content}))
