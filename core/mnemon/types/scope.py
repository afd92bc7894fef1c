"""Whose memories: the ids that come from the caller and are matched whole."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from mnemon.errors import InvalidInputError, ScopeError
from mnemon.types.jsonvalue import check_text, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MAX_SCOPE_ID_BYTES", "SCOPE_FIELDS", "Scope"]

MAX_SCOPE_ID_BYTES = 1_024
"""Longest scope id, in bytes of UTF-8."""


@dataclass(frozen=True, kw_only=True)
class Scope:
    """At least one of four ids; what several name must match all of them.

    Ids are exact, case-sensitive texts of 1 to 1,024 bytes: `"1"` is not `"10"`, `"*"` is an
    ordinary id, and white space counts.

    Attributes:
        user_id: a person.
        agent_id: an agent.
        app_id: an application.
        run_id: a session or thread.

    Raises:
        ScopeError: no id at all, or one that is not a text, is blank or too long.
    """

    user_id: str | None = None
    agent_id: str | None = None
    app_id: str | None = None
    run_id: str | None = None

    def __post_init__(self) -> None:
        """Refuse a scope that is none."""
        ids = self.to_dict()
        if not ids:
            msg = f"no scope: give at least one of {', '.join(SCOPE_FIELDS)}, e.g. user_id='alice'"
            raise ScopeError(msg)
        for name, value in ids.items():
            _check_scope_id(name, value)

    def to_dict(self) -> Mapping[str, str]:
        """Return the ids that are given, by name."""
        return self._ids

    def __hash__(self) -> int:
        """Return a hash that is made once: every call looks things up by its scope."""
        return self._hash

    def __getstate__(self) -> dict[str, str | None]:
        """Leave out what is made of the ids."""
        return {name: getattr(self, name) for name in SCOPE_FIELDS}

    @cached_property
    def _hash(self) -> int:
        return hash((self.user_id, self.agent_id, self.app_id, self.run_id))

    @cached_property
    def _ids(self) -> Mapping[str, str]:
        ids = {name: getattr(self, name) for name in SCOPE_FIELDS}
        return MappingProxyType({name: value for name, value in ids.items() if value is not None})


SCOPE_FIELDS = tuple(field.name for field in fields(Scope))
"""Names of the four ids."""


def _check_scope_id(name: str, value: object) -> None:
    if not isinstance(value, str):  # 7 and "7" would be one person in one place and two in another
        msg = f"{name} is {shown(value)}, of type {type(value).__name__}; an id is a text: give str() of it"
        raise ScopeError(msg)
    try:
        text = check_text(value, name)
    except InvalidInputError as error:
        raise ScopeError(str(error)) from None
    if not text.strip():
        msg = f"{name} is blank; leave it out, or give an id"
        raise ScopeError(msg)
    size = len(text.encode())
    if size > MAX_SCOPE_ID_BYTES:
        msg = f"{name} is {size} bytes long, {MAX_SCOPE_ID_BYTES} is the most; use a hash of it"
        raise ScopeError(msg)
