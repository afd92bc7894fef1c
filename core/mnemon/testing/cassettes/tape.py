"""One cassette as the gRPC interceptors see it: calls are asked from it, or added to it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import grpc
from vcr.request import Request  # pyright: ignore[reportMissingTypeStubs] - it has none

from mnemon.testing.cassettes.errors import RECORD_IT, CassetteError
from mnemon.testing.cassettes.messages import answer_class, from_json, to_json

if TYPE_CHECKING:
    from google.protobuf.message import Message

__all__ = ["Refusal", "Tape"]

_CODES = {code.value[0]: code for code in grpc.StatusCode}


class Refusal(Exception):  # noqa: N818 - what a server answered, not what went wrong here
    """A call was recorded as one that the server refused."""

    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        """Keep what the server said."""
        self.code = code
        self.details = details
        super().__init__(f"{code.name}: {details}")


class Tape:
    """The cassette that is recorded or replayed; seen by all threads, as the client's own threads call too."""

    def __init__(self, cassette: Any, *, replayed: bool) -> None:
        """Use one of vcrpy's cassettes."""
        self.replayed = replayed
        self.failures: list[CassetteError] = []
        self._cassette = cassette
        self._lock = threading.RLock()

    def answer(self, method: str, request: Message) -> Message:
        """Return what was answered to an equal request, each recorded answer once and in their order.

        Raises:
            Refusal: the server refused.
            CassetteError: nobody asked this when it was recorded, or not as often.
        """
        asked = _asked(method, request)
        with self._lock:
            if not self._cassette.can_play_response_for(asked):
                raise self.unknown(asked)
            said: dict[str, Any] = self._cassette.play_response(asked)
        code, text = _CODES[said["status"]["code"]], said["body"]["string"].decode()
        if code is not grpc.StatusCode.OK:
            raise Refusal(code, text)
        return from_json(text, answer_class(method))

    def add(self, method: str, request: Message, answer: Message) -> None:
        """Record what was answered."""
        self._add(method, request, grpc.StatusCode.OK, to_json(answer))

    def add_refusal(self, method: str, request: Message, error: Any) -> None:
        """Record that the server refused."""
        self._add(method, request, error.code(), error.details() or "")

    def fail(self, error: CassetteError) -> CassetteError:
        """Keep an error for the end: the client catches some that its threads raise."""
        self.failures.append(error)
        return error

    def unknown(self, request: Any) -> CassetteError:
        """Keep that a request, by REST or gRPC, has no answer left, and return the error."""
        asked = self._cassette.filter_request(request)
        similar = self._cassette.find_requests_with_most_matches(asked)
        differences = [why for _, _, fails in similar for _, why in fails if why]
        why = differences[0] if differences else _why_not(len(similar))
        what = f"the cassette has no answer left to {asked.method} {asked.uri}; {why}"
        return self.fail(CassetteError(f"{what}\nIf the test is meant to ask it, {RECORD_IT}"))

    def plays(self, cassette: Any) -> bool:
        """Tell whether this is the tape of one of vcrpy's cassettes."""
        return cassette is self._cassette

    def unplayed(self) -> list[str]:
        """Name the recorded requests that nobody asked."""
        requests: list[Any] = self._cassette.requests
        return [
            f"{one.method} {one.uri}" for place, one in enumerate(requests) if not self._cassette.play_counts[place]
        ]

    def _add(self, method: str, request: Message, code: grpc.StatusCode, text: str) -> None:
        status = {"code": code.value[0], "message": code.name}
        with self._lock:
            self._cassette.append(
                _asked(method, request), {"status": status, "headers": {}, "body": {"string": text.encode()}}
            )


def _why_not(equal: int) -> str:
    return f"each answer to it is given, {equal} in all" if equal else "it holds nothing like it"


def _asked(method: str, request: Message) -> Any:
    # Vectors by their digest: they are compared, never read back. No metadata: keys travel there.
    return Request("POST", f"grpc://weaviate{method}", to_json(request, digest=True), dict[str, str]())
