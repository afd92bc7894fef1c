"""Whose call it is: the ids that LangChain and LangGraph carry beside the messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from langchain_core.runnables import ensure_config
from langgraph.runtime import get_runtime

from mnemon import ScopeError

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig

    from mnemon.adapting import CallScope, Handle, ScopeRule

__all__ = ["REMEDY", "person", "resolve"]

REMEDY = (
    'Pass context={"user_id": ...} to invoke (with a context_schema that has it), '
    'or config={"configurable": {"user_id": ...}}'
)
"""How who calls an agent, a tool or a retriever says whose memories are meant."""

_IDS = ("user_id", "agent_id", "app_id")


def resolve(rule: ScopeRule, handle: Handle, config: RunnableConfig | None = None, context: object = None) -> CallScope:
    """Return whose memories the call that is going on means.

    Ids stand in the run's context and in `configurable`, both of the caller; the metadata of runs and
    messages is never asked. The thread is what `configurable` calls `thread_id`.

    Args:
        rule: where else ids come from.
        handle: the memory, which may be bound itself.
        config: the call's config; that of the running graph if left out.
        context: the run's context; that of the running graph if left out.

    Raises:
        ScopeError: context and config contradict each other; also as `ScopeRule.resolve`.
    """
    configurable = ensure_config(config).get("configurable") or {}
    given = _given(configurable, context)
    thread = configurable.get("thread_id")
    return rule.resolve(given, bound=handle.scope, thread=None if thread is None else str(thread))


def person(rule: ScopeRule) -> str | None:
    """Return the person of the call that is going on, or None where nobody says.

    Raises:
        ScopeError: as `resolve`, but for nobody.
    """
    given = _given(ensure_config().get("configurable") or {}, None)
    known = rule.known({"user_id": given["user_id"]})
    return None if known is None else known.user_id


def _given(configurable: Mapping[str, Any], context: object) -> dict[str, object]:
    """Return the ids that config and context name together."""
    given: dict[str, object] = {name: configurable.get(name) for name in _IDS}
    for name, value in _ids_of(_running_context() if context is None else context).items():
        if given[name] is not None and given[name] != value:
            msg = f"the context says {name}={value!r} and the config {name}={given[name]!r}; whose call is it?"
            raise ScopeError(msg)
        given[name] = value
    return given


def _ids_of(context: object) -> dict[str, object]:
    if isinstance(context, Mapping):
        found = {name: cast("Mapping[str, object]", context).get(name) for name in _IDS}
    else:
        found = {name: getattr(context, name, None) for name in _IDS}
    return {name: value for name, value in found.items() if value is not None}


def _running_context() -> object:
    try:
        runtime = cast("object", get_runtime())  # None in a run that is no graph's
    except (RuntimeError, KeyError):  # outside of any run
        return None
    return getattr(runtime, "context", None)
