"""Conversations with an agent of CrewAI."""

from __future__ import annotations

import asyncio

import pytest

import mnemon
from mnemon import ConfigError, Image, Memory, Message, ScopeError, StoreUnavailableError, Text, ToolCall, ToolResult
from mnemon.testing.samples import HOSTILE
from mnemon.types.scope import MAX_SCOPE_ID_BYTES
from mnemon_crewai import MnemonMemory, aconverse, converse
from tests.integrations.crewai.scripted import QUIET, ScriptedLLM, agent_of, prompts, texts
from tests.integrations.failing import FailingStore

pytestmark = [pytest.mark.anyio, QUIET]

IDS = [one for one in HOSTILE if one.strip() and len(one.encode()) <= MAX_SCOPE_ID_BYTES]


def log(memory: Memory, user_id: str = "ana", run_id: str = "s1") -> list[tuple[str, str]]:
    return [(one.role, one.text) for one in memory.conversations.read(user_id=user_id, run_id=run_id)]


def test_an_agent_is_told_all_that_was_said_before(memory: Memory) -> None:
    before = [
        Message(role="user", content="What is a cat?"),
        Message(role="assistant", content=[ToolCall(id="c1", name="look_up", arguments={"word": "cat"})]),
        Message(role="tool", content=[ToolResult(call_id="c1", content=(Text("a small animal"),))]),
        Message(role="assistant", content="An animal."),
    ]
    memory.conversations.append(before, user_id="ana", run_id="s1")
    model = ScriptedLLM("A small one.")

    answer = converse(agent_of(model), "Which one?", memory, user_id="ana", run_id="s1")

    assert answer.raw == "A small one."
    (prompt,) = prompts(model)
    places = [prompt.index(words) for words in ("What is a cat?", "a small animal", "An animal.", "Which one?")]
    assert places == sorted(places)
    assert log(memory)[-2:] == [("user", "Which one?"), ("assistant", "A small one.")]
    assert memory.conversations.read(user_id="ana", run_id="s1")[-1].name == "helper"


@pytest.mark.parametrize("name", IDS)
async def test_one_agent_keeps_any_two_users_and_sessions_apart(memory: Memory, name: str) -> None:
    model = ScriptedLLM()
    one_for_all = agent_of(model)
    await aconverse(one_for_all, "My code word is tulip.", memory, user_id=name, run_id=name)

    await aconverse(one_for_all, "What is my code word?", memory, user_id=f"{name}x", run_id=name)
    await aconverse(one_for_all, "What is my code word?", memory, user_id=name, run_id=f"{name}x", recall=None)
    await aconverse(one_for_all, "What is my code word?", memory, user_id=name, run_id=f"{name}y")

    assert ["tulip" in prompt for prompt in prompts(model)] == [True, False, False, True]


async def test_each_turn_is_one_message_and_one_memory(memory: Memory) -> None:
    one = agent_of(ScriptedLLM("Noted."))

    for words in ("My cat is called Milo.", "What is my cat called?"):
        await aconverse(one, words, memory, user_id="ana", run_id="s1")

    said = ["My cat is called Milo.", "Noted.", "What is my cat called?", "Noted."]
    assert [text for _, text in log(memory)] == said
    assert sorted(texts(memory)) == sorted(said)


def test_turns_may_stand_in_the_log_alone(memory: Memory) -> None:
    converse(agent_of(ScriptedLLM()), "Hi", memory, user_id="ana", run_id="s1", remember=False)

    assert (log(memory), texts(memory)) == ([("user", "Hi"), ("assistant", "Noted.")], [])


def test_what_a_user_said_is_kept_when_the_model_fails(memory: Memory) -> None:
    def fail(_: str) -> str:
        msg = "no answer"
        raise TimeoutError(msg)

    with pytest.raises(TimeoutError):
        converse(agent_of(ScriptedLLM(fail)), "Hi", memory, user_id="ana", run_id="s1")

    assert log(memory) == [("user", "Hi")]


async def test_a_call_that_cannot_be_is_refused(memory: Memory) -> None:
    model = ScriptedLLM()
    with pytest.raises(ConfigError, match="aconverse"):
        converse(agent_of(model), "Hi", memory, user_id="ana", run_id="s1")
    with pytest.raises(ConfigError, match="second time"):
        await aconverse(agent_of(model, memory=MnemonMemory(memory)), "Hi", memory, user_id="ana", run_id="s1")
    with pytest.raises(ScopeError, match="user_id"):
        await aconverse(agent_of(model), "Hi", memory, run_id="s1")

    assert prompts(model) == []


async def test_whose_conversation_it_is_may_be_said_around_it(memory: Memory) -> None:
    with mnemon.scope(user_id="ben"):
        await aconverse(agent_of(ScriptedLLM()), "Hi", memory, run_id="s1")

    assert len(log(memory, "ben")) == 2


async def test_a_store_that_fails_ends_the_call() -> None:
    store = FailingStore()
    with Memory(store=store, embedder=None) as memory:
        store.down = True
        model = ScriptedLLM()
        with pytest.raises(StoreUnavailableError):
            await aconverse(agent_of(model), "Hi", memory, user_id="ana", run_id="s1")
        assert prompts(model) == []

        answer = await aconverse(agent_of(model), "Hi", memory, user_id="ana", run_id="s1", on_error="warn")
        assert answer.raw == "Noted."


def test_a_message_of_a_picture_alone_is_in_the_log_and_is_no_memory(memory: Memory) -> None:
    picture = Message(role="user", content=[Image(url="https://example.com/cat.png")])

    converse(agent_of(ScriptedLLM("A cat.")), picture, memory, user_id="ana", run_id="s1")
    asyncio.run(aconverse(agent_of(ScriptedLLM("A dog.")), picture, memory, user_id="ana", run_id="s2"))

    for run in ("s1", "s2"):
        logged = memory.conversations.read(user_id="ana", run_id=run)
        assert [[type(block) for block in one.blocks] for one in logged] == [[Image], [Text]]
    assert sorted(texts(memory)) == ["A cat.", "A dog."]
