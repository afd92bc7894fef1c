"""Tools with which an agent of AutoGen searches and keeps memories by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autogen_core.tools import BaseTool
from pydantic import BaseModel

from mnemon import MnemonError
from mnemon.adapting import AsyncMemoryTools, Handle, ScopeRule, choose_tools, told
from mnemon_autogen.bound import cancellable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from autogen_core import CancellationToken

    from mnemon import AsyncMemory, Memory
    from mnemon.adapting import IdSource, ToolText

__all__ = ["memory_tools"]


def memory_tools(
    memory: Memory | AsyncMemory | None = None,
    *,
    user_id: IdSource = None,
    agent_id: IdSource = None,
    app_id: IdSource = None,
    run_id: IdSource = None,
    required: tuple[str, ...] = ("user_id",),
    tools: Sequence[str] | None = None,
    names: Mapping[str, str] | None = None,
    descriptions: Mapping[str, str] | None = None,
) -> list[BaseTool[BaseModel, Any]]:
    """Return tools to search, save, update, delete and list memories.

    Whose memories they work on is said here or by `mnemon.scope`, and never by the model. A wrong memory
    id is told to the model; a store that fails is an error.

    Args:
        memory: the memory; the default one if left out.
        user_id: whose memories: an id, a function that returns it, or None for that of `mnemon.scope`.
        agent_id: as `user_id`.
        app_id: as `user_id`.
        run_id: as `user_id`.
        required: ids without which a call fails.
        tools: which of `search_memories`, `save_memory`, `update_memory`, `delete_memory` and
            `list_memories`; all if left out.
        names: other names for the model, by usual name.
        descriptions: other descriptions, by usual name.

    Raises:
        ConfigError: a tool that there is not.
        ScopeError: an id that cannot be one.
    """
    rule = ScopeRule(user_id=user_id, agent_id=agent_id, app_id=app_id, run_id=run_id, required=required)
    handle = Handle(memory)
    return [_MemoryTool(tool, handle, rule) for tool in choose_tools(tools, names=names, descriptions=descriptions)]


class _MemoryTool(BaseTool[BaseModel, Any]):
    def __init__(self, tool: ToolText, handle: Handle, rule: ScopeRule) -> None:
        super().__init__(tool.arguments, str, tool.name, tool.description)
        self._method = getattr(AsyncMemoryTools(handle), tool.method)
        self._handle, self._rule = handle, rule

    async def run(self, args: BaseModel, cancellation_token: CancellationToken) -> str:
        """Carry out what a model asks for; answer in words for it."""
        scope = self._rule.resolve(bound=self._handle.scope)
        try:
            return await cancellable(self._method(scope, **args.model_dump()), cancellation_token)
        except MnemonError as error:
            return told(error)
