"""The same memories and questions get the same answers from one file and from a Weaviate server."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from mnemon import Memory
from tests.core.memory.sources import NOON, FakeEmbedder, SetClock, counting

if TYPE_CHECKING:
    from pathlib import Path

    from mnemon.stores.weaviate import WeaviateStore

QUESTIONS, TURNS, VOCABULARY = 25, 250, 120


def sentences(number: int, words: int, seed: int) -> list[str]:
    """Return sentences of words of which few are frequent, as in a language."""
    chance = random.Random(seed)  # noqa: S311 - the same sentences every time
    return [" ".join(f"word{int(VOCABULARY ** chance.random())}" for _ in range(words)) for _ in range(number)]


def fill(memory: Memory) -> None:
    for start, text in enumerate(sentences(TURNS, 9, 1)):
        memory.add(f"{text} {start}", user_id="ana", run_id=f"run-{start // 20}")
    for text in sentences(20, 9, 2):
        memory.add(text, user_id="ben")
    for one in memory.get_all(user_id="ana", limit=40)[::4]:
        memory.update(one.id, f"{one.text} corrected")
    memory.delete(memory.get_all(user_id="ana", limit=50)[-1].id)


@pytest.mark.parametrize("at", ["now", "then"])
def test_a_file_and_a_server_find_the_same_with_the_same_scores(
    shared_store: WeaviateStore, tmp_path: Path, at: str
) -> None:
    found: list[list[list[tuple[str, float]]]] = []
    with Memory(tmp_path / "m.db", embedder=FakeEmbedder(), clock=SetClock(), new_id=counting()) as file:
        server = Memory(store=shared_store, embedder=FakeEmbedder(), clock=SetClock(), new_id=counting())
        for memory in (file, server):
            fill(memory)
            # `as_of` asks the store itself; without it a search goes by what it keeps of the scope.
            asked = {} if at == "now" else {"as_of": NOON.replace(year=2027)}
            hits = [memory.search(question, user_id="ana", **asked) for question in sentences(QUESTIONS, 4, 3)]  # pyright: ignore[reportArgumentType]
            found.append([[(hit.memory.id, hit.score) for hit in one] for one in hits])

    pairs = list(zip(*found, strict=True))
    both = sum(len({key for key, _ in one} & {key for key, _ in other}) for one, other in pairs)
    apart = [abs(score - dict(other)[key]) for one, other in pairs for key, score in one if key in dict(other)]

    assert both >= 0.98 * sum(len(one) for one, _ in pairs) > QUESTIONS
    assert max(apart) < 1e-3
