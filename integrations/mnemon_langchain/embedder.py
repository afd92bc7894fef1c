"""Any embeddings of LangChain as the engine's embedder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon.adapting import PairedEmbedder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from langchain_core.embeddings import Embeddings

__all__ = ["MnemonEmbedder"]


class MnemonEmbedder(PairedEmbedder):
    """Vectors of LangChain's `Embeddings` for a memory: `Memory("m.db", embedder=MnemonEmbedder(...))`.

    The synchronous methods serve `Memory`, the asynchronous ones `AsyncMemory`.

    Example:
        >>> from langchain_core.embeddings import DeterministicFakeEmbedding
        >>> from mnemon import Memory
        >>> embedder = MnemonEmbedder(DeterministicFakeEmbedding(size=8), name="fake-8")
        >>> with Memory(":memory:", embedder=embedder) as memory:
        ...     _ = memory.add("I moved to Lisbon.", user_id="ana")
        ...     memory.stats().embedder, memory.stats().dimensions
        ('fake-8', 8)
    """

    def __init__(self, embeddings: Embeddings, *, name: str, dimensions: int | None = None) -> None:
        """Wrap embeddings.

        Args:
            embeddings: they; queries go to `embed_query`, one by one.
            name: names provider and model. Vectors are kept under it, so give each model its own.
            dimensions: length of the vectors, or None to learn it from the first ones.

        Raises:
            InvalidInputError: the name is blank.
        """

        def queries(texts: Sequence[str]) -> list[list[float]]:
            return [embeddings.embed_query(text) for text in texts]

        async def aqueries(texts: Sequence[str]) -> list[list[float]]:
            return [await embeddings.aembed_query(text) for text in texts]

        def documents(texts: Sequence[str]) -> list[list[float]]:
            return embeddings.embed_documents(list(texts))

        async def adocuments(texts: Sequence[str]) -> list[list[float]]:
            return await embeddings.aembed_documents(list(texts))

        super().__init__((documents, queries), (adocuments, aqueries), name=name, dimensions=dimensions)
