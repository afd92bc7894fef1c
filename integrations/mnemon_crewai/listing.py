"""What `StorageBackend` tells of records, and deletes of them, the same wherever they are kept."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from mnemon_crewai.errors import aborting
from mnemon_crewai.records import categories_of, children, scope_info

if TYPE_CHECKING:
    from crewai.memory.types import MemoryRecord, ScopeInfo

__all__ = ["Listing"]


class Listing(ABC):
    """Records of whom a call means, and of no others, whatever path it names.

    Raises:
        MemoryAbortedError: nobody says whose records are meant, or they cannot be reached.
    """

    @abstractmethod
    def newest(self, path: str | None, most: int | None = None) -> list[MemoryRecord]:
        """Return records at a path and under it, newest first, so many or all."""

    @abstractmethod
    def delete(self, scope_prefix: str | None = None) -> int:
        """Delete the records at a path and under it; return how many they were."""

    @aborting()
    def list_records(self, scope_prefix: str | None = None, limit: int = 200, offset: int = 0) -> list[MemoryRecord]:
        """Return records at a path and under it, newest first."""
        return self.newest(scope_prefix, offset + limit)[offset:]

    @aborting()
    def get_scope_info(self, scope: str) -> ScopeInfo:
        """Return how many records a path has, their categories, times, and the paths directly under it."""
        return scope_info(self.newest(scope), scope)

    @aborting()
    def list_scopes(self, parent: str = "/") -> list[str]:
        """Return the paths directly under a path."""
        return children((record.scope for record in self.newest(parent)), parent)

    @aborting()
    def list_categories(self, scope_prefix: str | None = None) -> dict[str, int]:
        """Return how many records each category has."""
        return categories_of(self.newest(scope_prefix))

    def reset(self, scope_prefix: str | None = None) -> None:
        """Delete the records of whom the call means, at a path or all; never anybody else's."""
        self.delete(scope_prefix)
