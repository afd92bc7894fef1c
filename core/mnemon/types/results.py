"""What the methods of a memory answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeVar, overload

from mnemon.types.found import Context, Step, WhyNot
from mnemon.types.memory import Hit, MemoryRecord, Operation, Version

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mnemon.types.jsonvalue import Json
    from mnemon.types.message import Message

__all__ = [
    "AddResult",
    "Added",
    "Appended",
    "Context",
    "Deleted",
    "ErasureReceipt",
    "Events",
    "Exported",
    "History",
    "Imported",
    "MemoryPage",
    "OperationPage",
    "Reembedded",
    "Run",
    "ScopeSummary",
    "SearchResult",
    "Stats",
    "Step",
    "WhyNot",
]

Item = TypeVar("Item", Hit, MemoryRecord, Operation, Version)

Events = Literal["ADD", "REPEAT", "LOG"]
"""`ADD`: stored; `REPEAT`: it was there already; `LOG`: kept in the conversation log, not a memory."""


@dataclass(frozen=True, slots=True)
class _Listed(Sequence[Item]):
    """Items in order: a sequence that also tells itself as the API of mem0 does."""

    items: tuple[Item, ...] = ()

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Item, ...]: ...
    def __getitem__(self, index: int | slice) -> Item | tuple[Item, ...]:
        return self.items[index]

    def to_dict(self) -> dict[str, Json]:
        """Return `{"results": [...]}`, each item by its own `to_dict`."""
        return {"results": [item.to_dict() for item in self.items]}


@dataclass(frozen=True, slots=True)
class SearchResult(_Listed[Hit]):
    """What a search found, best first."""


@dataclass(frozen=True, slots=True)
class History(_Listed[Version]):
    """The versions of one memory, oldest first."""


@dataclass(frozen=True, slots=True)
class MemoryPage(_Listed[MemoryRecord]):
    """Memories in the order asked for.

    Attributes:
        items: the memories.
        cursor: what to ask the next page with; None when there is no more.
    """

    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class OperationPage(_Listed[Operation]):
    """Operations, newest first; `cursor` as in `MemoryPage`."""

    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What became of one thing that was added.

    Attributes:
        event: `ADD`, `REPEAT` or `LOG`.
        memory: the memory that it is in; None for `LOG`.
        message_id: its message in the conversation log; None where it has none.
    """

    event: Events
    memory: MemoryRecord | None = None
    message_id: str | None = None

    def to_dict(self) -> dict[str, Json]:
        """Return id, text and event, in the field names that users of mem0 know."""
        return {
            "id": None if self.memory is None else self.memory.id,
            "memory": None if self.memory is None else self.memory.text,
            "event": self.event,
            "message_id": self.message_id,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class AddResult:
    """What an `add` did, item by item in the order given.

    Attributes:
        items: one for each text or message.
        op_id: the operation, for `undo`; None where there was nothing to store.
    """

    items: tuple[Added, ...]
    op_id: str | None

    @property
    def memories(self) -> tuple[MemoryRecord, ...]:
        """The memories that were stored by this call."""
        return tuple(item.memory for item in self.items if item.event == "ADD" and item.memory is not None)

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the memories that were stored by this call."""
        return tuple(memory.id for memory in self.memories)

    def to_dict(self) -> dict[str, Json]:
        """Return `{"results": [...], "op_id": ...}`."""
        return {"results": [item.to_dict() for item in self.items], "op_id": self.op_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureReceipt:
    """What was erased, in numbers and without any text.

    Attributes:
        at: when, in UTC.
        rows: rows that went, by collection.
        redacted: rows of which only the text went, by collection.
        left: rows by collection that belong to nobody by name, and therefore stayed.
        bytes: `gone`, or `pending` while something still holds the bytes of what was deleted.
        reason: what holds them; empty when they are gone.
        dry_run: whether nothing was done, and these are the numbers of what would be.
    """

    at: datetime
    rows: Mapping[str, int]
    redacted: Mapping[str, int] = field(default_factory=dict[str, int])
    left: Mapping[str, int] = field(default_factory=dict[str, int])
    bytes: Literal["gone", "pending"] = "gone"
    reason: str = ""
    dry_run: bool = False

    def to_dict(self) -> dict[str, Json]:
        """Return the receipt as JSON data."""
        return {
            "at": self.at.isoformat(),
            "rows": dict(self.rows),
            "redacted": dict(self.redacted),
            "left": dict(self.left),
            "bytes": self.bytes,
            "reason": self.reason,
            "dry_run": self.dry_run,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """What a deletion did.

    Attributes:
        count: memories that were deleted, or would be.
        op_id: the operation, for `undo`; None where nothing was deleted, or for ever.
        receipt: what was erased, where it was asked for.
        dry_run: whether nothing was done.
    """

    count: int
    op_id: str | None = None
    receipt: ErasureReceipt | None = None
    dry_run: bool = False

    def to_dict(self) -> dict[str, Json]:
        """Return the numbers as JSON data."""
        return {
            "count": self.count,
            "op_id": self.op_id,
            "receipt": None if self.receipt is None else self.receipt.to_dict(),
            "dry_run": self.dry_run,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeSummary:
    """Someone who has memories.

    Attributes:
        id: the scope id.
        memories: how many current memories it has.
        last_activity: when the newest of their versions was stored, in UTC.
    """

    id: str
    memories: int
    last_activity: datetime

    def to_dict(self) -> dict[str, Json]:
        """Return the summary as JSON data."""
        return {"id": self.id, "memories": self.memories, "last_activity": self.last_activity.isoformat()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """Numbers of a project.

    Attributes:
        project: its name.
        memories: current memories.
        versions: versions of all memories, superseded and deleted ones too.
        messages: messages in the conversation log.
        operations: operations.
        embedder: name of the embedder that the vectors are of, or None: then search is by words alone.
        dimensions: length of the vectors, or None.
        waiting: current memories that have no vector yet; `reembed` gives them one.
        calibrated: whether thresholds mean for this embedder what the documentation says; False for
            one whose scores were never measured: they rank, but .5 may keep more or less than elsewhere.
    """

    project: str
    memories: int
    versions: int
    messages: int
    operations: int
    embedder: str | None
    dimensions: int | None
    waiting: int
    calibrated: bool = True

    def to_dict(self) -> dict[str, Json]:
        """Return the numbers as JSON data."""
        return {
            "project": self.project,
            "memories": self.memories,
            "versions": self.versions,
            "messages": self.messages,
            "operations": self.operations,
            "embedder": self.embedder,
            "dimensions": self.dimensions,
            "waiting": self.waiting,
            "calibrated": self.calibrated,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run that has messages.

    Attributes:
        run_id: its id.
        messages: how many it has.
        first_at: when the first one was appended, in UTC.
        last_at: when the last one was appended, in UTC.
    """

    run_id: str
    messages: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """What an append to the conversation log did.

    Attributes:
        messages: the messages as they are stored, each with its id and time, in order.
        stored: ids of those that are new.
        repeated: ids of those that were there already, and were left as they are.
    """

    messages: tuple[Message, ...]
    stored: tuple[str, ...]
    repeated: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export wrote.

    Attributes:
        rows: rows by collection.
    """

    rows: Mapping[str, int]

    def to_dict(self) -> dict[str, Json]:
        """Return the numbers as JSON data."""
        return {"rows": dict(self.rows)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did.

    Attributes:
        added: rows that were stored, by collection.
        there: rows that were there already and were left as they are, by collection.
        waiting: memories that were stored without a vector; `reembed` gives them one.
    """

    added: Mapping[str, int]
    there: Mapping[str, int]
    waiting: int

    def to_dict(self) -> dict[str, Json]:
        """Return the numbers as JSON data."""
        return {"added": dict(self.added), "there": dict(self.there), "waiting": self.waiting}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reembedded:
    """What a reembed did.

    Attributes:
        embedder: name of the embedder that all vectors are of now.
        versions: versions of memories that got a new vector.
    """

    embedder: str
    versions: int

    def to_dict(self) -> dict[str, Json]:
        """Return the numbers as JSON data."""
        return {"embedder": self.embedder, "versions": self.versions}
