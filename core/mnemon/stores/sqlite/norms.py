"""Vectors of a norm that is refused now, in files of before: they are found and carried along, but put nowhere anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mnemon.logic.embedding import extreme_rows
from mnemon.stores.sqlite.rows import decode_units, decode_vectors

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mnemon.stores.sqlite.connections import Connection, Parameter
    from mnemon.types.storage import Finding, VectorSpace

__all__ = ["extreme_vectors", "is_of_norms", "norms_kind", "scale_vectors"]

_AT_ONCE = 512
_KIND = "vectors of an extreme norm in "


def norms_kind(space: VectorSpace) -> str:
    """Return what `check` says of them."""
    return f"{_KIND}{space.name}: repair scales them, or reembed with another embedder"


def is_of_norms(finding: Finding) -> bool:
    """Whether a finding is of nothing else: a copy of such a file is as good as the file."""
    return finding.kind.startswith(_KIND)


def extreme_vectors(connection: Connection, name: str, space: VectorSpace) -> list[int]:
    """Return the numbers of the rows that have one in a space; vectors that cannot be read are left out."""
    return [
        cast("int", chunk[place][0])
        for chunk in _chunks(connection, name, space)
        for place in extreme_rows(decode_vectors(connection, name, space, chunk))
    ]


def _chunks(connection: Connection, name: str, space: VectorSpace) -> Iterator[Sequence[Sequence[Parameter]]]:
    found = connection.execute(
        f"SELECT v.row, v.vector FROM {name}__vec__{space.name} v JOIN {name}__rows r ON r.number = v.row "
        f"WHERE typeof(v.vector) = 'blob' AND length(v.vector) = {4 * space.dimensions}"
    )
    while chunk := found.fetchmany(_AT_ONCE):
        yield chunk


def scale_vectors(connection: Connection, name: str, space: VectorSpace, numbers: list[int]) -> None:
    """Scale them to 1, which changes nothing that was made of them: only their direction counts."""
    table = f"{name}__vec__{space.name}"
    for number in numbers:
        found = connection.rows(f"SELECT row, vector FROM {table} WHERE row = ?", [number])
        unit = decode_units(connection, name, space, found)
        connection.execute(f"UPDATE {table} SET vector = ? WHERE row = ?", [unit.tobytes(), number])
