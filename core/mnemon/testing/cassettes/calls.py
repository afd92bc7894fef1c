"""The interceptors of gRPC's two kinds of clients: each call from the tape, or on to the server and onto the tape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio

from mnemon.testing.cassettes.errors import CassetteError
from mnemon.testing.cassettes.tape import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from mnemon.testing.cassettes.tape import Tape

__all__ = ["AsyncCalls", "AsyncStreams", "Calls", "Streams"]


class Calls(grpc.UnaryUnaryClientInterceptor):
    """One request, one answer, of a sync client."""

    def __init__(self, tape: Tape) -> None:
        """Play from, or record to, a tape."""
        self._tape = tape

    def intercept_unary_unary(self, continuation: Callable[..., Any], client_call_details: Any, request: Any) -> Any:
        """Answer one call."""
        method = _name(client_call_details)
        if self._tape.replayed:
            try:
                return _Played(self._tape.answer(method, request))
            except Refusal as refusal:
                return _Refused(refusal)
        call = continuation(client_call_details, request)
        try:
            answer = call.result()
        except grpc.RpcError as error:
            self._tape.add_refusal(method, request, error)
        else:
            self._tape.add(method, request, answer)
        return call


class AsyncCalls(grpc.aio.UnaryUnaryClientInterceptor):
    """One request, one answer, of an async client."""

    def __init__(self, tape: Tape) -> None:
        """Play from, or record to, a tape."""
        self._tape = tape

    async def intercept_unary_unary(
        self, continuation: Callable[..., Any], client_call_details: Any, request: Any
    ) -> Any:
        """Answer one call."""
        method = _name(client_call_details)
        if self._tape.replayed:
            try:
                return self._tape.answer(method, request)
            except Refusal as refusal:
                empty = grpc.aio.Metadata()
                raise grpc.aio.AioRpcError(refusal.code, empty, empty, details=refusal.details) from None
        call = await continuation(client_call_details, request)
        try:
            answer = await call
        except grpc.aio.AioRpcError as error:
            self._tape.add_refusal(method, request, error)
            raise
        self._tape.add(method, request, answer)
        return call


class Streams(grpc.StreamStreamClientInterceptor):
    """Streams are refused: how they are cut into frames depends on time, which no recording repeats."""

    def __init__(self, tape: Tape) -> None:
        """Tell a tape of what was refused."""
        self._tape = tape

    def intercept_stream_stream(
        self, continuation: Callable[..., Any], client_call_details: Any, request_iterator: Any
    ) -> Any:
        """Refuse."""
        raise self._tape.fail(_no_streams(client_call_details))


class AsyncStreams(grpc.aio.StreamStreamClientInterceptor):
    """Streams are refused, as in `Streams`."""

    def __init__(self, tape: Tape) -> None:
        """Tell a tape of what was refused."""
        self._tape = tape

    async def intercept_stream_stream(
        self, continuation: Callable[..., Any], client_call_details: Any, request_iterator: Any
    ) -> Any:
        """Refuse."""
        raise self._tape.fail(_no_streams(client_call_details))


def _no_streams(details: Any) -> CassetteError:
    return CassetteError(
        f"{_name(details)} is a stream, and a cassette holds calls only; use `insert_many`, "
        f"or test the stream against a real server alone"
    )


def _name(details: Any) -> str:
    method: str | bytes = details.method
    return method.decode() if isinstance(method, bytes) else method


class _Refused(grpc.RpcError, grpc.Call, grpc.Future):  # pyright: ignore[reportMissingTypeArgument] - it takes none
    """A refusal as sync clients expect it: both the error that is raised and the call that is asked about it."""

    def __init__(self, refusal: Refusal) -> None:
        self._refusal = refusal

    def __str__(self) -> str:
        return str(self._refusal)

    def code(self) -> Any:
        return self._refusal.code

    def details(self) -> str:
        return self._refusal.details

    def initial_metadata(self) -> Any:
        return ()

    def trailing_metadata(self) -> Any:
        return ()

    def is_active(self) -> bool:
        return False

    def time_remaining(self) -> Any:
        return None

    def cancel(self) -> Any:
        return False

    def cancelled(self) -> bool:
        return False

    def running(self) -> bool:
        return False

    def done(self) -> bool:
        return True

    def add_callback(self, callback: Any) -> Any:
        return False

    def add_done_callback(self, fn: Callable[[Any], Any]) -> None:
        fn(self)

    def result(self, timeout: float | None = None) -> Any:
        raise self

    def exception(self, timeout: float | None = None) -> Any:
        return self

    def traceback(self, timeout: float | None = None) -> Any:
        return None


class _Played(_Refused):
    """A recorded answer as sync clients expect it."""

    def __init__(self, answer: Any) -> None:
        super().__init__(Refusal(grpc.StatusCode.OK, ""))
        self._answer = answer

    def result(self, timeout: float | None = None) -> Any:
        return self._answer

    def exception(self, timeout: float | None = None) -> Any:
        return None
