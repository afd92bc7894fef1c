from __future__ import annotations

import asyncio
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding, Embeddings
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.runnables import RunnableLambda
from langchain_core.runnables.history import RunnableWithMessageHistory

from mnemon import AsyncMemory, InvalidInputError, Memory, ScopeError
from mnemon_langchain import MnemonByteStore, MnemonChatMessageHistory, MnemonEmbedder, MnemonLLMCache, MnemonRetriever

if TYPE_CHECKING:
    from pathlib import Path


def test_a_chain_with_history_sees_each_turn_once_and_in_order(memory: Memory) -> None:
    seen: list[list[str]] = []

    def answer(messages: list[Any]) -> AIMessage:
        seen.append([str(one.content) for one in messages])
        return AIMessage(f"answer {len(seen)}")

    def session(session_id: str) -> MnemonChatMessageHistory:
        return MnemonChatMessageHistory(session_id, memory, user_id="ana")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # LangChain has deprecated what is tested here
        chain = RunnableWithMessageHistory(RunnableLambda(answer), session)

    for number in range(1, 4):
        chain.invoke([HumanMessage(f"question {number}")], {"configurable": {"session_id": "s1"}})

    assert seen[-1] == ["question 1", "answer 1", "question 2", "answer 2", "question 3"]
    assert len(MnemonChatMessageHistory("s1", memory, user_id="ana").messages) == 6


def test_messages_come_back_whole_and_an_id_is_stored_once(memory: Memory) -> None:
    said = [
        HumanMessage("Weather?", id="m1"),
        AIMessage("", id="m2", tool_calls=[{"id": "c1", "name": "weather", "args": {"place": "Oslo"}}]),
        ToolMessage("Rain", id="m3", tool_call_id="c1"),
    ]
    history = MnemonChatMessageHistory("s1", memory, user_id="ana")

    history.add_messages(said)
    history.add_messages(said)

    assert [one.model_dump() for one in history.messages] == [
        {**one.model_dump(), "additional_kwargs": again.additional_kwargs}
        for one, again in zip(said, history.messages, strict=True)
    ]
    assert memory.count(user_id="ana") == 0


def test_turns_become_memories_where_that_is_wanted(memory: Memory) -> None:
    history = MnemonChatMessageHistory("s1", memory, user_id="ana", remember=True)

    history.add_messages([HumanMessage("My cat is called Momo.")])
    history.clear()

    assert history.messages == []
    assert memory.search("cat", user_id="ana")[0].memory.text == "My cat is called Momo."


def test_a_session_needs_a_person_unless_it_is_said_that_it_has_none(memory: Memory) -> None:
    with pytest.raises(ScopeError, match="no user_id"):
        MnemonChatMessageHistory("s1", memory).add_user_message("Hi")

    shared = MnemonChatMessageHistory("s1", memory, required=("run_id",))
    shared.add_user_message("Hi")

    assert [one.content for one in shared.messages] == ["Hi"]


def test_built_outside_of_a_loop_each_object_serves_two_of_them(tmp_path: Path) -> None:
    with Memory(tmp_path / "m.db", embedder=None) as memory:
        history = MnemonChatMessageHistory("s1", memory, user_id="ana", remember=True)
        store, cache = MnemonByteStore(memory), MnemonLLMCache(memory)
        retriever = MnemonRetriever(memory=memory, user_id="ana")

        async def use(number: int) -> list[Any]:
            await history.aadd_messages([HumanMessage(f"Trip {number} to Rome", id=f"m{number}")])
            await store.amset([(f"k{number}", b"1")])
            found = await retriever.ainvoke("Which trip?")
            keys = [key async for key in store.ayield_keys()]
            return [len(await history.aget_messages()), len(found), keys, await cache.alookup("p", "m")]

        first, second = asyncio.run(use(1)), asyncio.run(use(2))

        assert first == [1, 1, ["k1"], None]
        assert second == [2, 2, ["k1", "k2"], None]
        assert [one.content for one in history.messages] == ["Trip 1 to Rome", "Trip 2 to Rome"]


def test_the_default_memory_is_opened_at_first_use_and_closed_by_its_object(isolated_user_store: Path) -> None:
    store = MnemonByteStore()
    there = isolated_user_store.exists()

    with store:
        store.mset([("k", b"1")])

    assert not there
    with MnemonByteStore() as again, MnemonLLMCache() as cache, MnemonRetriever(user_id="ana") as retriever:
        assert again.mget(["k"]) == [b"1"]
        assert cache.lookup("p", "m") is None
        assert retriever.invoke("tea") == []
    with pytest.raises(RuntimeError, match="closed"):
        store.mget(["k"])


class TwoFaced(Embeddings):
    """Embeddings whose sync and async forms differ, so that a test sees which was asked."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [[1.0, 0.0] for _ in texts]

    def embed_query(self, text: str) -> list[float]:
        return [2.0, 0.0]

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        return [[3.0, 0.0] for _ in texts]

    async def aembed_query(self, text: str) -> list[float]:
        return [4.0, 0.0]


def test_embeddings_are_asked_in_the_form_that_fits() -> None:
    embedder = MnemonEmbedder(TwoFaced(), name="two")

    asked = [
        embedder.embed(["a", "b"])[1, 0],
        embedder.embed(["a"], purpose="query")[0, 0],
        asyncio.run(embedder.aembed(["a"]))[0, 0],
        asyncio.run(embedder.aembed(["a"], purpose="query"))[0, 0],
    ]

    assert asked == [1, 2, 3, 4]
    assert (embedder.name, embedder.dimensions) == ("two", 2)
    assert embedder.embed([]).shape == (0, 2)


def test_a_memory_searches_with_langchains_embeddings(tmp_path: Path) -> None:
    fake = DeterministicFakeEmbedding(size=16)
    embedder = MnemonEmbedder(fake, name="fake-16")

    async def found() -> str:
        async with AsyncMemory(tmp_path / "a.db", embedder=embedder) as memory:
            await memory.add_many(["one", "two", "three"], user_id="ana")
            return (await memory.search("two", user_id="ana"))[0].memory.text

    assert asyncio.run(found()) == "two"
    assert np.allclose(embedder.embed(["x"])[0], fake.embed_query("x"), atol=1e-6)
    with pytest.raises(InvalidInputError, match="blank"):
        MnemonEmbedder(fake, name=" ")
