"""The suite finds out a store that declares what it does not keep; one that declares less is left alone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, cast

import pytest

from mnemon.errors import StoreConflictError
from mnemon.protocols.capabilities import Capability
from mnemon.stores.in_memory import InMemoryStore
from mnemon.testing.samples import NOTES, PLAIN
from mnemon.testing.store_suite import StoreSuite
from mnemon.types.storage import Patch, Put, Terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mnemon.types.filters import Filter
    from mnemon.types.storage import Applied, Match, Nearest, Page, Write

CLAIMED = frozenset({Capability.EXACT_PRECONDITIONS, Capability.EXACT_READS})


class LookingFirst(InMemoryStore):
    """A store that looks whether a write may be made, and makes it a moment later."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        return CLAIMED

    def apply(self, project: str, batch: Sequence[Write]) -> Applied:
        for index, write in enumerate(batch):
            if isinstance(write, Put) and write.existing == "abort" and self.get(project, "notes", [write.row.id]):
                raise StoreConflictError(write.collection, write.row.id, index, "the row is there already")
            if isinstance(write, Patch) and self.get(project, "notes", [write.id])[write.id].fields["version"] != 0:
                raise StoreConflictError(write.collection, write.id, index, "it is not as expected")
        time.sleep(0.01)
        return super().apply(project, [_at_all_events(write) for write in batch])


def _at_all_events(write: Write) -> Write:
    if isinstance(write, Patch):
        return Patch(collection=write.collection, id=write.id, fields=write.fields)
    return Put(collection=write.collection, row=write.row) if isinstance(write, Put) else write


class Behind(InMemoryStore):
    """A store whose pages show what was there before the last batch."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        return CLAIMED

    def __init__(self) -> None:
        super().__init__()
        self._pages: dict[Filter | None, Page] = {}

    def scan(self, project: str, collection: str, where: Filter | None = None, **asked: object) -> Page:
        page = super().scan(project, collection, where, **asked)  # pyright: ignore[reportArgumentType]
        before, self._pages[where] = self._pages.get(where, page), page
        return before


class Modest(Behind):
    """The same store, which does not claim more than it keeps."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        return frozenset()


class Nearly(InMemoryStore):
    """A store whose text searches take weights that are nearly alike for the same."""

    def search(
        self, project: str, collection: str, query: Terms | Nearest, *given: object, **asked: object
    ) -> list[Match]:
        rough = Terms(weights={term: round(weight, 3) for term, weight in cast("Terms", query).weights.items()})
        return super().search(project, collection, rough, *given, **asked)  # pyright: ignore[reportArgumentType]


def _declared(store: InMemoryStore) -> InMemoryStore:
    store.declare(NOTES, PLAIN)
    return store


def test_a_store_that_loses_a_race_does_not_keep_exact_preconditions() -> None:
    with _declared(LookingFirst()) as store, pytest.raises(AssertionError):
        StoreSuite().test_exact_preconditions_of_calls_that_race_are_met_once(store)


def test_a_store_that_reads_an_older_state_does_not_keep_exact_reads() -> None:
    with _declared(Behind()) as store, pytest.raises(AssertionError):
        StoreSuite().test_exact_reads_show_what_was_acknowledged_last(store)


def test_a_store_that_declares_neither_is_not_asked() -> None:
    with _declared(Modest()) as store, pytest.raises(pytest.skip.Exception):
        StoreSuite().test_exact_reads_show_what_was_acknowledged_last(store)


def test_a_store_that_orders_nearly_does_not_keep_exact_text_order() -> None:
    with _declared(Nearly()) as store, pytest.raises(AssertionError):
        StoreSuite().test_exact_text_order_tells_weights_apart_that_are_nearly_alike(store)
