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
from itertools import repeat
from operator import attrgetter
from typing import TYPE_CHECKING

from mnemon.logic.analysis.names import PREFIX, speaker_terms
from mnemon.logic.recall.bands import closeness
from mnemon.logic.recall.query import dense_applies
from mnemon.logic.recall.turns import Ranked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy
    from numpy.typing import NDArray

    from mnemon.logic.recall.query import Query
    from mnemon.logic.recall.turns import Turn
    from mnemon.types.recall import RecallConfig

    Floats = NDArray[numpy.float64]
    Indices = NDArray[numpy.intp]

__all__ = ["rank", "ranking", "term_weights"]

_BEST = 3
"""Turns of a session that speak for it."""
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
    return list(ranking(query, pool, cosines, rows=rows, frequencies=frequencies, config=config, embedder=embedder))


def ranking(
    query: Query,
    pool: Sequence[Turn],
    cosines: Mapping[str, float],
    *,
    rows: int,
    frequencies: Mapping[str, int],
    config: RecallConfig,
    embedder: str | None = None,
) -> Iterator[Ranked]:
    """Yield what `rank` returns; the cosines stand beside the turns, by id, which come again in other searches."""
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    if not pool:
        return
    turns = sorted(pool, key=attrgetter("order", "id"))
    dense = dense_applies(query, embedder=embedder, config=config)
    calibration = config.calibration(embedder if dense else None)
    pooled = _Pool(turns)
    parts = np.zeros((len(turns), 10))
    if dense:
        known = np.fromiter(map(cosines.get, [turn.id for turn in turns], repeat(0.0)), np.float64, len(turns))
        parts[:, 0] = calibration.weight * np.maximum(known - calibration.floor, 0)
    weights = term_weights(query.terms, rows=rows, frequencies=frequencies, config=config)
    if weights:
        parts[:, 1] = _words(pooled, weights, config)
    _cues(parts, query, pooled, config)
    _surroundings(parts, pooled, config, of_session=config.gathering if query.gathers else 1)
    raw = parts.sum(axis=1)
    scores = 1 / (1 + np.exp(-calibration.slope * (raw - calibration.centre)))
    order = np.argsort(-raw.round(_DIGITS), kind="stable")
    places: list[int] = order.tolist()
    columns: list[list[float]] = parts.T.tolist()
    ordered: list[float] = raw[order].tolist()
    squashed: list[float] = scores[order].tolist()
    for place, score, value in zip(places, squashed, ordered, strict=True):
        yield Ranked(turns[place].id, score, value, columns, place)


class _Pool:
    """Turns in order, and who stands next to whom."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

        count = len(turns)
        self.turns = turns
        places = {turn.id: place for place, turn in enumerate(turns)}
        # One place more than there are turns: that of a neighbour who is not in the pool and holds nothing.
        before = map(places.get, [turn.previous or "" for turn in turns], repeat(count))
        self.before: Indices = np.fromiter(before, np.intp, count)
        self.after: Indices = np.full(count + 1, count, np.intp)
        self.after[self.before] = np.arange(count)
        self.after = self.after[:count]
        sessions = [turn.session or ("", turn.id) for turn in turns]
        numbers = {session: number for number, session in enumerate(dict.fromkeys(sessions))}
        self.session: Indices = np.fromiter(map(numbers.__getitem__, sessions), np.intp, count)
        self.sessions = len(numbers)
        assistants = np.array([turn.role not in {"user", None} for turn in turns])
        self.by_assistant: Floats = assistants.astype(np.float64)
        self.assisted: NDArray[numpy.bool_] = np.bincount(self.session, assistants, self.sessions)[self.session] > 0

    def previous(self, values: Floats) -> Floats:
        """Return per turn the value of the turn before it, 0 where there is none."""
        return _padded(values)[self.before]

    def following(self, values: Floats) -> Floats:
        """Return per turn the value of the turn after it, 0 where there is none."""
        return _padded(values)[self.after]

    def best(self, values: Floats) -> Floats:
        """Return per turn a third of the sum of its session's three best values."""
        import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

        order = np.lexsort((-values, self.session))
        sessions = self.session[order]
        starts = np.searchsorted(sessions, np.arange(self.sessions))
        among_best = np.arange(len(order)) - starts[sessions] < _BEST
        return (np.bincount(sessions, values[order] * among_best, self.sessions) / _BEST)[self.session]


def _padded(values: Floats) -> Floats:
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    return np.concatenate([values, np.zeros((1, *values.shape[1:]))])


def _words(pool: _Pool, weights: Mapping[str, float], config: RecallConfig) -> Floats:
    """Return the share of the query's information that each turn covers, 0 to 1.

    Between people a turn's neighbours count by `neighbour_words`: they leave out what was just said.
    """
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    counts, lengths = _counted(pool.turns, list(weights))
    people = config.neighbour_words * ~pool.assisted
    counts = counts + (pool.previous(counts) + pool.following(counts)) * people[:, None]
    lengths = lengths + (pool.previous(lengths) + pool.following(lengths)) * people
    share = config.length_share
    damping = config.term_damping * (1 - share + share * lengths / config.usual_length)
    worth = np.fromiter(weights.values(), np.float64, len(weights))
    # Not as a matrix product: BLAS with several threads stalls on small ones, and sums in another order elsewhere.
    return (counts / (counts + damping[:, None]) * (worth / worth.sum())).sum(axis=1)


def _counted(turns: Sequence[Turn], terms: Sequence[str]) -> tuple[Floats, Floats]:
    """Return how often each turn holds each term (turns x terms), and how many terms each turn has."""
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    places = {term: place for place, term in enumerate(terms)}
    # Most turns hold none of the terms, and that is what sets tell fastest.
    wanted, none_in = places.__contains__, frozenset(places).isdisjoint
    cells: list[int] = []
    lengths: list[int] = []
    for number, turn in enumerate(turns):
        held = turn.terms
        lengths.append(len(held) if held and held[-1][0] != PREFIX else _length(held))
        if not none_in(held):
            start = number * len(terms)
            cells += [start + places[term] for term in filter(wanted, held)]
    counts = np.bincount(np.array(cells, np.intp), minlength=len(turns) * len(terms)).astype(np.float64)
    return counts.reshape(len(turns), len(terms)), np.array(lengths, np.float64)


def _length(terms: Sequence[str]) -> int:
    """Return how many terms there are without the speaker's, which stand at the end."""
    length = len(terms)
    while length and terms[length - 1][0] == PREFIX:
        length -= 1
    return length


def _cues(parts: Floats, query: Query, pool: _Pool, config: RecallConfig) -> None:
    """Fill in what the query says about who and when."""
    turns = pool.turns
    if query.subject:
        worth = config.speaker if len(query.names) == 1 else config.subject
        known = {
            name: worth * (query.subject in speaker_terms(name)) for name in {turn.speaker or "" for turn in turns}
        }
        parts[:, 2] = [known[turn.speaker or ""] for turn in turns]
    elif query.role and not query.names:
        parts[:, 2] = [config.speaker * (turn.role == query.role) for turn in turns] * pool.assisted
    if query.dates:
        days = [turn.said_at.astimezone(query.zone).date() for turn in turns]
        fitting = {day: config.date * closeness(day, query.dates) for day in set(days)}
        parts[:, 3] = [fitting[day] for day in days]
    if query.asks_when:
        parts[:, 4] = [config.when * turn.time_words for turn in turns]


def _surroundings(parts: Floats, pool: _Pool, config: RecallConfig, *, of_session: float) -> None:
    """Fill in what neighbours and the session add to meaning and words.

    `of_session` is the share of the session's part that is the session's; the rest is the turn's own
    worth, so that a score keeps its meaning where the session counts less.
    """
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    meaning, words = parts[:, 0], parts[:, 1]
    questions = np.array([turn.question for turn in pool.turns]) & ~pool.assisted
    if meaning.any():
        passed_on = meaning * (1 - pool.by_assistant)
        parts[:, 5] = config.neighbour_meaning * (pool.previous(passed_on) + pool.following(passed_on))
        parts[:, 8] = config.session_meaning * (of_session * pool.best(meaning) + (1 - of_session) * meaning)
    parts[:, 6] = config.answer * ~pool.assisted * pool.previous((meaning + words) * questions)
    parts[:, 7] -= config.question * questions
    parts[:, 9] = config.session_words * (of_session * pool.best(words) + (1 - of_session) * words)
