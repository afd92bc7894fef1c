"""Histories and recall over Weaviate: of one person, in any session, and gone when the person is forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from llama_index.core.storage.chat_store.base_db import MessageStatus

from mnemon_llama_index import MnemonAsyncChatStore, MnemonChatStore, MnemonMemory, MnemonRetriever
from tests.integrations.llama_index.talking import answered, assistant, called, texts, user
from tests.integrations.recording import ALIKE

if TYPE_CHECKING:
    from mnemon import AsyncMemory, Memory

pytestmark = [pytest.mark.cassette, pytest.mark.anyio]

TURN = [user("Look for my cat."), called("c1"), answered("c1"), assistant("Found.")]
QUESTION = "Where did I move to?"


def of(memory: Memory | AsyncMemory, user_id: str, session: str) -> MnemonMemory:
    return MnemonMemory.from_defaults(session_id=session, user_id=user_id, memory=memory)


@pytest.mark.parametrize("mine", ALIKE)
def test_what_was_said_is_recalled_in_another_session_and_for_nobody_else(memory: Memory, mine: str) -> None:
    of(memory, mine, "monday").put(user("I moved to Lisbon last spring."))

    (recalled,) = of(memory, mine, "tuesday").get(input=QUESTION)

    assert "Lisbon" in (recalled.content or "")
    assert of(memory, ALIKE[mine], "tuesday").get(input=QUESTION) == []
    assert of(memory, ALIKE[mine], "monday").get_all() == []


async def test_what_was_said_is_recalled_in_another_session_and_for_nobody_else_async(
    async_memory: AsyncMemory,
) -> None:
    await of(async_memory, "1", "monday").aput(user("I moved to Lisbon last spring."))

    (recalled,) = await of(async_memory, "1", "tuesday").aget(input=QUESTION)
    (node,) = await MnemonRetriever(async_memory, user_id="1").aretrieve(QUESTION)

    assert "Lisbon" in (recalled.content or "")
    assert node.get_content() == "I moved to Lisbon last spring."
    assert await of(async_memory, "10", "tuesday").aget(input=QUESTION) == []
    assert await MnemonRetriever(async_memory, user_id="10").aretrieve(QUESTION) == []


def test_a_history_comes_back_as_it_was(memory: Memory) -> None:
    store, other = (MnemonChatStore(memory=memory, user_id=name) for name in ("ana", "Ana"))

    store.set_messages("s1", TURN)
    there = store.get_messages("s1")
    gone = store.delete_message("s1", 0)

    assert [(one.role, one.blocks) for one in there] == [(one.role, one.blocks) for one in TURN]
    assert there[2].additional_kwargs["tool_call_id"] == "c1"
    assert gone == there[0]
    assert store.get_messages("s1") == there[1:]
    assert (store.get_keys(), other.get_keys(), other.get_messages("s1")) == (["s1"], [], [])


async def test_a_history_is_archived_message_by_message(async_memory: AsyncMemory) -> None:
    store = MnemonAsyncChatStore(memory=async_memory, user_id="ana")

    await store.add_messages("s1", [user("One"), assistant("Two"), user("Three")])
    archived = await store.archive_oldest_messages("s1", 2)

    assert texts(archived) == ["One", "Two"]
    assert texts(await store.get_messages("s1")) == ["Three"]
    assert texts(await store.get_messages("s1", status=MessageStatus.ARCHIVED)) == ["One", "Two"]
    assert await store.count_messages("s1", status=None) == 3


def test_who_is_forgotten_has_no_history_and_is_not_recalled(memory: Memory) -> None:
    for name in ("ana", "ana-2"):
        of(memory, name, "monday").put(user("I moved to Lisbon last spring."))

    receipt = memory.forget(user_id="ana")

    assert {"memories", "messages"} <= {name for name, rows in receipt.rows.items() if rows}
    assert not any(receipt.left.values())
    assert of(memory, "ana", "monday").get_all() == of(memory, "ana", "tuesday").get(input=QUESTION) == []
    assert len(of(memory, "ana-2", "monday").get_all()) == 1
