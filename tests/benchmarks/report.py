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
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .samples import SEED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LIBRARIES = ("mnemon", "numpy", "onnxruntime", "mem0ai", "qdrant-client")


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


def about(name: str, told: str, figures: Sequence[Figure], *, seconds: float) -> dict[str, Any]:
    """Return what is kept of a group that was measured: its figures, when and where."""
    return {
        "name": name,
        "told": told,
        "measured_at": datetime.now(UTC).isoformat(timespec="minutes"),
        "seconds": round(seconds),
        "machine": machine(),
        "versions": versions(),
        "seed": SEED,
        "figures": [asdict(figure) for figure in figures],
    }


def machine() -> dict[str, Any]:
    """Return what the figures depend on beside the code: processor, memory, system, and what else it does."""
    return {
        "processor": _processor(),
        "cpus": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "load": round(os.getloadavg()[0], 1),
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def versions() -> dict[str, str]:
    """Return the versions of what is measured, and of what it runs on."""
    found = {"Python": platform.python_version(), "SQLite": sqlite3.sqlite_version}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def show(group: dict[str, Any]) -> None:
    """Print the figures of a group as a table."""
    facts = {**group["machine"], **group["versions"], "seed": group["seed"]}
    lines = ["", f"{group['name']}: {group['told']}", ", ".join(f"{name} {value}" for name, value in facts.items()), ""]
    lines += [f"{one['name']:<74}{one['value']:>12,.3f} {one['unit']:<8}{one['wanted']}" for one in group["figures"]]
    sys.stdout.write("\n".join(lines) + "\n")


def read_results(path: Path) -> dict[str, dict[str, Any]]:
    """Return the groups of a file of results, by name; none where there is no file."""
    return {group["name"]: group for group in json.loads(path.read_text(encoding="utf-8"))} if path.exists() else {}


def keep(groups: Sequence[dict[str, Any]], path: Path, order: Sequence[str]) -> None:
    """Write groups into a file of results, each in the place of its older figures."""
    kept = read_results(path) | {group["name"]: group for group in groups}
    path.parent.mkdir(parents=True, exist_ok=True)
    places = {name: place for place, name in enumerate(order)}
    ordered = sorted(kept.values(), key=lambda group: places.get(group["name"], len(places)))
    path.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
