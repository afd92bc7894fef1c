"""Whose memories a call of a framework means: ids of who built the adapter, of the call, or of `mnemon.scope`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from mnemon.errors import ConfigError, ScopeError
from mnemon.logic.ambient import ambient_ids
from mnemon.logic.conditions import merge_scopes
from mnemon.types.jsonvalue import shown
from mnemon.types.scope import SCOPE_FIELDS, Scope

__all__ = ["CallScope", "IdSource", "ScopeRule"]

IdSource = str | Callable[[], str | None] | None
"""A fixed id, what tells it when it is needed, or None where the call tells it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallScope:
    """Whose memories one call reads and writes.

    Attributes:
        reads: what is recalled; all threads, unless somebody named a `run_id`.
        writes: the same, with the framework's thread as `run_id`.
    """

    reads: Scope
    writes: Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeRule:
    """Where the four ids come from; resolved anew for every call, so that one object serves many people.

    An id comes from here, from the framework's call, from a `with mnemon.scope(...)` block, or from a
    view (`memory.scoped(...)`). All that name it must name the same one. An id never comes from what a
    model says, nor from the metadata of a message.

    Attributes:
        user_id: a fixed id, a function without arguments that returns it, or None.
        agent_id: as `user_id`.
        app_id: as `user_id`.
        run_id: as `user_id`.
        required: ids that every call must have.
        remedy: how the framework's caller names them; a part of the error's message.

    Example:
        >>> rule = ScopeRule(agent_id="support")
        >>> rule.resolve({"user_id": "ana"}, thread="t1").writes
        Scope(user_id='ana', agent_id='support', app_id=None, run_id='t1')
    """

    user_id: IdSource = None
    agent_id: IdSource = None
    app_id: IdSource = None
    run_id: IdSource = None
    required: tuple[str, ...] = ("user_id",)
    remedy: str = ""

    def __post_init__(self) -> None:
        """Refuse required ids that there are not, and fixed ids that cannot be any."""
        if isinstance(self.required, str) or not self.required or not set(self.required) <= set(SCOPE_FIELDS):
            msg = f"required names at least one of {', '.join(SCOPE_FIELDS)}, as a tuple; not {shown(self.required)}"
            raise ConfigError(msg)
        fixed = {name: value for name, value in self._sources().items() if value is not None and not callable(value)}
        if fixed:
            Scope(**fixed)

    def resolve(
        self, given: Mapping[str, object] | None = None, *, bound: Scope | None = None, thread: str | None = None
    ) -> CallScope:
        """Return whose memories a call means.

        Args:
            given: ids that the framework's call names; None values and other names are left out.
            bound: the scope of the view that the adapter works with.
            thread: the framework's thread, which is the `run_id` of what is written where nobody names one.

        Raises:
            ScopeError: a required id is missing, two sources contradict each other, or an id cannot be one.
        """
        reads = self.known(given, bound=bound)
        missing = [name for name in self.required if reads is None or name not in reads.to_dict()]
        if reads is None or missing:
            msg = f"whose memories? This call has no {' and no '.join(missing)}. {self._ways(missing[0])}"
            raise ScopeError(msg)
        if reads.run_id is not None or thread is None:
            return CallScope(reads=reads, writes=reads)
        return CallScope(reads=reads, writes=Scope(**reads.to_dict(), run_id=thread))

    def known(self, given: Mapping[str, object] | None = None, *, bound: Scope | None = None) -> Scope | None:
        """Return what is known of whose memories a call means, required or not; None for nothing.

        Raises:
            ScopeError: two sources contradict each other, or an id cannot be one.
        """
        own = {name: source() if callable(source) else source for name, source in self._sources().items()}
        call = {name: (given or {}).get(name) for name in SCOPE_FIELDS}
        view = dict[str, str]() if bound is None else bound.to_dict()
        return merge_scopes(view, ambient_ids(), own, cast("dict[str, str | None]", call))

    def _sources(self) -> dict[str, IdSource]:
        return {name: getattr(self, name) for name in SCOPE_FIELDS}

    def _ways(self, name: str) -> str:
        call = f"{self.remedy}; or call" if self.remedy else "Call"
        return (
            f"{call} inside `with mnemon.scope({name}=...)`, "
            f"or build the object with {name}=, a fixed id or a function that returns it"
        )
