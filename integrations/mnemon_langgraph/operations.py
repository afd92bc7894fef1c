"""Checks of what a store of items is asked."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

from langgraph.store.base import InvalidNamespaceError, ListNamespacesOp, PutOp, SearchOp

from mnemon import InvalidInputError
from mnemon_langgraph.filters import check_filter
from mnemon_langgraph.namespaces import memory_namespace, user_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from langgraph.store.base import MatchCondition, Op

__all__ = ["check_op", "text_prefix"]


def check_op(op: Op) -> Op:
    """Return an operation that can be carried out.

    Raises:
        InvalidNamespaceError: a label that cannot be one.
        InvalidInputError: a number, a filter or a time that cannot be one.
    """
    if isinstance(op, ListNamespacesOp):
        for condition in op.match_conditions or ():
            _check_labels(condition.path)
            if condition.match_type not in {"prefix", "suffix"}:
                msg = f"a namespace is matched by 'prefix' or 'suffix', not {condition.match_type!r}"
                raise InvalidInputError(msg)
    elif isinstance(op, SearchOp):
        _check_namespace(op.namespace_prefix)
        check_filter(op.filter)
    else:
        _check_namespace(op.namespace)
        if isinstance(op, PutOp):
            _check_put(op)
    for name in ("limit", "offset"):
        number: object = getattr(op, name, 0)
        if not isinstance(number, int) or number < 0:
            msg = f"{name} must be a whole number from 0, not {number!r}"
            raise InvalidInputError(msg)
    return op


def _check_put(op: PutOp) -> None:
    if not op.namespace or op.namespace[0] == "langgraph":
        msg = f"an item needs a namespace whose first label is not 'langgraph', not {op.namespace!r}"
        raise InvalidNamespaceError(msg)
    paths = cast("object", op.index)
    if paths is not None and paths is not False and not isinstance(paths, list | tuple):
        msg = f"index is a list of paths, False for none of them, or None for those of the store; not {paths!r}"
        raise InvalidInputError(msg)
    minutes = cast("object", op.ttl)
    if minutes is not None and not (isinstance(minutes, int | float) and math.isfinite(minutes) and minutes > 0):
        msg = f"ttl is a number of minutes above 0, not {op.ttl!r}; leave it out to keep the item"
        raise InvalidInputError(msg)


def _check_namespace(labels: Sequence[str]) -> None:
    """Refuse labels that cannot be any, and a second name for somebody's memories: each person has one."""
    _check_labels(labels)
    user_id = user_of(labels)
    if user_id is not None and memory_namespace(user_id) != tuple(labels):
        msg = (
            f"{tuple(labels)!r} is nobody's memories: with a '%' a label stands for another text; "
            f"memory_namespace(user_id) makes the namespace of a user id"
        )
        raise InvalidNamespaceError(msg)


def _check_labels(labels: Sequence[object]) -> None:
    if isinstance(labels, str):
        msg = f"a namespace is a tuple of labels, not the text {labels!r}; give ({labels!r},)"
        raise InvalidNamespaceError(msg)
    for label in labels:
        if not isinstance(label, str) or not label or "." in label or "\0" in label:
            msg = (
                f"a label of a namespace is a text without '.' and NUL and not empty, not {label!r}; "
                f"memory_namespace(user_id) makes a namespace of any user id"
            )
            raise InvalidNamespaceError(msg)


def text_prefix(conditions: Sequence[MatchCondition]) -> tuple[str, ...]:
    """Return the labels that every namespace which matches begins with."""
    for condition in conditions:
        if condition.match_type == "prefix":
            path = condition.path
            star = next((place for place, label in enumerate(path) if label == "*"), len(path))
            return tuple(path[:star])
    return ()
