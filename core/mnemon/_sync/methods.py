# Generated from core/mnemon/_async/methods.py by tests/contracts/unasync.py; edit that file.
"""All methods of a memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon._sync.care import Care
from mnemon._sync.conversations import Conversations
from mnemon._sync.erasing import finish_pending
from mnemon._sync.reads import Reads
from mnemon._sync.removals import Removals
from mnemon._sync.searches import Searches
from mnemon._sync.upkeep import Upkeep
from mnemon._sync.writes import Writes

if TYPE_CHECKING:
    from typing import Self

__all__ = ["Methods"]


class Methods(Searches, Reads, Writes, Removals, Upkeep, Care):
    """What a memory and its views do."""

    @property
    def conversations(self) -> Conversations:
        """The conversation log, bound to the same scope."""
        return Conversations(self._core, self._bound, self._actor)

    def close(self) -> None:
        """Give up every resource; a second call does nothing, and so does one on a view.

        Bytes of what was erased while another process was reading are made unrecoverable now, if they can be.
        """
        if self._bound is None:
            self._core.runner.close(finish_pending)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
