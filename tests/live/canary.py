"""Many tenants whose names are nearly the same, each with a word of its own that nobody else may ever read."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mnemon import Memory, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mnemon.stores.weaviate import WeaviateStore
    from mnemon.types.memory import MemoryRecord

__all__ = ["cross_reads", "tenants"]

NEAR = (
    "1",
    "10",
    "01",
    "alice",
    "Alice",
    "alice-2",
    "alice ",
    "a@b.com",
    "a-b.com",
    "Jos\u00e9",
    "Jose",
    "*",
    "%",
    "_",
)
AT_ONCE = 4


@dataclass
class Tenant:
    """One person of one project, and what they said."""

    memory: Memory
    user_id: str
    word: str
    chance: random.Random
    ids: list[str] = field(default_factory=list[str])
    foreign: int = 0

    def operate(self, others: Sequence[Tenant]) -> None:
        """Do one thing, and look at everything that comes back."""
        match self.chance.choices(("add", "search", "list", "get", "update", "delete"), (4, 4, 2, 2, 1, 1))[0]:
            case "search":
                hits = self.memory.search(f"tea {self.chance.choice(others).word}", user_id=self.user_id, limit=20)
                self.look([hit.memory for hit in hits])
            case "list":
                self.look(self.memory.get_all(user_id=self.user_id, limit=50))
            case "get" if others and (theirs := self.chance.choice(others)).ids:
                self.try_to_read(theirs)
            case "update" if self.ids:
                self.memory.update(self.chance.choice(self.ids), self.text())
            case "delete" if len(self.ids) > 3:
                self.memory.delete(self.ids.pop(self.chance.randrange(len(self.ids))))
            case _:
                self.ids += self.memory.add(self.text(), user_id=self.user_id).ids

    def text(self) -> str:
        return f"tea {self.word} {self.chance.getrandbits(64):x}"

    def look(self, memories: Sequence[MemoryRecord]) -> None:
        self.foreign += sum(self.word not in one.text.split() for one in memories)

    def try_to_read(self, theirs: Tenant) -> None:
        try:
            found = self.memory.scoped(user_id=self.user_id).get(self.chance.choice(theirs.ids))
        except (NotFoundError, IndexError):  # the other one deleted the last meanwhile
            return
        self.look([found])


def tenants(store: WeaviateStore, number: int) -> list[Tenant]:
    """Return so many tenants, five persons to a project."""
    found: list[Tenant] = []
    for place in range(number):
        project, person = NEAR[place // 5 % len(NEAR)], NEAR[place % 5 + place // 65]
        memory = Memory(store=store, project=project, embedder=None)
        found.append(Tenant(memory, person, f"canary{place:03}x", random.Random(place)))  # noqa: S311 - repeatable
    return found


def cross_reads(everybody: Sequence[Tenant], operations: int) -> int:
    """Let everybody operate so many times, several at once; return how many foreign memories somebody read."""

    def work(one: Tenant) -> int:
        others = [other for other in everybody if other is not one]
        for _ in range(operations):
            one.operate(others)
        return one.foreign

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return sum(threads.map(work, everybody))
