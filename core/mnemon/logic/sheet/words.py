"""Which rows of a sheet hold which terms, and how often."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from mnemon.logic.sheet.columns import Columns, Names

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy
    from numpy.typing import NDArray

    Run = tuple[NDArray[numpy.int64], NDArray[numpy.int32]]

__all__ = ["Words"]

_ROW_BITS = 32
_ROW_MASK = (1 << _ROW_BITS) - 1
_GROWTH = 4
"""A run is merged with the one after it when it is less than this many times longer."""
_TERM_BYTES = 150
"""What a term takes in the table of terms, about."""


class Words:
    """The terms of rows, and postings in sorted runs, each longer than those after it: few are merged at a time.

    A cell of a run is a term's number and a row's place in one integer, beside how often the row holds the term.
    """

    def __init__(self) -> None:
        """Start with no rows."""
        import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

        self._terms = Names()
        self._held = Columns({"term": np.int32})
        self._ends = Columns({"end": np.int64})
        self._rows = 0
        self._runs: tuple[Run, ...] = ()

    @property
    def bytes(self) -> int:
        """Memory that this takes, about."""
        runs = sum(keys.nbytes + counts.nbytes for keys, counts in self._runs)
        return runs + self._held.bytes + self._ends.bytes + _TERM_BYTES * len(self._terms.texts)

    def add(self, rows: Sequence[Sequence[str]]) -> None:
        """Add the terms of further rows."""
        import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

        held = np.fromiter(map(self._terms.__getitem__, chain.from_iterable(rows)), np.int64)
        lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        start = self._end(self._rows)
        self._held.reserve(start + len(held), start)
        self._held["term"][start : start + len(held)] = held
        self._ends.reserve(self._rows + len(rows), self._rows)
        self._ends["end"][self._rows : self._rows + len(rows)] = start + np.cumsum(lengths)
        places = np.repeat(np.arange(self._rows, self._rows + len(rows)), lengths)
        self._rows += len(rows)
        if len(held):
            keys, counts = np.unique(held << _ROW_BITS | places, return_counts=True)
            self._runs = _merged([*self._runs, (keys, counts.astype(np.int32))])

    def of(self, place: int) -> list[str]:
        """Return the terms of a row, in order and with repeats."""
        texts = self._terms.texts
        held: list[int] = self._held["term"][self._end(place) : self._end(place + 1)].tolist()
        return [texts[number] for number in held]

    def _end(self, rows: int) -> int:
        return int(self._ends["end"][rows - 1]) if rows else 0

    def holding(self, term: str) -> tuple[NDArray[numpy.int64], NDArray[numpy.int32]]:
        """Return the places of the rows that hold a term, each once, and how often each holds it."""
        import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

        number = self._terms.get(term)
        held: list[Run] = []
        if number is not None:
            bounds = np.array((number << _ROW_BITS, (number + 1) << _ROW_BITS))
            for keys, counts in self._runs:
                start, end = keys.searchsorted(bounds).tolist()
                if end > start:
                    held.append((keys[start:end] & _ROW_MASK, counts[start:end]))
        if not held:
            return np.empty(0, np.int64), np.empty(0, np.int32)
        if len(held) == 1:
            return held[0]
        places, often = zip(*held, strict=True)
        return np.concatenate(places), np.concatenate(often)


def _merged(runs: list[Run]) -> tuple[Run, ...]:
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    while len(runs) > 1 and len(runs[-2][0]) < _GROWTH * len(runs[-1][0]):
        (older, often), (newer, more) = runs[-2:]
        keys, counts = np.concatenate((older, newer)), np.concatenate((often, more))
        order = np.argsort(keys, kind="stable")
        runs[-2:] = [(keys[order], counts[order])]
    return tuple(runs)
