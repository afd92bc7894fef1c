"""Memory as tools that a model calls."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from langchain_core.runnables import RunnableConfig  # noqa: TC002 - LangChain reads it to hand the config over
from langchain_core.tools import BaseTool, StructuredTool, ToolException

from mnemon import MnemonError
from mnemon.adapting import AsyncMemoryTools, Handle, IdSource, MemoryTools, ScopeRule, can_be_told, choose_tools
from mnemon_langchain.calls import REMEDY, resolve

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mnemon import AsyncMemory, Memory
    from mnemon.adapting import ToolText

__all__ = ["build_tools", "memory_tools"]


def memory_tools(
    memory: Memory | AsyncMemory | None = None,
    *,
    user_id: IdSource = None,
    agent_id: IdSource = None,
    app_id: IdSource = None,
    required: tuple[str, ...] = ("user_id",),
    tools: Sequence[str] | None = None,
    names: Mapping[str, str] | None = None,
    descriptions: Mapping[str, str] | None = None,
) -> list[BaseTool]:
    """Return tools with which a model searches, saves, updates, deletes and lists memories.

    Whose memories are meant is never an argument that a model fills in: it comes from the run's context
    or `configurable`, from `mnemon.scope(...)`, or from here. What belongs to somebody else cannot be
    found, changed or deleted: its id is one that there is not. Facts that are saved belong to the
    person, and to no thread.

    Args:
        memory: a `Memory`, an `AsyncMemory`, or a view of one; the default one if left out.
        user_id: a fixed id, or a function that returns it; the caller's if left out.
        agent_id: as `user_id`.
        app_id: as `user_id`.
        required: ids that every call must have.
        tools: which tools, by their usual names; all five if left out: `search_memories`,
            `save_memory`, `update_memory`, `delete_memory`, `list_memories`.
        names: other names for them, by usual name.
        descriptions: other descriptions, by usual name.

    Raises:
        ConfigError: a tool that there is not, or one name for two.

    Example:
        >>> from mnemon import Memory
        >>> with Memory(":memory:") as memory:
        ...     search, save = memory_tools(memory, user_id="ana", tools=["search_memories", "save_memory"])
        ...     save.invoke({"text": "Ana is allergic to peanuts."})[:12]
        'saved memory'
    """
    rule = ScopeRule(user_id=user_id, agent_id=agent_id, app_id=app_id, required=required, remedy=REMEDY)
    return build_tools(Handle(memory), rule, choose_tools(tools, names=names, descriptions=descriptions))


def build_tools(handle: Handle, rule: ScopeRule, chosen: Sequence[ToolText]) -> list[BaseTool]:
    """Return these tools over a memory."""
    sync, native = MemoryTools(handle, actor="model"), AsyncMemoryTools(handle, actor="model")
    return [_tool(text, handle, rule, sync, native) for text in chosen]


def _tool(
    text: ToolText, handle: Handle, rule: ScopeRule, sync: MemoryTools, native: AsyncMemoryTools
) -> StructuredTool:
    work, awork = getattr(sync, text.method), getattr(native, text.method)
    whose = partial(resolve, rule, handle)

    def run(config: RunnableConfig, **arguments: Any) -> str:
        scope = whose(config)
        try:
            return work(scope, **arguments)
        except MnemonError as error:
            raise _for_model(error) from error

    async def arun(config: RunnableConfig, **arguments: Any) -> str:
        scope = whose(config)
        try:
            return await awork(scope, **arguments)
        except MnemonError as error:
            raise _for_model(error) from error

    return StructuredTool.from_function(
        run,
        arun,
        name=text.name,
        description=text.description,
        args_schema=text.arguments,
        handle_tool_error=True,
    )


def _for_model(error: MnemonError) -> Exception:
    """Return an error as a model is told of it, where it can do better then; any other stays what it is."""
    return ToolException(str(error)) if can_be_told(error) else error
