"""What users write, checked by mypy strict: pyright alone would not see what only mypy refuses."""

from __future__ import annotations

from typing import assert_type

from mnemon import AsyncMemory, InvalidFilterError, Memory, where
from mnemon.types.filters import And, Condition, Filter


def remember(path: str) -> list[str]:
    """Add, search and count, with filters as a mapping and as a tree."""
    with Memory(path, embedder=None) as memory:
        memory.add("Alice drinks tea", user_id="alice", metadata={"city": "Rome", "cups": [1, 2]})
        memory.add([{"role": "user", "content": "I moved to Rome"}], user_id="alice")
        tree = where("categories").eq("food") & ~where("metadata.city").in_(["Rome", "Paris"])
        assert_type(tree, And)
        assert_type(where("metadata.cups").gte(2), Condition)
        chosen: Filter = tree | where("metadata.city").exists(False)  # noqa: FBT003
        assert_type(memory.count(user_id="alice", filters=chosen), int)
        found = memory.search("tea", user_id="alice", filters={"OR": [{"city": "Rome"}, tree]}, limit=5)
        return [hit.memory.text for hit in found]


def remember_in_a_view(memory: Memory) -> int:
    """Use a view as the memory that it is."""
    view = memory.scoped(user_id="alice")
    view.add("Alice drinks coffee", run_id="r1")
    try:
        return view.count(filters={"or": []})
    except InvalidFilterError as error:
        return len(str(error))


async def remember_beside_others(path: str) -> list[str]:
    """Do the same where others run."""
    async with AsyncMemory(path, embedder=None) as memory:
        await memory.add("Alice drinks tea", user_id="alice")
        view = memory.scoped(user_id="alice")
        found = await view.search("tea", filters=where("metadata.city").ne("Rome"))
        return [hit.memory.text for hit in found]
