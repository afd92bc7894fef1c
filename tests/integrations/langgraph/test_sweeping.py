"""The thread that deletes items whose time is over."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING, Any

from mnemon import InMemoryStore, Memory
from mnemon_langgraph import MnemonStore
from mnemon_langgraph.items import ITEMS
from tests.integrations.failing import FailingStore
from tests.integrations.langgraph import rows
from tests.integrations.langgraph.test_store import NS, Hands

if TYPE_CHECKING:
    import pytest

A_MOMENT = 0.0001
"""Minutes: the sweeper begins again at once."""
LONG_S = 60.0


class Telling(FailingStore):
    """A store that tells when something was deleted, and when it failed."""

    def __init__(self) -> None:
        super().__init__()
        self.swept, self.failed = Event(), Event()

    def list_ids(self, *arguments: Any, **named: Any) -> Any:
        if self.down:
            self.failed.set()
        return super().list_ids(*arguments, **named)

    def exclusive(self) -> Any:
        self.swept.set()
        return super().exclusive()


def test_the_sweeper_deletes_what_is_over_and_goes_on_after_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    clock, inner = Hands(), Telling()
    with Memory(store=inner, embedder=None, clock=clock) as memory:
        ttl: Any = {"default_ttl": 10, "sweep_interval_minutes": A_MOMENT}
        store = MnemonStore(memory, ttl=ttl)
        store.put(NS, "over", {})
        store.put(NS, "stays", {}, ttl=None)
        clock.pass_minutes(11)
        inner.down = True
        inner.swept.clear()

        store.start_ttl_sweeper()
        store.start_ttl_sweeper()  # harmless
        failed = inner.failed.wait(LONG_S)
        inner.down = False
        swept = inner.swept.wait(LONG_S)
        store.stop_ttl_sweeper()
        left = rows.count(memory, ITEMS.name)
        clock.pass_minutes(11)
        store.stop_ttl_sweeper()

    assert (failed, swept) == (True, True)
    assert "it is tried again" in caplog.text
    assert left == 1


def test_closing_the_store_ends_its_sweeper() -> None:
    with Memory(store=InMemoryStore(), embedder=None) as memory, MnemonStore(memory) as store:
        store.start_ttl_sweeper(60)
        sweeper = store._sweeper  # pyright: ignore[reportPrivateUsage]

    assert sweeper is not None
    assert not sweeper.is_alive()
