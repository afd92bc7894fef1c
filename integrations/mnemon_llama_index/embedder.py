"""LlamaIndex's embedding models as mnemon's embedder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon.adapting import PairedEmbedder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llama_index.core.base.embeddings.base import BaseEmbedding

__all__ = ["MnemonEmbedder"]


class MnemonEmbedder(PairedEmbedder):
    """Embeds with a model of LlamaIndex: `Memory(embedder=MnemonEmbedder(model))`."""

    def __init__(self, model: BaseEmbedding, *, name: str | None = None, dimensions: int | None = None) -> None:
        """Wrap a model.

        Args:
            model: the model.
            name: vectors are kept under it, and others are refused; `llama-index/` with the names of the
                model's class and of the model if left out.
            dimensions: length of the vectors, or None to learn it from the first ones.
        """

        def documents(texts: Sequence[str]) -> object:
            return model.get_text_embedding_batch(list(texts))

        def queries(texts: Sequence[str]) -> object:
            return [model.get_query_embedding(text) for text in texts]

        async def adocuments(texts: Sequence[str]) -> object:
            return await model.aget_text_embedding_batch(list(texts))

        async def aqueries(texts: Sequence[str]) -> object:
            return [await model.aget_query_embedding(text) for text in texts]

        super().__init__(
            (documents, queries),
            (adocuments, aqueries),
            name=name or f"llama-index/{model.class_name()}/{model.model_name}",
            dimensions=dimensions,
        )
