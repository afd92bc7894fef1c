"""What a filter on the values of items means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from mnemon import InvalidFilterError, where
from mnemon.types.filters import And

if TYPE_CHECKING:
    from collections.abc import Callable

    from mnemon.types.filters import Filter

__all__ = ["check_filter", "matches", "narrowing"]

_MISSING = object()


def matches(value: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether a value has all that a filter asks for.

    A key of the filter is a key of the value, or a dotted path into it. What is asked for is a value to
    equal, a mapping that the value must hold with perhaps more beside it, or comparisons: `$eq`, `$ne`,
    `$gt`, `$gte`, `$lt`, `$lte`. What is missing, or cannot be compared, is no match but for `$ne`.
    """
    return all(_fits(_lookup(value, key), asked) for key, asked in wanted.items())


def check_filter(wanted: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return a filter that can be answered.

    Raises:
        InvalidFilterError: an operator that there is not, or operators mixed with keys.
    """
    for key, asked in (wanted or {}).items():
        if key.startswith("$"):
            msg = f"a filter has no operator {key!r} at its top; name a key of the value, and all keys must fit"
            raise InvalidFilterError(msg)
        _check(key, asked)
    return wanted or {}


def _check(key: str, asked: object) -> None:
    if not isinstance(asked, Mapping):
        return
    names = cast("Mapping[str, object]", asked)
    operators = [name for name in names if str(name).startswith("$")]
    if operators and len(operators) < len(names):
        msg = f"the filter on {key!r} mixes operators and keys: {', '.join(map(repr, names))}"
        raise InvalidFilterError(msg)
    for name in operators:
        if name not in _OPERATORS:
            msg = f"the filter on {key!r} has the operator {name!r}; there are {', '.join(_OPERATORS)}"
            raise InvalidFilterError(msg)
    if not operators:
        for name, inner in names.items():
            _check(f"{key}.{name}", inner)


def _lookup(value: Mapping[str, Any], key: str) -> object:
    if key in value:
        return value[key]
    found: object = value
    for part in key.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return _MISSING
        found = cast("Mapping[str, object]", found)[part]
    return found


def _fits(found: object, asked: object) -> bool:
    if isinstance(asked, Mapping):
        names = cast("Mapping[str, object]", asked)
        if any(name.startswith("$") for name in names):
            return all(_OPERATORS[name](found, operand) for name, operand in names.items())
        inner = cast("Mapping[str, object]", found)
        return isinstance(found, Mapping) and all(_fits(inner.get(k, _MISSING), v) for k, v in names.items())
    return _equal(found, asked)


def _equal(found: object, asked: object) -> bool:
    if found is _MISSING:
        return asked is None
    if isinstance(asked, list | tuple) and isinstance(found, list | tuple):
        ours, theirs = cast("Sequence[object]", found), cast("Sequence[object]", asked)
        return len(ours) == len(theirs) and all(_fits(one, other) for one, other in zip(ours, theirs, strict=True))
    return isinstance(found, bool) == isinstance(asked, bool) and found == asked


def _compared(test: Callable[[Any, Any], bool]) -> Callable[[object, object], bool]:
    def compare(found: object, asked: object) -> bool:
        for kind in (str, int | float):
            if isinstance(found, kind) and isinstance(asked, kind):
                return not isinstance(found, bool) and not isinstance(asked, bool) and test(found, asked)
        return False

    return compare


_OPERATORS: dict[str, Callable[[object, object], bool]] = {
    "$eq": _equal,
    "$ne": lambda found, asked: not _equal(found, asked),
    "$gt": _compared(lambda found, asked: found > asked),
    "$gte": _compared(lambda found, asked: found >= asked),
    "$lt": _compared(lambda found, asked: found < asked),
    "$lte": _compared(lambda found, asked: found <= asked),
}


def narrowing(wanted: Mapping[str, Any]) -> Filter:
    """Return what a store can look for by itself: at least all that matches."""
    return And(
        tuple(
            where(f"metadata.{key}").eq(asked)
            for key, asked in wanted.items()
            if isinstance(asked, str) and key.isidentifier()
        )
    )
