"""All methods of a memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon._async.care import AsyncCare
from mnemon._async.conversations import AsyncConversations
from mnemon._async.erasing import finish_pending
from mnemon._async.reads import AsyncReads
from mnemon._async.removals import AsyncRemovals
from mnemon._async.searches import AsyncSearches
from mnemon._async.upkeep import AsyncUpkeep
from mnemon._async.writes import AsyncWrites

if TYPE_CHECKING:
    from typing import Self

__all__ = ["AsyncMethods"]


class AsyncMethods(AsyncSearches, AsyncReads, AsyncWrites, AsyncRemovals, AsyncUpkeep, AsyncCare):
    """What a memory and its views do."""

    @property
    def conversations(self) -> AsyncConversations:
        """The conversation log, bound to the same scope."""
        return AsyncConversations(self._core, self._bound, self._actor)

    async def aclose(self) -> None:
        """Give up every resource; a second call does nothing, and so does one on a view.

        Bytes of what was erased while another process was reading are made unrecoverable now, if they can be.
        """
        if self._bound is None:
            await self._core.runner.aclose(finish_pending)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
