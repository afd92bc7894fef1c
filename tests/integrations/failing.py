"""A store that fails when it is told to, and counts its searches."""

from __future__ import annotations

from typing import Any

from mnemon import InMemoryStore, StoreUnavailableError


class FailingStore(InMemoryStore):
    """A store in memory that can be told to answer nothing any more."""

    def __init__(self) -> None:
        """Begin as a store that answers."""
        super().__init__()
        self.down = False
        self.searches = 0

    def _answer(self, method: str, arguments: Any, named: Any) -> Any:
        if self.down:
            msg = "the store is down"
            raise StoreUnavailableError(msg)
        return getattr(super(), method)(*arguments, **named)

    def search(self, *arguments: Any, **named: Any) -> Any:
        self.searches += 1
        return self._answer("search", arguments, named)

    def count(self, *arguments: Any, **named: Any) -> Any:
        return self._answer("count", arguments, named)

    def get(self, *arguments: Any, **named: Any) -> Any:
        return self._answer("get", arguments, named)

    def list_ids(self, *arguments: Any, **named: Any) -> Any:
        return self._answer("list_ids", arguments, named)

    def scan(self, *arguments: Any, **named: Any) -> Any:
        return self._answer("scan", arguments, named)

    def groups(self, *arguments: Any, **named: Any) -> Any:
        return self._answer("groups", arguments, named)

    def apply(self, *arguments: Any, **named: Any) -> Any:
        return self._answer("apply", arguments, named)

    def exclusive(self) -> Any:
        return self._answer("exclusive", (), {})

    def snapshot(self) -> Any:
        return self._answer("snapshot", (), {})
