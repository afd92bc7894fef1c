"""Rows that cannot be read as they were written: finding them, and taking away what was derived of one."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from mnemon.logic.rows import check_row
from mnemon.stores.sqlite.postings import indexed_words
from mnemon.stores.sqlite.rows import decode_row, row_columns

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence

    from mnemon.stores.sqlite.connections import Connection, Parameter
    from mnemon.types.storage import Collection, Row, VectorSpace

__all__ = ["any_text", "damaged_parts", "damaged_rows", "forget_derived", "sound_row"]

_OF_A_VALUE = re.compile(r" value in \w+__(rows|vec__\w+|tag|place)\.|^row not in PRIMARY KEY order for \w+__tag$|FTS5")
"""What SQLite says of a value that its column does not take, and of what we compare with rows: no page is at fault."""
_OF_AN_INDEX = re.compile(r"(?:row \d+ .*from|row \d+ of|# of entries in|non-unique entry in) index (\w+)$")
_VECTORS_AT_ONCE = 512
_MOST_SAID = 1_000_000
"""SQLite stops at 100 unless told otherwise, and an index that is not named would not be mended."""


@dataclass(frozen=True, slots=True)
class DamagedParts:
    """What of a file contradicts itself.

    Attributes:
        pages: whether nothing read from the file can be trusted.
        indexes: SQLite's own indexes that have rows otherwise than the tables.
    """

    pages: bool = False
    indexes: tuple[str, ...] = ()


def damaged_parts(connection: Connection) -> DamagedParts:
    """Let SQLite compare pages with one another, and its indexes with the tables; sound files take one look."""
    first = cast("str", connection.value("PRAGMA integrity_check(1)"))  # to look on beyond damaged pages may fail
    if first == "ok":
        return DamagedParts()
    if not _is_of_part(first):
        return DamagedParts(pages=True)
    said = [cast("str", text) for (text,) in connection.execute(f"PRAGMA integrity_check({_MOST_SAID})")]
    found = [_OF_AN_INDEX.search(text) for text in said]
    return DamagedParts(
        pages=not all(map(_is_of_part, said)),
        indexes=tuple(sorted({match[1] for match in found if match is not None})),
    )


def _is_of_part(text: str) -> bool:
    return _OF_AN_INDEX.search(text) is not None or _OF_A_VALUE.search(text) is not None


@contextmanager
def any_text(connection: Connection) -> Generator[None]:
    """Read text that is no UTF-8 with lone surrogates in it, which `sound_row` refuses, and not as an error."""
    before = connection.raw.text_factory
    connection.raw.text_factory = _text
    try:
        yield
    finally:
        connection.raw.text_factory = before


def _text(raw: bytes) -> str:
    return raw.decode(errors="surrogateescape")


def sound_row(values: Sequence[Parameter], collection: Collection) -> Row | None:
    """Return the row of one result of a query for all of `row_columns`, or None where nobody can have put it so."""
    try:
        return check_row(decode_row(values, collection), collection)
    except ValueError:  # as DamagedError and InvalidInputError are
        return None


def damaged_rows(connection: Connection, collection: Collection) -> dict[int, bool]:
    """Return the numbers of the rows that are not sound, or that have a vector which is not.

    Each with whether it still tells what is derived of it, as `Writer` takes it: by its fields and terms.
    One row is in memory at a time, without its payload, which may be any bytes.
    """
    with any_text(connection):
        damaged = dict(_unreadable(connection, collection))
    for space in collection.vectors:
        for number in _with_damaged_vectors(connection, collection.name, space):
            damaged.setdefault(number, True)
    return damaged


def _unreadable(connection: Connection, collection: Collection) -> Iterator[tuple[int, bool]]:
    columns = row_columns(collection, frozenset({"terms", "metadata"}))
    found = cast(
        "Iterable[tuple[Parameter, ...]]",
        connection.execute(
            f"SELECT typeof(r.payload) IN ('blob', 'null'), {columns} FROM {collection.name}__rows r NOT INDEXED"
        ),
    )
    for fits, *values in found:
        if not fits or sound_row(values, collection) is None:
            number, row_id, terms, _, payload, *fields = values
            derived_of = [number, row_id, terms, None, payload, *fields]
            yield cast("int", number), sound_row(derived_of, collection) is not None


def _with_damaged_vectors(connection: Connection, name: str, space: VectorSpace) -> Iterator[int]:
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    length = 4 * space.dimensions
    found = connection.execute(
        f"SELECT v.row, CASE WHEN typeof(v.vector) = 'blob' AND length(v.vector) = {length} THEN v.vector END "
        f"FROM {name}__vec__{space.name} v JOIN {name}__rows r ON r.number = v.row"
    )
    while chunk := found.fetchmany(_VECTORS_AT_ONCE):
        whole = [(row, vector) for row, vector in chunk if vector is not None]
        yield from (row for row, vector in chunk if vector is None)
        values = np.frombuffer(b"".join([vector for _, vector in whole]), dtype=np.float32)
        wrong = ~np.isfinite(values.reshape(len(whole), space.dimensions))
        yield from (whole[place][0] for place in sorted(set(np.nonzero(wrong)[0].tolist())))


def forget_derived(connection: Connection, collection: Collection, numbers: Sequence[int], *, indexed: int) -> None:
    """Take away what the indexes have of damaged rows, which cannot tell what that is.

    All of them is looked at, once for all these rows; rows above `indexed` are not in the full-text index.
    """
    name = collection.name
    listed = [json.dumps(numbers)]
    connection.execute(f"DELETE FROM {name}__tag WHERE row IN (SELECT value FROM json_each(?))", listed)
    if not collection.text or min(numbers) > indexed:
        return
    words: dict[int, list[str]] = {}
    of_them = f"SELECT doc, term FROM {indexed_words(connection, name)} WHERE doc IN (SELECT value FROM json_each(?))"
    for number, word in connection.rows(of_them, listed):
        words.setdefault(cast("int", number), []).append(cast("str", word))
    for number, held in words.items():
        sql = f"INSERT INTO {name}__text ({name}__text, rowid, tokens) VALUES ('delete', ?, ?)"
        connection.execute(sql, [number, " ".join(held)])
