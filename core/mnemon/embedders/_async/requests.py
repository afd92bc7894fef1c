"""One request of an OpenAI-compatible provider, repeated while that can help."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import stamina

from mnemon.embedders.wire import retry_policy, unavailable

if TYPE_CHECKING:
    from mnemon.embedders.wire import Endpoint

__all__ = ["post"]


async def post(client: httpx.AsyncClient, endpoint: Endpoint, texts: list[str]) -> httpx.Response:
    """Return the answer for one batch, whose form nobody has looked at yet.

    Raises:
        EmbedderUnavailableError: no usable answer after all attempts.
        EmbeddingError: the provider refused the request.
    """
    try:
        async for attempt in stamina.retry_context(
            on=retry_policy(endpoint),
            attempts=endpoint.attempts,
            timeout=endpoint.deadline_s,
            wait_max=endpoint.wait_max_s,
        ):
            with attempt:
                response = await client.post(endpoint.url, json=endpoint.body(texts), headers=endpoint.headers)
                response.raise_for_status()
                return response
    except httpx.HTTPError as error:
        raise unavailable(error, endpoint) from None
    raise AssertionError  # the loop returns or raises
