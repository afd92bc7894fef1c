"""What a memory takes: adding and searching, beside mem0 with the same vectors in the same run."""

from __future__ import annotations

import json
import random
import subprocess
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mnemon import Memory

from .mem0_recall import mem0_python
from .report import Figure, median_ms, milliseconds
from .samples import DIMENSIONS, SEED, vectors

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

PEER = Path(__file__).with_name("mem0_peer.py")
"""Measures mem0 where it is installed (`pip install mem0ai==2.2.1`): the same texts, vectors and sizes."""


class PrecomputedEmbedder:
    """Vectors that cost nothing, so that what is left is the memory's own work."""

    name = "precomputed"
    dimensions = DIMENSIONS

    def embed(self, texts: Sequence[str], *, purpose: str = "document") -> NDArray[np.float32]:
        del purpose
        return np.stack([vectors()[len(text) * 31 % 4_096] for text in texts]) if texts else vectors()[:0]

    async def aembed(self, texts: Sequence[str], *, purpose: str = "document") -> NDArray[np.float32]:
        return self.embed(texts, purpose=purpose)


def turns(count: int, start: int = 0) -> Iterator[str]:
    """Yield sentences of twelve words, of a vocabulary of 30,000 with a natural distribution."""
    chance = random.Random(SEED + start)  # noqa: S311 - a seed, no secret
    for number in range(start, start + count):
        words = (f"word{int(30_000 ** chance.random())}" for _ in range(12))
        yield f"{' '.join(words)} number {number}"


def question(number: int) -> str:
    """Return six words to search for."""
    return " ".join(next(turns(1, start=9_000_000 + number)).split()[:6])


def filled(folder: Path, count: int, name: str = "filled") -> Memory:
    """Return a memory with so many turns of one user in sessions of 50."""
    memory = Memory(folder / f"{name}-{count}.db", embedder=PrecomputedEmbedder())
    texts = list(turns(count))
    for start in range(0, count, 50):
        memory.add_many(texts[start : start + 50], user_id="alice", run_id=f"run-{start}")
    return memory


def adds(folder: Path) -> Iterator[Figure]:
    """Measure adding one turn to 10,000 memories, and many at once."""
    with filled(folder, 10_000, "adds") as memory:
        texts = list(turns(400, start=10_000))
        one = median_ms(lambda number: memory.add(texts[number], user_id="alice", run_id="now"), runs=400)
        yield Figure(name="add one turn at 10,000 memories: p50", value=one, unit="ms", wanted="<= 0.3")
        many = list(turns(10_000, start=20_000))
        took = milliseconds(lambda: memory.add_many(many, user_id="bob", run_id="bulk"))
        yield Figure(name="add_many of 10,000 turns", value=10_000 / took * 1_000, unit="/s", wanted=">= 8,000")
        yield from _beside_mem0(folder, one)


def _beside_mem0(folder: Path, one: float) -> Iterator[Figure]:
    peer = _peer(folder, "add", 5_000)
    if peer is not None:
        yield Figure(name="mem0 2.2.1 add(infer=False) at 5,000: p50", value=peer, unit="ms")
        yield Figure(name="mem0 over mnemon, one add", value=peer / one, unit="x", wanted=">= 9")


def recalls(folder: Path, sizes: Sequence[int] = (650, 5_000, 10_000, 100_000)) -> Iterator[Figure]:
    """Measure a whole search in one user's memories: both channels, neighbours and ranking."""
    wanted = {650: "<= 3", 10_000: "<= 8", 100_000: "<= 35"}
    for size in sizes:
        filled(folder, size, "recalls").close()
        with Memory(folder / f"recalls-{size}.db", embedder=PrecomputedEmbedder()) as memory:
            ask = partial(_ask, memory)
            first = milliseconds(partial(ask, 0))
            warm = median_ms(ask, runs=60)
        yield Figure(name=f"search in {size:,} memories, warm: p50", value=warm, unit="ms", wanted=wanted.get(size, ""))
        yield Figure(name=f"search in {size:,} memories, the first", value=first, unit="ms")
        peer = _peer(folder, "search", size) if size == 5_000 else None
        if peer is not None:
            yield Figure(name="mem0 2.2.1 search in 5,000: p50", value=peer, unit="ms")
            yield Figure(name="mem0 over mnemon, one search", value=peer / warm, unit="x", wanted=">= 10")


def _ask(memory: Memory, number: int) -> None:
    memory.search(question(number), user_id="alice")


def _peer(folder: Path, what: str, count: int) -> float | None:
    """Return the milliseconds that mem0 takes; None, said aloud, where it is not installed."""
    python = mem0_python()
    if python is None:
        return None
    command = [python, str(PEER), what, str(count), str(folder / f"mem0-{what}")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout.splitlines()[-1]))
