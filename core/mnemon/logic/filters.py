"""What a filter means: binding it to a collection's fields, and the reference evaluator."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Literal, assert_never, cast

from mnemon.errors import InvalidFilterError, InvalidInputError
from mnemon.types.filters import And, Condition, Filter, Not, Operator, Or, make_condition, where
from mnemon.types.times import is_canonical_time, parse_time

if TYPE_CHECKING:
    from mnemon.types.filters import FilterValue
    from mnemon.types.jsonvalue import Json, JsonObject
    from mnemon.types.storage import Collection, Row

__all__ = ["METADATA", "bind", "conjuncts", "evaluate", "fields_of", "holds", "lookup", "matcher"]

METADATA = "metadata."
"""How a condition's field begins when it reaches into the metadata of a row."""

_EQUALITY = frozenset({Operator.EQ, Operator.NE, Operator.IN, Operator.NIN, Operator.EXISTS})
_TEXT = _EQUALITY | {Operator.CONTAINS, Operator.ICONTAINS}
_Comparison = Literal[Operator.GT, Operator.GTE, Operator.LT, Operator.LTE]
_COMPARISON = frozenset({Operator.GT, Operator.GTE, Operator.LT, Operator.LTE})


def bind(tree: Filter, collection: Collection) -> Filter:
    """Return the filter with its fields checked against a collection and its times canonical.

    Raises:
        InvalidFilterError: a field that the collection does not declare, or an operator or value
            that does not fit the field; the message names them.
    """
    match tree:
        case And(parts):
            return And(tuple(bind(part, collection) for part in parts))
        case Or(parts):
            return Or(tuple(bind(part, collection) for part in parts))
        case Not(part):
            return Not(bind(part, collection))
        case Condition(field, operator, value):
            return _bind_condition(make_condition(where(field).field, operator, value), collection)
        case _:
            msg = f"{type(tree).__name__} is not a filter; build one with where(...) or parse_filter(...)"
            raise InvalidFilterError(msg)


def _bind_condition(condition: Condition, collection: Collection) -> Condition:
    name = condition.field
    if name.startswith(METADATA) and len(name) > len(METADATA):
        _refuse_times(condition)
        return condition
    if name == "id" or name in collection.keys or name in collection.tags:
        _check_operator(condition, _TEXT, collection)
        return _bind_values(condition, _as_text)
    ordered = collection.order_of(name)
    if ordered is None:
        known = ", ".join(("id", *collection.keys, *collection.tags, *(o.name for o in collection.ordered)))
        msg = f"collection {collection.name!r} has no field {name!r}; it has {known}, and metadata as 'metadata.<path>'"
        raise InvalidFilterError(msg)
    _check_operator(condition, _EQUALITY | _COMPARISON, collection)
    return _bind_values(condition, _ORDERED_FORMS[ordered.kind])


def _check_operator(condition: Condition, allowed: frozenset[Operator], collection: Collection) -> None:
    if condition.operator not in allowed:
        msg = (
            f"field {condition.field!r} of {collection.name!r} does not know the operator {condition.operator}; "
            f"it knows {', '.join(sorted(allowed))}"
        )
        raise InvalidFilterError(msg)


def _bind_values(condition: Condition, form: Callable[[str, FilterValue], FilterValue]) -> Condition:
    value = condition.value
    if condition.operator is Operator.EXISTS:
        return condition
    if condition.operator in {Operator.IN, Operator.NIN}:
        values = cast("tuple[FilterValue, ...]", value)
        if form is _as_text and all(type(item) is str for item in values):
            return condition
        return Condition(
            condition.field,
            condition.operator,
            tuple(None if item is None else form(condition.field, item) for item in values),
        )
    single = cast("FilterValue", value)
    return Condition(condition.field, condition.operator, None if single is None else form(condition.field, single))


def _as_text(field: str, value: FilterValue) -> FilterValue:
    if not isinstance(value, str):
        raise _wrong_type(field, "a text", value)
    return value


def _as_number(field: str, value: FilterValue) -> FilterValue:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong_type(field, "a number", value)
    return value


def _as_time(field: str, value: FilterValue) -> FilterValue:
    if isinstance(value, str) and is_canonical_time(value):
        return value
    try:
        return parse_time(value, f"the value of the filter on {field!r}")
    except InvalidInputError as error:
        raise InvalidFilterError(str(error)) from None


_ORDERED_FORMS: Mapping[str, Callable[[str, FilterValue], FilterValue]] = {
    "text": _as_text,
    "number": _as_number,
    "time": _as_time,
}


def _refuse_times(condition: Condition) -> None:
    values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    if any(isinstance(item, datetime) for item in values):
        raise _wrong_type(
            condition.field, "a JSON value, as metadata holds (for times the text that you stored)", values[0]
        )


def _wrong_type(field: str, expected: str, value: FilterValue) -> InvalidFilterError:
    return InvalidFilterError(f"filter on {field!r}: compare it with {expected}, not with a {type(value).__name__}")


def conjuncts(tree: Filter) -> tuple[Filter, ...]:
    """Return the parts that must all hold; a filter that is no AND is its own only part."""
    if not isinstance(tree, And):
        return (tree,)
    return tuple(part for child in tree.parts for part in conjuncts(child))


def fields_of(tree: Filter) -> set[str]:
    """Return the fields that a filter asks about, `metadata.path` among them."""
    match tree:
        case And(parts) | Or(parts):
            return {name for part in parts for name in fields_of(part)}
        case Not(part):
            return fields_of(part)
        case Condition(field):
            return {field}
        case _:
            return set()


def evaluate(tree: Filter, row: Row) -> bool:
    """Whether a bound filter holds of a row: the meaning that every backend must give."""
    return matcher(tree)(row)


def matcher(tree: Filter) -> Callable[[Row], bool]:
    """Return a bound filter as a function of a row."""
    match tree:
        case And(parts):
            tests = [matcher(part) for part in parts]
            return lambda row: all(test(row) for test in tests)
        case Or(parts):
            tests = [matcher(part) for part in parts]
            return lambda row: any(test(row) for test in tests)
        case Not(part):
            inner = matcher(part)
            return lambda row: not inner(row)
        case Condition(field, operator, value) if field.startswith(METADATA):
            path, meets = field.removeprefix(METADATA), _test(operator, value)
            return lambda row: meets(lookup(row.metadata, path))
        case Condition("id", operator, value):
            meets = _test(operator, value)
            return lambda row: meets(row.id)
        case Condition(field, operator, value):
            meets = _test(operator, value)
            return lambda row: meets(cast("Json", row.fields.get(field)))
        case _:
            msg = f"{type(tree).__name__} is not a filter"
            raise InvalidFilterError(msg)


def _test(operator: Operator, value: FilterValue | tuple[FilterValue, ...]) -> Callable[[Json], bool]:
    """Return a condition as a function of the value that is found; many texts are looked up and not gone through."""
    if operator in {Operator.IN, Operator.NIN}:
        items = cast("tuple[FilterValue, ...]", value)
        if all(isinstance(item, str) for item in items):
            wanted, inside = frozenset(cast("tuple[str, ...]", items)), operator is Operator.IN
            return lambda found: _is_one_of(found, wanted) is inside
    return lambda found: holds(operator, found, value)


def _is_one_of(found: Json, wanted: frozenset[str]) -> bool:
    if isinstance(found, str):
        return found in wanted
    return _is_list(found) and any(isinstance(item, str) and item in wanted for item in cast("Sequence[Json]", found))


def lookup(metadata: JsonObject, path: str) -> Json:
    """Return the value at a dotted path, or None.

    A key that contains dots is found too: at each level the longest key wins, so of
    `{"a.b": 1, "a": {"b": 2}}` the path `a.b` gives 1.
    """
    if path in metadata:
        return metadata[path]
    split = path.rfind(".")
    while split > 0:
        child = metadata.get(path[:split])
        if isinstance(child, Mapping):
            found = lookup(child, path[split + 1 :])
            if found is not None:
                return found
        split = path.rfind(".", 0, split)
    return None


def holds(operator: Operator, found: Json, value: FilterValue | tuple[FilterValue, ...]) -> bool:
    """Whether a condition holds of the value that was found; None stands for a missing one."""
    match operator:
        case Operator.EQ:
            return _equals(found, cast("Json", value))
        case Operator.NE:
            return not _equals(found, cast("Json", value))
        case Operator.IN:
            return any(_equals(found, cast("Json", item)) for item in cast("tuple[FilterValue, ...]", value))
        case Operator.NIN:
            return not any(_equals(found, cast("Json", item)) for item in cast("tuple[FilterValue, ...]", value))
        case Operator.EXISTS:
            return (found is not None) is value
        case Operator.CONTAINS:
            return _contains(found, cast("Json", value))
        case Operator.ICONTAINS:
            return _contains(_fold(found), cast("str", value).casefold())
        case Operator.GT | Operator.GTE | Operator.LT | Operator.LTE:
            return _compares(operator, found, value)
        case _:
            assert_never(operator)


def _equals(found: Json, value: Json) -> bool:
    if _same(found, value):
        return True
    return _is_list(found) and any(_same(item, value) for item in cast("Sequence[Json]", found))


def _same(left: Json, right: Json) -> bool:
    """JSON equality: 1 is 1.0 but not True, lists and objects by their contents."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if _is_list(left) and _is_list(right):
        one, other = cast("Sequence[Json]", left), cast("Sequence[Json]", right)
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(_same(item, right[key]) for key, item in left.items())
    return left == right


def _contains(found: Json, value: Json) -> bool:
    if isinstance(found, str):
        return isinstance(value, str) and value in found
    return _is_list(found) and any(_same(item, value) for item in cast("Sequence[Json]", found))


def _fold(found: Json) -> Json:
    if isinstance(found, str):
        return found.casefold()
    if _is_list(found):
        return [_fold(item) for item in cast("Sequence[Json]", found)]
    return found


def _compares(operator: _Comparison, found: Json, value: object) -> bool:
    if _is_list(found):
        return any(_compares(operator, item, value) for item in cast("Sequence[Json]", found))
    if isinstance(found, bool) or isinstance(value, bool):
        return False
    if isinstance(found, str) and isinstance(value, str):
        return _ordered(operator, (found > value) - (found < value))
    if isinstance(found, int | float) and isinstance(value, int | float):
        return _ordered(operator, (found > value) - (found < value))
    return False


def _ordered(operator: _Comparison, sign: int) -> bool:
    match operator:
        case Operator.GT:
            return sign > 0
        case Operator.GTE:
            return sign >= 0
        case Operator.LT:
            return sign < 0
        case Operator.LTE:
            return sign <= 0
        case _:
            assert_never(operator)


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple)
