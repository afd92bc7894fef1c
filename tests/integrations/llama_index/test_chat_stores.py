"""The two chat stores of LlamaIndex on the conversation log."""

from __future__ import annotations

from typing import Any

import pytest
from llama_index.core.base.llms.types import ChatMessage, ImageBlock, TextBlock, ToolCallBlock
from llama_index.core.memory import ChatMemoryBuffer
from llama_index.core.storage.chat_store.base_db import MessageStatus
from sqlalchemy.ext.asyncio import create_async_engine

import mnemon
from mnemon import Memory, ScopeError, StoreUnavailableError
from mnemon_llama_index import MnemonAsyncChatStore, MnemonChatStore
from tests.integrations.conversions import PNG
from tests.integrations.failing import FailingStore
from tests.integrations.llama_index.talking import llama_memory

ALIKE = [("1", "10"), ("alice", "alice-2"), ("a@b.com", "a-b.com"), ("José", "Jose\u0301"), ("日本", "日"), ("%", "_")]


def said(*texts: str) -> list[ChatMessage]:
    return [ChatMessage(role="user", content=text) for text in texts]


def texts(messages: list[ChatMessage]) -> list[str | None]:
    return [message.content for message in messages]


@pytest.fixture
def store(memory: Memory) -> MnemonChatStore:
    return MnemonChatStore(memory=memory, user_id="ana")


@pytest.fixture
def queue(memory: Memory) -> MnemonAsyncChatStore:
    return MnemonAsyncChatStore(memory=memory, user_id="ana")


def test_messages_are_kept_by_key_and_in_order(store: MnemonChatStore) -> None:
    store.set_messages("a", said("1", "2"))
    store.add_message("a", said("3")[0])
    store.add_message("b", said("4")[0])

    assert texts(store.get_messages("a")) == ["1", "2", "3"]
    assert texts(store.get_messages("b")) == ["4"]
    assert store.get_messages("c") == []
    assert store.get_keys() == ["a", "b"]


def test_messages_of_every_kind_come_back(store: MnemonChatStore) -> None:
    blocks = [TextBlock(text="See"), ImageBlock(image=PNG.encode()), TextBlock(text="")]
    every = [
        ChatMessage(role="system", content="Be kind."),
        ChatMessage(role="user", blocks=blocks),
        ChatMessage(
            role="assistant", blocks=[ToolCallBlock(tool_call_id="c1", tool_name="look", tool_kwargs={"a": 1})]
        ),
        ChatMessage(role="tool", content="", additional_kwargs={"tool_call_id": "c1"}),
    ]

    store.set_messages("a", every)

    there = store.get_messages("a")
    assert [(one.role, one.blocks) for one in there] == [(one.role, one.blocks) for one in every]
    assert there[3].additional_kwargs["tool_call_id"] == "c1"


def test_setting_again_keeps_what_is_there(store: MnemonChatStore) -> None:
    store.set_messages("a", said("1", "2"))
    before = store.get_messages("a")

    store.set_messages("a", said("1", "2", "3"))

    assert store.get_messages("a")[:2] == before
    store.set_messages("a", said("3", "1"))
    assert texts(store.get_messages("a")) == ["3", "1"]


def test_messages_are_deleted_by_position_from_the_end_and_by_key(store: MnemonChatStore) -> None:
    store.set_messages("a", said("1", "2", "3", "4"))

    first, last, outside = store.delete_message("a", 0), store.delete_last_message("a"), store.delete_message("a", 9)

    assert first is not None
    assert last is not None
    assert (first.content, last.content, outside) == ("1", "4", None)
    assert texts(store.delete_messages("a") or []) == ["2", "3"]
    assert (store.get_messages("a"), store.get_keys(), store.delete_messages("a")) == ([], [], None)


@pytest.mark.anyio
async def test_async_methods_do_what_their_twins_do(store: MnemonChatStore) -> None:
    await store.aset_messages("a", said("1", "2", "3"))
    await store.async_add_message("a", said("4")[0])

    gone = await store.adelete_message("a", 1)
    last = await store.adelete_last_message("a")

    assert gone is not None
    assert last is not None
    assert (gone.content, last.content) == ("2", "4")
    assert texts(await store.aget_messages("a")) == ["1", "3"]
    assert await store.aget_keys() == ["a"]
    assert texts(await store.adelete_messages("a") or []) == ["1", "3"]


@pytest.mark.parametrize(("mine", "other"), ALIKE)
def test_keys_and_users_that_are_alike_are_others(memory: Memory, mine: str, other: str) -> None:
    store = MnemonChatStore(memory=memory, user_id=mine)
    store.add_message(mine, said("secret")[0])

    stranger = MnemonChatStore(memory=memory, user_id=other)
    stranger.set_messages(mine, [])
    stranger.delete_messages(mine)

    assert (stranger.get_messages(mine), stranger.get_keys(), store.get_messages(other)) == ([], [], [])
    assert texts(store.get_messages(mine)) == ["secret"]


def test_one_store_serves_many_users(memory: Memory) -> None:
    store = MnemonChatStore(memory=memory)
    for name in ("ana", "ben"):
        with mnemon.scope(user_id=name):
            store.add_message("s", said(f"I am {name}")[0])

    with mnemon.scope(user_id="ben"):
        assert texts(store.get_messages("s")) == ["I am ben"]
    with pytest.raises(ScopeError, match="user_id"):
        store.get_messages("s")


def test_another_session_than_the_bound_one_is_an_error(store: MnemonChatStore) -> None:
    with mnemon.scope(run_id="a"), pytest.raises(ScopeError, match="run_id"):
        store.get_messages("b")


def test_only_where_it_is_wanted_is_anything_remembered(memory: Memory) -> None:
    MnemonChatStore(memory=memory, user_id="ana").add_message("a", said("I like tea.")[0])
    assert memory.count(user_id="ana") == 0

    MnemonChatStore(memory=memory, user_id="ana", remember=True).add_message("a", said("I like jazz.")[0])

    assert [one.text for one in memory.get_all(user_id="ana")] == ["I like jazz."]


def test_a_store_that_fails_is_an_error() -> None:
    failing = FailingStore()
    with Memory(store=failing, embedder=None) as memory:
        store = MnemonChatStore(memory=memory, user_id="ana")
        failing.down = True

        with pytest.raises(StoreUnavailableError):
            store.get_messages("a")
        with pytest.raises(StoreUnavailableError):
            store.add_message("a", said("Hi")[0])


def test_a_stored_object_is_found_again(store: MnemonChatStore, queue: MnemonAsyncChatStore) -> None:
    store.add_message("a", said("Hi")[0])

    assert texts(MnemonChatStore.from_dict(store.to_dict()).get_messages("a")) == ["Hi"]
    assert MnemonAsyncChatStore(**queue.model_dump()).user_id == "ana"


def test_the_buffer_of_llama_index_keeps_its_messages_in_it(store: MnemonChatStore) -> None:
    buffer = ChatMemoryBuffer.from_defaults(  # pyright: ignore[reportUnknownMemberType] - a bare List
        chat_store=store, chat_store_key="a", token_limit=100
    )

    buffer.put(said("Hi")[0])

    assert texts(buffer.get()) == texts(store.get_messages("a")) == ["Hi"]


@pytest.mark.anyio
async def test_a_queue_archives_its_oldest(queue: MnemonAsyncChatStore) -> None:
    await queue.add_messages("a", said("1", "2", "3", "4"))

    archived = await queue.archive_oldest_messages("a", 2)

    assert texts(archived) == ["1", "2"]
    assert texts(await queue.get_messages("a")) == ["3", "4"]
    assert texts(await queue.get_messages("a", status=MessageStatus.ARCHIVED)) == ["1", "2"]
    assert texts(await queue.get_messages("a", status=None, limit=2, offset=1)) == ["2", "3"]
    assert await queue.count_messages("a") == 2
    assert await queue.count_messages("a", status=None) == 4
    assert all("archived" not in str(message.additional_kwargs) for message in archived)


@pytest.mark.anyio
async def test_a_queue_deletes_by_position_age_and_status(queue: MnemonAsyncChatStore) -> None:
    await queue.add_messages("a", said("1", "2", "3", "4", "5"))
    await queue.archive_oldest_messages("a", 1)

    gone = await queue.delete_message("a", 1)
    oldest = await queue.delete_oldest_messages("a", 1)
    await queue.delete_messages("a", status=MessageStatus.ARCHIVED)

    assert gone is not None
    assert (gone.content, texts(oldest)) == ("2", ["3"])
    assert texts(await queue.get_messages("a", status=None)) == ["4", "5"]
    await queue.delete_messages("a")
    assert await queue.get_keys() == []


@pytest.mark.anyio
async def test_setting_a_queue_makes_all_of_one_status(queue: MnemonAsyncChatStore) -> None:
    await queue.add_message("a", said("0")[0], status=MessageStatus.ARCHIVED)
    await queue.add_messages("a", said("1", "2"))
    await queue.archive_oldest_messages("a", 1)

    await queue.set_messages("a", said("1", "2", "3"))

    assert texts(await queue.get_messages("a")) == ["1", "2", "3"]
    assert await queue.count_messages("a", status=None) == 3


@pytest.mark.anyio
async def test_the_memory_of_llama_index_keeps_its_queue_in_it(queue: MnemonAsyncChatStore) -> None:
    talk = llama_memory(session_id="a", token_limit=60, token_flush_size=5, chat_store=queue)
    for number in range(12):
        await talk.aput(ChatMessage(role="user", content=f"This is turn number {number}."))
        await talk.aput(ChatMessage(role="assistant", content="I see."))

    there = await talk.aget()

    assert len(await talk.aget_all()) == 24
    assert len(there) < 24
    assert there[0].content != "This is turn number 0."
    again = llama_memory(session_id="a", token_limit=60, chat_store=queue)
    assert texts(await again.aget()) == texts(there)


@pytest.mark.anyio
async def test_the_memory_of_llama_index_counts_words_and_nothing_that_is_kept_beside_them(
    queue: MnemonAsyncChatStore,
) -> None:
    ours = llama_memory(session_id="a", token_limit=200, chat_store=queue)
    engine = create_async_engine("sqlite+aiosqlite:///:memory:")
    theirs = llama_memory(session_id="a", token_limit=200, async_engine=engine)
    for talk in (ours, theirs):
        for number in range(60):
            await talk.aput(ChatMessage(role="user", content=f"Word {number}", additional_kwargs={"n": number}))

    there, expected = await ours.aget(), await theirs.aget()
    await engine.dispose()

    assert 1 < len(there) < 60
    assert [dict(one) for one in there] == [dict(one) for one in expected]


@pytest.mark.anyio
async def test_what_a_queue_hands_out_is_known_when_it_comes_back(queue: MnemonAsyncChatStore, memory: Memory) -> None:
    scope: Any = {"user_id": "ana", "run_id": "a"}
    await queue.add_messages("a", said("1", "1", "2"))
    before = memory.conversations.read(**scope)
    one, other, two = await queue.get_messages("a")

    two.blocks = [TextBlock(text="changed")]
    await queue.set_messages("a", [one, other, two.model_copy()])

    after = memory.conversations.read(**scope)
    assert [(m.id, m.time) for m in after] == [(m.id, m.time) for m in before]
    assert [m.text for m in after] == ["1", "1", "changed"]
    stored = ChatMessage.model_validate_json(one.model_dump_json())
    await queue.set_messages("a", [stored])
    assert [m.id for m in memory.conversations.read(**scope)] == [before[0].id]
