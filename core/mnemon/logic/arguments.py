"""Checks of what callers give to a memory: each names the argument, and our word for one from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from mnemon.errors import InvalidInputError
from mnemon.types.jsonvalue import check_text, shown
from mnemon.types.memory import KINDS
from mnemon.types.message import ROLES
from mnemon.types.unseen import is_blank

if TYPE_CHECKING:
    from datetime import datetime

    from mnemon.types.memory import Kind
    from mnemon.types.message import Role

__all__ = [
    "check_categories",
    "check_id",
    "check_kind",
    "check_kinds",
    "check_limit",
    "check_query",
    "check_roles",
    "check_threshold",
    "check_validity",
    "refuse_foreign",
]

_ELSEWHERE = {
    "category": "categories",
    "data": "text",
    "expiration_date": "expires_at",
    "filter": "filters",
    "k": "limit",
    "memory_type": "kind",
    "messages": "content (the first argument)",
    "min_score": "threshold",
    "namespace": "user_id, agent_id, app_id or run_id",
    "reference_date": "as_of",
    "session_id": "run_id",
    "show_expired": "include_expired",
    "thread_id": "run_id",
    "top_k": "limit",
}
"""Argument names of other memories and frameworks, and what they are called here."""


def refuse_foreign(method: str, arguments: Mapping[str, object]) -> None:
    """Refuse arguments that a method does not have.

    Raises:
        TypeError: there is one; the message names our word for it where it has one.
    """
    for name in arguments:
        ours = _ELSEWHERE.get(name)
        hint = f"; here it is called {ours}" if ours else ""
        msg = f"{method}() has no argument {name!r}{hint}"
        raise TypeError(msg)


def check_id(value: object, name: str) -> str:
    """Return the id of a memory, message or operation; blank is an error."""
    if not check_text(value, name).strip():
        msg = f"{name} is blank; give an id"
        raise InvalidInputError(msg)
    return cast("str", value)


def check_ids(ids: object, name: str, of: str) -> list[str]:
    """Return a list of ids; one text alone is an error, since its letters would be taken for ids."""
    if isinstance(ids, str | bytes) or not isinstance(ids, Iterable):
        msg = f"{name} is a list of ids of {of}s, not {shown(ids)}; write [id]"
        raise InvalidInputError(msg)
    return [check_id(item, f"a {of} id") for item in cast("Iterable[object]", ids)]


def check_last(last: object) -> int | None:
    """Return how many of the newest are wanted; None for all."""
    if last is not None and (isinstance(last, bool) or not isinstance(last, int) or last < 0):
        msg = f"last must be a whole number from 0, not {shown(last)}"
        raise InvalidInputError(msg)
    return last


def check_query(query: object) -> str:
    """Return the text of a search; blank is an error."""
    if is_blank(check_text(query, "query")):
        msg = "query is blank; ask for something, or list memories with get_all"
        raise InvalidInputError(msg)
    return cast("str", query)


def check_categories(categories: object) -> tuple[str, ...]:
    """Return categories, each once."""
    if categories is None:
        return ()
    if isinstance(categories, str) or not isinstance(categories, Iterable):
        msg = "categories is a list of texts; write ['food']"
        raise InvalidInputError(msg)
    found = [check_id(item, "a category") for item in cast("Iterable[object]", categories)]
    return tuple(dict.fromkeys(found))


def check_kind(kind: object) -> Kind:
    """Return one of the kinds of memory."""
    if kind not in KINDS:
        msg = f"kind {shown(kind)} is unknown; kinds are {', '.join(KINDS)}"
        raise InvalidInputError(msg)
    return kind


def check_kinds(kinds: object) -> tuple[Kind, ...] | None:
    """Return the kinds that a search is for; None for all."""
    if kinds is None:
        return None
    if isinstance(kinds, str) or not isinstance(kinds, Sequence) or not kinds:
        msg = "kinds is a list of kinds of memory, such as ['semantic']; leave it out for all"
        raise InvalidInputError(msg)
    return tuple(check_kind(kind) for kind in cast("Sequence[object]", kinds))


def check_roles(roles: object) -> frozenset[Role]:
    """Return the roles whose messages become memories."""
    if isinstance(roles, str) or not isinstance(roles, Iterable):
        msg = "roles is a list of roles, such as ['user', 'assistant']"
        raise InvalidInputError(msg)
    given = list(cast("Iterable[object]", roles))
    for role in given:
        if role not in ROLES:
            msg = f"role {shown(role)} is unknown; roles are {', '.join(ROLES)}"
            raise InvalidInputError(msg)
    return frozenset(cast("list[Role]", given))


def check_limit(limit: object, *, most: int = 1_000) -> int:
    """Return how many results are wanted."""
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= most:
        msg = f"limit must be a whole number from 1 to {most:,}, not {shown(limit)}"
        raise InvalidInputError(msg)
    return limit


def check_threshold(threshold: object) -> float | None:
    """Return the least score wanted; None for no bound."""
    if threshold is None:
        return None
    number = isinstance(threshold, int | float) and not isinstance(threshold, bool)
    if not number or not 0 <= cast("float", threshold) <= 1:  # which no NaN is
        msg = f"threshold must be a number from 0 to 1, not {shown(threshold)}; scores lie between the two"
        raise InvalidInputError(msg)
    return float(cast("float", threshold))


def check_validity(valid_from: datetime | None, valid_to: datetime | None) -> None:
    """Refuse a memory that would be true until before it is."""
    if valid_from is not None and valid_to is not None and valid_to < valid_from:
        msg = f"valid_to {valid_to.isoformat()} is before valid_from {valid_from.isoformat()}; exchange the two"
        raise InvalidInputError(msg)
