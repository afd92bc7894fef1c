"""Measures what was promised: `python tests/benchmarks/run.py [--json FILE] [GROUP ...]`.

Groups: imports, writes, durability, searches, crowds, adds, recalls. Without a name all of them run, in about
ten minutes and 4 GB of disk in the temporary folder.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import engine, storage
from benchmarks.report import Figure, show

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

GROUPS: dict[str, Callable[[Path], Iterator[Figure]]] = {
    "imports": storage.imports,
    "writes": storage.writes,
    "durability": storage.durability,
    "searches": storage.searches,
    "crowds": storage.crowds,
    "adds": engine.adds,
    "recalls": engine.recalls,
}


def main() -> None:
    """Run the groups that were named and show their figures."""
    parser = argparse.ArgumentParser(description="Measure mnemon.")
    parser.add_argument("groups", nargs="*", choices=[*GROUPS, []], default=list(GROUPS), metavar="GROUP")
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    arguments = parser.parse_args()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="mnemon-bench-") as folder:
        for name in arguments.groups:
            sys.stderr.write(f"measuring {name} ...\n")
            figures += GROUPS[name](Path(folder))
    show(figures, arguments.json)


if __name__ == "__main__":
    main()
