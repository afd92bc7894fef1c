"""Whose memories a call means, and which: arguments and filters of the engine as conditions of a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mnemon.errors import InvalidFilterError, ScopeError
from mnemon.logic.filters import METADATA, conjuncts
from mnemon.logic.scopes import scope_condition, scope_with
from mnemon.types.filters import And, Condition, Filter, Not, Operator, Or, parse_filter, where
from mnemon.types.jsonvalue import shown
from mnemon.types.memory import KINDS
from mnemon.types.message import ROLES
from mnemon.types.scope import SCOPE_FIELDS, Scope
from mnemon.types.times import format_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from mnemon.types.memory import Kind

__all__ = ["CURRENT", "matching", "merge_scopes", "recorded_at", "removable", "split_filters", "unexpired"]

CURRENT = where("recorded_to").eq(None)
"""The newest version of a memory that is not deleted."""

_RENAMED = {"id": "memory_id", "updated_at": "recorded_from", "timestamp": "said_at", "source_ids": "sources"}
_OURS = frozenset(
    {
        *SCOPE_FIELDS,
        "kind",
        "role",
        "speaker",
        "categories",
        "version",
        "said_at",
        "created_at",
        "expires_at",
        "valid_from",
        "valid_to",
    }
)

_NAMED = {"kind": KINDS, "role": ROLES}
"""Fields that hold one of a few names: asking for another one is a slip, not a question without an answer."""
_WHOLE = {Operator.EQ, Operator.NE, Operator.IN, Operator.NIN}


def merge_scopes(*scopes: Mapping[str, str | None]) -> Scope | None:
    """Return the scope that all of these name together, or None where none names an id.

    Raises:
        ScopeError: two of them name different ids of one kind, or an id is none.
    """
    merged: dict[str, str] = {}
    for scope in scopes:
        for name, value in scope.items():
            if value is None:
                continue
            if merged.setdefault(name, value) != value:
                msg = f"{name}={value!r} contradicts {name}={merged[name]!r}, to which this call is bound"
                raise ScopeError(msg)
    if not merged:
        return None
    if {*map(type, merged.values())} != {str}:
        return Scope(**merged)  # which says what is wrong with it
    return scope_with(*map(merged.get, SCOPE_FIELDS))


def split_filters(filters: Mapping[str, object] | Filter | None) -> tuple[dict[str, str], Filter]:
    """Return the scope ids that a filter asks for at its top, and the rest of it in a store's field names.

    A name that is no field of a memory is one of its metadata, whole or as a dotted path.

    Raises:
        InvalidFilterError: as `parse_filter`; also two different ids of one kind at the top, or a kind or
            role that there is not.
    """
    ids: dict[str, str] = {}
    rest: list[Filter] = []
    for part in conjuncts(And() if filters is None else parse_filter(filters)):
        match part:
            case Condition(name, Operator.EQ, str(value)) if name in SCOPE_FIELDS:
                if ids.setdefault(name, value) != value:
                    msg = f"the filter asks for two values of {name!r} at once, which nothing has; use OR or in"
                    raise InvalidFilterError(msg)
            case _:
                rest.append(_translated(part))
    return ids, And(tuple(rest))


def _translated(tree: Filter) -> Filter:
    match tree:
        case And(parts):
            return And(tuple(map(_translated, parts)))
        case Or(parts):
            return Or(tuple(map(_translated, parts)))
        case Not(part):
            return Not(_translated(part))
        case Condition("pinned", Operator.EQ, bool(value)):
            return where("pinned").exists(value)
        case Condition(name, operator, value):
            if name in _NAMED and operator in _WHOLE:
                _check_names(name, value)
            return Condition(_stored(name), operator, value)
        case _:
            return tree


def _check_names(field: str, value: object) -> None:
    for one in cast("tuple[object, ...]", value if isinstance(value, tuple) else (value,)):
        if one is not None and one not in _NAMED[field]:
            msg = f"no memory has the {field} {shown(one)}; it is one of {', '.join(_NAMED[field])}"
            raise InvalidFilterError(msg)


def _stored(name: str) -> str:
    if name in _RENAMED:
        return _RENAMED[name]
    if name in _OURS or name.startswith(METADATA):
        return name
    if name == "pinned":
        msg = "pinned takes eq with True or False"
        raise InvalidFilterError(msg)
    return METADATA + name


def recorded_at(as_of: datetime | None) -> Filter:
    """Return the condition of the versions that were current then, or are now."""
    if as_of is None:
        return CURRENT
    moment = format_time(as_of)
    # A version whose content was purged has no kind any more.
    return where("recorded_from").lte(moment) & (CURRENT | where("recorded_to").gt(moment)) & where("kind").exists()


def unexpired(now: datetime) -> Filter:
    """Return the condition of what has not expired by then; what is pinned never does."""
    return where("expires_at").eq(None) | where("expires_at").gt(format_time(now)) | where("pinned").exists()


def matching(
    scope: Scope | None,
    filters: Filter,
    *,
    now: datetime,
    as_of: datetime | None = None,
    kinds: Sequence[Kind] | None = None,
    include_expired: bool = False,
    exclude_message_ids: Iterable[str] = (),
) -> And:
    """Return the condition of the versions that a reading call means, the scope's parts first."""
    parts: list[Filter] = [*_parts(scope), recorded_at(as_of)]
    if not include_expired:
        parts.append(unexpired(as_of or now))
    if kinds is not None:
        parts.append(where("kind").in_(list(kinds)))
    if excluded := list(exclude_message_ids):
        parts.append(~where("sources").in_(excluded))
    return And((*parts, *(() if filters == And() else (filters,))))


def removable(scope: Scope | None, filters: Filter, *, erase: bool) -> And:
    """Return the condition of the versions that a deletion means: expired ones too, and to erase, closed ones.

    What is erased has a newest version that fits, as its readers see to.

    Raises:
        ScopeError: neither scope nor filter.
    """
    if scope is None and filters == And():
        msg = (
            "delete_all() needs to know which memories are meant: give at least one of user_id, agent_id, app_id "
            "and run_id, or a filter that is not empty; reset() empties the project"
        )
        raise ScopeError(msg)
    state = And() if erase else CURRENT
    return And((*_parts(scope), state, *(() if filters == And() else (filters,))))


def _parts(scope: Scope | None) -> tuple[Filter, ...]:
    return () if scope is None else scope_condition(scope).parts
