"""What is remembered, what was done to it, and what a search finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mnemon.types.jsonvalue import Json, JsonObject
    from mnemon.types.message import Role
    from mnemon.types.scope import Scope

__all__ = ["KINDS", "Hit", "Kind", "MemoryRecord", "Operation", "OperationKind", "Touched", "Version"]

Kind = Literal["episodic", "semantic", "procedural", "summary"]
"""`episodic`: a turn as it was said; `semantic`: a fact; `procedural`: how to do something; `summary`."""

KINDS: tuple[Kind, ...] = ("episodic", "semantic", "procedural", "summary")

OperationKind = Literal["add", "update", "delete", "undo"]
"""What an operation did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryRecord:
    """One version of one memory.

    All times are aware and in UTC.

    Attributes:
        id: the same for all versions of a memory.
        text: what is remembered.
        scope: whose it is.
        kind: what sort of memory it is.
        metadata: JSON data of the caller.
        categories: labels to filter by.
        source_ids: ids of the messages that it comes from.
        speaker: name of who said it, or None.
        role: role of who said it, or None.
        said_at: when it was said.
        valid_from: since when it is true in the world, or None.
        valid_to: until when it was true, or None while it is.
        expires_at: from when on reads leave it out, or None.
        pinned: whether it never expires.
        version: 1 for the first.
        created_at: when the memory was first stored.
        updated_at: when this version was stored.
    """

    id: str
    text: str
    scope: Scope
    said_at: datetime
    created_at: datetime
    updated_at: datetime
    kind: Kind = "episodic"
    metadata: JsonObject = field(default_factory=dict[str, "Json"])
    categories: tuple[str, ...] = ()
    source_ids: tuple[str, ...] = ()
    speaker: str | None = None
    role: Role | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    expires_at: datetime | None = None
    pinned: bool = False
    version: int = 1

    def to_dict(self) -> dict[str, Json]:
        """Return the memory in the field names that users of mem0 know, times as ISO 8601 text."""
        return {
            "id": self.id,
            "memory": self.text,
            "user_id": self.scope.user_id,
            "agent_id": self.scope.agent_id,
            "app_id": self.scope.app_id,
            "run_id": self.scope.run_id,
            "metadata": self.metadata,
            "categories": list(self.categories),
            "created_at": self.created_at.isoformat(),
            "updated_at": self.updated_at.isoformat(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """What an operation did to one memory.

    Attributes:
        memory_id: the memory.
        made: the version that it made, or None where it made none.
        closed: the version that it closed, or None where none was current.
        patched: fields that it changed in place, with their values before and after (`expires_at`, `pinned`).
    """

    memory_id: str
    made: int | None = None
    closed: int | None = None
    patched: Mapping[str, tuple[str | None, str | None]] = field(
        default_factory=dict[str, "tuple[str | None, str | None]"]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One change, without any text of its own.

    Attributes:
        op_id: id of the operation, for `undo`.
        kind: what was done.
        at: when, in UTC.
        actor: who did it, or None.
        scope: whose memories it changed, or None where they have no scope in common.
        touched: what it did to each memory.
        undoes: the operation that it took back, or None.
        part_of: the operation whose part it is, where a large one was carried out in several; or None.
    """

    op_id: str
    kind: OperationKind
    at: datetime
    actor: str | None
    scope: Scope | None
    touched: tuple[Touched, ...]
    undoes: str | None = None
    part_of: str | None = None

    def to_dict(self) -> dict[str, Json]:
        """Return the operation as JSON data, times as ISO 8601 text."""
        return {
            "op_id": self.op_id,
            "kind": self.kind,
            "at": self.at.isoformat(),
            "actor": self.actor,
            "scope": None if self.scope is None else dict(self.scope.to_dict()),
            "touched": [
                {
                    "memory_id": one.memory_id,
                    "made": one.made,
                    "closed": one.closed,
                    "patched": {name: list(values) for name, values in one.patched.items()},
                }
                for one in self.touched
            ],
            "undoes": self.undoes,
            "part_of": self.part_of,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version in the history of a memory.

    Attributes:
        memory: the memory as this version has it.
        op_id: the operation that made it.
        actor: who made it, or None.
        recorded_from: since when it was the current version.
        recorded_to: until when, or None while it is.
        closed_by: the operation that closed it, or None.
        deleted: whether it was closed by a deletion and not by a later version.
    """

    memory: MemoryRecord
    op_id: str
    actor: str | None
    recorded_from: datetime
    recorded_to: datetime | None
    closed_by: str | None
    deleted: bool

    def to_dict(self) -> dict[str, Json]:
        """Return the version as `MemoryRecord.to_dict` does, with who, when and how it ended."""
        return {
            **self.memory.to_dict(),
            "version": self.memory.version,
            "op_id": self.op_id,
            "actor": self.actor,
            "recorded_from": self.recorded_from.isoformat(),
            "recorded_to": None if self.recorded_to is None else self.recorded_to.isoformat(),
            "closed_by": self.closed_by,
            "deleted": self.deleted,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A memory that a search found.

    Attributes:
        memory: the memory.
        score: how well it answers, in (0, 1); the same meaning from query to query.
        signals: the part of each signal in the score, where the search was asked to explain.
    """

    memory: MemoryRecord
    score: float
    signals: Mapping[str, float] | None = None

    def to_dict(self) -> dict[str, Json]:
        """Return the memory as `MemoryRecord.to_dict` does, with its score."""
        found: dict[str, Json] = {**self.memory.to_dict(), "score": self.score}
        if self.signals is not None:
            found["signals"] = dict(self.signals)
        return found
