"""Checks of what goes into an embedder and what comes out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mnemon.errors import EmbeddingError, InvalidInputError
from mnemon.types.jsonvalue import check_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy
    from numpy.typing import NDArray

    from mnemon.types.storage import Vector

__all__ = [
    "ANY_NORM",
    "check_texts",
    "check_vectors",
    "extreme_norm",
    "extreme_rows",
    "in_batches",
    "to_store_again",
    "unit_rows",
    "vanished",
]

_LEAST_NORM, _MOST_NORM = 1e-12, 1e12
"""A server that squares in float32 takes what is far outside for no vector at all; no model gives such ones."""

_ROUNDED = 1e-6
"""How far from a norm that of the same vector in float32 may be: who scales to a bound is not refused for it."""

ANY_NORM = f"it may be 0, or from {_LEAST_NORM:g} to {_MOST_NORM:g}; scale it to 1, as only its direction counts"
_SMALLEST = 1e-30
"""Below this a sum of squares in float32 has lost digits."""


def check_texts(texts: Sequence[str]) -> list[str]:
    """Return the texts as a list.

    Raises:
        InvalidInputError: one text instead of a list, or an item that is no text or holds a lone
            surrogate; the message names its position, never the text.
    """
    if isinstance(texts, str):
        msg = "embed takes a list of texts, not one text; write [text]"
        raise InvalidInputError(msg)
    return [check_text(text, f"text {place}") for place, text in enumerate(texts)]


def check_vectors(vectors: object, *, count: int, name: str, dimensions: int | None) -> NDArray[numpy.float32]:
    """Return what an embedder gave for `count` texts as an array of (count, dimensions) in float32.

    Raises:
        EmbeddingError: it is no such array, or holds NaN, an infinity or a vector of an extreme norm; the message
            says what it is.
    """
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    if type(vectors) is np.ndarray and vectors.dtype == np.float32:
        array = cast("NDArray[numpy.float32]", vectors)
    else:
        try:
            with np.errstate(over="ignore"):
                array = np.asarray(cast("Sequence[Sequence[float]]", vectors), dtype=np.float32)
        except (TypeError, ValueError):
            msg = f"embedder {name!r} gave something other than one list of numbers per text"
            raise EmbeddingError(msg) from None
    if not count:
        return np.empty((0, dimensions or 0), dtype=np.float32)
    if array.ndim != 2 or len(array) != count or not array.shape[1]:  # noqa: PLR2004 - rows and columns
        msg = f"embedder {name!r} gave an array of shape {array.shape} for {count} texts, not one vector per text"
        raise EmbeddingError(msg)
    if dimensions is not None and array.shape[1] != dimensions:
        msg = f"embedder {name!r} gave vectors of {array.shape[1]} dimensions, {dimensions} were expected"
        raise EmbeddingError(msg)
    if not np.isfinite(array).all():
        msg = f"embedder {name!r} gave NaN or an infinity"
        raise EmbeddingError(msg)
    if (norm := extreme_norm(array)) is not None:
        msg = f"embedder {name!r} gave a vector of norm {norm:g}; {ANY_NORM}"
        raise EmbeddingError(msg)
    if array is not vectors and (largest := vanished(vectors, array)) is not None:
        msg = f"embedder {name!r} gave a vector of no norm in float32, its largest number is {largest:g}; {ANY_NORM}"
        raise EmbeddingError(msg)
    return array


def extreme_norm(vectors: NDArray[numpy.float32]) -> float | None:
    """Return a norm among those of finite rows that not every store can search by, or None."""
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    extreme = extreme_rows(vectors)
    return float(np.linalg.norm(vectors[extreme[0]].astype(np.float64))) if extreme else None


def extreme_rows(vectors: NDArray[numpy.float32]) -> list[int]:
    """Return which rows are finite, and of a norm that not every store can search by."""
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        squares = np.vecdot(vectors, vectors)
    doubtful = np.flatnonzero(~((squares > _LEAST_NORM**2) & (squares < _MOST_NORM**2)))  # rounded, or beyond float32
    if not doubtful.size:
        return []
    norms = np.linalg.norm(vectors[doubtful].astype(np.float64), axis=1)
    least, most = _LEAST_NORM * (1 - _ROUNDED), _MOST_NORM * (1 + _ROUNDED)
    extreme = ((norms > 0) & (norms < least)) | ((norms > most) & (norms < np.inf))
    return doubtful[extreme].tolist()


def to_store_again(vectors: Mapping[str, Vector]) -> Mapping[str, Vector]:
    """Return a row's stored vectors, scaled to 1 where an older version took a norm that is refused now."""
    if not vectors:
        return vectors
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    given = {name: np.asarray(vector, dtype=np.float32)[None] for name, vector in vectors.items()}
    extreme = {name: unit_rows(rows)[0] for name, rows in given.items() if extreme_rows(rows)}
    return {**vectors, **extreme} if extreme else vectors


def vanished(given: object, rows: NDArray[numpy.float32]) -> float | None:
    """Return the largest number of what was given of the rows that are 0 in float32 alone, or None."""
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    zero = ~rows.any(axis=1)
    if not zero.any():
        return None
    wide = np.asarray(given).astype(np.longdouble).reshape(rows.shape)
    largest = np.abs(wide[zero]).max()
    return float(largest) if largest else None


def in_batches(texts: Sequence[str], *, most: int, most_characters: int) -> Iterator[list[str]]:
    """Yield the texts in order, in batches of at most `most` texts and `most_characters` characters.

    A text that is longer stands alone: what to do about it is the provider's to say.
    """
    batch: list[str] = []
    size = 0
    for text in texts:
        if batch and (len(batch) == most or size + len(text) > most_characters):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += len(text)
    if batch:
        yield batch


def unit_rows(vectors: NDArray[numpy.float32]) -> NDArray[numpy.float32]:
    """Return the rows scaled to length 1; a zero row stays zero."""
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    with np.errstate(over="ignore", under="ignore"):
        squares = np.vecdot(vectors, vectors)
    extreme = ~((squares > _SMALLEST) & (squares < np.inf))
    lengths = np.sqrt(squares)
    if extreme.any():  # the squares left float32's range, or there is no length: only these need float64
        lengths[extreme] = 1
        units = vectors / lengths[:, None]
        wide = vectors[extreme].astype(np.float64)
        norms = np.linalg.norm(wide, axis=1)
        norms[norms == 0] = 1
        units[extreme] = wide / norms[:, None]
        return units
    return vectors / lengths[:, None]
