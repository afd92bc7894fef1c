"""Any function as an embedder."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, cast

from mnemon.errors import InvalidInputError
from mnemon.logic.embedding import check_texts, check_vectors

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    import numpy
    from numpy.typing import NDArray

    from mnemon.protocols.embedder import Purpose

__all__ = ["CallableEmbedder"]


class CallableEmbedder:
    """Embeds with a function of yours: a list of texts in, one vector per text out.

    Example:
        >>> embedder = CallableEmbedder(lambda texts: [[float(len(text)), 1.0] for text in texts], name="lengths")
        >>> embedder.embed(["hello"]).tolist()
        [[5.0, 1.0]]
    """

    def __init__(
        self,
        function: Callable[[Sequence[str]], object],
        *,
        name: str,
        dimensions: int | None = None,
        query_function: Callable[[Sequence[str]], object] | None = None,
    ) -> None:
        """Wrap a function.

        Args:
            function: takes a list of texts and returns one sequence of numbers per text. It may be
                `async`; then only the asynchronous calls work.
            name: names the model. Vectors are kept under it, so give each model its own.
            dimensions: length of the vectors, or None to learn it from the first ones.
            query_function: the same for queries, where the model treats them differently.

        Raises:
            InvalidInputError: the name is blank.
        """
        if not name.strip():
            msg = "name must not be blank: vectors of different models are kept apart by it"
            raise InvalidInputError(msg)
        self._functions = {"document": function, "query": query_function or function}
        self._name = name
        self._dimensions = dimensions

    @property
    def name(self) -> str:
        """The name that was given."""
        return self._name

    @property
    def dimensions(self) -> int | None:
        """The length of the vectors, as soon as it is known."""
        return self._dimensions

    def embed(self, texts: Sequence[str], *, purpose: Purpose = "document") -> NDArray[numpy.float32]:
        """Return one vector per text; see `Embedder.embed`.

        Raises:
            InvalidInputError: the function is asynchronous, or the texts are none.
            EmbeddingError: the function gave something else than one finite vector per text.
        """
        given = check_texts(texts)
        function = self._functions[purpose]
        if inspect.iscoroutinefunction(function):
            msg = f"embedder {self._name!r} has an async function only; use AsyncMemory, or give a plain function"
            raise InvalidInputError(msg)
        return self._checked(function(given) if given else [], len(given))

    async def aembed(self, texts: Sequence[str], *, purpose: Purpose = "document") -> NDArray[numpy.float32]:
        """Return what `embed` returns; a plain function runs in a worker thread, as it may take its time."""
        given = check_texts(texts)
        function = self._functions[purpose]
        if not given:
            return self._checked([], 0)
        if inspect.iscoroutinefunction(function):
            vectors = await cast("Awaitable[object]", function(given))
            return await asyncio.to_thread(self._checked, vectors, len(given))
        return await asyncio.to_thread(lambda: self._checked(function(given), len(given)))

    def _checked(self, vectors: object, count: int) -> NDArray[numpy.float32]:
        array = check_vectors(vectors, count=count, name=self._name, dimensions=self._dimensions)
        if count:
            self._dimensions = array.shape[1]
        return array
