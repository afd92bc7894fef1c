"""How much a search finds, on conversations with questions: figures of `recall.py`, where its data are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from mnemon.types.recall import RecallConfig

from . import recall
from .recall_data import LOADERS
from .report import Figure

if TYPE_CHECKING:
    from collections.abc import Iterator

DEPTH = 10
WANTED = {
    ("locomo", "mnemon"): ">= 0.81",
    ("beam", "mnemon"): ">= 0.65",
    ("locomo", "mnemon without an embedder"): ">= 0.778",
    ("beam", "mnemon without an embedder"): ">= 0.565",
}


def quality(_: Path) -> Iterator[Figure]:
    """Measure recall@10 of evidence on the development parts of LoCoMo and BEAM; their folder is BENCH_DATA."""
    data = os.environ.get("BENCH_DATA")
    if data is None:
        msg = "no data: set BENCH_DATA to the folder that holds locomo_dev.json and beam_dev.json"
        raise LookupError(msg)
    vectors, config = recall.Vectors(), RecallConfig()
    for name, (file, load) in LOADERS.items():
        conversations = load(Path(data) / file)
        lexical = [recall.Scope(conversation, config, None) for conversation in conversations]
        both = [recall.Scope(conversation, config, vectors) for conversation in conversations]
        for label, scopes, ranking in (
            ("mnemon", both, recall.mnemon),
            ("mnemon without an embedder", lexical, recall.mnemon),
            ("cosine of the same vectors", both, recall.cosine),
            ("BM25 of the same terms", lexical, recall.bm25),
        ):
            found = recall.measure(scopes, ranking)["overall"][recall.DEPTHS.index(DEPTH)]
            wanted = WANTED.get((name.lower(), label), "")
            yield Figure(name=f"recall@{DEPTH}, {name}: {label}", value=float(found), unit="", wanted=wanted)
