"""A pool of memories in columns, as the ranking takes it: who stands next to whom, and what each one holds."""

from __future__ import annotations

from itertools import repeat
from operator import attrgetter
from typing import TYPE_CHECKING, cast

from mnemon.logic.analysis.names import PREFIX
from mnemon.logic.recall.bands import day_in
from mnemon.types.message import ROLES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date, tzinfo

    import numpy
    from numpy.typing import NDArray

    from mnemon.logic.recall.turns import Turn
    from mnemon.types.message import Role

    Floats = NDArray[numpy.float64]
    Indices = NDArray[numpy.intp]
    Truths = NDArray[numpy.bool_]

__all__ = ["Pool", "length_of", "pool_of", "role_number"]

_NOBODYS = -1
_USERS = ROLES.index("user")

_BEST = 3
"""Turns of a session that speak for it."""


class Pool:
    """Turns in the order of time, a column for each thing that the ranking looks at; all of the same length.

    Attributes:
        ids: the memories.
        before: place of the turn before each one in its session; one more than the last where the pool has none.
        after: place of the turn after each one, as `before`.
        roles: number of each one's role, see `role_number`.
        questions: whether each one ends with a question.
        time_words: whether each one holds a time expression.
        cosines: similarity to the query's vector, 0 where there is none.
        counts: how often each turn holds each term of the query (turns x terms).
        lengths: how many terms each one has.
        speaker: place of who said it in `speakers`.
        speakers: names, empty for nobody's.
        days: gives for a time zone the day of each turn.
        by_assistant: 1 for turns of neither users nor people, else 0.
        assisted: whether the pool has such a turn in the turn's session.
    """

    def __init__(
        self,
        *,
        ids: Sequence[str],
        before: Indices,
        session: NDArray[numpy.intp],
        roles: NDArray[numpy.int8],
        questions: Truths,
        time_words: Truths,
        cosines: Floats,
        counts: Floats,
        lengths: Floats,
        speaker: Indices,
        speakers: Sequence[str],
        days: Callable[[tzinfo | None], Sequence[date]],
    ) -> None:
        """Take the columns; sessions may have any numbers, equal ones for turns of one session."""
        import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

        count = len(ids)
        self.ids = ids
        self.before = before
        after: Indices = np.full(count + 1, count, np.intp)
        after[before] = np.arange(count)
        self.after = after[:count]
        self.roles = roles
        self.questions = questions
        self.time_words = time_words
        self.cosines = cosines
        self.counts = counts
        self.lengths = lengths
        self.speaker = speaker
        self.speakers = speakers
        self.days = days
        known, self._session = np.unique(session, return_inverse=True)
        self._sessions = len(known)
        assistants = (roles != _NOBODYS) & (roles != _USERS)
        self.by_assistant: Floats = assistants.astype(np.float64)
        self.assisted: Truths = np.bincount(self._session, assistants, self._sessions)[self._session] > 0

    def previous(self, values: Floats) -> Floats:
        """Return per turn the value of the turn before it, 0 where there is none."""
        return _padded(values)[self.before]

    def following(self, values: Floats) -> Floats:
        """Return per turn the value of the turn after it, 0 where there is none."""
        return _padded(values)[self.after]

    def best(self, values: Floats) -> Floats:
        """Return per turn a third of the sum of its session's three best values."""
        import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

        order = np.lexsort((-values, self._session))
        sessions = self._session[order]
        starts = np.searchsorted(sessions, np.arange(self._sessions))
        among_best = np.arange(len(order)) - starts[sessions] < _BEST
        return (np.bincount(sessions, values[order] * among_best, self._sessions) / _BEST)[self._session]


def _padded(values: Floats) -> Floats:
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    return np.concatenate([values, np.zeros((1, *values.shape[1:]))])


def role_number(role: str | None) -> int:
    """Return the number of a role: its place in `ROLES`, or -1 for none."""
    return _NOBODYS if role is None else ROLES.index(cast("Role", role))


def length_of(terms: Sequence[str]) -> int:
    """Return how many terms there are without the speaker's, which stand at the end."""
    length = len(terms)
    while length and terms[length - 1][0] == PREFIX:
        length -= 1
    return length


def pool_of(turns: Sequence[Turn], cosines: Mapping[str, float], terms: Sequence[str]) -> Pool:
    """Return the columns of turns, in order; the cosines stand beside them by id, `terms` are the query's."""
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    ordered = sorted(turns, key=attrgetter("order", "id"))
    count = len(ordered)
    ids = [turn.id for turn in ordered]
    places = {key: place for place, key in enumerate(ids)}
    # A turn without a session is one alone.
    sessions = [turn.session or ("", turn.id) for turn in ordered]
    numbers = {session: number for number, session in enumerate(dict.fromkeys(sessions))}
    speakers = {name: place for place, name in enumerate(dict.fromkeys(turn.speaker or "" for turn in ordered))}
    counts, lengths = _counted(ordered, terms)
    return Pool(
        ids=ids,
        before=np.fromiter((places.get(turn.previous or "", count) for turn in ordered), np.intp, count),
        session=np.fromiter(map(numbers.__getitem__, sessions), np.intp, count),
        roles=np.fromiter((role_number(turn.role) for turn in ordered), np.int8, count),
        questions=np.fromiter((turn.question for turn in ordered), np.bool_, count),
        time_words=np.fromiter((turn.time_words for turn in ordered), np.bool_, count),
        cosines=np.fromiter(map(cosines.get, ids, repeat(0.0)), np.float64, count),
        counts=counts,
        lengths=lengths,
        speaker=np.fromiter((speakers[turn.speaker or ""] for turn in ordered), np.intp, count),
        speakers=list(speakers),
        days=lambda zone: [day_in(turn.said_at, zone) for turn in ordered],
    )


def _counted(turns: Sequence[Turn], terms: Sequence[str]) -> tuple[Floats, Floats]:
    """Return how often each turn holds each term (turns x terms), and how many terms each turn has."""
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    places = {term: place for place, term in enumerate(terms)}
    # Most turns hold none of the terms, and that is what sets tell fastest.
    wanted, none_in = places.__contains__, frozenset(places).isdisjoint
    cells: list[int] = []
    for number, turn in enumerate(turns):
        if not none_in(turn.terms):
            start = number * len(terms)
            cells += [start + places[term] for term in filter(wanted, turn.terms)]
    counts = np.bincount(np.array(cells, np.intp), minlength=len(turns) * len(terms)).astype(np.float64)
    lengths = np.fromiter((length_of(turn.terms) for turn in turns), np.float64, len(turns))
    return counts.reshape(len(turns), len(terms)), lengths
