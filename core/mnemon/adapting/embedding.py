"""A framework's embeddings, which come in a sync and an async form, as one embedder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon.embedders.callable import CallableEmbedder

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    import numpy
    from numpy.typing import NDArray

    from mnemon.protocols.embedder import Purpose

    Documents = Callable[[Sequence[str]], object]
    AsyncDocuments = Callable[[Sequence[str]], Awaitable[object]]

__all__ = ["PairedEmbedder"]


class PairedEmbedder:
    """Embeds with two pairs of functions: sync ones for sync code, async ones for the event loop.

    Example:
        >>> def lengths(texts):
        ...     return [[float(len(text)), 1.0] for text in texts]
        >>> async def alengths(texts):
        ...     return lengths(texts)
        >>> PairedEmbedder((lengths, lengths), (alengths, alengths), name="lengths").embed(["hello"]).tolist()
        [[5.0, 1.0]]
    """

    def __init__(
        self,
        functions: tuple[Documents, Documents],
        async_functions: tuple[AsyncDocuments, AsyncDocuments],
        *,
        name: str,
        dimensions: int | None = None,
    ) -> None:
        """Wrap functions from a list of texts to one sequence of numbers per text.

        Args:
            functions: for documents, and for queries.
            async_functions: the same, awaited.
            name: names the model. Vectors are kept under it, so give each model its own.
            dimensions: length of the vectors, or None to learn it from the first ones.

        Raises:
            InvalidInputError: the name is blank.
        """
        documents, queries = functions
        adocuments, aqueries = async_functions
        self._sync = CallableEmbedder(documents, name=name, dimensions=dimensions, query_function=queries)
        self._native = CallableEmbedder(adocuments, name=name, dimensions=dimensions, query_function=aqueries)

    @property
    def name(self) -> str:
        """The name that was given."""
        return self._sync.name

    @property
    def dimensions(self) -> int | None:
        """The length of the vectors, as soon as it is known."""
        return self._sync.dimensions or self._native.dimensions

    def embed(self, texts: Sequence[str], *, purpose: Purpose = "document") -> NDArray[numpy.float32]:
        """Return one vector per text; see `Embedder.embed`.

        Raises:
            EmbeddingError: the function gave something else than one finite vector per text.
        """
        return self._sync.embed(texts, purpose=purpose)

    async def aembed(self, texts: Sequence[str], *, purpose: Purpose = "document") -> NDArray[numpy.float32]:
        """Return what `embed` returns, while the event loop goes on."""
        return await self._native.aembed(texts, purpose=purpose)
