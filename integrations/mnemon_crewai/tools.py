"""Tools with which an agent of CrewAI searches and keeps memories by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crewai.tools import BaseTool
from crewai.tools import memory_tools as crewai_tools
from pydantic import PrivateAttr

from mnemon import MnemonError
from mnemon.adapting import AsyncMemoryTools, CallScope, MemoryTools, choose_tools, told
from mnemon_crewai.errors import aborting
from mnemon_crewai.scoping import Bound, Ids

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mnemon import AsyncMemory, Memory
    from mnemon.adapting import IdSource, ToolText

__all__ = ["memory_tools", "uncache_crewais_tools"]


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
) -> list[BaseTool]:
    """Return tools to search, save, update, delete and list memories.

    An agent of a crew with a `MnemonMemory` has CrewAI's own two, to search and to save; these are for
    crews without one, and for what those cannot do. Whose memories they work on is said here, by
    `scope_from_inputs` or by `mnemon.scope`, and never by the model. A wrong memory id is told to the
    model. CrewAI's cache, where a crew has one, never answers for them.

    Args:
        memory: the memory; the default one if left out.
        user_id: whose memories: an id, a function that returns it, or None for that of the kickoff.
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
    bound = Bound(memory, Ids(user_id=user_id, agent_id=agent_id, app_id=app_id, run_id=run_id), required)
    return [_MemoryTool(tool, bound) for tool in choose_tools(tools, names=names, descriptions=descriptions)]


def _never(_arguments: object = None, _result: object = None) -> bool:
    """Say that a result is not to be cached: the next one may be of another customer, or know more."""
    return False


class _MemoryTool(BaseTool):
    _method: str = PrivateAttr()
    _bound: Bound = PrivateAttr()

    def __init__(self, tool: ToolText, bound: Bound) -> None:
        super().__init__(
            name=tool.name, description=tool.description, args_schema=tool.arguments, cache_function=_never
        )
        self._method, self._bound = tool.method, bound

    @aborting()
    def _run(self, **arguments: Any) -> str:
        scope = self._scope()
        try:
            return getattr(MemoryTools(self._bound.handle), self._method)(scope, **arguments)
        except MnemonError as error:
            return told(error)

    async def _arun(self, **arguments: Any) -> str:
        with aborting():
            scope = self._scope()
            try:
                return await getattr(AsyncMemoryTools(self._bound.handle), self._method)(scope, **arguments)
            except MnemonError as error:
                return told(error)

    def _scope(self) -> CallScope:
        scope = self._bound.scope()
        return CallScope(reads=scope, writes=scope)


class _Search(crewai_tools.RecallMemoryTool):
    cache_function: Any = _never


class _Save(crewai_tools.RememberTool):
    cache_function: Any = _never


def uncache_crewais_tools() -> None:
    """Make the memory tools that CrewAI gives to agents ask the memory each time.

    CrewAI's cache knows a call by tool and arguments, and a crew keeps it from one kickoff to the next. With
    `Crew(cache=True)` one customer would be told what another's memory answered, and would not be saved what
    another had saved. CrewAI makes these tools itself, and asks nobody how.
    """
    crewai_tools.RecallMemoryTool = _Search
    crewai_tools.RememberTool = _Save
