"""Embedding models of frameworks, which have a sync and an async function each for texts and for queries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon.embedders.callable import CallableEmbedder

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
        """

        def queries(given: Sequence[str]) -> object:
            return [query(text) for text in given]

        async def atold(given: Sequence[str]) -> object:
            return await atexts(list(given))

        async def aqueries(given: Sequence[str]) -> object:
            return [await aquery(text) for text in given]

        self._sync = CallableEmbedder(
            lambda given: texts(list(given)), name=name, dimensions=dimensions, query_function=queries
        )
        self._async = CallableEmbedder(atold, name=name, dimensions=dimensions, query_function=aqueries)

    @property
    def name(self) -> str:
        """The name that was given."""
        return self._sync.name

    @property
    def dimensions(self) -> int | None:
        """The length of the vectors, as soon as it is known."""
        return self._sync.dimensions or self._async.dimensions

    def embed(self, texts: Sequence[str], *, purpose: Purpose = "document") -> NDArray[numpy.float32]:
        """Return one vector per text; see `Embedder.embed`."""
        return self._sync.embed(texts, purpose=purpose)

    async def aembed(self, texts: Sequence[str], *, purpose: Purpose = "document") -> NDArray[numpy.float32]:
        """Return what `embed` returns, while the event loop goes on."""
        return await self._async.aembed(texts, purpose=purpose)
