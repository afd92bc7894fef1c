"""Filters as the server understands them, and what they leave to the shared evaluator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, cast

from weaviate.classes.query import Filter as Asked

from mnemon.logic.filters import METADATA
from mnemon.stores.weaviate import naming, numbers
from mnemon.types.filters import And, Condition, Filter, Not, Operator, Or

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from weaviate.collections.classes.filters import _Filters  # pyright: ignore[reportPrivateUsage]

    from mnemon.types.filters import FilterValue
    from mnemon.types.storage import Collection, Cursor

    Question: TypeAlias = _Filters

__all__ = [
    "EVERY_ROW",
    "WITH_PARTS",
    "Compiled",
    "beyond",
    "compile_filter",
    "in_slots",
    "with_ids",
    "with_term",
    "with_vector",
]

EVERY_ROW = Asked.by_property(naming.SLOT).greater_or_equal(0)
"""Holds of every row. What is only negative is joined to it: the server knows what exists by what has a value."""

WITH_PARTS = Asked.by_property(naming.LARGE).equal(True)  # noqa: FBT003
"""Holds of rows of which parts lie in objects of their own."""

_NO_ROW = Asked.by_property(naming.SLOT).less_than(0)
_ORDERS = {Operator.GT, Operator.GTE, Operator.LT, Operator.LTE}


@dataclass(frozen=True, slots=True)
class Compiled:
    """A filter for the server.

    Attributes:
        asked: what the server is asked; None holds of every row.
        exact: whether that is the filter's whole meaning. If not, it holds of more rows, and each
            has to be looked at by the shared evaluator.
    """

    asked: Question | None
    exact: bool

    @property
    def question(self) -> Question:
        """The filter as it is sent."""
        return EVERY_ROW if self.asked is None else Asked.all_of([EVERY_ROW, self.asked])


_ALL = Compiled(None, exact=True)
_NONE = Compiled(_NO_ROW, exact=True)
_ANY = Compiled(None, exact=False)


def compile_filter(tree: Filter, collection: Collection) -> Compiled:
    """Return the bound filter for the server."""
    match tree:
        case And(parts):
            return _all([compile_filter(part, collection) for part in parts])
        case Or(parts):
            return _either([compile_filter(part, collection) for part in parts])
        case Not(part):
            return _not(compile_filter(part, collection))
        case Condition():
            return _condition(tree, collection)
        case _:
            msg = f"{type(tree).__name__} is not a filter"
            raise TypeError(msg)


def with_ids(ids: Sequence[str]) -> Question:
    """Return the condition of rows with these ids."""
    return Asked.by_property(naming.ID).contains_any([naming.ordered_text(item) for item in ids])


def with_term(term: str) -> Question:
    """Return the condition of rows that hold a term."""
    return Asked.by_property(naming.TERMS).equal(term)


def with_vector(space: str) -> Question:
    """Return the condition of rows that have a vector in a space."""
    return Asked.by_property(naming.space_property(space)).equal(True)  # noqa: FBT003 - the value compared with


def in_slots(first: int, end: int) -> Question:
    """Return the condition of rows in a range of slots."""
    slot = Asked.by_property(naming.SLOT)
    return Asked.all_of([slot.greater_or_equal(first), slot.less_than(end)])


def beyond(collection: Collection, order: str | None, after: Cursor, *, descending: bool) -> Question:
    """Return the condition of rows that come after a cursor: by the ordered field, then by id; none is the least."""
    by_id = Asked.by_property(naming.ID)
    row_id = naming.ordered_text(after[1])
    later = by_id.less_than(row_id) if descending else by_id.greater_than(row_id)
    if order is None:
        return later
    place = Asked.by_property(naming.field_property(order))
    kind = collection.fields[order]
    held = place.greater_or_equal("x" if kind == "text" else numbers.LEAST)
    value = after[0]
    if value is None:
        nothing = Asked.all_of([Asked.not_(held), later])
        return nothing if descending else Asked.any_of([held, nothing])
    operand: str | float
    if kind == "time":
        operand = float(numbers.microseconds(str(value)))
    else:
        operand = naming.ordered_text(value) if isinstance(value, str) else float(value)
    same = Asked.all_of([place.equal(operand), later])
    if descending:
        return Asked.any_of([place.less_than(operand), same, Asked.not_(held)])
    return Asked.any_of([place.greater_than(operand), same])


def _all(parts: Sequence[Compiled]) -> Compiled:
    asked = [part.asked for part in parts if part.asked is not None]
    exact = all(part.exact for part in parts)
    return Compiled(Asked.all_of(asked) if asked else None, exact)


def _either(parts: Sequence[Compiled]) -> Compiled:
    if any(part.asked is None and part.exact for part in parts):
        return _ALL
    if any(part.asked is None for part in parts):
        return _ANY
    asked = [part.asked for part in parts if part.asked is not None]
    return Compiled(Asked.any_of(asked), all(part.exact for part in parts)) if asked else _NONE


def _not(part: Compiled) -> Compiled:
    if not part.exact:
        return _ANY
    return _NONE if part.asked is None else Compiled(Asked.not_(part.asked), exact=True)


def _condition(condition: Condition, collection: Collection) -> Compiled:
    name = condition.field
    if name.startswith(METADATA):
        return _in_metadata(condition, name.removeprefix(METADATA))
    if name == "id":
        return _on_id(condition)
    match collection.fields[name]:
        case "key" | "tag" as kind:
            return _on_texts(condition, contains_is_equal=kind == "tag")
        case "text":
            return _on_ordered(condition, lambda value: naming.ordered_text(cast("str", value)), "x")
        case "number":
            return _on_ordered(condition, lambda value: numbers.operand_of_number(cast("float", value)), numbers.LEAST)
        case _:
            return _on_ordered(condition, lambda value: numbers.operand_of_time(cast("str", value)), numbers.LEAST)


def _values(condition: Condition) -> tuple[FilterValue, ...]:
    value = condition.value
    return value if isinstance(value, tuple) else (value,)


def _equals(
    condition: Condition, held: Question, one_of: Callable[[Sequence[FilterValue]], Compiled]
) -> Compiled | None:
    """Return what the operators that ask for equality ask, None for the others; no value at all is a value, too."""
    match condition.operator:
        case Operator.EXISTS:
            return Compiled(held if condition.value else Asked.not_(held), exact=True)
        case Operator.EQ | Operator.NE | Operator.IN | Operator.NIN:
            given = [value for value in _values(condition) if value is not None]
            found = one_of(given) if given else _NONE
            if len(given) < len(_values(condition)):
                found = _either([found, Compiled(Asked.not_(held), exact=True)])
            return _not(found) if condition.operator in {Operator.NE, Operator.NIN} else found
        case _:
            return None


def _on_texts(condition: Condition, *, contains_is_equal: bool) -> Compiled:
    place = Asked.by_property(naming.field_property(condition.field))

    def one_of(given: Sequence[FilterValue]) -> Compiled:
        return Compiled(place.contains_any([naming.wrapped(str(value)) for value in given]), exact=True)

    if condition.operator is Operator.CONTAINS and contains_is_equal:
        return one_of(list(_values(condition)))
    held = place.equal(naming.HELD)
    return _equals(condition, held, one_of) or Compiled(held, exact=False)


def _on_id(condition: Condition) -> Compiled:
    found = _equals(condition, EVERY_ROW, lambda given: Compiled(with_ids([str(v) for v in given]), exact=True))
    return found or _ANY


def _on_ordered(
    condition: Condition, operand_of: Callable[[FilterValue], str | float | None], least: str | float
) -> Compiled:
    place = Asked.by_property(naming.field_property(condition.field))
    held = place.greater_or_equal(least)

    def one_of(given: Sequence[FilterValue]) -> Compiled:
        operands = [operand_of(value) for value in given]
        exact = [operand for operand in operands if operand is not None]
        if len(exact) < len(operands):
            return Compiled(held, exact=False)
        return Compiled(Asked.any_of([place.equal(operand) for operand in exact]), exact=True)

    if (found := _equals(condition, held, one_of)) is not None:
        return found
    operand = operand_of(cast("FilterValue", condition.value))
    if operand is None or condition.operator not in _ORDERS:
        return Compiled(held, exact=False)
    match condition.operator:
        case Operator.GT:
            return Compiled(place.greater_than(operand), exact=True)
        case Operator.GTE:
            return Compiled(place.greater_or_equal(operand), exact=True)
        case Operator.LT:
            return Compiled(place.less_than(operand), exact=True)
        case _:
            return Compiled(place.less_or_equal(operand), exact=True)


def _in_metadata(condition: Condition, path: str) -> Compiled:
    place = Asked.by_property(naming.TOKENS)
    held = place.equal(naming.metadata_token(path, None))

    def one_of(given: Sequence[FilterValue]) -> Compiled:
        values = [value for value in given if not isinstance(value, list | dict)]
        if len(values) < len(given):  # a list or an object is equal as a whole
            return Compiled(held, exact=False)
        return Compiled(place.contains_any([naming.metadata_token(path, value) for value in values]), exact=True)  # pyright: ignore[reportArgumentType]

    return _equals(condition, held, one_of) or Compiled(held, exact=False)
