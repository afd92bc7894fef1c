"""Records to a file, or replays from one, whatever weaviate-client says inside a block."""

from __future__ import annotations

import socket
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import grpc
import grpc.aio
import vcr  # pyright: ignore[reportMissingTypeStubs] - it has none
from vcr.errors import (  # pyright: ignore[reportMissingTypeStubs] - see above
    CannotOverwriteExistingCassetteException,
)
from vcr.persisters.filesystem import FilesystemPersister  # pyright: ignore[reportMissingTypeStubs] - see above
from weaviate.connect.base import ConnectionParams

from mnemon.testing.cassettes.calls import AsyncCalls, AsyncStreams, Calls, Streams
from mnemon.testing.cassettes.errors import RECORD_IT, CassetteError
from mnemon.testing.cassettes.form import Form, clean_request, clean_response, same_content
from mnemon.testing.cassettes.tape import Tape

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Generator, Sequence

__all__ = ["recording", "replaying"]

_CLIENTS = ("weaviate-client", "grpcio", "vcrpy")

_Files: Any = FilesystemPersister


@contextmanager
def recording(path: str | os.PathLike[str], *, server: str) -> Generator[None]:
    """Write to a file, in place of what it held, what clients connected inside the block say to a server.

    Args:
        path: the cassette.
        server: what is recorded, by name and version: "weaviate 1.39.0". It stands at the cassette's head.

    Raises:
        CassetteError: what was said holds a secret, is too large, or is a stream; the file is gone then.
    """
    Path(path).unlink(missing_ok=True)
    recorded = {"server": server, **{name: version(name) for name in _CLIENTS}}
    with _tape(path, "all", recorded) as tape:
        yield
        _raise_first(tape)


@contextmanager
def replaying(path: str | os.PathLike[str]) -> Generator[None]:
    """Answer clients connected inside the block from a file, with Python's sockets blocked until it ends.

    A request is answered with what an equal one was answered, once each and in their order. Equal are
    requests of one method, path and query with the same content.

    Raises:
        CassetteError: there is no cassette, it was asked what it does not hold, or not all that it holds.
    """
    if not Path(path).is_file():
        msg = f"there is no cassette {Path(path)}; {RECORD_IT}"
        raise CassetteError(msg)
    with _tape(path, "none", {}) as tape, _no_sockets(tape), _misses_kept_by(tape):
        yield
        _raise_first(tape)
        if left := tape.unplayed():
            msg = f"{len(left)} interactions of {Path(path).name} were not asked for; the first is {left[0]}"
            raise CassetteError(msg)


def _raise_first(tape: Tape) -> None:
    if tape.failures:
        raise tape.failures[0]


@contextmanager
def _tape(path: str | os.PathLike[str], mode: str, recorded: dict[str, str]) -> Generator[Tape]:
    make: Any = vcr.VCR
    recorder = make(
        record_mode=mode,
        match_on=("method", "uri", "content"),
        serializer="form",
        before_record_request=clean_request,
        before_record_response=clean_response,
        decode_compressed_response=True,
        record_on_exception=False,
    )
    recorder.register_matcher("content", same_content)
    recorder.register_serializer("form", Form(recorded))
    kept = _Kept()
    recorder.register_persister(kept)
    with recorder.use_cassette(str(path)) as cassette:
        tape = Tape(cassette, replayed=mode == "none")
        with patch.object(ConnectionParams, "_grpc_channel", _channel_on(tape)):
            yield tape
    kept.write()


class _Kept:
    """What vcrpy wants written, until it has given back what it patched.

    Where writing raises an error inside its block (a secret was found), it gives nothing back, and all
    clients of the process go on being recorded.
    """

    def __init__(self) -> None:
        self._given: list[tuple[Any, Any, Any]] = []

    @staticmethod
    def load_cassette(path: Any, serializer: Any) -> Any:
        return _Files.load_cassette(path, serializer)

    def save_cassette(self, path: Any, data: Any, serializer: Any) -> None:
        self._given.append((path, data, serializer))

    def write(self) -> None:
        for given in self._given:
            _Files.save_cassette(*given)


def _misses_kept_by(tape: Tape) -> Any:
    """Let a tape keep what REST asks in vain: code under test may swallow vcrpy's error.

    vcrpy makes that error where it has no answer, for all clients that it knows, and nowhere else. Whether it has
    one it is asked more often.
    """
    unanswered: Any = CannotOverwriteExistingCassetteException
    original = unanswered.__init__

    def made(error: Any, *arguments: Any, **named: Any) -> None:
        if tape.plays(named["cassette"]):
            raise tape.unknown(named["failed_request"])
        original(error, *arguments, **named)  # of a cassette that is played around this one, or of somebody else

    return patch.object(unanswered, "__init__", made)


def _channel_on(tape: Tape) -> Callable[..., Any]:
    """Return the one method by which the client makes channels, with interceptors put in.

    The client offers no public way to give it any; the end of the block gives the method back.
    """
    original: Any = ConnectionParams._grpc_channel  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001 - see above

    def channel(self: Any, proxies: Any, grpc_msg_size: Any, is_async: Any, grpc_config: Any = None) -> Any:
        arguments = (self, proxies, grpc_msg_size, is_async, grpc_config)
        if not is_async:
            return grpc.intercept_channel(original(*arguments), Calls(tape), Streams(tape))
        # grpc.aio takes interceptors only where a channel is made.
        with ExitStack() as stack:
            for name in ("insecure_channel", "secure_channel"):
                make = getattr(grpc.aio, name)
                stack.enter_context(patch.object(grpc.aio, name, _with_interceptors(make, tape)))
            return original(*arguments)

    return channel


def _with_interceptors(make: Callable[..., Any], tape: Tape) -> Callable[..., Any]:
    def made(*arguments: Any, interceptors: Sequence[Any] = (), **options: Any) -> Any:
        # Those of a cassette around this one come after its own.
        return make(*arguments, interceptors=[AsyncCalls(tape), AsyncStreams(tape), *interceptors], **options)

    return made


@contextmanager
def _no_sockets(tape: Tape) -> Generator[None]:
    """Refuse every connection that Python makes; gRPC's, which are not Python's, are never made when replaying."""
    with ExitStack() as stack:
        for name in ("connect", "connect_ex"):
            stack.enter_context(patch.object(socket.socket, name, _refusing(getattr(socket.socket, name), tape)))
        yield


def _refusing(original: Callable[..., Any], tape: Tape) -> Callable[..., Any]:
    def connect(one: socket.socket, address: Any) -> Any:
        if one.family == getattr(socket, "AF_UNIX", None):
            return original(one, address)
        one.close()  # whoever asked closes it for an error of the system only
        msg = f"a test that replays a cassette wanted to connect to {address!r}"
        raise tape.fail(CassetteError(msg))

    return connect
