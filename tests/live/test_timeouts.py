"""How long a call waits for a server that does not answer: at least for one attempt, and not for ever."""

from __future__ import annotations

import asyncio
import re
import signal
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mnemon import StoreUnavailableError
from mnemon.stores.weaviate.concurrency import atogether
from mnemon.testing import samples
from mnemon.types.storage import Collection, Patch, Put, Row
from tests.live.conftest import place_on

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from tests.live.between import Between
    from tests.live.conftest import Place
    from tests.servers.weaviate_server import Node

NOTES = Collection(name="notes", keys=("user_id",))
FOLLOWED = replace(samples.NOTES, name="followed")
"""Announces its changes, so that a write asks the server once more after one that failed."""
TIMEOUT_S, LEAST_S, MOST_S = 6.0, 3.0, 40.0
"""Of a call, with its repetitions: one attempt has half of it. It may end half as much later, and later still on a busy
machine.

To a request that has little more than a second the server itself answers at once that its time is over.
"""
MANY = 120


@pytest.fixture
def place(node: Node) -> Generator[Place]:
    """A place on a server of its own, with a collection."""
    found = place_on(node)
    with found.open() as store:  # with time to make it
        store.declare(NOTES)
        store.apply("p", [Put(collection="notes", row=Row(id=f"{number}")) for number in range(MANY)])
    yield found
    node.signal(signal.SIGCONT)


def test_a_call_that_gets_no_answer_ends_in_time_and_the_next_one_is_answered(place: Place, node: Node) -> None:
    with place.open(timeout_s=TIMEOUT_S) as store:
        calls: list[Callable[[], object]] = [
            lambda: store.get("p", "notes", ["1"]),
            lambda: store.count("p", "notes"),
            lambda: store.list_ids("p", "notes"),
            lambda: store.apply("p", [Put(collection="notes", row=Row(id="b"))]),
        ]
        for call in (lambda: store.declare(NOTES), *calls):
            repeated(call)
        node.pause()
        took = [time_of(call, place) for call in calls]
        node.signal(signal.SIGCONT)

        assert min(took) >= LEAST_S
        assert max(took) <= MOST_S
        for call in calls:
            repeated(call)
        assert store.count("p", "notes").rows == MANY + 1


def test_many_requests_of_one_call_do_not_wait_one_after_the_other(place: Place, node: Node, between: Between) -> None:
    with place.open(timeout_s=TIMEOUT_S) as store:
        repeated(lambda: store.declare(NOTES))
        repeated(lambda: store.get("p", "notes", ["1"]))
        batch = [Patch(collection="notes", id=f"{number}", fields={"user_id": "u"}) for number in range(MANY)]
        between.after(store, "read rows", 1, node.pause)
        took = time_of(lambda: store.apply("p", batch), place)
        node.signal(signal.SIGCONT)

        assert LEAST_S <= took <= MOST_S
        repeated(lambda: store.apply("p", batch))


def test_a_write_without_an_answer_is_in_doubt_after_its_call(place: Place, node: Node, between: Between) -> None:
    with place.open(timeout_s=TIMEOUT_S) as store:
        repeated(lambda: store.declare(FOLLOWED))
        repeated(lambda: store.apply("p", [Put(collection="followed", row=Row(id="a"))]))
        batch = [Put(collection="followed", row=Row(id="b", vectors={"small": [1.0, 0.0, 0.0]}))]
        between.after(store, "add to the log of changes", 1, node.pause)
        time_of(lambda: store.apply("p", batch), place)
        server = store._server  # pyright: ignore[reportPrivateUsage] - what the next write goes by

        assert server.broken_off()


def test_an_async_call_that_gets_no_answer_ends_in_time(place: Place, node: Node) -> None:
    with asyncio.Runner() as loop:
        store = place.open_async(timeout_s=TIMEOUT_S)
        repeated(lambda: loop.run(store.declare(NOTES)))
        repeated(lambda: loop.run(store.get("p", "notes", ["1"])))
        node.pause()
        took = time_of(lambda: loop.run(store.get("p", "notes", ["1"])), place)
        node.signal(signal.SIGCONT)
        repeated(lambda: loop.run(store.get("p", "notes", ["1"])))
        loop.run(store.aclose())

    assert LEAST_S <= took <= MOST_S


def test_of_several_calls_at_once_the_first_that_fails_keeps_its_cause() -> None:
    cause = OSError("the client's own error")

    async def failing() -> None:
        raise StoreUnavailableError from cause

    with pytest.raises(StoreUnavailableError) as caught:
        asyncio.run(atogether([failing, failing]))

    assert caught.value.__cause__ is cause


def time_of(call: Callable[[], object], place: Place) -> float:
    """Return how long a call took that fails since nobody answers, and says who."""
    begin = time.monotonic()
    with pytest.raises(StoreUnavailableError, match=f"{re.escape(place.url)}.*in time"):
        call()
    return time.monotonic() - begin


def repeated(call: Callable[[], object]) -> None:
    """Carry out a call of a server that is awake, which on a busy machine may take longer than it has."""
    for _ in range(10):
        with suppress(StoreUnavailableError):
            call()
            return
    call()
