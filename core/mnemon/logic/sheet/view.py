"""What a search sees of a sheet: the rows of its scope at one moment, and how they answer a query."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, cast

from mnemon.logic.recall import Pool, day_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import tzinfo

    import numpy
    from numpy.typing import NDArray

    from mnemon.logic.sheet.sheet import Sheet
    from mnemon.types.scope import Scope

    Places = NDArray[numpy.intp]
    Truths = NDArray[numpy.bool_]
    Floats = NDArray[numpy.float32]

__all__ = ["View", "union"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400_000_000
"""Microseconds."""


class View:
    """The rows of a scope that were current when the view was taken.

    Attributes:
        sheet: what it is a view of.
        whole: whether the rows are those of one state of the store.
        inside: whether each row of the sheet is one of them.
    """

    def __init__(self, sheet: Sheet, scope: Scope) -> None:
        """Look at what of a sheet has all ids of a scope."""
        self.sheet = sheet
        with sheet.lock:  # between two times that somebody carries changes out
            self.whole = sheet.whole
            self._rows = sheet.rows
            inside: Truths = sheet.columns["alive"][: self._rows].copy()
            for name, value in scope.to_dict().items():
                number = sheet.scopes.get(value)
                inside &= sheet.columns[name][: self._rows] == (-1 if number is None else number)
        self.inside = inside
        self._held: dict[str, tuple[NDArray[numpy.int64], NDArray[numpy.int32]]] = {}

    @property
    def count(self) -> int:
        """How many rows there are."""
        return int(self.inside.sum())

    def frequencies(self, terms: Iterable[str]) -> dict[str, int]:
        """Return how many rows hold each term."""
        return {term: int(self.inside[self._holding(term)[0]].sum()) for term in terms}

    def _holding(self, term: str) -> tuple[NDArray[numpy.int64], NDArray[numpy.int32]]:
        held = self._held.get(term)
        if held is None:
            places, often = self.sheet.words.holding(term)
            known = places < self._rows
            held = self._held[term] = (places, often) if known.all() else (places[known], often[known])
        return held

    def unexpired(self, moment: datetime) -> Truths:
        """Return which rows have not expired by then."""
        instant = (moment - _EPOCH) // timedelta(microseconds=1)
        return self.inside & (self.sheet.columns["expires"][: self._rows] > instant)

    def marked(self, places: Iterable[int]) -> Truths:
        """Return these rows, of those that are inside."""
        import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

        marked = np.zeros(self._rows, np.bool_)
        marked[list(places)] = True
        return self.inside & marked

    def listed(self, row_ids: Iterable[str]) -> Truths:
        """Return which rows have one of these ids."""
        wanted = frozenset(row_ids)
        return self.marked(place for place, row_id in enumerate(self.sheet.row_ids[: self._rows]) if row_id in wanted)

    def by_words(self, weights: Mapping[str, float], among: Truths, limit: int) -> Places:
        """Return the rows with the heaviest terms, best first, later ones before earlier ones of the same weight."""
        import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

        sums = np.zeros(self._rows)
        for term, weight in weights.items():
            sums[self._holding(term)[0]] += weight
        return _best(sums, among & (sums > 0), limit)

    def cosines(self, vector: NDArray[numpy.float32]) -> Floats:
        """Return the cosine of every row with a vector of length 1, 0 for a row without one."""
        import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

        # Not `@`: BLAS hands a product of this size to several threads, which stall one another for
        # milliseconds, and a row's sum could then depend on how many rows stand beside it.
        return np.vecdot(self.sheet.columns["units"][: self._rows], vector).clip(-1, 1)

    def by_meaning(self, cosines: Floats, among: Truths, limit: int) -> Places:
        """Return the rows with the nearest vectors, as `by_words`."""
        return _best(cosines, among & self.sheet.columns["embedded"][: self._rows], limit)

    def surrounded(self, places: Places, rings: int) -> Places:
        """Return these rows and the turns before and after them, so many on either side; by time."""
        import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

        columns, newest = self.sheet.columns, self.sheet.newest
        memory, previous = columns["memory"][: self._rows], columns["previous"][: self._rows]
        taken = np.zeros(self._rows, np.bool_)
        taken[places] = True
        edge = places
        for _ in range(rings):
            before = newest.rows(previous[edge])
            ending = np.zeros(newest.room, np.bool_)
            ending[memory[edge]] = True
            wanted = ending[previous]
            wanted[before[(before >= 0) & (before < self._rows)]] = True
            wanted &= self.inside & ~taken
            edge = np.flatnonzero(wanted)
            taken[edge] = True
        return self._by_time(np.flatnonzero(taken))

    def _by_time(self, places: Places) -> Places:
        """Return places in the order in which they were said, and by the ids of their memories."""
        import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

        columns, texts = self.sheet.columns, self.sheet.memories.texts
        numbers: list[int] = columns["memory"][places].tolist()
        ids = [texts[number] for number in numbers]
        places = places[sorted(range(len(ids)), key=ids.__getitem__)]
        return places[np.argsort(columns["said"][places], kind="stable")]

    def pool(self, places: Places, terms: Sequence[str], cosines: Floats | None) -> Pool:
        """Return rows, which are sorted by time, as the ranking takes them."""
        import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

        columns, count = self.sheet.columns, len(places)
        texts, names = self.sheet.memories.texts, self.sheet.speakers.texts
        known, speaker = np.unique(columns["speaker"][places], return_inverse=True)
        numbers = columns["memory"][places]
        memories: list[int] = numbers.tolist()
        where = np.full(self.sheet.newest.room, count, np.intp)
        where[numbers] = np.arange(count)
        at = np.full(self._rows, -1, np.intp)
        at[places] = np.arange(count)
        counts = np.zeros((count, len(terms)))
        for column, term in enumerate(terms):
            held, often = self._holding(term)
            inside = at[held] >= 0
            counts[at[held[inside]], column] = often[inside]
        return Pool(
            ids=[texts[number] for number in memories],
            before=where[columns["previous"][places]],
            session=columns["session"][places].astype(np.intp),
            roles=columns["role"][places],
            questions=columns["question"][places],
            time_words=columns["time_words"][places],
            cosines=np.zeros(count) if cosines is None else cosines[places].astype(np.float64),
            counts=counts,
            lengths=columns["length"][places],
            speaker=speaker,
            speakers=[names[number] for number in cast("list[int]", known.tolist())],
            days=lambda zone: self._days(places, zone),
        )

    def _days(self, places: Places, zone: tzinfo | None) -> list[date]:
        instants: list[int] = self.sheet.columns["said"][places].tolist()
        return [day_in(_EPOCH + timedelta(microseconds=instant), zone) for instant in instants]

    def row_id(self, place: int) -> str:
        """Return the id of a row."""
        return self.sheet.row_ids[place]

    def terms(self, place: int) -> list[str]:
        """Return the terms of a row."""
        return self.sheet.words.of(place)

    def said_by(self, place: int) -> tuple[object, ...]:
        """Return whose a row is, who said it, and with words of time in it, on which day."""
        columns = self.sheet.columns
        day = int(columns["said"][place]) // _DAY if columns["time_words"][place] else None
        return (*(int(columns[name][place]) for name in ("user_id", "speaker", "role")), day)


def union(one: Places, other: Places) -> Places:
    """Return places that are in either, each once."""
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    return np.union1d(one, other)


def _best(values: NDArray[numpy.floating], among: Truths, limit: int) -> Places:
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    places = np.flatnonzero(among)
    values = values[places]
    if len(places) > limit:
        best = values >= -np.partition(-values, limit - 1)[limit - 1]  # all that tie for the last place
        places, values = places[best], values[best]
    return places[np.lexsort((-places, -values))][:limit]
