"""The score of every memory of a pool: absolute, made of query, memory, neighbours and session.

Measured and explained in docs/explanation/ranking.md. The sum, per turn:

    meaning          weight * max(0, cosine - floor)
    words            share of the query's information that the turn and its neighbours cover
    speaker          is by the one who is asked about
    date             was said when the query says
    when             holds a time expression, and the query asks for a time
    neighbours       meaning of the turns before and after
    answer           score of the question before it
    question         is a question itself
    session_meaning  meaning of the session's three best turns
    session_words    words of the session's three best turns
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mnemon.logic.analysis.names import speaker_terms
from mnemon.logic.recall.bands import closeness
from mnemon.logic.recall.pool import pool_of, role_number
from mnemon.logic.recall.query import dense_applies
from mnemon.logic.recall.turns import Ranked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy
    from numpy.typing import NDArray

    from mnemon.logic.recall.pool import Pool
    from mnemon.logic.recall.query import Query
    from mnemon.logic.recall.turns import Turn
    from mnemon.types.recall import RecallConfig

    Floats = NDArray[numpy.float64]

__all__ = ["rank", "ranking", "term_weights"]

_DIGITS = 6
"""Digits of the raw score that decide; below them backends differ by the rounding of their sums."""


def term_weights(
    terms: Mapping[str, int], *, rows: int, frequencies: Mapping[str, int], config: RecallConfig
) -> dict[str, float]:
    """Return how much information each term of a query carries, times how often the query says it.

    `rows` memories are in the scope, `frequencies[term]` of them hold the term (0 where it is missing).
    A store searches for candidates with the same weights.
    """
    total = rows + config.imagined
    return {
        term: times * math.log(1 + (total - held - 0.5) / (held + 0.5))
        for term, times in terms.items()
        for held in (min(frequencies.get(term, 0), rows) + 1,)
    }


def rank(
    query: Query,
    pool: Sequence[Turn],
    *,
    rows: int,
    frequencies: Mapping[str, int],
    config: RecallConfig,
    embedder: str | None = None,
) -> list[Ranked]:
    """Return every memory of the pool with its score, best first.

    `rows` memories are in the scope, `frequencies[term]` of them hold a term of the query.
    `embedder` names what the cosines come from. None, or one that does not know the query's script,
    leaves them out: the score is then squashed with the constants for words alone. Memories whose raw
    scores agree to 6 digits stand in the order of `Turn.order`.
    """
    cosines = {turn.id: turn.cosine for turn in pool if turn.cosine is not None}
    weights = term_weights(query.terms, rows=rows, frequencies=frequencies, config=config)
    return list(ranking(query, pool_of(pool, cosines, list(weights)), weights, config=config, embedder=embedder))


def ranking(
    query: Query, pool: Pool, weights: Mapping[str, float], *, config: RecallConfig, embedder: str | None = None
) -> Iterator[Ranked]:
    """Yield what `rank` returns; `weights` are those of the terms that the pool has columns for."""
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    if not pool.ids:
        return
    dense = dense_applies(query, embedder=embedder, config=config)
    calibration = config.calibration(embedder if dense else None)
    parts = np.zeros((len(pool.ids), 10))
    if dense:
        parts[:, 0] = calibration.weight * np.maximum(pool.cosines - calibration.floor, 0)
    if weights:
        parts[:, 1] = _words(pool, weights, config)
    _cues(parts, query, pool, config)
    _surroundings(parts, pool, config)
    raw = parts.sum(axis=1)
    scores = 1 / (1 + np.exp(-calibration.slope * (raw - calibration.centre)))
    order = np.argsort(-raw.round(_DIGITS), kind="stable")
    rows: list[list[float]] = parts.tolist()
    places: list[int] = order.tolist()
    for place in places:
        yield Ranked(pool.ids[place], float(scores[place]), float(raw[place]), rows, place)


def _words(pool: Pool, weights: Mapping[str, float], config: RecallConfig) -> Floats:
    """Return the share of the query's information that each turn covers, 0 to 1.

    Between people a turn's neighbours count by `neighbour_words`: they leave out what was just said.
    """
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    counts, lengths = pool.counts, pool.lengths
    people = config.neighbour_words * ~pool.assisted
    counts = counts + (pool.previous(counts) + pool.following(counts)) * people[:, None]
    lengths = lengths + (pool.previous(lengths) + pool.following(lengths)) * people
    share = config.length_share
    damping = config.term_damping * (1 - share + share * lengths / config.usual_length)
    worth = np.fromiter(weights.values(), np.float64, len(weights))
    # Not as a matrix product: BLAS with several threads stalls on small ones, and sums in another order elsewhere.
    return (counts / (counts + damping[:, None]) * (worth / worth.sum())).sum(axis=1)


def _cues(parts: Floats, query: Query, pool: Pool, config: RecallConfig) -> None:
    """Fill in what the query says about who and when."""
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    if query.subject:
        worth = config.speaker if len(query.names) == 1 else config.subject
        parts[:, 2] = np.array([worth * (query.subject in speaker_terms(name)) for name in pool.speakers])[pool.speaker]
    elif query.role and not query.names:
        parts[:, 2] = config.speaker * (pool.roles == role_number(query.role)) * pool.assisted
    if query.dates:
        days = pool.days(query.zone)
        fitting = {day: config.date * closeness(day, query.dates) for day in set(days)}
        parts[:, 3] = [fitting[day] for day in days]
    if query.asks_when:
        parts[:, 4] = config.when * pool.time_words


def _surroundings(parts: Floats, pool: Pool, config: RecallConfig) -> None:
    """Fill in what neighbours and the session add to meaning and words."""
    meaning, words = parts[:, 0], parts[:, 1]
    questions = pool.questions & ~pool.assisted
    if meaning.any():
        passed_on = meaning * (1 - pool.by_assistant)
        parts[:, 5] = config.neighbour_meaning * (pool.previous(passed_on) + pool.following(passed_on))
        parts[:, 8] = config.session_meaning * pool.best(meaning)
    parts[:, 6] = config.answer * ~pool.assisted * pool.previous((meaning + words) * questions)
    parts[:, 7] -= config.question * questions
    parts[:, 9] = config.session_words * pool.best(words)
