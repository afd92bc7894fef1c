"""Figures of a ranking: how much of the evidence stands among the first, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mnemon.logic.recall import estimated_tokens, pack

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["BUDGETS", "DEPTHS", "MEASURES", "SEED", "Figure", "bootstrap", "measures"]

DEPTHS = (1, 3, 5, 10, 20, 50)
BUDGETS = (500, 1_000, 2_000)
MEASURES = (
    *(f"recall@{depth}" for depth in DEPTHS),
    *(f"hit@{depth}" for depth in DEPTHS),
    "mrr",
    *(f"recall in {budget:,} tokens" for budget in BUDGETS),
)
"""Per question: `recall@k` is the share of its evidence among the first k turns, `hit@k` whether any of it is there,
`mrr` 1 / the place of the first of it (0 where none was found), `recall in n tokens` the share of it among the turns
that fit into n tokens together, taken best first."""
SEED = 20_261_122
_RESAMPLES = 2_000
_EITHER_END = 2.5


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean over questions.

    Attributes:
        value: the mean, 0 to 1.
        low: where 95 % of the means of resampled questions begin.
        high: where they end.
    """

    value: float
    low: float
    high: float


def measures(found: Sequence[str], evidence: Collection[str], texts: Mapping[str, str]) -> list[float]:
    """Return the value of each of `MEASURES` for one question.

    `found` are ids of turns, best first, each once; `texts` holds what each turn costs in a prompt.
    """
    gold = set(evidence)
    places = [place for place, name in enumerate(found) if name in gold]
    recalls = [sum(place < depth for place in places) / len(gold) for depth in DEPTHS]
    hits = [float(recall > 0) for recall in recalls]
    first = 1 / (places[0] + 1) if places else 0.0
    costs = {name: estimated_tokens(texts[name]) for name in found}
    packed: list[float] = []
    for budget in BUDGETS:
        taken = pack(found, max_tokens=budget, count=costs.__getitem__)
        packed.append(sum(found[place] in gold for place in taken) / len(gold))
    return [*recalls, *hits, first, *packed]


def bootstrap(rows: NDArray[np.float64], *, seed: int = SEED, resamples: int = _RESAMPLES) -> list[Figure]:
    """Return per column the mean over rows, with a 95 % interval by the bootstrap (percentiles).

    `rows` is (questions, measures), at least one row. Questions are resampled as if they were independent; those
    of one conversation are not quite, so true intervals are somewhat wider.
    """
    draws = np.random.default_rng(seed).multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=resamples)
    means = draws @ rows / len(rows)
    low, high = np.percentile(means, [_EITHER_END, 100 - _EITHER_END], axis=0)
    return [Figure(*map(float, values)) for values in zip(rows.mean(axis=0), low, high, strict=True)]
