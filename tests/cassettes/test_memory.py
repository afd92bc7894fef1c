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


NEAR = ("10", "alice ")


def test_nobody_finds_what_somebody_of_nearly_the_same_name_said(memory: Memory) -> None:
    for user_id in NEAR:
        memory.add(f"I like tea, says {user_id!r}", user_id=user_id)

    found = {user_id: [hit.memory.text for hit in memory.search("tea", user_id=user_id)] for user_id in NEAR}

    assert found == {user_id: [f"I like tea, says {user_id!r}"] for user_id in NEAR}
    assert [list(memory.search("tea", user_id=user_id)) for user_id in ("1", "alice")] == [[], []]


def test_a_person_who_is_forgotten_is_gone_and_the_others_stay(memory: Memory) -> None:
    memory.add(TURNS[0], user_id="ana")
    memory.add("Ben is allergic to cats", user_id="ana-2")

    receipt = memory.forget(user_id="ana")

    assert receipt.rows == {"memories": 1, "messages": 1, "operations": 1}
    assert memory.count(user_id="ana") == 0
    assert [one.id for one in memory.scopes("user")] == ["ana-2"]


async def test_a_person_who_is_forgotten_is_gone_and_the_others_stay_async(async_memory: AsyncMemory) -> None:
    await async_memory.add(TURNS[0], user_id="ana")
    await async_memory.add("Ben is allergic to cats", user_id="ana-2")

    receipt = await async_memory.forget(user_id="ana")

    assert receipt.rows == {"memories": 1, "messages": 1, "operations": 1}
    assert await async_memory.count(user_id="ana") == 0
    assert [one.id for one in await async_memory.scopes("user")] == ["ana-2"]


def test_a_memory_that_is_erased_leaves_no_words_behind(memory: Memory) -> None:
    memory_id = memory.add(TURNS[0], user_id="ana").ids[0]

    receipt = memory.delete(memory_id, erase=True).receipt

    assert receipt is not None
    assert receipt.rows == {"memories": 1}
    assert memory.conversations.read(user_id="ana")[0].text == "[erased]"
    assert list(memory.search("allergic nuts", user_id="ana")) == []
