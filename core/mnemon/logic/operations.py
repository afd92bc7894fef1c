"""Operations as rows: what a call did, when and by whom, and never any text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from mnemon.logic.payloads import payload_data
from mnemon.logic.scopes import row_id, scope_key
from mnemon.types.jsonvalue import json_bytes
from mnemon.types.memory import Operation, Touched
from mnemon.types.scope import SCOPE_FIELDS, Scope
from mnemon.types.storage import Collection, Ordered, Put, Row
from mnemon.types.times import format_time, to_datetime

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["OPERATIONS", "common_scope", "digest_of", "idempotent_id", "operation_of", "operation_put", "repeated_of"]

OPERATIONS = Collection(
    name="operations",
    keys=("user_id", "agent_id", "app_id", "run_id", "kind", "undoes", "part_of"),
    ordered=(Ordered("at", "time"),),
    person="user_id",
    indexes=(("run_id", "at"), ("user_id", "at"), ("agent_id", "at"), ("app_id", "at"), ("part_of",)),
)
"""One row per add, update, delete or undo, in the order of `at`."""


def idempotent_id(scope: Scope, key: str) -> str:
    """Return the id of the operation that an idempotency key names: the same key of another scope is another one."""
    return row_id("idempotency", *scope_key(scope), key)


def common_scope(scopes: Iterable[Scope]) -> Scope | None:
    """Return the ids that all of these scopes share, or None where they share none."""
    distinct = dict.fromkeys(scopes)
    if len(distinct) == 1:
        return next(iter(distinct))
    shared: dict[str, str] | None = None
    for scope in distinct:
        ids = scope.to_dict()
        shared = (
            dict(ids) if shared is None else {name: value for name, value in shared.items() if ids.get(name) == value}
        )
    return Scope(**shared) if shared else None


def operation_put(operation: Operation, *, digest: str | None = None, repeated: Iterable[str] = ()) -> Put:
    """Return the write of an operation; carried out again it changes nothing.

    `digest` tells what an idempotency key was used for, and nothing without the key itself; `repeated`
    are the memories that what it was used for was in already.
    """
    touched = [_touched_data(one) for one in operation.touched]
    data: dict[str, object] = {"actor": operation.actor, "touched": touched}
    if digest is not None:
        data |= {"digest": digest, "repeated": sorted(repeated)}
    return Put(
        collection=OPERATIONS.name,
        row=Row(
            id=operation.op_id,
            fields={
                **({} if operation.scope is None else operation.scope.to_dict()),
                "kind": operation.kind,
                "undoes": operation.undoes,
                "part_of": operation.part_of,
                "at": format_time(operation.at),
            },
            payload=json_bytes(data),
        ),
        existing="skip",
    )


def digest_of(row: Row) -> str | None:
    """Return what an operation's idempotency key was used for, as `operation_put` was told."""
    return payload_data(row, OPERATIONS.name).get("digest")


def repeated_of(row: Row) -> list[str]:
    """Return the memories that an operation with an idempotency key found there, as `operation_put` was told."""
    return payload_data(row, OPERATIONS.name).get("repeated", [])


def _touched_data(one: Touched) -> list[object]:
    data: list[object] = [one.memory_id, one.made, one.closed]
    return [*data, {name: list(values) for name, values in one.patched.items()}] if one.patched else data


def operation_of(row: Row) -> Operation:
    """Return the operation of a row that was read with its payload."""
    fields = cast("Mapping[str, Any]", row.fields)
    data = payload_data(row, OPERATIONS.name)
    ids = {name: fields[name] for name in SCOPE_FIELDS if name in fields}
    return Operation(
        op_id=row.id,
        kind=fields["kind"],
        at=to_datetime(fields["at"], "at"),
        actor=data["actor"],
        scope=Scope(**ids) if ids else None,
        touched=tuple(_touched(*one) for one in data["touched"]),
        undoes=fields.get("undoes"),
        part_of=fields.get("part_of"),
    )


def _touched(
    memory_id: str, made: int | None, closed: int | None, patched: Mapping[str, list[str | None]] | None = None
) -> Touched:
    changes = {name: (before, after) for name, (before, after) in (patched or {}).items()}
    return Touched(memory_id=memory_id, made=made, closed=closed, patched=changes)
