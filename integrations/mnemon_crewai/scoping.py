"""Whose memories a kickoff means, where its inputs tell it."""

from __future__ import annotations

import json
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypedDict

from crewai.utilities.crew.crew_context import get_crew_context

from mnemon import ConfigError, Scope, ScopeError
from mnemon.adapting import Handle, ScopeRule
from mnemon.types.jsonvalue import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from crewai.utilities.crew.models import CrewContext

    from mnemon import AsyncMemory, Memory
    from mnemon.adapting import CallScope, IdSource

__all__ = ["REMEDY", "Bound", "Ids", "Whose", "scope_from_inputs"]

REMEDY = 'Build the crew with before_kickoff_callbacks=[scope_from_inputs("customer_id")]'

Inputs = dict[str, Any]

_BINDER = "scope_from_"

_kickoff: ContextVar[tuple[CrewContext, Mapping[str, str]] | None] = ContextVar("mnemon_crewai_kickoff", default=None)


def scope_from_inputs(
    user_id: str | None = None,
    *,
    agent_id: str | None = None,
    app_id: str | None = None,
    run_id: str | None = None,
) -> Callable[[Inputs], Inputs]:
    """Return a callback for `before_kickoff_callbacks` that binds a kickoff to the ids in its inputs.

    They hold until the kickoff ends, in its tasks, tools and threads, and nowhere else: copies of a crew
    that run at the same time each have their own.

    Args:
        user_id: name of the input that tells whose memories are meant.
        agent_id: name of the input for the agent, if there is one.
        app_id: name of the input for the application, if there is one.
        run_id: name of the input for the session, if there is one.

    Raises:
        ConfigError: no name at all.
    """
    named = {"user_id": user_id, "agent_id": agent_id, "app_id": app_id, "run_id": run_id}
    inputs_of = {name: key for name, key in named.items() if key is not None}
    if not inputs_of:
        msg = 'name the input that tells whose memories are meant, e.g. scope_from_inputs("customer_id")'
        raise ConfigError(msg)
    return _binder(inputs_of)


def _binder(inputs_of: Mapping[str, str]) -> Callable[[Inputs], Inputs]:
    def bind(inputs: Inputs) -> Inputs:
        running = get_crew_context()
        if running is None:
            msg = "scope_from_inputs binds a kickoff, and none is running; use `with mnemon.scope(...)` elsewhere"
            raise ConfigError(msg)
        _kickoff.set(None)  # what an earlier kickoff of this context meant is over
        ids = {name: _input(inputs, key, name) for name, key in inputs_of.items()}
        _kickoff.set((running, dict(Scope(**ids).to_dict())))
        return inputs

    # CrewAI writes into a checkpoint where a callback is found, and warns of one that is found nowhere.
    bind.__qualname__ = _BINDER + json.dumps(inputs_of).encode().hex()
    return bind


def __getattr__(name: str) -> Callable[[Inputs], Inputs]:
    """Return the callback that a checkpoint names."""
    if not name.startswith(_BINDER):
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return _binder(json.loads(bytes.fromhex(name.removeprefix(_BINDER))))


def _input(inputs: Mapping[str, Any], key: str, name: str) -> str:
    if key not in inputs:
        msg = f"this kickoff has no input {key!r}, which tells its {name}; call kickoff(inputs={{{key!r}: ...}})"
        raise ScopeError(msg)
    value = inputs[key]
    if not isinstance(value, str):
        msg = f"the input {key!r}, which tells the {name}, is a text, not {shown(value)}; use str() of it"
        raise ScopeError(msg)
    return value


def _ids_of_kickoff() -> Mapping[str, str]:
    """Return the ids that the kickoff which runs here is bound to."""
    bound = _kickoff.get()
    return bound[1] if bound is not None and bound[0] is get_crew_context() else {}


class Ids(TypedDict, total=False):
    """Where the four ids come from: a fixed id, a function that returns it, or None for the kickoff's."""

    user_id: IdSource
    agent_id: IdSource
    app_id: IdSource
    run_id: IdSource


class Whose:
    """Whose rows or memories a call means: what it was built with, the kickoff that runs, `mnemon.scope`."""

    def __init__(self, ids: Ids, required: tuple[str, ...]) -> None:
        """Take the ids.

        Raises:
            ScopeError: a fixed id that cannot be one.
            ConfigError: a required id that there is not.
        """
        self._rule = ScopeRule(**ids, required=required, remedy=REMEDY)

    def scope(self, bound: Scope | None = None) -> Scope:
        """Return whose they are; `bound` is the scope of a view that was handed over.

        Raises:
            ScopeError: nobody says so, or two contradict each other.
        """
        return self.call(bound).reads

    def call(self, bound: Scope | None = None, thread: str | None = None) -> CallScope:
        """Return whose memories are read and written in a session, which is the `run_id` of what is written.

        Raises:
            ScopeError: nobody says so, or two contradict each other.
        """
        return self._rule.resolve(_ids_of_kickoff(), bound=bound, thread=thread)


class Bound:
    """A memory, and whose it is at each call."""

    def __init__(self, memory: Memory | AsyncMemory | None, ids: Ids, required: tuple[str, ...]) -> None:
        """Take a memory, or the default one, which is opened when it is needed.

        Raises:
            ScopeError: a fixed id that cannot be one.
            ConfigError: no memory, or a required id that there is not.
        """
        self.handle = Handle(memory)
        self._whose = Whose(ids, required)

    def scope(self) -> Scope:
        """Return whose memories a call means.

        Raises:
            ScopeError: nobody says so, or two contradict each other.
        """
        return self._whose.scope(self.handle.scope)

    def memory(self) -> Memory:
        """Return the memory, bound to whose it is now."""
        scope = self.scope()  # before anything is opened
        return self.handle.memory().scoped(**scope.to_dict())

    async def amemory(self) -> AsyncMemory:
        """Return what `memory` returns, for async code."""
        scope = self.scope()
        memory = await self.handle.amemory()
        return memory.scoped(**scope.to_dict())
