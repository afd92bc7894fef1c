"""Two processes that write the same at the same moment: the server has no compare-and-swap, and no loser is silent."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mnemon import Memory
from mnemon.protocols.clock import system_clock
from tests.live.racer import ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from tests.live.conftest import Place

ROUNDS = [15, pytest.param(500, marks=pytest.mark.nightly)]
NAMES = ("one", "other")

Racer = subprocess.Popen[str]


@pytest.fixture
def racers(place: Place) -> Generator[list[Racer]]:
    """Two processes that wait for a line."""
    program = Path(__file__).with_name("racer.py")
    with ExitStack() as stack:
        started: list[Racer] = []
        for name in NAMES:
            command = [sys.executable, str(program), place.url, str(place.grpc_port), place.prefix, name]
            pipe = subprocess.PIPE
            started.append(stack.enter_context(subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)))
        for one in started:
            assert heard(one) == "ready"
        yield started


def heard(racer: Racer) -> str:
    assert racer.stdout is not None
    return racer.stdout.readline().strip()


def raced(racers: Sequence[Racer], line: str) -> list[str]:
    """Let both do it at once; return the names of those who were told that it is done."""
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write(f"{line}\n")
        racer.stdin.flush()
    answers = [heard(racer) for racer in racers]
    assert set(answers) <= {"yes", "no"}
    return [name for name, answer in zip(NAMES, answers, strict=True) if answer == "yes"]


@pytest.mark.parametrize("rounds", ROUNDS)
def test_of_two_processes_that_update_one_memory_no_loser_is_silent(
    racers: list[Racer], place: Place, record_property: Callable[[str, object], None], rounds: int
) -> None:
    lost = 0
    with Memory(place.address, embedder=None) as memory:
        for number in range(rounds):
            memory_id = memory.add(f"tea {number}", user_id="ana").ids[0]

            told = raced(racers, f"update {memory_id}")

            history = {version.memory.text for version in memory.history(memory_id)}
            lost += len(told) == 2
            assert told
            assert {f"by {name}" for name in told} <= history  # the row of a loser is kept under its own id
        record_property("rounds that both processes won at first", f"{lost} of {rounds}; all rows are in the history")

    # What was written just now may have a writer, and would be left to them.
    with Memory(place.address, embedder=None, clock=lambda: system_clock() + timedelta(hours=1)) as later:
        reported = [one.kind for one in later.doctor(repair=True).findings]

        assert ("two versions current" in reported) == (lost > 0)
        assert later.doctor().sound


@pytest.mark.parametrize("rounds", ROUNDS)
def test_of_two_processes_that_put_one_row_if_it_is_absent_one_row_stays(
    racers: list[Racer], place: Place, record_property: Callable[[str, object], None], rounds: int
) -> None:
    both = 0
    with place.open() as store:
        store.declare(ROWS)
        for number in range(rounds):
            told = raced(racers, f"put r{number}")
            again = raced(racers, f"put r{number}")

            both += len(told) == 2
            assert told
            assert again == []  # who comes later is always told
            assert store.get("p", "raced", [f"r{number}"])[f"r{number}"].fields["winner"] in told
        record_property("put-if-absent: rounds in which both processes were told yes", f"{both} of {rounds}")

        assert store.count("p", "raced").rows == rounds
