"""all-MiniLM-L6-v2 on this machine: weights that come with the package, no torch, no network.

Activations are quantised per token inside the graph, and only texts of equal length share a
run, so that nothing is padded: a vector is the same alone and in any batch, to 1e-7. With one
scale per batch, as onnxruntime's own tool quantises, neighbours moved vectors down to a cosine
of .95 with themselves (1,000 turns of dialogue, 32 per batch).
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module, resources
from typing import TYPE_CHECKING, Final, Protocol

from mnemon.errors import EmbeddingError, InvalidInputError, MissingExtraError
from mnemon.logic.embedding import check_texts

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import ModuleType

    import numpy
    from numpy.typing import NDArray

    from mnemon.protocols.embedder import Purpose

__all__ = ["LocalEmbedder"]

_DIMENSIONS: Final = 384
_MAX_TOKENS: Final = 256  # what the model was made for, [CLS] and [SEP] included
_MAX_CHARACTERS: Final = 4_096  # 256 tokens of prose are 1,000 to 1,500; bounds the time that one text holds the GIL
_MAX_RAW_CHARACTERS: Final = 65_536  # of a longer text, where runs of white space count as one
_WINDOW: Final = 1_024  # texts whose tokens are in memory at once
_RUN_TEXTS: Final = 16
_RUN_TOKENS: Final = 512  # more per run is no faster, and what attention needs grows with it


class LocalEmbedder:
    """Vectors of 384 dimensions and unit length from an English model, on the processor.

    The first 256 tokens of a text count, about 180 English words (of a very long text without
    white space or with very long words, its first 4,096 characters at most). Case and accents
    do not count. One core is used per text and `threads` by many; all instances share one copy
    of the model, which takes about 75 MB, and twice that while it is at work on long texts.

    The first instance of a process imports onnxruntime and tokenizers and reads the vocabulary:
    about 0.15 s, in which no other Python code runs, because none of that lets go of the
    interpreter. Create it before an event loop serves. The weights are read on first use, and
    anew in a forked process: about 0.2 s, in which other code does run; with onnxruntime before
    1.31 it does not, so there the first instance reads them too.

    Another onnxruntime or processor may round float sums differently, and quantisation makes that
    visible: between onnxruntime 1.20 and 1.31 the vectors of one text had a cosine of .999 on
    average and .985 at least.
    """

    def __init__(self, *, threads: int = 2) -> None:
        """Embed many texts with at most `threads` threads, no more than there are cores.

        Raises:
            MissingExtraError: onnxruntime or tokenizers cannot be imported.
            InvalidInputError: `threads` is below 1.
        """
        if threads < 1:
            msg = f"threads must be at least 1, not {threads}"
            raise InvalidInputError(msg)
        self._threads = min(threads, os.cpu_count() or 1)
        _model.prepare()

    @property
    def name(self) -> str:
        """The model and how it was quantised; it changes with the weights."""
        return "local:all-MiniLM-L6-v2-int8"

    @property
    def dimensions(self) -> int:
        """384."""
        return _DIMENSIONS

    def embed(self, texts: Sequence[str], *, purpose: Purpose = "document") -> NDArray[numpy.float32]:  # noqa: ARG002 - this model does not distinguish
        """Return one unit vector per text; see `Embedder.embed`.

        Raises:
            InvalidInputError: `texts` is one string, or an item is not text; the message names its position.
            EmbeddingError: a file of the model is not the one this package was published with.
        """
        import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

        checked = check_texts(texts)
        vectors = np.empty((len(checked), _DIMENSIONS), np.float32)
        for start in range(0, len(checked), _WINDOW):
            tokens = [_model.tokenize(text) for text in checked[start : start + _WINDOW]]
            self._fill(vectors[start : start + _WINDOW], tokens)
        return vectors

    async def aembed(self, texts: Sequence[str], *, purpose: Purpose = "document") -> NDArray[numpy.float32]:
        """Return what `embed` returns; a cancelled call is finished in its thread and dropped."""
        # Native code that keeps a core busy has no async form. It lets go of the GIL, so a thread is enough.
        return await asyncio.to_thread(self.embed, texts, purpose=purpose)

    def _fill(self, vectors: NDArray[numpy.float32], tokens: Sequence[Sequence[int]]) -> None:
        import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

        session = _model.session()

        def run(group: list[int]) -> None:
            ids = np.array([tokens[i] for i in group], np.int64)
            vectors[group] = session.run(None, {"input_ids": ids})[0]

        groups = list(_groups([len(item) for item in tokens]))
        if len(groups) == 1:
            run(groups[0])
            return
        # One thread per text: two inside each run (intra-op) were slower, and a thread pool does not survive a fork.
        with ThreadPoolExecutor(self._threads, thread_name_prefix="mnemon-embed") as pool:
            list(pool.map(run, groups))


class _Encoding(Protocol):
    ids: list[int]


class _Tokenizer(Protocol):
    def encode(self, sequence: str) -> _Encoding: ...


class _Session(Protocol):
    def run(
        self, output_names: None, input_feed: Mapping[str, NDArray[numpy.int64]]
    ) -> Sequence[NDArray[numpy.float32]]: ...


class _Model:
    """The tokenizer and the session of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tokenizer: _Tokenizer | None = None
        self._session: _Session | None = None
        self._inherited: list[_Session] = []

    def prepare(self) -> _Tokenizer:
        """Load, once, what cannot be loaded without holding the interpreter."""
        with self._lock:
            if self._tokenizer is None:
                _library("numpy")
                self._tokenizer = _open_tokenizer()
                if _holds_interpreter(_runtime().__version__):
                    self._session = _open_session()
            return self._tokenizer

    def tokenize(self, text: str) -> list[int]:
        # `encode_batch` would start a thread pool, for which tokenizers then complains in every forked process.
        return self.prepare().encode(_head(text)).ids

    def session(self) -> _Session:
        with self._lock:
            if self._session is None:
                self._session = _open_session()
            return self._session

    def renew_after_fork(self) -> None:
        """Forget what another thread may have been using when the process was forked."""
        self._lock = threading.Lock()
        if self._session is not None:
            self._inherited.append(self._session)  # a lock in it may be held for ever, so it is not closed either
            self._session = None


_model = _Model()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_model.renew_after_fork)


def _open_tokenizer() -> _Tokenizer:
    with _file("tokenizer.json") as path:
        tokenizer = _library("tokenizers").Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.enable_truncation(_MAX_TOKENS)
    return tokenizer


def _open_session() -> _Session:
    onnxruntime = _runtime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3  # errors
    with _file("model.int8.onnx") as path:  # given the bytes, it would copy them while holding the GIL: 20 ms
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _holds_interpreter(version: str) -> bool:
    """Tell whether this onnxruntime reads a model without letting other Python code run, for 0.1 s and more."""
    major, minor = version.split(".")[:2]
    return (int(major), int(minor)) < (1, 31)


def _runtime() -> ModuleType:
    """Return onnxruntime, kept from reporting to its makers.

    Its wheels do since 1.29, from the moment they are imported, and write an id of the machine into the
    user's cache; only this variable keeps them from it whole (https://github.com/microsoft/onnxruntime,
    docs/Privacy.md). Who sets it otherwise, or imports onnxruntime before, decides for themselves.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    onnxruntime = _library("onnxruntime")
    if hasattr(onnxruntime, "disable_telemetry_events"):
        onnxruntime.disable_telemetry_events()
    return onnxruntime


def _library(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ImportError as error:
        feature, extra = "LocalEmbedder", "local"
        raise MissingExtraError(feature, extra) from error


@contextmanager
def _file(name: str) -> Generator[Path]:
    """Give the path of a file of the model, checked: hashing the weights takes 20 ms."""
    folder = resources.files("mnemon.embedders.minilm")
    sums = dict(line.split()[::-1] for line in folder.joinpath("SHA256SUMS").read_text(encoding="ascii").splitlines())
    with resources.as_file(folder.joinpath(name)) as path:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != sums[name]:
            msg = f"{name} in mnemon/embedders/minilm is not the published file; install mnemon again"
            raise EmbeddingError(msg)
        yield path


def _head(text: str) -> str:
    if len(text) <= _MAX_CHARACTERS:
        return text
    return " ".join(text[:_MAX_RAW_CHARACTERS].split())[:_MAX_CHARACTERS]


def _groups(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield positions of equal length, as many as one run takes, the longest first."""
    group: list[int] = []
    for position in sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True):
        length = lengths[position]
        if group and (lengths[group[0]] != length or len(group) >= min(_RUN_TEXTS, max(1, _RUN_TOKENS // length))):
            yield group
            group = []
        group.append(position)
    if group:
        yield group
