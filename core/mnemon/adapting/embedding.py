"""Embedding models of frameworks, which have a sync and an async function each for texts and for queries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon.errors import InvalidInputError
from mnemon.logic.embedding import check_texts, check_vectors
from mnemon.wrappers.threads import athink

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    import numpy
    from numpy.typing import NDArray

    from mnemon.protocols.embedder import Purpose

__all__ = ["PairedEmbedder"]


class PairedEmbedder:
    """Embeds with two functions for texts, and two for one query.

    Example:
        >>> def lengths(texts: list[str]) -> list[list[float]]:
        ...     return [[float(len(text))] for text in texts]
        >>> async def alengths(texts: list[str]) -> list[list[float]]:
        ...     return lengths(texts)
        >>> def length(text: str) -> list[float]:
        ...     return [float(len(text))]
        >>> async def alength(text: str) -> list[float]:
        ...     return length(text)
        >>> embedder = PairedEmbedder("lengths", texts=lengths, atexts=alengths, query=length, aquery=alength)
        >>> embedder.embed(["hello"], purpose="query").tolist()
        [[5.0]]
    """

    def __init__(
        self,
        name: str,
        *,
        texts: Callable[[list[str]], object],
        atexts: Callable[[list[str]], Awaitable[object]],
        query: Callable[[str], object],
        aquery: Callable[[str], Awaitable[object]],
        dimensions: int | None = None,
    ) -> None:
        """Wrap the functions of a model.

        Args:
            name: names the model; vectors are kept under it.
            texts: gives one vector per text.
            atexts: the same, awaited.
            query: gives the vector of a query.
            aquery: the same, awaited.
            dimensions: length of the vectors, or None to learn it from the first ones.

        Raises:
            InvalidInputError: the name is blank.
        """
        if not name.strip():
            msg = "name must not be blank: vectors of different models are kept apart by it"
            raise InvalidInputError(msg)
        self._name = name
        self._dimensions = dimensions
        self._texts, self._atexts, self._query, self._aquery = texts, atexts, query, aquery

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
            EmbeddingError: the model gave something else than one finite vector per text.
        """
        given = check_texts(texts)
        if purpose == "query":
            return self._checked([self._query(text) for text in given], len(given))
        return self._checked(self._texts(given) if given else [], len(given))

    async def aembed(self, texts: Sequence[str], *, purpose: Purpose = "document") -> NDArray[numpy.float32]:
        """Return what `embed` returns, while the event loop goes on."""
        given = check_texts(texts)
        if purpose == "query":
            vectors: object = [await self._aquery(text) for text in given]
        else:
            vectors = await self._atexts(given) if given else []
        return await athink(self._checked, vectors, len(given))

    def _checked(self, vectors: object, count: int) -> NDArray[numpy.float32]:
        array = check_vectors(vectors, count=count, name=self._name, dimensions=self._dimensions)
        if count:
            self._dimensions = array.shape[1]
        return array
