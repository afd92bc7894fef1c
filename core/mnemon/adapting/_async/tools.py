"""What the tools of `mnemon.adapting.tools` do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mnemon.adapting.handle import Handle
    from mnemon.adapting.scoping import CallScope
    from mnemon.memory import AsyncMemory
    from mnemon.types.jsonvalue import Json
    from mnemon.types.memory import MemoryRecord

__all__ = ["AsyncMemoryTools"]


class AsyncMemoryTools:
    """Carries out what a model asks for; each method answers in words for the model.

    Whose memories are meant is decided by the caller: an id of another scope is an id that there is not.
    """

    def __init__(self, handle: Handle, *, actor: str | None = None) -> None:
        """Work on a memory; `actor` is named in the history of what is changed."""
        self._handle = handle
        self._actor = actor

    async def search(self, scope: CallScope, *, query: str, limit: int = 10) -> str:
        """Return memories that answer a query as JSON, best first."""
        memory = await self._view(scope)
        found = await memory.search(query, limit=limit)
        return _listed((hit.memory for hit in found), [round(hit.score, 2) for hit in found])

    async def save(self, scope: CallScope, *, text: str) -> str:
        """Store a fact; return its id."""
        memory = await self._view(scope)
        added = await memory.add(text, kind="semantic")
        return f"saved memory {added.ids[0]}"

    async def update(self, scope: CallScope, *, memory_id: str, text: str) -> str:
        """Give a memory a new text.

        Raises:
            NotFoundError: the scope has no such memory.
        """
        memory = await self._view(scope)
        await memory.update(memory_id, text)
        return f"updated memory {memory_id}"

    async def delete(self, scope: CallScope, *, memory_id: str) -> str:
        """Delete a memory; who has the memory can undo it.

        Raises:
            NotFoundError: the scope has no such memory.
        """
        memory = await self._view(scope)
        await memory.delete(memory_id)
        return f"deleted memory {memory_id}"

    async def list(self, scope: CallScope, *, limit: int = 20) -> str:
        """Return the newest memories as JSON."""
        memory = await self._view(scope)
        return _listed(await memory.get_all(limit=limit))

    async def _view(self, scope: CallScope) -> AsyncMemory:
        memory = await self._handle.amemory()
        return memory.scoped(**scope.reads.to_dict(), actor=self._actor)


def _listed(memories: Iterable[MemoryRecord], scores: Iterable[float] = ()) -> str:
    """Return memories as JSON: a text that ends where it ends, whatever it says."""
    rows: list[dict[str, Json]] = [
        {"id": memory.id, "text": memory.text, "said_at": memory.said_at.isoformat(timespec="seconds")}
        for memory in memories
    ]
    for row, score in zip(rows, scores, strict=False):
        row["score"] = score
    return json.dumps(rows, ensure_ascii=False)
