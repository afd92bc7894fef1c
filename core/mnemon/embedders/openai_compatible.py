"""Embeddings over HTTP from any provider that speaks OpenAI's interface."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Self
from weakref import WeakKeyDictionary

from mnemon.errors import ConfigError, MissingExtraError

try:
    import httpx
    import stamina
except ImportError as error:
    feature = "OpenAICompatibleEmbedder"
    raise MissingExtraError(feature, "openai") from error

from mnemon.embedders._async import requests as async_requests
from mnemon.embedders._sync import requests as sync_requests
from mnemon.embedders.wire import Endpoint, check_reply
from mnemon.logic.embedding import check_texts, check_vectors, in_batches

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy
    from numpy.typing import NDArray

    from mnemon.protocols.embedder import Purpose

__all__ = ["OpenAICompatibleEmbedder"]

del stamina

_OPENAI_URL = "https://api.openai.com/v1"


class OpenAICompatibleEmbedder:
    """Asks a server for embeddings: OpenAI, Azure OpenAI, Ollama, LM Studio, vLLM and others.

    Nothing is sent before the first text is embedded. One object serves threads and event loops.

    Example:
        >>> embedder = OpenAICompatibleEmbedder("nomic-embed-text", base_url="http://localhost:11434/v1")
        >>> embedder.name
        'openai-compatible:nomic-embed-text'
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str = _OPENAI_URL,
        api_key: str | None = None,
        dimensions: int | None = None,
        headers: Mapping[str, str] | None = None,
        query_prefix: str = "",
        document_prefix: str = "",
        batch_size: int = 256,
        batch_characters: int = 400_000,
        attempts: int = 5,
        timeout_s: float = 30.0,
        deadline_s: float = 90.0,
    ) -> None:
        """Prepare the requests.

        Args:
            model: the model's name at the provider.
            base_url: address that `/embeddings` is added to; Ollama's is `http://localhost:11434/v1`.
            api_key: sent as a bearer token; without it the environment's OPENAI_API_KEY is sent, but
                to OpenAI's own address only.
            dimensions: length of the vectors to ask for, or None for the model's own, learnt from the first ones.
            headers: further headers of each request.
            query_prefix: put before each query, where the model wants it.
            document_prefix: put before each other text.
            batch_size: most texts in one request.
            batch_characters: most characters in one request, unless one text is longer.
            attempts: how often a request is tried when the provider is overloaded or unreachable.
            timeout_s: seconds that one attempt may take.
            deadline_s: seconds that all attempts of one request may take together.

        Raises:
            ConfigError: OpenAI's own address without a key.
        """
        if api_key is None and base_url == _OPENAI_URL:
            api_key = os.environ.get("OPENAI_API_KEY")
            if not api_key:
                msg = "OpenAI needs a key: set OPENAI_API_KEY or give api_key=; for a server of yours give base_url="
                raise ConfigError(msg)
        bearer = {} if api_key is None else {"authorization": f"Bearer {api_key}"}
        self._name = f"openai-compatible:{model}" + ("" if dimensions is None else f":{dimensions}")
        self._endpoint = Endpoint(
            name=self._name,
            url=f"{base_url.rstrip('/')}/embeddings",
            model=model,
            dimensions=dimensions,
            headers={**bearer, **(headers or {})},
            attempts=attempts,
            deadline_s=deadline_s,
            wait_max_s=10.0,
        )
        self._prefixes = {"document": document_prefix, "query": query_prefix}
        self._batch_size = batch_size
        self._batch_characters = batch_characters
        self._timeout_s = timeout_s
        self._dimensions = dimensions
        self._client: httpx.Client | None = None
        self._async_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = WeakKeyDictionary()

    @classmethod
    def azure(
        cls, deployment: str, *, endpoint: str, api_key: str, api_version: str, dimensions: int | None = None
    ) -> Self:
        """Return an embedder of Azure OpenAI.

        Args:
            deployment: name of the deployment, which stands for the model.
            endpoint: `https://NAME.openai.azure.com`.
            api_key: the resource's key.
            api_version: such as `2024-10-21`.
            dimensions: as in the constructor.
        """
        embedder = cls(
            deployment,
            base_url=f"{endpoint.rstrip('/')}/openai/deployments/{deployment}",
            headers={"api-key": api_key},
            dimensions=dimensions,
        )
        url = f"{embedder._endpoint.url}?api-version={api_version}"
        embedder._endpoint = replace(embedder._endpoint, url=url, model=None)
        return embedder

    @property
    def name(self) -> str:
        """The provider's interface and the model, with the dimensions where they were asked for."""
        return self._name

    @property
    def dimensions(self) -> int | None:
        """The length of the vectors, as soon as it is known."""
        return self._dimensions

    def embed(self, texts: Sequence[str], *, purpose: Purpose = "document") -> NDArray[numpy.float32]:
        """Return one vector per text; see `Embedder.embed`.

        Raises:
            EmbedderUnavailableError: the provider was overloaded or unreachable at every attempt.
            EmbeddingError: it refused, or answered something else than one vector per text.
        """
        if self._client is None:
            self._client = httpx.Client(timeout=self._timeout_s)
        vectors: list[list[float]] = []
        for batch in self._batches(texts, purpose):
            response = sync_requests.post(self._client, self._endpoint, batch)
            vectors += check_reply(response, self._endpoint, len(batch))
        return self._checked(vectors, len(texts))

    async def aembed(self, texts: Sequence[str], *, purpose: Purpose = "document") -> NDArray[numpy.float32]:
        """Return what `embed` returns, by an asynchronous client of the running loop."""
        loop = asyncio.get_running_loop()
        client = self._async_clients.get(loop)
        if client is None:
            client = self._async_clients[loop] = httpx.AsyncClient(timeout=self._timeout_s)
        vectors: list[list[float]] = []
        for batch in self._batches(texts, purpose):
            response = await async_requests.post(client, self._endpoint, batch)
            # A batch is megabytes of numbers in text.
            vectors += await asyncio.to_thread(check_reply, response, self._endpoint, len(batch))
        return await asyncio.to_thread(self._checked, vectors, len(texts))

    def close(self) -> None:
        """Close the connections of the synchronous calls; the next call opens new ones."""
        if self._client is not None:
            self._client.close()
            self._client = None

    async def aclose(self) -> None:
        """Close the running loop's connections, and those of the synchronous calls."""
        client = self._async_clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()
        self.close()

    def _batches(self, texts: Sequence[str], purpose: Purpose) -> list[list[str]]:
        prefixed = [self._prefixes[purpose] + text for text in check_texts(texts)]
        return list(in_batches(prefixed, most=self._batch_size, most_characters=self._batch_characters))

    def _checked(self, vectors: list[list[float]], count: int) -> NDArray[numpy.float32]:
        array = check_vectors(vectors, count=count, name=self._name, dimensions=self._dimensions)
        if count:
            self._dimensions = array.shape[1]
        return array
