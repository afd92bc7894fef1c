"""Columns that grow: arrays of equal length with room to spare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy
    from numpy.typing import NDArray

    Array = NDArray[Any]

__all__ = ["Columns", "Names", "Newest"]

_SPARE = 1.25
"""Room that growing arrays get beyond their rows, so that most additions copy nothing."""
_LEAST = 64


class Columns:
    """Named arrays, all with the same room.

    What was written once stays where it is for whoever holds an older array.
    """

    def __init__(self, kinds: Mapping[str, type[numpy.generic]], *, width: int | None = None) -> None:
        """Start without rows; with `width`, `units` is a float32 array of so many columns."""
        import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

        self._room = 0
        self._arrays: dict[str, Array] = {name: np.empty(0, kind) for name, kind in kinds.items()}
        if width is not None:
            self._arrays["units"] = np.empty((0, width), np.float32)

    def __getitem__(self, name: str) -> Array:
        """Return a whole array, its spare room included."""
        return self._arrays[name]

    @property
    def bytes(self) -> int:
        """Memory that the arrays take."""
        return sum(array.nbytes for array in self._arrays.values())

    def reserve(self, rows: int, used: int) -> None:
        """See to it that there is room for so many rows, of which `used` are to be kept."""
        import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

        if rows <= self._room:
            return
        room = max(int(rows * _SPARE), _LEAST)
        for name, array in self._arrays.items():
            grown = np.zeros((room, *array.shape[1:]), array.dtype)
            grown[:used] = array[:used]
            self._arrays[name] = grown
        self._room = room


class Names(dict[str, int]):
    """A number for each different text; a text that is looked up in brackets gets one if it has none.

    Attributes:
        texts: the texts by number.
    """

    def __init__(self) -> None:
        """Start with none."""
        super().__init__()
        self.texts: list[str] = []

    def __missing__(self, text: str) -> int:
        """Give a new text the next number."""
        number = self[text] = len(self.texts)
        self.texts.append(text)
        return number


class Newest:
    """The place of the current row of each memory, by the memory's number."""

    def __init__(self) -> None:
        """Start with none."""
        import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

        self._places = Columns({"place": np.int64})
        self._used = 0

    @property
    def room(self) -> int:
        """How many numbers there may be."""
        return len(self._places["place"])

    @property
    def bytes(self) -> int:
        """Memory that this takes."""
        return self._places.bytes

    def reserve(self, numbers: int) -> None:
        """See to it that there is room for so many memories; new ones have no row."""
        if numbers > self._used:
            self._places.reserve(numbers, self._used)
            self._places["place"][self._used :] = -1
            self._used = numbers

    def find(self, number: int) -> int:
        """Return the row of a memory, -1 for none."""
        return int(self._places["place"][number])

    def put(self, number: int, place: int) -> None:
        """Let a row be a memory's; -1 for none."""
        self._places["place"][number] = place

    def rows(self, numbers: NDArray[numpy.int32]) -> NDArray[numpy.int64]:
        """Return the rows of memories, -1 for each that has none."""
        return self._places["place"][numbers]
