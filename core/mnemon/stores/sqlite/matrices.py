"""Vectors of a scope's current rows as one matrix, kept right by what changed since it was read.

A matrix is refreshed inside the snapshot that a search reads: rows with higher numbers are added,
rows that the log of changes calls gone are masked out. So another process's commit costs what it changed.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast
from weakref import WeakValueDictionary

from mnemon.stores.sqlite.rows import decode_units

if TYPE_CHECKING:
    from collections.abc import Generator

    import numpy
    from numpy.typing import NDArray

    from mnemon.stores.sqlite.connections import Connection
    from mnemon.types.storage import VectorSpace

__all__ = ["Matrices", "Matrix", "Place"]

_OVERHEAD_BYTES = 1_024
"""What an entry takes beyond its arrays, so that empty ones are bounded too."""
_SPARE = 1.25
"""Room that a growing matrix gets beyond its rows, so that most additions copy nothing."""
_FEW_NEW = 4_096
_REBUILD_BELOW = 0.75
"""Share of rows that must still be current; a matrix with fewer is read anew."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which vectors a matrix holds: of one space, of one project, in one value of a scope or in all of it."""

    collection: str
    current: str | None
    space: VectorSpace
    project: str
    scope: str | None
    value: str | None


@dataclass(frozen=True, slots=True)
class Matrix:
    """Vectors as they stood at one state of the file; never changed, only replaced.

    Attributes:
        numbers: row numbers, ascending; the arrays may have room beyond `rows`.
        units: one unit vector a row (a zero vector stays zero).
        alive: whether each row is still current, or None while all are.
        rows: rows in use.
        logged: how much of the log of changed rows is in it.
    """

    numbers: NDArray[numpy.int64]
    units: NDArray[numpy.float32]
    alive: NDArray[numpy.bool_] | None
    rows: int
    logged: int

    @property
    def bytes(self) -> int:
        """Memory that the matrix takes."""
        return (
            _OVERHEAD_BYTES + self.units.nbytes + self.numbers.nbytes + (0 if self.alive is None else self.alive.nbytes)
        )

    def cosines(self, unit: NDArray[numpy.float32]) -> tuple[NDArray[numpy.int64], NDArray[numpy.float32]]:
        """Return the current rows' numbers, and the cosine of each with a unit vector."""
        import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

        # Not `@`: BLAS hands a product of this size to several threads, which stall one another for
        # milliseconds, and a row's sum could then depend on how many rows stand beside it.
        numbers, scores = self.numbers[: self.rows], np.vecdot(self.units[: self.rows], unit)
        if self.alive is None:
            return numbers, scores
        alive = self.alive[: self.rows]
        return numbers[alive], scores[alive]


@dataclass(slots=True)
class Matrices:
    """A cache of matrices, bounded in bytes; the least recently used go first.

    Attributes:
        max_bytes: bound of all matrices together. A place that alone is larger is read for each search.
    """

    max_bytes: int
    _kept: OrderedDict[Place, Matrix] = field(default_factory=OrderedDict["Place", "Matrix"])
    _locks: WeakValueDictionary[Place, threading.Lock] = field(
        default_factory=WeakValueDictionary["Place", "threading.Lock"]
    )
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _bytes: int = 0

    @contextmanager
    def turn(self, place: Place) -> Generator[None]:
        """Keep other threads from refreshing the place; take a turn before the snapshot begins.

        So the snapshots that a place is refreshed in come in order, and a matrix is never newer
        than the snapshot that uses it.
        """
        with self._lock:
            lock = self._locks.get(place)
            if lock is None:  # kept only while somebody holds it
                lock = self._locks[place] = threading.Lock()
        with lock:
            yield

    def fresh(self, connection: Connection, place: Place, project: int) -> Matrix:
        """Return the place's matrix as of the connection's snapshot; call it in a turn.

        `project` is the number of the place's project in that snapshot.
        """
        with self._lock:
            kept = self._kept.get(place)
        matrix = None if kept is None else _refreshed(connection, place, project, kept)
        if matrix is None:
            matrix = _read(connection, place, project)
        if matrix is not kept:
            self._keep(place, matrix)
        else:
            with self._lock:
                if place in self._kept:
                    self._kept.move_to_end(place)
        return matrix

    def _keep(self, place: Place, matrix: Matrix) -> None:
        with self._lock:
            before = self._kept.pop(place, None)
            self._bytes -= 0 if before is None else before.bytes
            if matrix.bytes > self.max_bytes:
                return
            self._kept[place] = matrix
            self._bytes += matrix.bytes
            while self._bytes > self.max_bytes:
                _, dropped = self._kept.popitem(last=False)
                self._bytes -= dropped.bytes

    def clear(self) -> None:
        """Forget every matrix."""
        with self._lock:
            self._kept.clear()
            self._bytes = 0


def _read(connection: Connection, place: Place, project: int) -> Matrix:
    gone = cast("int", connection.value(f"SELECT coalesce(max(sequence), 0) FROM {place.collection}__changed"))
    numbers, units = _vectors_after(connection, place, project, 0)
    return Matrix(numbers=numbers, units=units, alive=None, rows=len(numbers), logged=gone)


def _refreshed(connection: Connection, place: Place, project: int, matrix: Matrix) -> Matrix | None:
    """Return the matrix with what changed since, itself where nothing did, or None where it must be read anew."""
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    table = f"{place.collection}__changed"
    first, last = connection.rows(f"SELECT coalesce(min(sequence), 1), coalesce(max(sequence), 0) FROM {table}")[0]
    if cast("int", first) > matrix.logged + 1:
        return None
    changed = matrix
    if cast("int", last) > matrix.logged:
        gone = connection.rows(f"SELECT row FROM {table} WHERE sequence > ? AND gone", [matrix.logged])
        changed = _without(matrix, np.array([row for (row,) in gone], dtype=np.int64))
        changed = replace(changed, logged=cast("int", last))
    newest = int(matrix.numbers[matrix.rows - 1]) if matrix.rows else 0
    numbers, units = _vectors_after(connection, place, project, newest)
    if len(numbers):
        changed = _with(changed, numbers, units)
    if changed.alive is not None and np.count_nonzero(changed.alive[: changed.rows]) < _REBUILD_BELOW * changed.rows:
        return None
    return changed


def _without(matrix: Matrix, gone: NDArray[numpy.int64]) -> Matrix:
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    numbers = matrix.numbers[: matrix.rows]
    places = np.searchsorted(numbers, gone)
    inside = places < len(numbers)
    places = places[inside][numbers[places[inside]] == gone[inside]]
    if not len(places):
        return matrix
    alive = np.ones(len(matrix.numbers), dtype=np.bool_) if matrix.alive is None else matrix.alive.copy()
    alive[places] = False
    return replace(matrix, alive=alive)


def _with(matrix: Matrix, numbers: NDArray[numpy.int64], units: NDArray[numpy.float32]) -> Matrix:
    """Return the matrix with rows added: in its spare room, which no older matrix looks at, or in new arrays."""
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    start, rows = matrix.rows, matrix.rows + len(numbers)
    if rows <= len(matrix.numbers):
        grown = replace(matrix, rows=rows)
    else:
        room = int(rows * _SPARE) + 16
        grown = Matrix(
            numbers=np.empty(room, dtype=np.int64),
            units=np.empty((room, units.shape[1]), dtype=np.float32),
            alive=None if matrix.alive is None else np.ones(room, dtype=np.bool_),
            rows=rows,
            logged=matrix.logged,
        )
        grown.numbers[:start] = matrix.numbers[:start]
        grown.units[:start] = matrix.units[:start]
        if grown.alive is not None and matrix.alive is not None:
            grown.alive[:start] = matrix.alive[:start]
    grown.numbers[start:rows] = numbers
    grown.units[start:rows] = units
    return grown


def _vectors_after(
    connection: Connection, place: Place, project: int, number: int
) -> tuple[NDArray[numpy.int64], NDArray[numpy.float32]]:
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    name = place.collection
    highest = cast("int", connection.value(f"SELECT coalesce(max(number), 0) FROM {name}__rows"))
    if highest <= number:
        found = connection.execute("SELECT NULL WHERE 0")
    else:
        # A "+" keeps SQLite from using an index on the column: where few rows are new it is quicker to look
        # at all of them than at all of the scope's.
        plus = "+" if number and highest - number < _FEW_NEW else ""
        scoped = "" if place.scope is None else f"AND {plus}r.f_{place.scope} = ? "
        current = "" if place.current is None else f"AND {plus}r.f_{place.current} IS NULL "
        found = connection.execute(
            f"SELECT v.row, v.vector FROM {name}__rows r JOIN {name}__vec__{place.space.name} v ON v.row = r.number "
            f"WHERE {plus}r.project = ? {scoped}{current}AND r.number > ? ORDER BY r.number",
            [project, *([] if place.scope is None else [place.value]), number],
        )
    numbers: list[int] = []
    vectors: list[NDArray[numpy.float32]] = []
    while chunk := found.fetchmany(4_096):
        numbers += [row for row, _ in chunk]
        vectors.append(decode_units(connection, name, place.space, chunk))
    if not vectors:
        return np.empty(0, dtype=np.int64), np.empty((0, place.space.dimensions), dtype=np.float32)
    return np.array(numbers, dtype=np.int64), np.concatenate(vectors)
