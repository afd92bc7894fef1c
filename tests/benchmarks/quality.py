"""How much a search finds, on published conversations with questions: what `mnemon eval` measures, as figures."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from mnemon.apps.evaluation import Engine, bm25, cosine, evaluate
from mnemon.embedders.local import LocalEmbedder

from .mem0_recall import Mem0, mem0_python
from .recall import MEM0, NAMES, load
from .report import Figure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mnemon.apps.evaluation.systems import System

WANTED = {
    ("locomo", "mnemon"): ">= 0.826",
    ("beam", "mnemon"): ">= 0.678",
    ("locomo", "mnemon without an embedder"): ">= 0.778",
    ("beam", "mnemon without an embedder"): ">= 0.565",
}


def quality(_: Path) -> Iterator[Figure]:
    """Measure recall@10 of evidence on the development parts of LoCoMo and BEAM; their folder is BENCH_DATA."""
    data = os.environ.get("BENCH_DATA")
    if data is None:
        msg = "no data: set BENCH_DATA to the folder that holds locomo_dev.json and beam_dev.json"
        raise LookupError(msg)
    embedder = LocalEmbedder()
    systems: dict[str, System] = {
        "mnemon": Engine(embedder=embedder, limit=10),
        "mnemon without an embedder": Engine(embedder=None, limit=10),
        "cosine of the same vectors": cosine(embedder),
        "BM25 of the same terms": bm25,
    }
    for form, conversations in load(Path(data)).items():
        with ExitStack() as stack:
            asked = dict(systems)
            if mem0_python() is not None:
                asked[f"mem0 {MEM0}"] = stack.enter_context(Mem0(embedder))
            report = evaluate(conversations, asked)
        for label in asked:
            name, wanted = f"recall@10, {NAMES[form]}: {label}", WANTED.get((form, label), "")
            yield Figure(name=name, value=report.value(label), unit="", wanted=wanted)
