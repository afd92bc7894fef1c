"""Any function embeds, plain or async, and what it gives is checked."""

from __future__ import annotations

import asyncio
import math
import threading
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

from mnemon.embedders.callable import CallableEmbedder
from mnemon.errors import EmbeddingError, InvalidInputError
from mnemon.logic.embedding import in_batches, unit_rows
from mnemon.protocols.embedder import Embedder

if TYPE_CHECKING:
    from collections.abc import Sequence


def lengths(texts: Sequence[str]) -> list[list[float]]:
    return [[float(len(text)), 1.0] for text in texts]


async def lengths_later(texts: Sequence[str]) -> list[list[float]]:
    await asyncio.sleep(0)
    return lengths(texts)


def test_a_plain_function_serves_both_faces_and_never_the_loops_thread() -> None:
    threads: list[int] = []

    def noting(texts: Sequence[str]) -> list[list[float]]:
        threads.append(threading.get_ident())
        return lengths(texts)

    embedder = CallableEmbedder(noting, name="lengths")

    assert isinstance(embedder, Embedder)
    assert embedder.dimensions is None
    assert embedder.embed(["a", "bb"]).tolist() == [[1.0, 1.0], [2.0, 1.0]]
    assert embedder.dimensions == 2
    assert asyncio.run(embedder.aembed(["ccc"])).tolist() == [[3.0, 1.0]]
    assert threads[0] == threading.get_ident() != threads[1]


def test_an_async_function_serves_the_async_face_alone() -> None:
    embedder = CallableEmbedder(lengths_later, name="lengths")

    assert asyncio.run(embedder.aembed(["ccc"])).tolist() == [[3.0, 1.0]]
    with pytest.raises(InvalidInputError, match="async function only"):
        embedder.embed(["a"])


def test_queries_may_have_a_function_of_their_own() -> None:
    embedder = CallableEmbedder(lengths, name="m", query_function=lambda texts: [[0.0, 9.0] for _ in texts])

    assert embedder.embed(["a"], purpose="query").tolist() == [[0.0, 9.0]]
    assert embedder.embed(["a"]).tolist() == [[1.0, 1.0]]


def test_no_texts_ask_nothing() -> None:
    def never(_: Sequence[str]) -> object:
        raise AssertionError

    embedder = CallableEmbedder(never, name="m", dimensions=7)

    assert embedder.embed([]).shape == (0, 7)
    assert asyncio.run(embedder.aembed([])).shape == (0, 7)


ODD: list[tuple[object, str]] = [
    (None, "something other|shape"),
    ([[1.0, 2.0]], r"\(1, 2\) for 2 texts"),
    ([1.0, 2.0], r"\(2,\) for 2 texts"),
    ([[1.0], [1.0, 2.0]], "something other"),
    ([["x"], ["y"]], "something other"),
    ([[], []], "shape"),
    ([[math.nan], [1.0]], "NaN"),
    ([[1e300], [1.0]], "infinity"),
    ([[1e20], [1.0]], r"norm 1e\+20.*scale"),
    ([[1.0], [-1e-25]], r"norm 1e-25.*scale"),
    ([[1.001e12], [1.0]], r"norm 1\.001e\+12.*scale"),
    ([[1.0], [9.99e-13]], r"norm 9\.99e-13.*scale"),
    ([[1.0], [-1e-50]], r"norm.*1e-50.*scale"),
    (np.array([[1e-300], [1.0]]), r"norm.*1e-300.*scale"),
    ([[1.0, 2.0, 3.0]] * 2, "3 dimensions, 2 were expected"),
]


@pytest.mark.parametrize(("given", "named"), ODD, ids=map(str, range(len(ODD))))
def test_what_is_no_vector_per_text_is_an_error(given: object, named: str) -> None:
    embedder = CallableEmbedder(lambda _: given, name="odd", dimensions=2 if named.startswith("3") else None)

    with pytest.raises(EmbeddingError, match=named):
        embedder.embed(["a", "b"])
    assert embedder.dimensions in {None, 2}


def test_the_least_and_the_most_norm_and_zero_are_taken() -> None:
    given = np.array([[1e-12, 0.0], [0.0, 0.0], [6e11, -8e11], [6e-13, 8e-13]])

    kept = CallableEmbedder(lambda _: given.tolist(), name="ends").embed(list("abcd"))

    assert kept.tolist() == given.astype(np.float32).tolist()


def test_rows_at_the_ends_of_float32_become_units() -> None:
    rows = np.array([[3e38, 3e38, 3e38], [1e-45, 1e-45, 0.0], [0.0, 0.0, 0.0], [0.0, -2.0, 0.0]], np.float32)

    units = [[3**-0.5] * 3, [2**-0.5, 2**-0.5, 0.0], [0.0, 0.0, 0.0], [0.0, -1.0, 0.0]]
    assert np.allclose(unit_rows(rows), units, atol=1e-6)


def test_a_length_once_learnt_holds() -> None:
    embedder = CallableEmbedder(lambda texts: [[1.0] * len(texts[0])] * len(texts), name="m")
    embedder.embed(["abc"])

    with pytest.raises(EmbeddingError, match="2 dimensions, 3"):
        embedder.embed(["ab"])


def test_a_failing_function_fails_the_call() -> None:
    def fail(_: Sequence[str]) -> object:
        raise ZeroDivisionError

    embedder = CallableEmbedder(fail, name="m")

    with pytest.raises(ZeroDivisionError):
        embedder.embed(["a"])
    with pytest.raises(ZeroDivisionError):
        asyncio.run(embedder.aembed(["a"]))


def test_a_model_needs_a_name() -> None:
    with pytest.raises(InvalidInputError, match="name"):
        CallableEmbedder(lengths, name=" ")
    with pytest.raises(InvalidInputError, match="text 0"):
        CallableEmbedder(lengths, name="m").embed(cast("Any", [None]))


def test_batches_keep_order_and_bounds() -> None:
    texts = ["a" * size for size in (1, 2, 3, 9, 1, 1, 0, 0)]

    batches = list(in_batches(texts, most=3, most_characters=5))

    assert [text for batch in batches for text in batch] == texts
    assert [list(map(len, batch)) for batch in batches] == [[1, 2], [3], [9], [1, 1, 0], [0]]
    assert list(in_batches([], most=3, most_characters=5)) == []
