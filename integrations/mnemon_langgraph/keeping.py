"""Which checkpoints may go: never one that another, which stays, is made of.

A `DeltaChannel` stores its value now and then, and between that only what was written to it. So a
checkpoint may need the writes of its ancestors, back to the nearest one with a stored value. The
metadata of a checkpoint names the channels that are in this state (`counters_since_delta_snapshot`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from mnemon_langgraph.checkpoints import Spot, blob_ids, read_parts, spot_of_row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from langgraph.checkpoint.serde.base import SerializerProtocol

    from mnemon.types.storage import Row
    from mnemon_langgraph.checkpoints import Parts

__all__ = ["Doomed", "doomed_by_pruning", "doomed_by_runs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doomed:
    """What is to be deleted of a thread.

    Attributes:
        rows: the checkpoints.
        values: ids of values that nothing names then.
        heads: for each namespace that loses checkpoints the newest one that is left, or None.
        spared: how many stay although they were meant, since others are made of them.
    """

    rows: Sequence[Row] = ()
    values: Sequence[str] = ()
    heads: Mapping[Spot, str | None] = field(default_factory=dict[Spot, "str | None"])
    spared: int = 0

    @property
    def names(self) -> dict[Spot, list[str]]:
        """Ids of the checkpoints, by thread and namespace."""
        names: dict[Spot, list[str]] = {}
        for row in self.rows:
            names.setdefault(_namespace(row), []).append(_name(row))
        return names


def doomed_by_pruning(rows: Sequence[Row], serde: SerializerProtocol) -> Doomed:
    """Choose all checkpoints of a thread but the newest of each namespace."""
    return _choose(rows, {row.id for row in _newest(rows).values()}, serde)


def doomed_by_runs(run_ids: frozenset[str]) -> Callable[[Sequence[Row], SerializerProtocol], Doomed]:
    """Return what chooses the checkpoints of runs."""

    def choose(rows: Sequence[Row], serde: SerializerProtocol) -> Doomed:
        return _choose(rows, {row.id for row in rows if row.fields.get("run_id") not in run_ids}, serde)

    return choose


def _choose(rows: Sequence[Row], staying: set[str], serde: SerializerProtocol) -> Doomed:
    parts = {row.id: read_parts(serde, row) for row in rows}
    needed = _needed(rows, staying, parts)
    left = [row for row in rows if row.id in staying or row.id in needed]
    gone = [row for row in rows if row.id not in staying and row.id not in needed]
    newest = _newest(left)
    return Doomed(
        rows=gone,
        values=sorted(_values(gone, parts) - _values(left, parts)),
        heads={spot: None if spot not in newest else _name(newest[spot]) for spot in map(_namespace, gone)},
        spared=len(needed),
    )


def _needed(rows: Sequence[Row], staying: set[str], parts: Mapping[str, Parts]) -> set[str]:
    """Return the ids of ancestors that checkpoints which stay are made of, and that would go."""
    by_name = {(_namespace(row), _name(row)): row for row in rows}
    needed: set[str] = set()
    for row in rows:
        if row.id not in staying:
            continue
        missing = _without_value(row, parts)
        at: Row | None = row
        while at is not None and missing:
            at = by_name.get((_namespace(at), str(at.fields.get("parent"))))
            if at is not None:
                needed.add(at.id)
                missing -= _stored(parts[at.id])
    return needed - staying


def _without_value(row: Row, parts: Mapping[str, Parts]) -> set[str]:
    counters = row.metadata.get("counters_since_delta_snapshot")
    return set(cast("Mapping[str, object]", counters or {})) - _stored(parts[row.id])


def _stored(parts: Parts) -> set[str]:
    return {*parts.apart, *parts.checkpoint["channel_values"]}


def _values(rows: Iterable[Row], parts: Mapping[str, Parts]) -> set[str]:
    return {key for row in rows for keys in blob_ids(spot_of_row(row), parts[row.id]).values() for key in keys}


def _newest(rows: Iterable[Row]) -> dict[Spot, Row]:
    newest: dict[Spot, Row] = {}
    for row in sorted(rows, key=_name):
        newest[_namespace(row)] = row
    return newest


def _namespace(row: Row) -> Spot:
    return Spot(str(row.fields["thread"]), str(row.fields["namespace"]))


def _name(row: Row) -> str:
    return str(row.fields["checkpoint"])
