"""Filters: one syntax tree, written with a builder or as a dict, with one meaning everywhere.

The meaning of every operator is `mnemon.logic.filters.evaluate`; a backend compiles what it
can and asks the evaluator for the rest. There are two truth values only: a condition holds or
it does not, and `NOT` turns one into the other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import cast

from mnemon.errors import InvalidFilterError, InvalidInputError
from mnemon.types.jsonvalue import Json, check_json_object, shown

__all__ = [
    "MAX_CHOICES",
    "MAX_CONDITIONS",
    "MAX_DEPTH",
    "And",
    "Condition",
    "FieldBuilder",
    "Filter",
    "FilterValue",
    "Not",
    "Operator",
    "Or",
    "parse_filter",
    "where",
]

MAX_DEPTH = 16
"""Levels of AND, OR and NOT inside one another; clients of some backends recurse over them."""
MAX_CONDITIONS = 1_000
"""Conditions in one filter."""
MAX_CHOICES = 10_000
"""Values of all `in` and `nin` of one filter together; SQLite takes 32,766 parameters in one statement."""

FilterValue = Json | datetime


class Operator(StrEnum):
    """What a condition asks of a field; the meaning for each is in `docs/reference/filters.md`."""

    EQ = "eq"
    NE = "ne"
    IN = "in"
    NIN = "nin"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    CONTAINS = "contains"
    ICONTAINS = "icontains"
    EXISTS = "exists"


class Filter:
    """A condition or a combination of conditions; combine with `&`, `|` and `~`."""

    __slots__ = ()

    def __and__(self, other: Filter) -> And:
        """Both must hold."""
        return And((*_parts_of(self, And), *_parts_of(other, And)))

    def __or__(self, other: Filter) -> Or:
        """One must hold, or both."""
        return Or((*_parts_of(self, Or), *_parts_of(other, Or)))

    def __invert__(self) -> Not:
        """It must not hold."""
        return Not(self)


@dataclass(frozen=True, slots=True)
class And(Filter):
    """Every part holds; no parts at all hold always."""

    parts: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True)
class Or(Filter):
    """At least one part holds."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Not(Filter):
    """The part does not hold."""

    part: Filter


@dataclass(frozen=True, slots=True)
class Condition(Filter):
    """One question about one field.

    Attributes:
        field: a field of the record, or a dotted path into its metadata.
        operator: what is asked.
        value: what the field is compared with; for `in` and `nin` a tuple.
    """

    field: str
    operator: Operator
    value: FilterValue | tuple[FilterValue, ...]


@dataclass(frozen=True, slots=True)
class FieldBuilder:
    """Conditions on one field, made by `where("field")`."""

    field: str

    def eq(self, value: FilterValue) -> Condition:
        """The field is `value`, or a list that holds it; `None` asks for a missing field."""
        return make_condition(self.field, Operator.EQ, value)

    def ne(self, value: FilterValue) -> Condition:
        """Not `eq`: so a record without the field matches, unless `value` is None."""
        return make_condition(self.field, Operator.NE, value)

    def in_(self, values: Iterable[FilterValue]) -> Condition:
        """`eq` holds for one of `values`."""
        return make_condition(self.field, Operator.IN, _listed(values))

    def nin(self, values: Iterable[FilterValue]) -> Condition:
        """Not `in`: so a record without the field matches."""
        return make_condition(self.field, Operator.NIN, _listed(values))

    def gt(self, value: FilterValue) -> Condition:
        """The field is greater than `value`; a missing field never is."""
        return make_condition(self.field, Operator.GT, value)

    def gte(self, value: FilterValue) -> Condition:
        """The field is greater than `value` or equal to it; a missing field never is."""
        return make_condition(self.field, Operator.GTE, value)

    def lt(self, value: FilterValue) -> Condition:
        """The field is less than `value`; a missing field never is."""
        return make_condition(self.field, Operator.LT, value)

    def lte(self, value: FilterValue) -> Condition:
        """The field is less than `value` or equal to it; a missing field never is."""
        return make_condition(self.field, Operator.LTE, value)

    def contains(self, value: FilterValue) -> Condition:
        """The field is a text with `value` in it, or a list that holds `value`."""
        return make_condition(self.field, Operator.CONTAINS, value)

    def icontains(self, value: str) -> Condition:
        """`contains` without regard to upper and lower case (Unicode case folding)."""
        return make_condition(self.field, Operator.ICONTAINS, value)

    def exists(self, value: bool = True) -> Condition:  # noqa: FBT001, FBT002 - the dict form's value
        """The field is there and not None; with False: it is missing or None."""
        return make_condition(self.field, Operator.EXISTS, value)


def where(field: str) -> FieldBuilder:
    """Start a condition on a field: `where("price").lt(20) & ~where("kind").eq("summary")`.

    `field` is a field of the record (`user_id`, `created_at`, `categories`, ...) or a dotted path
    into its metadata (`metadata.address.city`).

    Raises:
        InvalidFilterError: the name is empty, starts with `$`, or has an empty part.
    """
    return FieldBuilder(_check_field(field))


def make_condition(field: str, operator: Operator | str, value: object) -> Condition:
    """Return a checked condition; raises `InvalidFilterError` for an unknown operator or a value it cannot take."""
    operator = _check_operator(field, operator)
    if operator in {Operator.IN, Operator.NIN}:
        if isinstance(value, str | bytes | Mapping) or not isinstance(value, Sequence | AbstractSet):
            raise _refuse(field, operator, cast("object", value), "a list of values")
        values = tuple(cast("Iterable[object]", value))
        if len(values) > MAX_CHOICES:
            msg = (
                f"filter on {field!r}: {operator} takes at most {MAX_CHOICES} values, not {len(values)}; split the call"
            )
            raise InvalidFilterError(msg)
        plain = all(type(item) is str and item.isascii() for item in values)  # long lists of ids are
        checked = values if plain else (_check_value(field, operator, item) for item in values)
        return Condition(field, operator, tuple(cast("Iterable[FilterValue]", checked)))
    if operator is Operator.EXISTS:
        if not isinstance(value, bool):
            raise _refuse(field, operator, value, "True or False")
    elif operator is Operator.ICONTAINS:
        if not isinstance(value, str):
            raise _refuse(field, operator, value, "a text")
    elif operator in {Operator.GT, Operator.GTE, Operator.LT, Operator.LTE} and (
        isinstance(value, bool) or not isinstance(value, int | float | str | datetime)
    ):
        raise _refuse(field, operator, value, "a number, a text or a time")
    elif operator is Operator.CONTAINS and (value is None or isinstance(value, list | tuple | Mapping)):
        raise _refuse(field, operator, cast("object", value), "one value")
    return Condition(field, operator, _check_value(field, operator, value))


def parse_filter(tree: Mapping[str, object] | Filter) -> Filter:
    """Return the dict form of a filter as a tree.

    `{"price": {"gte": 3, "lt": 9}, "city": "Rome", "tag": ["a", "b"]}` asks for all three; a bare
    value is `eq`, a list is `in`. `AND` and `OR` take lists of filters, `NOT` a filter or a list of
    filters none of which may hold. Every word may carry a `$`. `"*"` is an ordinary string.

    Raises:
        InvalidFilterError: an operator, field or value that is not understood, an empty
            combination, more than 16 levels, 1,000 conditions or 10,000 values; the message names it.
    """
    parsed = tree if isinstance(tree, Filter) else _parse(tree, 0)
    _check_size(parsed)
    return parsed


_COMBINATIONS = {"AND": "AND", "$and": "AND", "OR": "OR", "$or": "OR", "NOT": "NOT", "$not": "NOT"}
_OPERATORS = {prefix + operator.value: operator for operator in Operator for prefix in ("", "$")}


def _parse(tree: object, depth: int) -> Filter:
    if isinstance(tree, Filter):
        return tree
    if not isinstance(tree, Mapping):
        msg = f"a filter must be a mapping, not {type(tree).__name__}"
        raise InvalidFilterError(msg)
    if depth > MAX_DEPTH:
        raise _too_deep()
    items = list(cast("Mapping[object, object]", tree).items())
    if depth and not items:
        msg = "an empty filter inside AND, OR or NOT means nothing; remove it"
        raise InvalidFilterError(msg)
    parts = tuple(_parse_item(name, value, depth) for name, value in items)
    return parts[0] if len(parts) == 1 else And(parts)


def _parse_item(name: object, value: object, depth: int) -> Filter:
    if not isinstance(name, str):
        msg = f"a filter's field must be a string, not {type(name).__name__}"
        raise InvalidFilterError(msg)
    combination = _COMBINATIONS.get(name)
    if combination is None and (word := name.removeprefix("$")).upper() in _COMBINATIONS:
        # As a field of that name it would hold for nothing, and nobody would see why.
        msg = f"{name!r} is no word of a filter: write {word.upper()} or ${word.lower()}; as metadata 'metadata.{word}'"
        raise InvalidFilterError(msg)
    if combination is None:
        return _parse_field(_check_field(name), value)
    if isinstance(value, Mapping | Filter) and combination == "NOT":
        return Not(_parse(cast("object", value), depth + 1))
    if not isinstance(value, list | tuple) or not value:
        msg = f"{name} takes a list of at least one filter, not {_describe(cast('object', value))}"
        raise InvalidFilterError(msg)
    parts = tuple(_parse(part, depth + 1) for part in cast("Sequence[object]", value))
    if combination == "NOT":
        return Not(Or(parts))
    return And(parts) if combination == "AND" else Or(parts)


def _parse_field(field: str, value: object) -> Filter:
    if isinstance(value, Mapping):
        operators = list(cast("Mapping[object, object]", value).items())
        if not operators:
            msg = f"filter on {field!r}: an empty mapping asks nothing; give an operator such as {{'eq': ...}}"
            raise InvalidFilterError(msg)
        parts = tuple(_parse_operator(field, name, operand) for name, operand in operators)
        return parts[0] if len(parts) == 1 else And(parts)
    if isinstance(value, list | tuple | AbstractSet):
        return make_condition(field, Operator.IN, cast("object", value))
    return make_condition(field, Operator.EQ, value)


def _parse_operator(field: str, name: object, operand: object) -> Condition:
    operator = _OPERATORS.get(name) if isinstance(name, str) else None
    if operator is None:
        raise _unknown_operator(field, name)
    return make_condition(field, operator, operand)


def _check_operator(field: str, operator: object) -> Operator:
    """Return the operator of a condition that may be made by hand: one of them, or its value as a plain text."""
    try:
        return Operator(operator)
    except ValueError:
        raise _unknown_operator(field, operator) from None


def _unknown_operator(field: str, name: object) -> InvalidFilterError:
    known = ", ".join(item.value for item in Operator)
    return InvalidFilterError(
        f"filter on {shown(field)}: unknown operator {shown(name)}; known are {known}. "
        f"To reach into nested metadata write the path with dots, e.g. {field + '.key'!r}"
    )


def _check_field(field: object) -> str:
    if not isinstance(field, str) or not field or field.startswith("$") or "" in field.split("."):
        msg = (
            f"{field!r} is not a field that a filter can ask about: give a name, or a path with dots and no "
            f"empty part; combinations are AND, OR and NOT"
        )
        raise InvalidFilterError(msg)
    _check_encodable(field, field)
    return field


def _listed(values: object) -> object:
    """Return any iterable but a text as a tuple, and leave it to the check of the condition to refuse the rest."""
    return (
        tuple(cast("Iterable[object]", values))
        if isinstance(values, Iterable) and not isinstance(values, str)
        else values
    )


def _check_value(field: str, operator: Operator, value: object) -> FilterValue:
    if value is None or isinstance(value, bool | int | datetime):
        return value
    if isinstance(value, str):
        return _check_encodable(field, value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _refuse(field, operator, value, "a finite number")
        return value
    if isinstance(value, Mapping | list | tuple):
        try:
            return check_json_object({"value": cast("object", value)}, f"the filter on {field!r}")["value"]
        except InvalidInputError as error:
            raise InvalidFilterError(str(error)) from None
    raise _refuse(field, operator, value, "a JSON value or a time")


def _check_encodable(field: str, value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        msg = f"filter on {field.encode(errors='replace').decode()!r}: a lone surrogate can match nothing; remove it"
        raise InvalidFilterError(msg) from None
    return value


def _check_size(tree: Filter) -> None:
    conditions = choices = 0
    waiting: list[tuple[Filter, int]] = [(tree, 0)]
    while waiting:
        part, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise _too_deep()
        match part:
            case And(parts) | Or(parts):
                waiting.extend((child, depth + 1) for child in _checked_parts(parts))
            case Not(child):
                waiting.append((child, depth + 1))
            case Condition(value=tuple(values)):
                conditions, choices = conditions + 1, choices + len(values)
            case Condition():
                conditions += 1
            case _:
                msg = f"a {type(part).__name__} is no filter; build one with where(...) or parse_filter(...)"
                raise InvalidFilterError(msg)
    if conditions > MAX_CONDITIONS:
        msg = f"a filter may hold {MAX_CONDITIONS} conditions, this one has {conditions}; use in/nin for many values"
        raise InvalidFilterError(msg)
    if choices > MAX_CHOICES:
        msg = f"a filter may hold {MAX_CHOICES} values in its lists, this one has {choices}; split the call"
        raise InvalidFilterError(msg)


def _checked_parts(parts: object) -> tuple[Filter, ...]:
    if not isinstance(parts, tuple):
        msg = f"the parts of a combination must be a tuple of filters, not a {type(parts).__name__}"
        raise InvalidFilterError(msg)
    return cast("tuple[Filter, ...]", parts)


def _parts_of(part: Filter, kind: type[And | Or]) -> tuple[Filter, ...]:
    return part.parts if isinstance(part, kind) else (part,)


def _too_deep() -> InvalidFilterError:
    return InvalidFilterError(f"a filter may nest AND, OR and NOT {MAX_DEPTH} levels deep; flatten it")


def _refuse(field: str, operator: Operator, value: object, expected: str) -> InvalidFilterError:
    return InvalidFilterError(f"filter on {field!r}: {operator} takes {expected}, not {_describe(value)}")


def _describe(value: object) -> str:
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    return f"{'an empty ' if value in ([], ()) else 'a '}{type(value).__name__}"
