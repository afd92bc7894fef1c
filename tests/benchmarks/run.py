"""Measures what was promised: `python tests/benchmarks/run.py [--results FILE] [GROUP ...]`.

Groups are those of GROUPS. Without a name all of them run, in about twenty minutes and 4 GB of disk in the temporary
folder. `--results` keeps the figures in a file, each group in the place of its older figures; `page.py` makes the
page and the pictures of it.
"""

from __future__ import annotations

import argparse
import inspect
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import capacity, engine, quality, reliability, storage, weaviate_server
from benchmarks.report import Figure, about, keep, show

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

GROUPS: dict[str, Callable[[Path], Iterator[Figure]]] = {
    "recalls": engine.recalls,
    "adds": engine.adds,
    "quality": quality.quality,
    "imports": storage.imports,
    "writes": storage.writes,
    "durability": storage.durability,
    "searches": storage.searches,
    "crowds": storage.crowds,
    "kills": reliability.kills,
    "together": reliability.together,
    "weaviate_bulk": weaviate_server.weaviate_bulk,
    "weaviate_recalls": weaviate_server.weaviate_recalls,
    "weaviate_large": weaviate_server.weaviate_large,
    "weaviate_tenants": weaviate_server.weaviate_tenants,
    "capacity": capacity.capacity,
    "weaviate_capacity": capacity.weaviate_capacity,
}


def main() -> None:
    """Run the groups that were named, show their figures and keep them."""
    parser = argparse.ArgumentParser(description="Measure mnemon.")
    parser.add_argument("groups", nargs="*", choices=[*GROUPS, []], default=list(GROUPS), metavar="GROUP")
    parser.add_argument("--results", type=Path, help="file to keep the figures in")
    arguments = parser.parse_args()
    for name in arguments.groups:
        sys.stderr.write(f"measuring {name} ...\n")
        start = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="mnemon-bench-") as folder:
            try:
                figures = list(GROUPS[name](Path(folder)))
            except LookupError as missing:
                sys.stderr.write(f"{name} is left out: {missing}\n")
                continue
        told = (inspect.getdoc(GROUPS[name]) or "").partition("\n")[0]
        group = about(name, told, figures, seconds=time.perf_counter() - start)
        show(group)
        if arguments.results is not None:  # after each group, so that an interrupted run keeps what it has
            keep([group], arguments.results, list(GROUPS))


if __name__ == "__main__":
    main()
