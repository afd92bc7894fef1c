"""What goes over the wire to an OpenAI-compatible provider of embeddings, and what comes back."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, cast

import httpx

from mnemon.errors import EmbedderUnavailableError, EmbeddingError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Endpoint", "check_reply", "retry_policy", "unavailable"]

_REPEATABLE = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""Answers that may be different next time: overload, rate limits, gateways."""


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where and how to ask.

    Attributes:
        name: the embedder's name, for errors.
        url: the whole address, without any key.
        model: the model to ask for, or None where the address says it.
        dimensions: length of vector to ask for, or None for the model's own.
        headers: with the key; kept out of `repr`.
        attempts: how often to try at the most.
        deadline_s: when to give up, in seconds from the first attempt.
        wait_max_s: longest pause between attempts in seconds, unless the provider asks for another.
    """

    name: str
    url: str
    model: str | None
    dimensions: int | None
    headers: Mapping[str, str] = field(repr=False)
    attempts: int
    deadline_s: float
    wait_max_s: float

    def body(self, texts: list[str]) -> dict[str, object]:
        """Return the request's JSON."""
        body: dict[str, object] = {"input": texts, "encoding_format": "float"}
        if self.model is not None:
            body["model"] = self.model
        if self.dimensions is not None:
            body["dimensions"] = self.dimensions
        return body


def retry_policy(endpoint: Endpoint) -> Callable[[Exception], bool | float]:
    """Return whether to try again after an error: after the seconds asked for, True for a pause of ours, or False.

    A pause that the deadline does not allow is not begun.
    """

    def policy(error: Exception) -> bool | float:
        pause = _asked_pause(error)
        return pause if isinstance(pause, bool) or pause <= endpoint.deadline_s else False

    return policy


def _asked_pause(error: Exception) -> bool | float:
    if isinstance(error, httpx.TransportError):
        return True
    if not isinstance(error, httpx.HTTPStatusError) or error.response.status_code not in _REPEATABLE:
        return False
    asked = error.response.headers.get("retry-after")
    if asked is None:
        return True
    try:
        return max(0.0, float(asked))
    except ValueError:
        return _seconds_until(asked, error.response.headers.get("date"))


def _seconds_until(moment: str, now: str | None) -> bool | float:
    """Return how far apart two HTTP dates of the provider are, or True where they cannot be read."""
    try:
        return max(0.0, (parsedate_to_datetime(moment) - parsedate_to_datetime(now or "")).total_seconds())
    except ValueError:
        return True


def check_reply(response: httpx.Response, endpoint: Endpoint, count: int) -> list[list[float]]:
    """Return the vectors of an answer in the order of the texts.

    Raises:
        EmbeddingError: the answer has another form, or another number of vectors.
    """
    try:
        data = cast("list[Mapping[str, object]]", response.json()["data"])
        vectors = {cast("int", item["index"]): cast("list[float]", item["embedding"]) for item in data}
        return [vectors[place] for place in range(count)]
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, IndexError):
        msg = f"embedder {endpoint.name!r} at {endpoint.url} did not answer {count} texts with {count} vectors"
        raise EmbeddingError(msg) from None


def unavailable(error: httpx.HTTPError, endpoint: Endpoint) -> EmbeddingError:
    """Return the error to raise; it holds neither the key, nor a text, nor what the provider wrote about them."""
    if not isinstance(error, httpx.HTTPStatusError):
        kind = type(error).__name__
        msg = f"embedder {endpoint.name!r} at {endpoint.url} cannot be reached ({kind}); is the server running there?"
        return EmbedderUnavailableError(msg)
    status = error.response.status_code
    if status in _REPEATABLE:
        tried = f"to {endpoint.attempts} attempts at the most"
        msg = f"embedder {endpoint.name!r} at {endpoint.url} answered {status}, {tried}; try later"
        return EmbedderUnavailableError(msg)
    hints = {
        400: "check the model's name, and that no text is longer than it takes",
        401: "check the API key",
        403: "check the API key's rights",
        404: "check the base URL and the model's name",
        413: "lower batch_characters",
    }
    hint = hints.get(status, "see the provider's documentation")
    return EmbeddingError(f"embedder {endpoint.name!r} at {endpoint.url} refused the request with {status}; {hint}")
