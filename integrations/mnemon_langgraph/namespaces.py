"""Namespaces of items as texts that a store can compare, and the one that stands for a person's memories."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from langgraph.config import get_config

from mnemon import Scope, where
from mnemon_langgraph.names import named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from langgraph.store.base import MatchCondition

    from mnemon.types.filters import Filter

__all__ = [
    "MEMORY_ROOT",
    "listed",
    "memory_namespace",
    "person_in",
    "prefixes",
    "running_user",
    "text_of",
    "under",
    "user_of",
]

MEMORY_ROOT = "memories"
"""The first label of the namespaces whose items are memories."""
_CODES = {"%": "%25", ".": "%2E", "\0": "%00"}
"""What a label cannot hold, and the sign that stands for it; the sign itself comes first."""


def memory_namespace(user_id: str) -> tuple[str, str]:
    """Return the namespace whose items are the memories of a person.

    Any user id will do, an e-mail address too: what a label cannot hold is written as `%2E`, and two
    ids never give one namespace.

    Raises:
        ScopeError: it cannot be a user id.

    Example:
        >>> memory_namespace("ana@example.com")
        ('memories', 'ana@example%2Ecom')
    """
    label = Scope(user_id=user_id).to_dict()["user_id"]
    for sign, code in _CODES.items():
        label = label.replace(sign, code)
    return MEMORY_ROOT, label


def user_of(namespace: Sequence[str]) -> str | None:
    """Return the person whose memories a namespace is, or None for a namespace of other items."""
    if len(namespace) != len((MEMORY_ROOT, "label")) or namespace[0] != MEMORY_ROOT:
        return None
    return decoded(namespace[1])


def decoded(label: str) -> str:
    """Return the user id that a label stands for."""
    for sign, code in reversed(_CODES.items()):
        label = label.replace(code, sign)
    return label


def running_user() -> str | None:
    """Return the `user_id` of the graph that is running here, or None.

    Raises:
        ScopeError: it cannot be one.
    """
    try:
        given: dict[str, Any] = get_config().get("configurable", {})
    except RuntimeError:  # not inside of a graph
        return None
    return named(given.get("user_id"))


def person_in(namespace: Sequence[str], label: int | None) -> str | None:
    """Return the person that an item is about: a memory's, that of the named label, or the running graph's."""
    known = user_of(namespace)
    if known is None and label is not None and len(namespace) > label:
        known = decoded(namespace[label])
    return running_user() if known is None else known


def text_of(labels: Sequence[str]) -> str:
    """Return labels as one text that no other labels give."""
    return json.dumps(list(labels), ensure_ascii=False)


def prefixes(labels: Sequence[str]) -> tuple[str, ...]:
    """Return every prefix of a namespace, itself included, as texts."""
    return tuple(text_of(labels[: depth + 1]) for depth in range(len(labels)))


def under(labels: Sequence[str]) -> Filter | None:
    """Return the condition for items whose namespace begins with these labels; None for all."""
    if not labels:
        return None
    root = where("root").eq(labels[0])
    return root if len(labels) == 1 else root & where("prefixes").eq(text_of(labels))


def listed(texts: Sequence[str], conditions: Sequence[MatchCondition], max_depth: int | None) -> list[tuple[str, ...]]:
    """Return the namespaces that match, cut to a depth, each once, in order."""
    namespaces = [tuple(json.loads(text)) for text in texts]
    matching = [one for one in namespaces if all(_matches(condition, one) for condition in conditions)]
    return sorted({one[:max_depth] for one in matching})


def _matches(condition: MatchCondition, namespace: tuple[str, ...]) -> bool:
    path = condition.path
    if len(namespace) < len(path):
        return False
    part = namespace[: len(path)] if condition.match_type == "prefix" else namespace[-len(path) :]
    return not path or all(wanted in {"*", label} for wanted, label in zip(path, part, strict=True))
