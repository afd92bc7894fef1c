"""A memory over Weaviate, in both of its faces: what is added is found, and what is deleted is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mnemon import AsyncMemory, Memory, NotFoundError
from tests.core.memory.sources import FakeEmbedder, SetClock, counting

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from tests.live.conftest import Place

pytestmark = [pytest.mark.cassette, pytest.mark.anyio]

TURNS = ["Ana is allergic to nuts", "Ana moved to Lisbon in May", "Ana's cat is called Miso"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def memory(place: Place) -> Generator[Memory]:
    with place.open() as store:
        yield Memory(store=store, embedder=FakeEmbedder(), clock=SetClock(), new_id=counting())


@pytest.fixture
async def async_memory(place: Place) -> AsyncGenerator[AsyncMemory]:
    async with place.open_async() as store:
        yield AsyncMemory(store=store, embedder=FakeEmbedder(), clock=SetClock(), new_id=counting())


def test_what_is_added_is_found_by_whose_it_is(memory: Memory) -> None:
    for turn in TURNS:
        memory.add(turn, user_id="ana")
    memory.add("Ben is allergic to cats", user_id="ana-2")

    hits = memory.search("What is Ana allergic to?", user_id="ana")
    others = memory.search("What is Ana allergic to?", user_id="ana-2")

    assert hits[0].memory.text == TURNS[0]
    assert {hit.memory.text for hit in hits} <= set(TURNS)
    assert [hit.memory.text for hit in others] == ["Ben is allergic to cats"]


async def test_what_is_added_is_found_by_whose_it_is_async(async_memory: AsyncMemory) -> None:
    for turn in TURNS:
        await async_memory.add(turn, user_id="ana")
    await async_memory.add("Ben is allergic to cats", user_id="ana-2")

    hits = await async_memory.search("What is Ana allergic to?", user_id="ana")
    others = await async_memory.search("What is Ana allergic to?", user_id="ana-2")

    assert hits[0].memory.text == TURNS[0]
    assert {hit.memory.text for hit in hits} <= set(TURNS)
    assert [hit.memory.text for hit in others] == ["Ben is allergic to cats"]


def test_what_is_deleted_is_not_found(memory: Memory) -> None:
    gone, kept = (memory.add(turn, user_id="ana").ids[0] for turn in TURNS[:2])

    memory.delete(gone)

    assert [hit.memory.id for hit in memory.search("Ana allergic nuts", user_id="ana")] == [kept]
    with pytest.raises(NotFoundError):
        memory.get(gone)


async def test_what_is_deleted_is_not_found_async(async_memory: AsyncMemory) -> None:
    gone, kept = [(await async_memory.add(turn, user_id="ana")).ids[0] for turn in TURNS[:2]]

    await async_memory.delete(gone)

    assert [hit.memory.id for hit in await async_memory.search("Ana allergic nuts", user_id="ana")] == [kept]
    with pytest.raises(NotFoundError):
        await async_memory.get(gone)
