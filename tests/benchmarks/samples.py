"""Rows to measure with: texts of a natural word distribution, and random vectors."""

from __future__ import annotations

import random
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from mnemon.types.filters import where
from mnemon.types.storage import Collection, Ordered, Put, Row, VectorSpace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from mnemon.stores.sqlite.store import SQLiteStore
    from mnemon.types.filters import Filter

SEED = 20_261_121
DIMENSIONS = 384
PROJECT = "default"
MEMORIES = Collection(
    name="memories",
    keys=("user_id", "agent_id", "app_id", "run_id", "kind"),
    tags=("categories",),
    ordered=(Ordered("created_at", "time"), Ordered("recorded_to", "time"), Ordered("expires_at", "time")),
    scopes=("run_id", "user_id", "agent_id", "app_id"),
    text=True,
    vectors=(VectorSpace("v", "random", DIMENSIONS),),
    current="recorded_to",
    person="user_id",
    indexes=(("user_id", "recorded_to", "created_at"), ("run_id", "recorded_to", "created_at")),
)
_WORDS = 30_000
_TERMS_PER_ROW = 12


@cache
def vectors() -> NDArray[np.float32]:
    """Return 4,096 random vectors."""
    return np.random.default_rng(SEED).standard_normal((4_096, DIMENSIONS), dtype=np.float32)


@cache
def _weights() -> list[float]:
    """Return cumulated weights of a Zipf distribution without its 100 most frequent words, the stop words."""
    total, cumulated = 0.0, list[float]()
    for rank in range(100, 100 + _WORDS):
        total += 1 / rank
        cumulated.append(total)
    return cumulated


@cache
def _words() -> list[str]:
    return [f"w{rank}" for rank in range(_WORDS)]


def rows(count: int, users: int = 1, start: int = 0) -> Iterator[Row]:
    """Yield rows, one user after another in turn."""
    chance = random.Random(SEED + start)  # noqa: S311 - a seed, no secret
    words = _words()
    for number in range(start, start + count):
        seconds = number % 86_400
        yield Row(
            id=f"{chance.getrandbits(128):032x}",
            fields={
                "user_id": f"user-{number % users}",
                "run_id": f"run-{number // 50}",
                "kind": "episodic",
                "created_at": f"2026-01-{1 + number // 86_400 % 28:02}T{seconds // 3600:02}:{seconds // 60 % 60:02}:"
                f"{seconds % 60:02}.000000Z",
            },
            terms=tuple(chance.choices(words, cum_weights=_weights(), k=_TERMS_PER_ROW)),
            metadata={"source": "benchmark"},
            payload=chance.randbytes(150),
            vectors={"v": vectors()[number % 4_096]},
        )


def fill(store: SQLiteStore, count: int, users: int = 1, batch: int = 500) -> None:
    """Write that many rows in batches."""
    store.declare(MEMORIES)
    pending: list[Put] = []
    for row in rows(count, users):
        pending.append(Put(collection="memories", row=row))
        if len(pending) == batch:
            store.apply(PROJECT, pending)
            pending = []
    store.apply(PROJECT, pending)


def query_weights(number: int) -> dict[str, float]:
    """Return six terms to search for, as a question has them."""
    chance = random.Random(SEED * 7 + number)  # noqa: S311 - a seed, no secret
    words = _words()
    return {word: 1.0 + place for place, word in enumerate(chance.choices(words, cum_weights=_weights(), k=6))}


def scope(user: int) -> Filter:
    """Return the condition of one user's current rows."""
    return where("user_id").eq(f"user-{user}") & where("recorded_to").exists(value=False)
