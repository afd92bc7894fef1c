"""Weaviate answers as the reference does, whatever the history."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from mnemon.testing import store_machine
from mnemon.testing.samples import NOTES, PLAIN
from mnemon.types.filters import And
from mnemon.types.storage import DeleteWhere

if TYPE_CHECKING:
    from mnemon.protocols.store import Store
    from tests.live.conftest import Place


class Emptied:
    """Opens the same place again and again, empty: making collections takes a second."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def __call__(self) -> Store:
        store = self._place.open()
        store.declare(NOTES, PLAIN)
        for project in ("default", "default2", "Default"):
            store.apply(project, [DeleteWhere(collection="notes", where=And())])
        return store


@pytest.mark.parametrize("examples", [15, pytest.param(200, marks=pytest.mark.nightly)])
def test_any_history_is_answered_as_by_the_reference(place: Place, examples: int) -> None:
    known = settings(
        max_examples=examples, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )

    run_state_machine_as_test(store_machine(Emptied(place)), settings=known)
