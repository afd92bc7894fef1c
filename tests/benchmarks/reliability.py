"""What is lost when processes are killed, and when several write one file at once: nothing, or a figure says so."""

from __future__ import annotations

import random
import sys
from typing import TYPE_CHECKING

from stores.crashes import kill_after, left_of, start

from mnemon import SQLiteStore
from tests.core.memory.canaries import OPERATIONS, USERS, run

from .report import Figure
from .samples import SEED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from stores.crashes import Left

NAMES = ("1", "10", "a%", "a_")


def kills(folder: Path, times: int = 300) -> Iterator[Figure]:
    """Kill a process with signal 9 while it writes batches of three rows, at random moments, 300 times."""
    chance = random.Random(SEED)  # noqa: S311 - a seed, no secret
    left: list[Left] = []
    for number in range(times):
        name, path = f"w{number}", folder / f"kills-{number // 25}.db"  # the whole file is checked after each
        left.append(left_of(path, name, kill_after(path, name, chance.uniform(0.0, 0.4))))
        if number % 50 == 0:
            sys.stderr.write(f"  {number} of {times} kills\n")
    yield Figure(name="processes killed", value=times, unit="")
    yield from _figures(left)


def together(folder: Path, seconds: float = 60) -> Iterator[Figure]:
    """Let four processes write and read one file for a minute; each reads its own batches back, and others' whole."""
    path = folder / "together.db"
    processes = {name: start(path, name, seconds) for name in NAMES}
    told = {name: len(process.communicate()[0].splitlines()) for name, process in processes.items()}
    failed = sum(process.returncode != 0 for process in processes.values())
    yield Figure(name="processes that met an error, or half a batch of another", value=failed, unit="", wanted="<= 0")
    yield from _figures([left_of(path, name, batches) for name, batches in told.items()])


def canary(folder: Path) -> Iterator[Figure]:
    """Let 100 users with hostile ids do 100 operations each of every kind, mixed; it ends at the first that crosses."""
    crossed = 0
    with SQLiteStore(folder / "canary.db") as store:
        try:
            run(store, users=len(USERS), operations=OPERATIONS)
        except AssertionError as error:
            sys.stderr.write(f"  {error}\n")
            crossed = 1
    yield Figure(
        name="operations of 100 users, and what each can read in the end", value=len(USERS) * OPERATIONS, unit=""
    )
    yield Figure(name="reads of what is another's", value=crossed, unit="", wanted="<= 0")


def _figures(left: Sequence[Left]) -> Iterator[Figure]:
    yield Figure(name="batches that were acknowledged", value=sum(one.batches for one in left), unit="")
    yield Figure(name="acknowledged rows lost", value=sum(one.lost for one in left), unit="", wanted="<= 0")
    yield Figure(name="rows of half batches", value=sum(one.halves for one in left), unit="", wanted="<= 0")
    unindexed = sum(one.unindexed + one.findings for one in left)
    yield Figure(name="rows without index, or the reverse", value=unindexed, unit="", wanted="<= 0")
