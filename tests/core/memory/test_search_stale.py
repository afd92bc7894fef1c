"""What a search leaves out although a query still named it: a node of a cluster that was away may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon import Memory
from mnemon.stores.in_memory import InMemoryStore
from tests.core.memory.sources import SetClock, counting

if TYPE_CHECKING:
    from mnemon.types.requests import SearchRequest
    from mnemon.types.storage import Match


class StaleStore(InMemoryStore):
    """A fake: its searches answer what the first of them found, its reads by id what is there now."""

    def __init__(self) -> None:
        super().__init__()
        self.stale: list[Match] | None = None

    def _search(self, request: SearchRequest) -> list[Match]:
        if self.stale is None:
            self.stale = list(super()._search(request))
        return self.stale


def test_a_memory_that_a_query_still_names_after_its_deletion_is_not_found() -> None:
    clock = SetClock()
    with Memory(store=StaleStore(), embedder=None, clock=clock, new_id=counting()) as memory:
        gone, kept = (memory.add(f"tea {one}", user_id="ana").ids[0] for one in ("one", "two"))
        before = [hit.memory.id for hit in memory.search("tea", user_id="ana")]
        then = clock.now
        clock.pass_(hours=1)
        memory.delete(gone)

        after = [hit.memory.id for hit in memory.search("tea", user_id="ana")]
        as_of = [hit.memory.id for hit in memory.search("tea", user_id="ana", as_of=then)]

    assert set(before) == {gone, kept}
    assert after == [kept]
    assert set(as_of) == {gone, kept}
