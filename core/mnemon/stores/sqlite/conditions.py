"""Filters as SQL: what SQLite can answer itself, and the evaluator for the rest."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from mnemon.logic.filters import METADATA, holds, lookup
from mnemon.logic.rows import MAX_NUMBER
from mnemon.stores.sqlite.rows import in_list, json_array, json_object
from mnemon.types.filters import And, Condition, Filter, Not, Operator, Or

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mnemon.stores.sqlite.connections import Connection, Parameter
    from mnemon.types.filters import FilterValue
    from mnemon.types.jsonvalue import Json, JsonObject
    from mnemon.types.storage import Collection

__all__ = ["Sql", "compile_filter", "looks_up"]

_SIGNS = {Operator.GT: ">", Operator.GTE: ">=", Operator.LT: "<", Operator.LTE: "<="}


@dataclass(slots=True)
class Sql:
    """A piece of SQL with its parameters."""

    text: str
    parameters: list[Parameter] = field(default_factory=list["Parameter"])


def compile_filter(tree: Filter, collection: Collection, project: int, connection: Connection) -> Sql:
    """Return the bound filter as a condition on the row `r`.

    What SQLite cannot answer exactly is asked of the shared evaluator, through a function that
    the connection carries for as long as it is lent out.
    """
    match tree:
        case Condition(field, Operator.EQ, str(value)) if field in collection.keys:  # as most are
            return Sql(f"r.f_{field} = ?", [value])
        case And(parts):
            return _join(" AND ", "1", [compile_filter(part, collection, project, connection) for part in parts])
        case Or(parts) if looks_up(tree, collection):
            return _compile_lookups(_alternatives(tree), collection, project)
        case Or(parts):
            return _join(" OR ", "0", [compile_filter(part, collection, project, connection) for part in parts])
        case Not(part):
            inner = compile_filter(part, collection, project, connection)
            return Sql(f"NOT coalesce({inner.text}, 0)", inner.parameters)
        case Condition():
            return _compile_condition(tree, collection, project, connection)
        case _:
            msg = f"{type(tree).__name__} is not a filter"
            raise TypeError(msg)


def looks_up(part: Filter, collection: Collection) -> bool:
    """Whether a condition is met by the rows of some values of an index, or of several indexes, and no others."""
    if isinstance(part, Or):
        return len(part.parts) > 1 and all(looks_up(one, collection) for one in part.parts)
    if not isinstance(part, Condition) or part.operator is not Operator.IN or part.field not in collection.keys:
        return False
    values = cast("tuple[FilterValue, ...]", part.value)
    return None not in values and any(index[0] == part.field for index in collection.indexes)


def _alternatives(tree: Filter) -> list[Condition]:
    """Return the conditions of an OR that looks up, those of an OR inside it among them."""
    if isinstance(tree, Or):
        return [condition for part in tree.parts for condition in _alternatives(part)]
    return [cast("Condition", tree)]


def _compile_lookups(conditions: list[Condition], collection: Collection, project: int) -> Sql:
    """Return the rows of several indexes by their numbers: for an OR of partial ones SQLite would read all rows.

    Conditions on the same field are one lookup: SQLite joins at most 500 queries, a filter holds more conditions.
    """
    values: dict[str, dict[Parameter, None]] = {}
    for condition in conditions:
        values.setdefault(condition.field, {}).update(dict.fromkeys(cast("tuple[Parameter, ...]", condition.value)))
    lookups: list[str] = []
    parameters: list[Parameter] = []
    for name, wanted in values.items():
        listed = _compile_in(f"f_{name}", tuple(wanted))
        lookups.append(f"SELECT number FROM {collection.name}__rows WHERE project = ? AND {listed.text}")
        parameters += [project, *listed.parameters]
    return Sql(f"r.number IN ({' UNION ALL '.join(lookups)})", parameters)


def _join(word: str, empty: str, parts: Sequence[Sql]) -> Sql:
    """Join in halves: SQLite bounds the depth of an expression, and a chain of n is n deep for it."""
    if not parts:
        return Sql(empty)
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    left, right = _join(word, empty, parts[:middle]), _join(word, empty, parts[middle:])
    return Sql(f"({left.text}{word}{right.text})", [*left.parameters, *right.parameters])


def _compile_condition(condition: Condition, collection: Collection, project: int, connection: Connection) -> Sql:
    name, operator = condition.field, condition.operator
    if name.startswith(METADATA):
        path = name.removeprefix(METADATA)
        return _ask(
            connection, "r.metadata", lambda value: holds(operator, lookup(_object(value), path), condition.value)
        )
    if name in collection.tags:
        return _compile_tag(condition, project, collection, connection)
    column = "r.id" if name == "id" else f"r.f_{name}"
    if operator is Operator.ICONTAINS or _is_inexact(condition.value):
        return _ask(connection, column, lambda value: holds(operator, cast("Json", value), condition.value))
    return _compile_column(condition, column)


def _compile_column(condition: Condition, column: str) -> Sql:
    value = cast("Parameter", condition.value)
    match condition.operator:
        case Operator.EXISTS:
            return Sql(f"{column} IS {'NOT ' if value else ''}NULL")
        case Operator.EQ:
            return Sql(f"{column} IS NULL") if value is None else Sql(f"{column} = ?", [value])
        case Operator.NE:
            return Sql(f"{column} IS NOT ?", [value])
        case Operator.IN:
            return _compile_in(column, cast("tuple[Parameter, ...]", condition.value))
        case Operator.NIN:
            inner = _compile_in(column, cast("tuple[Parameter, ...]", condition.value))
            return Sql(f"NOT coalesce({inner.text}, 0)", inner.parameters)
        case Operator.CONTAINS:
            return Sql(f"instr({column}, ?) > 0", [value])
        case operator:
            return Sql(f"{column} {_SIGNS[operator]} ?", [value])


def _compile_in(column: str, values: tuple[Parameter, ...]) -> Sql:
    given: list[Parameter] = [value for value in values if value is not None]
    listed = Sql(*in_list(column, given))
    if len(given) == len(values):
        return listed
    return Sql(f"({listed.text} OR {column} IS NULL)", listed.parameters)


def _compile_tag(condition: Condition, project: int, collection: Collection, connection: Connection) -> Sql:
    column = f"r.f_{condition.field}"
    match condition.operator:
        case Operator.EXISTS:
            return Sql(f"{column} IS {'NOT ' if condition.value else ''}NULL")
        case Operator.EQ | Operator.CONTAINS | Operator.IN:
            values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
            return _holds_tag(column, condition.field, values, project, collection)
        case Operator.NE | Operator.NIN:
            values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
            inner = _holds_tag(column, condition.field, values, project, collection)
            return Sql(f"NOT coalesce({inner.text}, 0)", inner.parameters)
        case operator:
            return _ask(connection, column, lambda value: holds(operator, _array(value), condition.value))


def _holds_tag(column: str, name: str, values: tuple[FilterValue, ...], project: int, collection: Collection) -> Sql:
    given = [cast("Parameter", value) for value in values if value is not None]
    condition, parameters = in_list("value", given)
    listed = Sql(
        f"r.number IN (SELECT row FROM {collection.name}__tag WHERE project = ? AND field = ? AND {condition})",
        [project, name, *parameters],
    )
    if len(given) == len(values):
        return listed
    return Sql(f"({listed.text} OR {column} IS NULL)", listed.parameters)


def _ask(connection: Connection, column: str, test: Callable[[Parameter], bool]) -> Sql:
    connection.conditions.append(test)
    return Sql(f"mnemon_holds({len(connection.conditions) - 1}, {column})")


def _is_inexact(value: object) -> bool:
    """Whether SQLite, whose whole numbers end at 2**63, could take the number for another one."""
    values = cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,)
    return any(isinstance(item, int) and abs(item) > MAX_NUMBER for item in values)


def _object(value: Parameter) -> JsonObject:
    return {} if value is None else json_object(value)


def _array(value: Parameter) -> Json:
    return None if value is None else json_array(value)
