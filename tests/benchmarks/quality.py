"""How much a search finds: kept from the run that the page names; `mnemon eval` measures it anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .report import Figure


def quality(_: Path) -> Iterator[Figure]:
    """Measure recall@10 of evidence on the development parts of LoCoMo and BEAM; their folder is BENCH_DATA."""
    msg = "not joined to `mnemon eval` yet; run `mnemon eval locomo --data FILE --baseline bm25 --baseline cosine --words`"
    raise LookupError(msg)
