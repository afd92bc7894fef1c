"""How long a write that had no answer is in doubt: until the server answers again, and a call's time from then."""

from __future__ import annotations

from threading import Event
from typing import NoReturn

import pytest

from mnemon.errors import StoreUnavailableError
from mnemon.stores.weaviate._sync import server as module
from mnemon.stores.weaviate._sync.server import Server

TIMEOUT_S = 20.0


class FakeClock:
    """A fake: time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    fake = FakeClock()
    monkeypatch.setattr(module, "monotonic", fake)
    return fake


@pytest.fixture
def server() -> Server:
    return Server(None, None, prefix="Doubt", timeout_s=TIMEOUT_S)


def silent() -> NoReturn:
    raise TimeoutError


def answered() -> str:
    return "answer"


def write_in_vain(server: Server) -> None:
    with pytest.raises(StoreUnavailableError):
        server.ask("write", silent, Event())


def test_nothing_is_in_doubt_where_all_was_answered(server: Server) -> None:
    server.ask("write", answered, Event())

    assert not server.broken_off()


def test_a_read_without_an_answer_leaves_nothing_in_doubt(server: Server) -> None:
    with pytest.raises(StoreUnavailableError):
        server.ask("read", silent)

    assert not server.broken_off()


def test_a_doubt_lasts_as_long_as_the_server_is_silent(server: Server, clock: FakeClock) -> None:
    write_in_vain(server)
    clock.now += 100 * TIMEOUT_S

    assert server.broken_off()


def test_a_doubt_ends_a_call_s_time_after_the_first_answer(server: Server, clock: FakeClock) -> None:
    write_in_vain(server)
    clock.now += TIMEOUT_S
    server.ask("read", answered)
    clock.now += TIMEOUT_S / 2
    server.ask("read", answered)

    assert server.broken_off()
    clock.now += TIMEOUT_S / 2
    assert not server.broken_off()


@pytest.mark.parametrize("before", [0, 1], ids=["the first doubt", "a later one"])
def test_an_answer_to_what_was_asked_before_does_not_end_a_doubt(server: Server, clock: FakeClock, before: int) -> None:
    def answered_late() -> None:
        write_in_vain(server)

    for _ in range(before):
        write_in_vain(server)
    server.ask("read", answered_late)
    clock.now += TIMEOUT_S

    assert server.broken_off()
