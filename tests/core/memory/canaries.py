"""A hundred users with hostile ids, who do everything at random beside one another and look for what is another's."""

from __future__ import annotations

import io
import random
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from mnemon import Memory, NotFoundError, ScopeError
from mnemon.testing.samples import HOSTILE
from tests.core.memory.sources import NOON, FakeEmbedder, SetClock, counting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mnemon.protocols.store import Store

__all__ = ["OPERATIONS", "USERS", "run"]

OPERATIONS = 100
CLOSE = (
    "a@b.com",
    "a-b.com",
    "bob",
    "bob-2",
    "bo",
    "bob:1",
    "bob/1",
    "bob\x00",
    "bob\n",
    "0",
    "-1",
    "[]",
    "{}",
    "(",
    "NULL",
)
PLAIN = (f"user-{number}" for number in range(100))
USERS = list(dict.fromkeys(name for name in (*HOSTILE, *CLOSE, *PLAIN) if name.strip() and len(name) <= 1_000))[:100]


class Canary:
    """A user whose texts all hold a mark, and who collects every mark that any method shows."""

    def __init__(self, memory: Memory, number: int, others: list[Canary]) -> None:
        self.number = number
        self.ids: list[str] = []
        self.ops: list[str] = []
        self._memory = memory
        self._id = USERS[number]
        self._view = memory.scoped(user_id=self._id)
        self._others = others
        self._chance = random.Random(number)  # noqa: S311 - the same operations every time
        self._count = 0

    def step(self) -> None:
        """Do anything, with a view or with the id as an argument."""
        methods: list[Callable[[], object]] = [
            self._add, self._add, self._add_list, self._append, self._update, self._delete, self._undo, self._read,
            self._read_by_argument, self._read_numbers, self._read_log, self._reach_for_others, self._move,
        ]  # fmt: skip
        self._chance.choice(methods)()

    def seen(self) -> list[str]:
        """Return the marks of all that this user can read in the end, checked as everything is."""
        self._read()
        self._read_by_argument()
        self._read_numbers()
        self._read_log()
        return [one.text for one in self._view.get_all(limit=1_000)]

    def _text(self) -> str:
        self._count += 1
        return f"mark{self.number}x likes cats and note{self._count} of {self._chance.randrange(20)}"

    def _check(self, texts: Iterable[str]) -> None:
        for text in texts:
            for mark in re.findall(r"mark(\d+)x", text):
                assert int(mark) == self.number, f"{self._id!r} sees what belongs to {USERS[int(mark)]!r}"

    def _add(self) -> None:
        run_id = self._chance.choice([None, "shared run", USERS[0]])
        added = self._view.add(
            self._text(),
            run_id=run_id,
            metadata={"of": f"mark{self.number}x"},
            categories=["cats"],
            idempotency_key=self._chance.choice([None, f"key {self._count}"]),
        )
        self._keep(added.ids, added.op_id)

    def _add_list(self) -> None:
        turns = [{"role": "user", "content": self._text(), "id": f"m{self._count}"}, "Yes", "cats?"]
        added = self._memory.add(turns, user_id=self._id, run_id="shared run")
        self._keep(added.ids, added.op_id)
        assert added.ids, "another user's message was taken for a repeat"

    def _keep(self, ids: Iterable[str], op_id: str | None) -> None:
        self.ids += ids
        self.ops += [op_id] if op_id else []

    def _append(self) -> None:
        self._view.conversations.append({"role": "user", "content": self._text(), "id": "same"}, run_id="log")

    def _update(self) -> None:
        if self.ids:
            try:
                self._view.update(self._chance.choice(self.ids), self._text(), metadata={"n": self._count})
            except NotFoundError:
                return

    def _delete(self) -> None:
        if not self.ids:
            return
        which = self._chance.randrange(8)
        if which == 0:
            self._memory.delete_all(filters={"user_id": self._id, "OR": [{"categories": "cats"}, {"kind": "episodic"}]})
        else:
            memory_id = self._chance.choice(self.ids)
            try:
                self._keep([], self._view.delete(memory_id, erase=which == 1).op_id)
            except NotFoundError:
                return

    def _undo(self) -> None:
        if self.ops:
            try:
                self._keep([], self._view.undo(self._chance.choice(self.ops), force=True).op_id)
            except NotFoundError:
                return

    def _read(self) -> None:
        query = self._chance.choice(["cats", "Yes", f"note{self._count}", f"mark{(self.number + 1) % 100}x", "likes"])
        hits = self._view.search(query, limit=50, filters={"NOT": {"user_id": "nobody"}}, include_expired=True)
        self._check(hit.memory.text for hit in hits)
        self._check(one.text for one in self._view.get_all(limit=1_000, include_expired=True))
        assert {one.scope.user_id for one in self._view.get_all(limit=1_000)} <= {self._id}
        for memory_id in self.ids[-3:]:
            try:
                self._check([self._view.get(memory_id).text])
                self._check(version.memory.text for version in self._view.history(memory_id))
            except NotFoundError:
                continue

    def _read_by_argument(self) -> None:
        other = self._chance.choice(USERS)
        wider = {"OR": [{"user_id": other}, {"categories": "cats"}]}
        mine = self._memory.search("cats", user_id=self._id, limit=50)
        self._check(hit.memory.text for hit in mine)
        self._check(hit.memory.text for hit in self._view.search("cats", filters=wider, limit=50))
        self._check(one.text for one in self._memory.get_all(user_id=self._id, filters=wider))
        self._check(one.text for one in self._memory.get_all(filters={"user_id": self._id}, limit=1_000))
        self._check(one.text for one in self._memory.get_all(user_id=self._id, as_of=NOON + timedelta(days=1)))

    def _read_numbers(self) -> None:
        assert self._view.count() == len(self._view.get_all(limit=1_000))
        assert {one.id for one in self._view.scopes("user")} <= {self._id}
        stats = self._view.stats()
        assert stats.memories == self._view.count(include_expired=True)
        assert stats.versions <= 4 * OPERATIONS
        for operation in self._view.operations(limit=1_000):
            assert operation.scope is not None
            assert operation.scope.user_id == self._id
            assert {one.memory_id for one in operation.touched} <= set(self.ids)

    def _read_log(self) -> None:
        self._check(message.text for message in self._view.conversations.read())
        self._check(message.text for message in self._memory.conversations.read(user_id=self._id, run_id="shared run"))
        runs = {run.run_id: run.messages for run in self._view.conversations.runs()}
        for run_id, messages in runs.items():
            assert messages == len(self._view.conversations.read(run_id=run_id))

    def _exported(self) -> list[str]:
        target = io.StringIO()
        self._view.export(target)
        return target.getvalue().splitlines(keepends=True)

    def _move(self) -> None:
        lines = self._exported()
        self._check(lines)
        assert sum(self._view.import_(lines).added.values()) == 0
        other = self._chance.choice(self._others)
        if other is not self and other.ids:
            with pytest.raises(ScopeError):
                self._view.import_(other._exported())

    def _reach_for_others(self) -> None:
        other = self._chance.choice(self._others)
        if other is self or not other.ids:
            return
        memory_id, op_id = other.ids[-1], other.ops[-1]
        for call in (
            lambda: self._view.get(memory_id),
            lambda: self._view.update(memory_id, self._text()),
            lambda: self._view.delete(memory_id),
            lambda: self._view.delete(memory_id, erase=True),
            lambda: self._view.history(memory_id),
            lambda: self._view.undo(op_id, force=True),
            lambda: self._memory.get(memory_id, user_id=self._id),
        ):
            with pytest.raises(NotFoundError):
                call()


def run(store: Store, *, users: int, operations: int) -> None:
    """Let users do everything at random, and fail as soon as one of them sees what is another's."""
    memory = Memory(store=store, embedder=FakeEmbedder(), clock=SetClock(), new_id=counting())
    canaries: list[Canary] = []
    canaries += (Canary(memory, number, canaries) for number in range(users))
    turns = [canary for canary in canaries for _ in range(operations)]
    random.Random(5).shuffle(turns)  # noqa: S311 - the same order every time
    for canary in turns:
        canary.step()
    texts = [text for canary in canaries for text in canary.seen()]
    assert sum("mark" in text for text in texts) > users // 2, "the canaries have nothing left to see"
    whole = memory.get_all(project_wide=True, limit=1_000)
    assert len(texts) == memory.count(project_wide=True)
    assert set(texts) >= {one.text for one in whole}
