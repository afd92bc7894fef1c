# Generated from core/mnemon/testing/_async/base.py by tests/contracts/unasync.py; edit that file.
"""What every part of the suite stands on: the store under test, and questions that many tests ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mnemon.testing.samples import NOTES, PLAIN, PROJECT, note
from mnemon.types.filters import Filter, where
from mnemon.types.storage import Nearest, Row, Terms

if TYPE_CHECKING:
    from mnemon.protocols.store import Store

__all__ = ["ALICE", "EVERYTHING", "Promises"]

EVERYTHING = ("terms", "metadata", "payload", "small", "other")
"""Every part of a row of the notes."""

ALICE = where("user_id").eq("alice")
"""The condition of the rows that `note` makes unless told otherwise."""


class Promises:
    """The store under test."""

    @pytest.fixture
    def store(self) -> Store:
        """Yield an empty store; every backend gives its own."""
        raise NotImplementedError

    def reopen(self, store: Store) -> Store:
        """Close the store and open what it kept anew; a backend that is `PERSISTENT` gives its own."""
        raise NotImplementedError

    @pytest.fixture
    def notes(self, store: Store) -> Store:
        """Return the store with the suite's collections declared."""
        store.declare(NOTES, PLAIN)
        return store

    def found(self, store: Store, condition: Filter) -> tuple[list[str], list[str]]:
        """Return the ids that a text search for `t` and a vector search find, sorted."""
        by_text = store.search(PROJECT, "notes", Terms(weights={"t": 1.0}), condition)
        by_vector = store.search(PROJECT, "notes", Nearest(space="small", vector=[1.0, 0.0, 0.0]), condition)
        return sorted(match.row.id for match in by_text), sorted(match.row.id for match in by_vector)

    def holding(self, field: str, text: str) -> Row:
        """Return a row whose id is `text`, and whose field holds it."""
        if field == "metadata.m":
            return note(text, metadata={"m": text})
        if field == "categories":
            return note(text, categories=(text,))
        return note(text) if field == "id" else note(text, **{field: text})  # pyright: ignore[reportArgumentType]
