"""Every object, many people: what one of them keeps, no other sees; and forget takes all of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.outputs import ChatGeneration, Generation

import mnemon
from mnemon import ConfigError, Memory, ScopeError
from mnemon.adapting.storage import Storage
from mnemon.types.scope import SCOPE_FIELDS
from mnemon_langchain import (
    MnemonByteStore,
    MnemonChatMessageHistory,
    MnemonLLMCache,
    MnemonMiddleware,
    MnemonRetriever,
    memory_tools,
)
from tests.integrations.langchain.scripted import HOSTILE, agent_of, answering, call, says

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

    from mnemon.adapting.desk import Desk


def tool(memory: Memory, name: str) -> BaseTool:
    return memory_tools(memory, tools=[name])[0]


def test_tools_find_save_and_change_nothing_of_others(memory: Memory) -> None:
    save, find, listed = (tool(memory, name) for name in ("save_memory", "search_memories", "list_memories"))
    update, delete = tool(memory, "update_memory"), tool(memory, "delete_memory")
    ids: dict[str, str] = {}
    for place, person in enumerate(HOSTILE):
        answer = save.invoke({"text": f"The secret is {place:03}."}, call(person))
        ids[person] = answer.removeprefix("saved memory ")

    for person in HOSTILE:
        for name in (other for other in HOSTILE if other != person):
            assert "no memory" in update.invoke({"memory_id": ids[name], "text": "mine"}, call(person))
            assert "no memory" in delete.invoke({"memory_id": ids[name]}, call(person))

    for place, person in enumerate(HOSTILE):
        found = json.loads(find.invoke({"query": "What is the secret?"}, call(person)))
        assert [row["text"] for row in found] == [f"The secret is {place:03}."]
        assert json.loads(listed.invoke({}, call(person)))[0]["id"] == ids[person]


def test_a_tool_changes_and_deletes_what_is_its_own(memory: Memory) -> None:
    memory_id = memory.add("Ana is 30.", user_id="ana", kind="semantic").ids[0]

    tool(memory, "update_memory").invoke({"memory_id": memory_id, "text": "Ana is 31."}, call("ana"))
    changed = memory.get(memory_id, user_id="ana")
    tool(memory, "delete_memory").invoke({"memory_id": memory_id}, call("ana"))

    assert (changed.text, changed.version) == ("Ana is 31.", 2)
    assert memory.count(user_id="ana") == 0
    assert [version.actor for version in memory.history(memory_id, user_id="ana")] == [None, "model"]


def test_a_model_cannot_name_a_person(memory: Memory) -> None:
    for one in memory_tools(memory):
        assert not set(one.tool_call_schema.model_json_schema()["properties"]) & set(SCOPE_FIELDS)  # type: ignore[union-attr]
        with pytest.raises(ValueError, match="Extra inputs are not permitted"):
            one.invoke({"query": "x", "text": "x", "memory_id": "x", "user_id": "ben"}, call("ana"))


def test_tools_have_the_names_that_they_are_given_and_no_others() -> None:
    named = memory_tools(tools=["save_memory", "list_memories"], names={"save_memory": "note"})

    assert [one.name for one in named] == ["note", "list_memories"]
    with pytest.raises(ConfigError, match="no memory tool 'search'"):
        memory_tools(tools=["search"])
    with pytest.raises(ConfigError, match="called note"):
        memory_tools(names={"save_memory": "note", "update_memory": "note"})


def test_the_retriever_finds_the_callers_memories(memory: Memory) -> None:
    retriever = MnemonRetriever(memory=memory)
    for place, person in enumerate(HOSTILE):
        memory.add(f"The secret is {place:03}.", user_id=person, metadata={"place": place})

    found = [retriever.invoke("What is the secret?", call(person)) for person in HOSTILE]

    assert [[one.page_content for one in documents] for documents in found] == [
        [f"The secret is {place:03}."] for place in range(len(HOSTILE))
    ]
    assert found[3][0].metadata["place"] == 3
    assert found[3][0].metadata["mnemon"]["scope"] == {"user_id": HOSTILE[3]}
    with pytest.raises(ScopeError, match="whose memories"):
        retriever.invoke("What is the secret?")


def test_the_retriever_refuses_an_option_that_there_is_not(memory: Memory) -> None:
    with pytest.raises(TypeError, match="here it is called limit"):
        MnemonRetriever(memory=memory, user_id="ana").invoke("tea", top_k=3)


def test_a_session_of_one_is_not_that_of_another(memory: Memory) -> None:
    for place, person in enumerate(HOSTILE):
        MnemonChatMessageHistory("s1", memory, user_id=person).add_user_message(f"I am {place}")

    MnemonChatMessageHistory("s1", memory, user_id=HOSTILE[0]).clear()

    kept = [MnemonChatMessageHistory("s1", memory, user_id=person).messages for person in HOSTILE]
    assert [[one.content for one in messages] for messages in kept] == [
        [],
        *([f"I am {place}"] for place in range(1, len(HOSTILE))),
    ]


def test_bytes_and_answers_of_a_person_are_nobody_elses(memory: Memory) -> None:
    store, cache = MnemonByteStore(memory), MnemonLLMCache(memory)
    store.mset([("k", b"everybody's")])
    for person in HOSTILE:
        with mnemon.scope(user_id=person):
            assert store.mget(["k"]) == [None]
            assert cache.lookup("p", "m") is None
            store.mset([("k", person.encode())])
            cache.update("p", "m", [Generation(text=person)])

    for person in HOSTILE:
        with mnemon.scope(user_id=person):
            assert (store.mget(["k"]), list(store.yield_keys())) == ([person.encode()], ["k"])
            assert cache.lookup("p", "m") == [Generation(text=person)]
    assert store.mget(["k"]) == [b"everybody's"]
    assert cache.lookup("p", "m") is None


def test_a_namespace_is_not_another_and_clear_means_one_person_or_all(memory: Memory) -> None:
    one, other = MnemonLLMCache(memory, namespace="a"), MnemonLLMCache(memory, namespace="a:b")
    for cache in (one, other):
        for person in ("ana", "ben"):
            with mnemon.scope(user_id=person):
                cache.update("p", "m", [Generation(text=person)])

    one.clear(user_id="ana")
    kept = [held(one, "ana"), held(one, "ben")]
    one.clear()

    assert kept == [False, True]
    assert [held(one, "ben"), held(other, "ana"), held(other, "ben")] == [False, True, True]


def held(cache: MnemonLLMCache, person: str) -> bool:
    with mnemon.scope(user_id=person):
        return cache.lookup("p", "m") is not None


def test_keys_come_in_order_by_prefix_and_more_than_a_page_of_them(memory: Memory) -> None:
    store = MnemonByteStore(memory)
    names = [f"a{number:04}" for number in range(2_100)]
    store.mset([(name, b"") for name in [*names, "A", "b", "%", "a\U0010ffff"]])

    assert list(store.yield_keys(prefix="a")) == [*names, "a\U0010ffff"]
    assert list(store.yield_keys(prefix="%")) == ["%"]
    assert len(list(store.yield_keys())) == 2_104


@pytest.mark.parametrize(("key", "said"), [("a\ud800", "lone surrogate"), (5, "not 5"), (None, "not None")])
def test_a_key_that_cannot_be_stored_is_refused_wherever_it_is_named(memory: Memory, key: Any, said: str) -> None:
    store = MnemonByteStore(memory)

    for call_of in (lambda: store.mset([(key, b"1")]), lambda: store.mget([key]), lambda: store.mdelete([key])):
        with pytest.raises(mnemon.InvalidInputError, match=said):
            call_of()


@pytest.mark.parametrize("user_id", ["", " ", 7])
def test_answers_of_nobody_are_not_cleared_without_a_word(memory: Memory, user_id: Any) -> None:
    with pytest.raises(ScopeError, match="user_id"):
        MnemonLLMCache(memory).clear(user_id=user_id)


def rows_of(desk: Desk, person: str) -> dict[str, int]:
    named = {one.name: one.person for one in desk.store.collections() if one.person is not None}
    return {
        name: desk.store.count(desk.project, name, mnemon.where(field).eq(person)).rows for name, field in named.items()
    }


def test_forget_takes_all_that_any_object_kept_of_a_person(memory: Memory) -> None:
    store, cache = MnemonByteStore(memory), MnemonLLMCache(memory)
    for person in ("ana", "ben"):
        agent_of(answering(), MnemonMiddleware(memory)).invoke(says("Hi"), call(person))
        MnemonChatMessageHistory("s1", memory, user_id=person).add_user_message("Hello")
        tool(memory, "save_memory").invoke({"text": "likes tea"}, call(person))
        with mnemon.scope(user_id=person):
            store.mset([("k", b"1")])
            cache.update("p", "m", [Generation(text="hi")])

    before = Storage(memory).run(rows_of, "ana")
    receipt = memory.forget(user_id="ana")

    left = Storage(memory).run(rows_of, "ana")
    assert all(before.values())
    assert left == dict.fromkeys(before, 0)
    assert {name for name, rows in receipt.rows.items() if rows} >= {"memories", "messages", "langchain_entries"}
    assert memory.count(user_id="ben") == 3
    with mnemon.scope(user_id="ben"):
        assert store.mget(["k"]) == [b"1"]


def test_answers_of_chat_models_come_back_whole(memory: Memory) -> None:
    from langchain_core.messages import AIMessage  # noqa: PLC0415 - only here

    message = AIMessage("hi", id="m1", usage_metadata={"input_tokens": 1, "output_tokens": 2, "total_tokens": 3})
    answer: list[Any] = [ChatGeneration(message=message, generation_info={"finish_reason": "stop"})]
    cache = MnemonLLMCache(memory)

    cache.update("p", "m", answer)

    assert cache.lookup("p", "m") == answer
    with pytest.raises(mnemon.InvalidInputError, match="cannot be cached"):
        cache.update("p", "m", [Generation(text="x", generation_info={"at": object()})])
