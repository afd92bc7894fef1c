"""An embedder that fails or gives nonsense: nothing is lost, nothing is half done."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mnemon import AsyncMemory, EmbeddingError, InMemoryStore, Memory
from mnemon.config import MemoryConfig
from tests.core.fakes import WordEmbedder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

DEFER = MemoryConfig(on_embedder_error="defer")


SPOILT: list[tuple[Callable[[NDArray[np.float32]], object], str]] = [
    (lambda vectors: vectors[:, :5], "dimensions"),
    (lambda vectors: vectors[0], "shape"),
    (lambda vectors: vectors[:0], "shape"),
    (lambda vectors: vectors * np.float32("nan"), "NaN"),
    (lambda vectors: vectors * np.float32("inf"), "NaN or an infinity"),
    (lambda _: "nonsense", "one list of numbers per text"),
    (lambda _: None, "one vector per text|NaN"),
]


@pytest.fixture(params=["memory", "sqlite"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return ":memory:" if request.param == "memory" else str(tmp_path / "notes.db")


def _texts(memory: Memory, query: str) -> list[str]:
    return [hit.memory.text for hit in memory.search(query, user_id="alice")]


def test_an_add_that_cannot_be_embedded_writes_nothing(target: str) -> None:
    embedder = WordEmbedder()
    embedder.fails_after = 0
    with Memory(target, embedder=embedder) as memory:
        with pytest.raises(OSError, match="is down"):
            memory.add("Tea at five.", user_id="alice", run_id="r")
        with pytest.raises(OSError, match="is down"):
            memory.add_many([f"Text {number}." for number in range(300)], user_id="alice")

        assert memory.conversations.read(user_id="alice") == []
        assert len(memory.operations(user_id="alice")) == 0
        assert memory.count(user_id="alice") == 0


def test_an_update_that_cannot_be_embedded_changes_nothing(target: str) -> None:
    embedder = WordEmbedder()
    with Memory(target, embedder=embedder) as memory:
        (memory_id,) = memory.add("Tea at five.", user_id="alice").ids
        embedder.fails_after = 0

        with pytest.raises(OSError, match="is down"):
            memory.update(memory_id, "Coffee at six.")

        assert [version.memory.text for version in memory.history(memory_id)] == ["Tea at five."]
        assert memory.update(memory_id, metadata={"a": 1}).version == 2  # what needs no vector goes on
        assert memory.stats().waiting == 0


@pytest.mark.parametrize(
    ("spoil", "said"),
    SPOILT,
    ids=["short vectors", "one vector", "no vector", "nan", "infinity", "text", "none"],
)
def test_an_embedder_that_gives_nonsense_is_an_error_before_anything_is_written(
    target: str, spoil: Callable[[NDArray[np.float32]], object], said: str
) -> None:
    embedder = WordEmbedder()
    with Memory(target, embedder=embedder) as memory:
        memory.add("Tea at five.", user_id="alice")
        embedder.spoils = spoil

        with pytest.raises(EmbeddingError, match=said):
            memory.add("Coffee at six.", user_id="alice")
        with pytest.raises(EmbeddingError, match=said):
            memory.search("tea", user_id="alice")

        assert memory.count(user_id="alice") == 1
        assert len(memory.operations(user_id="alice")) == 1


def test_a_deferred_add_is_found_by_its_words_and_embedded_later(target: str, caplog: pytest.LogCaptureFixture) -> None:
    embedder = WordEmbedder()
    with Memory(target, embedder=embedder, config=DEFER) as memory:
        memory.add("Tea at five.", user_id="alice")
        embedder.fails_after = 0
        (memory_id,) = memory.add("Coffee at six.", user_id="alice").ids
        memory.update(memory_id, "Coffee at seven.")

        assert _texts(memory, "coffee")[0] == "Coffee at seven."
        assert memory.stats().waiting == 1
        embedder.fails_after = None
        assert memory.reembed().versions == 2
        assert memory.stats().waiting == 0
        assert memory.reembed().versions == 0
    assert all(record.levelno == logging.WARNING for record in caplog.records if record.name == "mnemon")
    assert "Coffee" not in caplog.text


def test_the_first_add_of_a_project_can_be_deferred(target: str) -> None:
    embedder = WordEmbedder(knows=False)
    embedder.fails_after = 0
    with Memory(target, embedder=embedder, config=DEFER) as memory:
        memory.add("Tea at five.", user_id="alice")

        assert _texts(memory, "tea") == ["Tea at five."]
        assert memory.stats().waiting == 1
        embedder.fails_after = None
        assert memory.reembed().versions == 1
        assert memory.stats().waiting == 0


def test_what_was_embedded_before_the_failure_is_kept_when_deferred(target: str) -> None:
    embedder = WordEmbedder()
    embedder.fails_after = 256
    with Memory(target, embedder=embedder, config=DEFER) as memory:
        memory.add_many([f"Text {number}." for number in range(300)], user_id="alice")

        assert memory.count(user_id="alice") == 300
        assert memory.stats().waiting == 44


def test_the_async_memory_defers_and_fails_alike() -> None:
    async def run() -> tuple[int, int]:
        embedder = WordEmbedder()
        embedder.fails_after = 0
        deferring = AsyncMemory(store=InMemoryStore(), embedder=embedder, config=DEFER)
        failing = AsyncMemory(store=InMemoryStore(), embedder=embedder)
        await deferring.add("Tea at five.", user_id="alice")
        with pytest.raises(OSError, match="is down"):
            await failing.add("Tea at five.", user_id="alice")
        return (await deferring.stats()).waiting, (await failing.stats()).memories

    assert asyncio.run(run()) == (1, 0)
