"""What the tests give to a memory instead of chance: a clock that is set, ids that count, vectors that are made up."""

from __future__ import annotations

import re
import zlib
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy
    from numpy.typing import NDArray

    from mnemon.protocols.embedder import Purpose
    from mnemon.types.results import AddResult

__all__ = ["NOON", "FakeEmbedder", "SetClock", "counting", "events"]

NOON = datetime(2026, 5, 8, 12, 0, tzinfo=UTC)


class SetClock:
    """A clock that goes on by a millisecond whenever it is asked, and by what it is told."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def pass_(self, **time: float) -> None:
        """Let time go by; arguments as for `timedelta`."""
        self.now += timedelta(**time)


def counting(start: int = 0) -> Callable[[], str]:
    """Return a source of ids that are told apart and come again in the next run."""
    numbers = count(start)
    return lambda: f"id-{next(numbers):06}"


class FakeEmbedder:
    """Vectors made of words, or those that are given: the same text has always the same one."""

    name = "fake:words"
    dimensions = 32

    def __init__(self, given: Mapping[str, Sequence[float]] | None = None) -> None:
        self._given = given or {}
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str], *, purpose: Purpose = "document") -> NDArray[numpy.float32]:
        self.asked += texts
        return np.array([self._vector(text) for text in texts], dtype=np.float32).reshape(-1, self.dimensions)

    async def aembed(self, texts: Sequence[str], *, purpose: Purpose = "document") -> NDArray[numpy.float32]:
        return self.embed(texts, purpose=purpose)

    def _vector(self, text: str) -> NDArray[numpy.float32]:
        vector = np.zeros(self.dimensions, dtype=np.float32)
        if text in self._given:
            vector[: len(self._given[text])] = self._given[text]
        for word in () if text in self._given else re.findall(r"\w+", text.lower()):
            vector[zlib.crc32(word.encode()) % self.dimensions] += 1
        return vector / max(float(np.linalg.norm(vector)), 1e-9)


def events(result: AddResult) -> list[str]:
    """Return what became of each thing that was added."""
    return [item.event for item in result.items]
