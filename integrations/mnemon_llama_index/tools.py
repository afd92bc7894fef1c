"""`MnemonToolSpec`: tools with which an agent searches and keeps memories by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llama_index.core.tools.tool_spec.base import BaseToolSpec
from llama_index.core.tools.types import ToolMetadata

from mnemon import MnemonError
from mnemon.adapting import AsyncMemoryTools, Handle, MemoryTools, ScopeRule, choose_tools, told

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from llama_index.core.tools.function_tool import FunctionTool

    from mnemon import AsyncMemory, Memory
    from mnemon.adapting import CallScope, IdSource

__all__ = ["MnemonToolSpec"]


class MnemonToolSpec(BaseToolSpec):
    """Tools to search, save, update, delete and list memories, sync and async.

    Whose memories they work on comes from here or from `mnemon.scope`, and never from the model. A wrong
    memory id is told to the model; a store that fails is an error.
    """

    spec_functions: list[str | tuple[str, str]]

    def __init__(
        self,
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
    ) -> None:
        """Work on a memory, or on the default one.

        Args:
            memory: the memory.
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
            ConfigError: a tool that there is not, or an id that cannot be one.
        """
        self._memory = Handle(memory)
        self._rule = ScopeRule(user_id=user_id, agent_id=agent_id, app_id=app_id, run_id=run_id, required=required)
        self._sync, self._async = MemoryTools(self._memory), AsyncMemoryTools(self._memory)
        usual = [tool.name for tool in choose_tools(tools)]
        texts = choose_tools(tools, names=names, descriptions=descriptions)
        self.spec_functions = [(name, f"a{name}") for name in usual]
        self._metadata = {
            name: ToolMetadata(name=tool.name, description=tool.description, fn_schema=tool.arguments)
            for name, tool in zip(usual, texts, strict=True)
        }

    def to_tool_list(
        self,
        spec_functions: list[str | tuple[str, str]] | None = None,
        func_to_metadata_mapping: dict[str, ToolMetadata] | None = None,
    ) -> list[FunctionTool]:
        """Return the tools; arguments as for every tool spec of LlamaIndex."""
        return super().to_tool_list(spec_functions, {**self._metadata, **(func_to_metadata_mapping or {})})

    def search_memories(self, query: str, limit: int = 10) -> str:
        """Return memories that answer a query as JSON, best first."""
        return _told(lambda: self._sync.search(self._scope(), query=query, limit=limit))

    async def asearch_memories(self, query: str, limit: int = 10) -> str:
        """Return memories that answer a query as JSON, best first."""
        return await _atold(lambda: self._async.search(self._scope(), query=query, limit=limit))

    def save_memory(self, text: str) -> str:
        """Store a fact; return its id."""
        return _told(lambda: self._sync.save(self._scope(), text=text))

    async def asave_memory(self, text: str) -> str:
        """Store a fact; return its id."""
        return await _atold(lambda: self._async.save(self._scope(), text=text))

    def update_memory(self, memory_id: str, text: str) -> str:
        """Give a memory a new text."""
        return _told(lambda: self._sync.update(self._scope(), memory_id=memory_id, text=text))

    async def aupdate_memory(self, memory_id: str, text: str) -> str:
        """Give a memory a new text."""
        return await _atold(lambda: self._async.update(self._scope(), memory_id=memory_id, text=text))

    def delete_memory(self, memory_id: str) -> str:
        """Delete a memory; it can be undone by who has the memory."""
        return _told(lambda: self._sync.delete(self._scope(), memory_id=memory_id))

    async def adelete_memory(self, memory_id: str) -> str:
        """Delete a memory; it can be undone by who has the memory."""
        return await _atold(lambda: self._async.delete(self._scope(), memory_id=memory_id))

    def list_memories(self, limit: int = 20) -> str:
        """Return the newest memories as JSON."""
        return _told(lambda: self._sync.list(self._scope(), limit=limit))

    async def alist_memories(self, limit: int = 20) -> str:
        """Return the newest memories as JSON."""
        return await _atold(lambda: self._async.list(self._scope(), limit=limit))

    def _scope(self) -> CallScope:
        return self._rule.resolve(bound=self._memory.scope)


def _told(call: Callable[[], str]) -> str:
    try:
        return call()
    except MnemonError as error:
        return told(error)


async def _atold(call: Callable[[], Awaitable[str]]) -> str:
    try:
        return await call()
    except MnemonError as error:
        return told(error)
