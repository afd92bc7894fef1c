"""What an add is to store: its turns planned, its writes and its answer."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import count
from typing import TYPE_CHECKING, cast

from mnemon.logic.arguments import check_id
from mnemon.logic.memories import MEMORIES, first_row, record_of, text_of
from mnemon.logic.messages import MESSAGES, message_row, message_to_dict, positions
from mnemon.logic.operations import common_scope, idempotent_id, operation_put
from mnemon.logic.scopes import row_id, scope_of
from mnemon.logic.turns import plan_turns
from mnemon.types.memory import MemoryRecord, Operation, Touched
from mnemon.types.message import Message
from mnemon.types.results import Added, AddResult
from mnemon.types.storage import Patch, Put
from mnemon.types.unseen import is_blank

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime, timedelta

    from mnemon.logic.entries import Entry
    from mnemon.logic.turns import Log, Turn
    from mnemon.protocols.clock import NewId
    from mnemon.types.message import Role
    from mnemon.types.scope import Scope
    from mnemon.types.storage import Row, Vector, Write

__all__ = [
    "AddPlan",
    "AddRequest",
    "Embedded",
    "IdempotencyKey",
    "add_result",
    "add_writes",
    "check_key",
    "message_writes",
    "plan_add",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKey:
    """What an idempotency key stands for; the key itself is never stored.

    Attributes:
        op_id: the operation that it names.
        scope: whose key it is.
        secret: what the digest of the call is made with.
    """

    op_id: str
    scope: Scope
    secret: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AddRequest:
    """An add, checked.

    Attributes:
        entries: what to add, in order.
        roles: roles whose messages become memories.
        actor: who adds, or None.
        key: what the idempotency key stands for, or None without one.
    """

    entries: tuple[Entry, ...]
    roles: frozenset[Role]
    actor: str | None
    key: IdempotencyKey | None

    @property
    def digest(self) -> str | None:
        """What the call says and whose it is, told by a code that only the idempotency key can check."""
        if self.key is None:
            return None
        said = [_said(entry) for entry in self.entries]
        return blake2b(json.dumps(said).encode(), digest_size=16, key=self.key.secret).hexdigest()

    def threads(self, now: datetime) -> dict[Scope, Thread]:
        """The messages of each scope; where one does not tell when it was said, the call does, or it is now."""
        threads: dict[Scope, Thread] = {}
        for place, entry in enumerate(self.entries):
            said = entry.said
            if isinstance(said, Message):
                thread = threads.get(entry.scope)
                if thread is None:
                    thread = threads[entry.scope] = Thread(scope=entry.scope)
                thread.places.append(place)
                thread.messages.append(said)
                thread.times.append(said.time or entry.said_at or now)
        return threads

    @property
    def texts(self) -> list[str]:
        """Texts that may become memories, each once."""
        texts: list[str] = []
        for entry in self.entries:
            said = entry.said
            if isinstance(said, str):
                texts.append(said)
            elif said.role in self.roles and not is_blank(text := said.text):
                texts.append(text)
        return list(dict.fromkeys(texts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """What an add has to say in one scope.

    Attributes:
        scope: the scope.
        places: which entries of the request these are.
        messages: the messages, in order.
        times: when each was said.
    """

    scope: Scope
    places: list[int] = field(default_factory=list[int])
    messages: list[Message] = field(default_factory=list[Message])
    times: list[datetime] = field(default_factory=list["datetime"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """Vectors that are at hand.

    Attributes:
        space: the vector space, or None where there is none yet.
        vectors: vectors by text.
        needed: whether a text without a vector must not be stored.
    """

    space: str | None = None
    vectors: Mapping[str, Vector] = field(default_factory=dict[str, "Vector"])
    needed: bool = False

    def missing(self, texts: Iterable[str]) -> list[str]:
        """Return the texts that have to be embedded before they can be stored, each once."""
        if not self.needed:
            return []
        return [text for text in dict.fromkeys(texts) if text not in self.vectors]

    def of(self, text: str) -> dict[str, Vector]:
        """Return the vector of a text by its space; nothing where it has none."""
        return {} if self.space is None or text not in self.vectors else {self.space: self.vectors[text]}


@dataclass(frozen=True, slots=True, kw_only=True)
class AddPlan:
    """What an add is going to do.

    Attributes:
        op_id: its operation.
        digest: what its idempotency key is used for, or None without one.
        now: its time.
        turns: for each entry that is a message what becomes of it.
        records: for each entry the memory that is to be stored, or None.
        logs: what was read of each scope's log.
    """

    op_id: str
    digest: str | None
    now: datetime
    turns: tuple[Turn | None, ...]
    records: tuple[MemoryRecord | None, ...]
    logs: Mapping[Scope, Log]

    @property
    def texts(self) -> list[str]:
        """Texts of the memories that are to be stored."""
        return [record.text for record in self.records if record is not None]

    @property
    def repeated(self) -> set[str]:
        """Ids of the memories that entries are in already."""
        return {
            turn.memory_id
            for turn in self.turns
            if turn is not None and turn.memory_id is not None and not turn.remembered
        }


def _said(entry: Entry) -> list[object]:
    about: list[object] = [dict(entry.scope.to_dict()), entry.kind, entry.metadata, entry.categories]
    if isinstance(entry.said, str):
        return [*about, entry.said]
    message = message_to_dict(entry.said)
    return [*about, message["role"], message["name"], message["content"]]


def check_key(scope: Scope, key: object) -> IdempotencyKey | None:
    """Return what an idempotency key stands for; None for None."""
    if key is None:
        return None
    text = check_id(key, "idempotency_key")
    secret = blake2b(text.encode(), digest_size=32).digest()
    return IdempotencyKey(op_id=idempotent_id(scope, text), scope=scope, secret=secret)


def plan_add(
    request: AddRequest,
    threads: Iterable[Thread],
    logs: Mapping[Scope, Log],
    *,
    now: datetime,
    gap: timedelta,
    new_id: NewId,
    align: bool = True,
) -> AddPlan:
    """Decide what of an add is new, and the memories that become of it; `threads` are those of the request."""
    ids = new_id if request.key is None else _derived(request.key.op_id)
    op_id = new_id() if request.key is None else request.key.op_id
    turns: list[Turn | None] = [None] * len(request.entries)
    for thread in threads:
        planned = plan_turns(
            thread.messages,
            thread.times,
            logs[thread.scope],
            scope=thread.scope,
            roles=request.roles,
            gap=gap,
            new_id=ids,
            align=align,
        )
        for place, turn in zip(thread.places, planned, strict=True):
            turns[place] = turn
    records = tuple(_record(entry, turn, now, ids) for entry, turn in zip(request.entries, turns, strict=True))
    return AddPlan(op_id=op_id, digest=request.digest, now=now, turns=tuple(turns), records=records, logs=logs)


def _derived(op_id: str) -> NewId:
    """Ids that adding the same once more gives again."""
    numbers = count()
    return lambda: row_id("part", op_id, str(next(numbers)))


def _record(entry: Entry, turn: Turn | None, now: datetime, new_id: NewId) -> MemoryRecord | None:
    if turn is not None and not turn.remembered:
        return None
    message = None if turn is None else turn.message
    return MemoryRecord(
        id=new_id() if turn is None else cast("str", turn.memory_id),
        text=cast("str", entry.said) if message is None else message.text,
        scope=entry.scope,
        kind=entry.kind,
        metadata=entry.metadata,
        categories=entry.categories,
        source_ids=() if message is None else (cast("str", message.id),),
        speaker=None if message is None else message.name,
        role=None if message is None else message.role,
        said_at=(entry.said_at or now) if message is None else cast("datetime", message.time),
        expires_at=entry.expires_at,
        pinned=entry.pinned,
        valid_from=entry.valid_from,
        valid_to=entry.valid_to,
        created_at=now,
        updated_at=now,
    )


def add_writes(plan: AddPlan, embedded: Embedded, *, actor: str | None, language: str, retried: bool) -> list[Write]:
    """Return the batch of an add: messages, the operation, and last the memories, which make the rest findable.

    `retried` says that the same batch may have been carried out before.
    """
    new = [record for record in plan.records if record is not None]
    writes: list[Write] = list(_message_writes(plan))
    if new or plan.digest is not None:  # a key is remembered even where nothing was new
        turns = (turn.scope for turn in plan.turns if turn is not None)
        scope = common_scope(record.scope for record in new) if new else common_scope(turns)
        touched = tuple(Touched(memory_id=record.id, made=1) for record in new)
        operation = Operation(op_id=plan.op_id, kind="add", at=plan.now, actor=actor, scope=scope, touched=touched)
        repeated = () if plan.digest is None else plan.repeated
        writes.append(operation_put(operation, digest=plan.digest, repeated=repeated))
    for turn, record in zip(plan.turns, plan.records, strict=True):
        if record is not None:
            row = first_row(
                record,
                op_id=plan.op_id,
                actor=actor,
                language=language,
                session=None if turn is None else turn.session,
                previous=None if turn is None else turn.previous,
                vectors=embedded.of(record.text),
            )
            writes.append(Put(collection=MEMORIES.name, row=row, existing="skip" if retried else "abort"))
    return writes


def _message_writes(plan: AddPlan) -> Iterable[Write]:
    grouped: dict[Scope, list[Turn]] = {}
    for turn in plan.turns:
        if turn is not None and (turn.new or turn.remembered):
            grouped.setdefault(turn.scope, []).append(turn)
    for scope, turns in grouped.items():
        yield from message_writes(turns, plan.logs[scope], plan.now)


def message_writes(turns: Sequence[Turn], log: Log, now: datetime) -> Iterable[Write]:
    """Return the writes that append new turns of one scope to its log, and mark those that became memories."""
    places = iter(positions(log.tail[-1].spot.position if log.tail else None, now, sum(turn.new for turn in turns)))
    for turn in turns:
        latest = turn.memory_id or turn.previous
        if turn.new:
            row = message_row(
                turn.message,
                turn.scope,
                next(places),
                now,
                session=turn.session,
                memory_id=turn.memory_id,
                latest=latest,
                row_id=turn.row,
            )
            yield Put(collection=MESSAGES.name, row=row, existing="skip")
        elif turn.remembered:
            own = {"memory_id": turn.memory_id, "latest": latest}
            yield Patch(collection=MESSAGES.name, id=turn.row, fields=own, otherwise="skip")


def add_result(plan: AddPlan, there: Mapping[str, MemoryRecord]) -> AddResult:
    """Return what an add did; `there` holds the memories that entries were in already."""
    items: list[Added] = []
    for turn, record in zip(plan.turns, plan.records, strict=True):
        message_id = None if turn is None else turn.message.id
        if record is not None:
            items.append(Added(event="ADD", memory=record, message_id=message_id))
        elif turn is not None and turn.new:
            items.append(Added(event="LOG", message_id=message_id))
        else:
            known = cast("Turn", turn).memory_id
            items.append(Added(event="REPEAT", memory=there.get(known or ""), message_id=message_id))
    return AddResult(items=tuple(items), op_id=plan.op_id if any(plan.records) else None)


def repeated_result(
    request: AddRequest, op_id: str | None, firsts: Mapping[str, Row], newest: Mapping[str, Row]
) -> AddResult:
    """Return what an add that was done before answers: each entry with its memory as it is now.

    Args:
        request: the add.
        op_id: the operation that did it, or None where it stored nothing.
        firsts: the first versions of the memories that it made or found, in order; of those that one scope has of
            the same words by the same role, one stands for each entry in turn.
        newest: their newest versions.
    """
    made: dict[tuple[Scope, object, str], list[str]] = {}
    for key, row in firsts.items():
        if row.payload:
            made.setdefault((scope_of(row), row.fields.get("role"), text_of(row)), []).append(key)
    items: list[Added] = []
    for entry in request.entries:
        role, text = (None, entry.said) if isinstance(entry.said, str) else (entry.said.role, entry.said.text)
        keys = made.get((entry.scope, role, text), [""])
        row = newest.get(keys.pop(0) if len(keys) > 1 else keys[0])
        there = row is not None and row.payload and "recorded_to" not in row.fields
        items.append(Added(event="REPEAT", memory=record_of(row) if row is not None and there else None))
    return AddResult(items=tuple(items), op_id=op_id)
