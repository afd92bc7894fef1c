"""What a turn of an agent takes with a memory beside the framework's own, and what importing an adapter takes."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from .engine import filled, question
from .report import Figure

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from mnemon import Memory

    Turn = Callable[[str], Awaitable[object]]

KNOWN = 1_000
TURNS = 40
WARM = 10
"""Turns at the beginning that are not counted."""
IMPORTS = 5

_IMPORTS = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
taken = []
for names in sys.argv[1:]:
    start = time.process_time()
    for name in names.split(","):
        module, _, member = name.partition(":")  # Agent Framework imports its parts when they are asked for
        getattr(__import__(module, fromlist=["_"]), member or "__name__")
    taken.append(time.process_time() - start)
print(json.dumps(taken))
"""


def remembered(folder: Path) -> Memory:
    """Return a memory with 1,000 turns of alice."""
    return filled(folder, KNOWN, "turns")


async def turns(without: tuple[str, Turn], theirs: tuple[str, Turn], ours: tuple[str, Turn]) -> list[Figure]:
    """Return what a turn takes without a memory, with the framework's own, and with ours, one after the other.

    A model that answers at once takes no time, so what is left is the framework's work and the memory's.
    """
    kinds = (without, theirs, ours)
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name, _ in kinds}
    for number in range(TURNS):
        for name, turn in kinds:
            start = (time.process_time(), time.perf_counter())
            await turn(question(number))
            if number >= WARM:
                taken[name].append((time.process_time() - start[0], time.perf_counter() - start[1]))
    medians = {name: _medians(times) for name, times in taken.items()}
    base = medians[without[0]]
    return [
        Figure(name=f"a turn with {without[0]}, processor", value=base[0], unit="ms"),
        *(
            Figure(name=f"{name} adds to it, {clock}", value=medians[name][place] - base[place], unit="ms")
            for place, clock in enumerate(("processor", "clock"))
            for name, _ in (ours, theirs)
        ),
    ]


def _medians(times: list[tuple[float, float]]) -> tuple[float, float]:
    processor, clock = zip(*times, strict=True)
    return statistics.median(processor) * 1_000, statistics.median(clock) * 1_000


def imports(framework: str, adapter: str) -> Iterator[Figure]:
    """Measure what importing a framework's modules takes, and what the adapter adds to that.

    Args:
        framework: what a program with a memory of the framework's own imports: modules, or names of one
            (`module:name`), with commas.
        adapter: ours.
    """
    command = [sys.executable, "-c", _IMPORTS, framework, adapter]
    runs = [
        json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])
        for _ in range(IMPORTS)
    ]
    theirs, ours = (statistics.median(run[place] for run in runs) * 1_000 for place in (0, 1))
    yield Figure(name=f"import {framework.replace(',', ', ')}, processor", value=theirs, unit="ms")
    yield Figure(name=f"import {adapter} beside that, processor", value=ours, unit="ms")
