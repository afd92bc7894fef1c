"""LlamaIndex's embedding models as mnemon's embedder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon.adapting import PairedEmbedder

if TYPE_CHECKING:
    from llama_index.core.base.embeddings.base import BaseEmbedding

__all__ = ["LlamaIndexEmbedder"]


class LlamaIndexEmbedder(PairedEmbedder):
    """Embeds with a model of LlamaIndex: `Memory(embedder=LlamaIndexEmbedder(model))`."""

    def __init__(self, model: BaseEmbedding, *, name: str | None = None, dimensions: int | None = None) -> None:
        """Wrap a model.

        Args:
            model: the model.
            name: vectors are kept under it, and others are refused; `llama-index/` with the names of the
                model's class and of the model if left out.
            dimensions: length of the vectors, or None to learn it from the first ones.
        """
        super().__init__(
            name or f"llama-index/{model.class_name()}/{model.model_name}",
            texts=model.get_text_embedding_batch,
            atexts=model.aget_text_embedding_batch,
            query=model.get_query_embedding,
            aquery=model.aget_query_embedding,
            dimensions=dimensions,
        )
