"""Scopes as conditions and fields of rows."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha1
from typing import TYPE_CHECKING, cast

from mnemon.protocols.clock import uuid_text
from mnemon.types.filters import And, where
from mnemon.types.jsonvalue import json_bytes
from mnemon.types.scope import SCOPE_FIELDS, Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mnemon.types.filters import Filter
    from mnemon.types.storage import Row

__all__ = ["row_id", "row_ids", "scope_condition", "scope_key", "scope_of", "scope_with"]

_NAMESPACE = bytes.fromhex("6d6e656d6f6e50008000000000000000")
"""Namespace of every id that is made from other ids: "mnemon" in ASCII, and no other meaning."""


def scope_condition(scope: Scope) -> And:
    """Return the condition that every id of the scope matches."""
    parts: list[Filter] = [where(name).eq(value) for name, value in scope.to_dict().items()]
    return And(tuple(parts))


def scope_key(scope: Scope) -> tuple[str | None, ...]:
    """Return all ids of a scope in their order, None for one that it has not: parts of `row_id`."""
    return scope.user_id, scope.agent_id, scope.app_id, scope.run_id


def scope_of(row: Row) -> Scope:
    """Return the scope that a row was written with."""
    return scope_with(*map(cast("Mapping[str, str]", row.fields).get, SCOPE_FIELDS))


@lru_cache(maxsize=1024)
def scope_with(user_id: str | None, agent_id: str | None, app_id: str | None, run_id: str | None) -> Scope:
    """Return a scope, the same object for the same ids: callers come again and again with theirs."""
    return Scope(user_id=user_id, agent_id=agent_id, app_id=app_id, run_id=run_id)


def row_id(kind: str, *parts: str | None) -> str:
    """Return the id that these parts always give, and no others.

    Parts are told apart exactly: `("a", "bc")` and `("ab", "c")` differ, and so do None and `""`.
    """
    named = _NAMESPACE + json_bytes([kind, *parts])
    return uuid_text(sha1(named, usedforsecurity=False).digest()[:16], 5)


def row_ids(kind: str, *parts: str | None) -> Callable[[str], str]:
    """Return what gives the ids of `row_id` for these parts and one more: the work for these is done once."""
    begun = sha1(_NAMESPACE + json_bytes([kind, *parts])[:-1] + b", ", usedforsecurity=False)

    def finish(last: str) -> str:
        whole = begun.copy()
        whole.update(json_bytes(last) + b"]")
        return uuid_text(whole.digest()[:16], 5)

    return finish
