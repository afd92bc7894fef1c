"""`MnemonMemory` as a memory of LlamaIndex."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from llama_index.core.base.llms.generic_utils import messages_to_prompt
from llama_index.core.base.llms.types import ChatMessage, ImageBlock, MessageRole, TextBlock, ThinkingBlock

import mnemon
from mnemon import Image, Memory, ScopeError, StoreUnavailableError, Text
from mnemon.testing.samples import HOSTILE
from mnemon.types.scope import MAX_SCOPE_ID_BYTES
from mnemon_llama_index import MnemonMemory
from tests.integrations.failing import FailingStore
from tests.integrations.llama_index.talking import answered, assistant, called, of, texts, user

if TYPE_CHECKING:
    from pathlib import Path

IDS = [one for one in HOSTILE if one.strip() and len(one.encode()) <= MAX_SCOPE_ID_BYTES]


def test_a_history_is_what_was_put(memory: Memory) -> None:
    talk = of(memory, "monday")

    talk.put(user("Hi"))
    talk.put_messages([called("c1"), answered("c1"), assistant("Hello")])

    there = talk.get_all()
    assert texts(there) == ["Hi", None, "found", "Hello"]
    assert there[1].blocks == called("c1").blocks
    assert there[2].additional_kwargs["tool_call_id"] == "c1"


def test_a_thought_alone_is_kept_and_not_remembered(memory: Memory) -> None:
    talk = of(memory, "monday")
    thought = ChatMessage(role=MessageRole.ASSISTANT, blocks=[ThinkingBlock(content="hm")])

    talk.put_messages([user("Hi"), thought, assistant("Hello")])
    talk.set(talk.get_all())

    assert [one.blocks for one in talk.get_all()][1] == thought.blocks
    assert sorted(one.text for one in memory.get_all(user_id="ana")) == ["Hello", "Hi"]


def test_the_same_words_twice_are_two_messages(memory: Memory) -> None:
    talk = of(memory, "monday")

    for text in ("go", "go", "go"):
        talk.put(user(text))

    assert texts(talk.get_all()) == ["go", "go", "go"]


def test_what_was_said_is_recalled_in_another_session_before_the_question(memory: Memory) -> None:
    of(memory, "monday").put(user("I moved to Lisbon last spring."))
    talk = of(memory, "tuesday")
    talk.put(user("Where did I move to?"))

    first, second = talk.get()

    assert first.role is MessageRole.SYSTEM
    assert "I moved to Lisbon last spring." in (first.content or "")
    assert second.content == "Where did I move to?"


def test_what_stands_in_the_prompt_is_not_recalled_too(memory: Memory) -> None:
    talk = of(memory, "monday")
    talk.put(user("I moved to Lisbon last spring."))
    talk.put(user("Where did I move to?"))

    assert texts(talk.get()) == ["I moved to Lisbon last spring.", "Where did I move to?"]


def test_a_prompt_holds_what_was_said_and_nothing_that_mnemon_keeps_beside_it(memory: Memory) -> None:
    talk = of(memory, "monday")
    talk.put_messages([user("Hi"), called("c1"), answered("c1")])

    assert [one.additional_kwargs for one in talk.get()] == [{}, {}, {"tool_call_id": "c1"}]
    assert messages_to_prompt(talk.get()[:1]) == "user: Hi\nassistant: "
    assert all("mnemon" in one.additional_kwargs for one in talk.get_all())


def test_the_question_may_be_asked_before_it_is_put(memory: Memory) -> None:
    of(memory, "monday").put(user("I moved to Lisbon last spring."))

    (recalled,) = of(memory, "tuesday").get(input="Where did I move to?", initial_token_count=5, other=1)

    assert "Lisbon" in (recalled.content or "")


def test_recalled_memories_are_not_remembered_again(memory: Memory) -> None:
    of(memory, "monday").put(user("I moved to Lisbon last spring."))
    talk = of(memory, "tuesday")
    talk.put(user("Where did I move to?"))

    talk.set(talk.get())

    assert texts(talk.get_all()) == ["Where did I move to?"]
    assert memory.count(user_id="ana") == 2


def test_three_turns_show_each_memory_once() -> None:
    with Memory(":memory:", embedder=None) as memory:
        of(memory, "monday").put(user("My cat is called Milo."))
        talk = of(memory, "tuesday")
        counts: list[int] = []
        for number in range(3):
            talk.put(user(f"What is my cat called? ({number})"))
            counts.append(str(texts(talk.get())).count("My cat is called Milo."))
            talk.put(assistant(f"Answer {number}"))

        assert counts == [1, 1, 1]


def test_one_turn_is_searched_for_once(tmp_path: Path) -> None:
    store = FailingStore()
    with Memory(store=store, embedder=None) as memory:
        of(memory, "monday").put(user("My cat is called Milo."))
        talk = of(memory, "tuesday")
        talk.put(user("What is my cat called?"))
        talk.get()
        once = store.searches

        talk.get(input="What is my cat called?")
        talk.put_messages([called("c1"), answered("c1")])
        talk.get()

        assert once > 0
        assert store.searches == once
        talk.put(user("What is my cat called?"))
        talk.get()
        assert store.searches == 2 * once


@pytest.mark.anyio
async def test_a_question_that_is_not_put_is_searched_for_each_time(memory: Memory) -> None:
    memory.add("The user's cat is called Milo.", kind="semantic", user_id="ana")
    talk = of(memory, "tuesday")
    question = "What is the cat called?"
    assert "Milo" in (talk.get(input=question)[0].content or "")

    memory.forget(user_id="ana")

    assert talk.get(input=question) == await talk.aget(input=question) == []


def test_what_is_saved_between_turns_is_recalled_though_the_question_is_the_same(memory: Memory) -> None:
    talk = of(memory, "tuesday")
    talk.put(user("What is my cat called?"))
    assert len(talk.get()) == 1
    memory.add("The user's cat is called Milo.", kind="semantic", user_id="ana")

    talk.put(user("What is my cat called?"))

    assert "Milo" in (talk.get()[0].content or "")


def test_reset_empties_this_session_and_no_other_and_keeps_memories(memory: Memory) -> None:
    monday, tuesday, other = of(memory, "monday"), of(memory, "tuesday"), of(memory, "monday", "ben")
    for talk in (monday, tuesday, other):
        talk.put(user("I like green tea."))

    monday.reset()

    assert [len(talk.get_all()) for talk in (monday, tuesday, other)] == [0, 1, 1]
    assert memory.count(user_id="ana") == 2


@pytest.mark.parametrize(
    ("there", "given"),
    [
        ([], ["a", "b"]),
        (["a", "b"], ["a", "b"]),
        (["a", "b"], ["a", "b", "c"]),
        (["a", "b", "c", "d"], ["c", "d"]),
        (["a", "b", "c"], ["c", "a"]),
        (["a", "b", "c"], ["x", "b"]),
        (["a", "a", "b"], ["a", "b", "a"]),
        (["a"], []),
    ],
)
def test_set_makes_the_history_what_is_given_and_remembers_nothing_twice(
    memory: Memory, there: list[str], given: list[str]
) -> None:
    talk = of(memory, "monday")
    talk.put_messages([user(text) for text in there])
    before = memory.count(user_id="ana")

    for _ in range(2):
        talk.set([user(text) for text in given])

    assert texts(talk.get_all()) == given
    new = sum(max(given.count(text) - there.count(text), 0) for text in set(given))
    assert memory.count(user_id="ana") == before + new


def test_set_changes_a_message_that_is_known_by_its_id(memory: Memory) -> None:
    talk = of(memory, "monday")
    talk.put_messages([user("Hi"), assistant("Helo"), user("Bye")])
    there = talk.get_all()
    there[1].blocks = [TextBlock(text="Hello")]

    talk.set(there)

    again = talk.get_all()
    assert texts(again) == ["Hi", "Hello", "Bye"]
    assert again[1].additional_kwargs == there[1].additional_kwargs


def test_what_get_returns_may_be_changed_without_changing_the_history(memory: Memory) -> None:
    talk = of(memory, "monday")
    talk.put(user("Hi"))
    for _ in range(3):
        talk.get()[0].blocks.insert(0, TextBlock(text="State: none"))

    assert talk.get()[0].blocks == [TextBlock(text="Hi")]


@pytest.mark.parametrize("other", IDS)
def test_a_user_finds_nothing_of_another_whose_id_is_alike(memory: Memory, other: str) -> None:
    for mine in ("1", "alice", "a@b.com", "José", "日本", "../x", "%", "_"):
        if mine == other:
            continue
        of(memory, "s", mine).set([user("The secret word is heliotrope.")])

        theirs = of(memory, "s", other)
        theirs.set([user("What is the secret word?")])

        assert texts(theirs.get()) == texts(theirs.get_all()) == ["What is the secret word?"]
        theirs.reset()
        assert texts(of(memory, "s", mine).get_all()) == ["The secret word is heliotrope."]


@pytest.mark.parametrize("other", IDS)
def test_a_session_is_not_another_whose_name_is_alike(memory: Memory, other: str) -> None:
    mine = of(memory, "10")
    mine.put(user("Hi"))
    if other == "10":
        return

    of(memory, other).reset()
    of(memory, other).put(user("Bye"))

    assert texts(mine.get_all()) == ["Hi"]


@pytest.mark.parametrize("blank", ["", " "])
def test_a_blank_id_is_refused_when_it_is_built(memory: Memory, blank: str) -> None:
    with pytest.raises(ScopeError, match="blank"):
        of(memory, "monday", blank)


def test_without_a_user_a_call_fails_and_says_what_to_do(memory: Memory) -> None:
    with pytest.raises(ScopeError, match=r"mnemon\.scope"):
        of(memory, "monday", None).put(user("Hi"))


def test_one_object_serves_many_users_at_once(memory: Memory) -> None:
    shared = of(memory, "s", None)

    async def serve(name: str) -> list[str | None]:
        with mnemon.scope(user_id=name):
            await shared.aput(user(f"I am {name}."))
            await asyncio.sleep(0)
            await shared.aput(user("Who am I?"))
            return texts(await shared.aget())

    async def all_of_them() -> list[list[str | None]]:
        return await asyncio.gather(*(serve(f"user-{number}") for number in range(20)))

    for number, told in enumerate(asyncio.run(all_of_them())):
        assert told == [f"I am user-{number}.", "Who am I?"]


def test_an_id_may_be_a_function_that_is_asked_at_each_call(memory: Memory) -> None:
    current = "ana"
    shared = MnemonMemory.from_defaults(session_id="s", user_id=lambda: current, memory=memory)
    shared.put(user("I am Ana."))
    current = "ben"

    assert shared.get_all() == []


def test_a_wrong_field_is_refused(memory: Memory) -> None:
    with pytest.raises(ValueError, match="user"):
        MnemonMemory(memory=memory, user="ana")


def test_it_is_true_though_it_is_empty(memory: Memory) -> None:
    assert of(memory, "monday")


def test_a_store_that_fails_is_an_error() -> None:
    store = FailingStore()
    with Memory(store=store, embedder=None) as memory:
        talk = of(memory, "monday")
        talk.put(user("Hi"))
        store.down = True

        for call in (talk.get, talk.get_all, talk.reset, lambda: talk.put(user("Hi")), lambda: talk.set([])):
            with pytest.raises(StoreUnavailableError):
                call()


def test_where_it_is_wanted_a_store_that_fails_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    store = FailingStore()
    with Memory(store=store, embedder=None) as memory:
        talk = of(memory, "monday", on_error="warn")
        store.down = True

        talk.put(user("Hi"))

        assert talk.get() == []
        assert "1 messages were not stored" in caplog.text


@pytest.mark.anyio
async def test_async_methods_do_what_their_twins_do(memory: Memory) -> None:
    of(memory, "monday").put(user("My cat is called Milo."))
    talk = of(memory, "tuesday")

    await talk.aset([user("Hi"), assistant("Hello")])
    await talk.aput(user("What is my cat called?"))
    await talk.aput_messages([called("c1"), answered("c1")])

    prompt = await talk.aget(initial_token_count=3)
    assert "Milo" in (prompt[0].content or "")
    assert texts(prompt)[1:] == texts(await talk.aget_all())
    assert texts(prompt)[1:] == ["Hi", "Hello", "What is my cat called?", None, "found"]
    await talk.areset()
    assert await talk.aget_all() == []


@pytest.mark.anyio
async def test_sync_methods_work_inside_of_a_loop_and_from_threads(memory: Memory) -> None:
    talk = of(memory, "monday")
    talk.put(user("Hi"))

    def put(number: int) -> None:
        talk.put(user(str(number)))

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(put, range(20)))

    assert sorted(int(text or "-1") for text in texts(talk.get_all())[1:]) == list(range(20))


def test_it_serves_one_loop_after_another(memory: Memory) -> None:
    talk = of(memory, "monday")
    asyncio.run(talk.aput(user("Hi")))

    assert texts(asyncio.run(talk.aget())) == ["Hi"]


def test_with_remember_off_only_the_history_is_kept(memory: Memory) -> None:
    talk = of(memory, "monday", remember=False)
    talk.put(user("Hi"))

    assert texts(talk.get_all()) == ["Hi"]
    assert memory.count(user_id="ana") == 0


@pytest.mark.anyio
async def test_a_message_of_a_picture_alone_is_in_the_log_and_is_no_memory(memory: Memory) -> None:
    ours = MnemonMemory(memory=memory, session_id="s1", user_id="ana")
    picture = ChatMessage(role="user", blocks=[ImageBlock(url="https://example.com/cat.png")])

    ours.put(picture)
    await ours.aput(picture)
    ours.put(ChatMessage(role="assistant", content="A cat."))

    logged = memory.conversations.read(user_id="ana", run_id="s1")
    assert [[type(block) for block in one.blocks] for one in logged] == [[Image], [Image], [Text]]
    assert [one.text for one in memory.get_all(user_id="ana")] == ["A cat."]
