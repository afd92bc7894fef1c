"""Figures: how they are taken, printed and kept."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import statistics
import sys
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured number, and what it should be."""

    name: str
    value: float
    unit: str
    wanted: str = ""


def milliseconds(work: Callable[[], object]) -> float:
    """Return how long one call takes."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1_000


def median_ms(work: Callable[[int], object], runs: int = 40) -> float:
    """Return the median of so many calls, each given its number."""
    return statistics.median(milliseconds(lambda number=number: work(number)) for number in range(runs))


def show(figures: list[Figure], path: Path | None) -> None:
    """Print the figures as a table, and write them as JSON where a path is given."""
    machine = {
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "numpy": np.__version__,
        "cpus": os.cpu_count(),
        "machine": platform.machine(),
    }
    lines = [", ".join(f"{name} {value}" for name, value in machine.items()), ""]
    lines += [f"{figure.name:<66}{figure.value:>12,.3f} {figure.unit:<8}{figure.wanted}" for figure in figures]
    sys.stdout.write("\n".join(lines) + "\n")
    if path is not None:
        path.write_text(json.dumps({"machine": machine, "figures": [asdict(figure) for figure in figures]}, indent=2))
