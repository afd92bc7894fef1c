"""mem0 as a system that is evaluated: it runs in a process, perhaps in an environment of its own, and is sent lines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from mnemon.apps.evaluation.systems import LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from mnemon.apps.evaluation import Conversation, Question
    from mnemon.protocols.embedder import Embedder

PEER = Path(__file__).with_name("mem0_answers.py")
_PART = 32


def mem0_python() -> str | None:
    """Return the Python that has mem0, `BENCH_MEM0_PYTHON` or this one; None, said aloud, where there is none."""
    python = os.environ.get("BENCH_MEM0_PYTHON", sys.executable)
    if python == sys.executable and find_spec("mem0") is None:
        sys.stderr.write("mem0 is not installed, so nothing is measured beside it: pip install mem0ai==2.2.1\n")
        return None
    return python


class Mem0:
    """mem0 2.2.1 on its default store, with `infer=False`, "Speaker: text", and the vectors of an embedder of ours."""

    def __init__(self, embedder: Embedder) -> None:
        """Start it in `BENCH_MEM0_PYTHON`, or in this Python where that is not set."""
        self._embedder = embedder
        self._folder = tempfile.TemporaryDirectory(prefix="mnemon-mem0-")
        command = [os.environ.get("BENCH_MEM0_PYTHON", sys.executable), str(PEER), self._folder.name]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()
        self._folder.cleanup()

    def _send(self, **request: object) -> Any:  # noqa: ANN401 - JSON
        if self._process.stdin is None or self._process.stdout is None:
            msg = "the process of mem0 has no pipes"
            raise RuntimeError(msg)
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            msg = "mem0 ended; run `pip install mem0ai==2.2.1`, or name its Python with BENCH_MEM0_PYTHON"
            raise RuntimeError(msg)
        return json.loads(line)

    def _vectors(self, texts: Sequence[str]) -> list[list[float]]:
        return self._embedder.embed(texts).tolist()

    @contextmanager
    def __call__(
        self, conversation: Conversation, took: Callable[[int], None]
    ) -> Generator[Callable[[Question], list[str]]]:
        """Take in a conversation; see `System`."""
        user = f"user-{conversation.name}"  # mem0 refuses white space
        for start in range(0, len(conversation.turns), _PART):
            turns = conversation.turns[start : start + _PART]
            texts = [turn.named for turn in turns]
            sent = {"texts": texts, "ids": [turn.id for turn in turns], "vectors": self._vectors(texts)}
            self._send(add=sent, user=user)
            took(len(turns))
        yield lambda question: self._send(
            search=question.text, vector=self._vectors([question.text])[0], user=user, limit=LIMIT
        )
