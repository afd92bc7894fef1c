"""Measures what was promised: `python tests/benchmarks/run.py [--results FILE] [GROUP ...]`.

Groups are those of GROUPS. Without a name all of them run, in about fifty minutes and 4 GB of disk in the temporary
folder. `--results` keeps the figures in a file, each group in the place of its older figures; `page.py` makes the
page and the pictures of it.
"""

from __future__ import annotations

import argparse
import inspect
import os
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.report import Figure, about, keep, show

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

GROUPS = {
    "recalls": "engine",
    "adds": "engine",
    "quality": "quality",
    "imports": "storage",
    "writes": "storage",
    "durability": "storage",
    "searches": "storage",
    "crowds": "storage",
    "kills": "reliability",
    "together": "reliability",
    "canary": "reliability",
    "weaviate_bulk": "weaviate_server",
    "weaviate_recalls": "weaviate_server",
    "weaviate_large": "weaviate_server",
    "weaviate_tenants": "weaviate_server",
    "capacity": "capacity",
    "weaviate_capacity": "capacity",
    "langgraph_savers": "langgraph_peer",
    "langgraph_growth": "langgraph_peer",
    "langgraph_threads": "langgraph_peer",
    "langgraph_items": "langgraph_peer",
    "llama_index_turns": "llama_index_peer",
    "autogen_turns": "autogen_peer",
    "agent_framework_turns": "agent_framework_peer",
    "crewai_turns": "crewai_peer",
}
"""What each group is a function of; a module is imported when it is needed, as not every library is there."""

SILENT = {"CREWAI_DISABLE_TELEMETRY": "true", "CREWAI_TRACING_ENABLED": "false", "OTEL_SDK_DISABLED": "true"}
"""CrewAI reads these while it is imported; without them it reports to its makers."""


def main() -> None:
    """Run the groups that were named, show their figures and keep them."""
    parser = argparse.ArgumentParser(description="Measure mnemon.")
    parser.add_argument("groups", nargs="*", choices=[*GROUPS, []], default=list(GROUPS), metavar="GROUP")
    parser.add_argument("--results", type=Path, help="file to keep the figures in")
    arguments = parser.parse_args()
    os.environ |= SILENT
    for name in arguments.groups:
        sys.stderr.write(f"measuring {name} ...\n")
        start = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="mnemon-bench-") as folder:
            try:
                measure: Callable[[Path], Iterator[Figure]] = getattr(import_module(f"benchmarks.{GROUPS[name]}"), name)
                figures = list(measure(Path(folder)))
            except (LookupError, ModuleNotFoundError) as missing:
                sys.stderr.write(f"{name} is left out: {missing}\n")
                continue
        told = (inspect.getdoc(measure) or "").partition("\n")[0]
        group = about(name, told, figures, seconds=time.perf_counter() - start)
        show(group)
        if arguments.results is not None:  # after each group, so that an interrupted run keeps what it has
            keep([group], arguments.results, list(GROUPS))


if __name__ == "__main__":
    main()
