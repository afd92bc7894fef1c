"""Agents of Agent Framework with memory and history, and a model that follows a script."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from agent_framework import (
    Agent,
    AgentSession,
    Content,
    HistoryProvider,
    InMemoryHistoryProvider,
    Message,
    WorkflowAgent,
    WorkflowBuilder,
    tool,
)

import mnemon
from mnemon import ConfigError, File, Image, Memory, ScopeError, StoreUnavailableError, Text
from mnemon.adapting import RecallRules
from mnemon.testing.samples import HOSTILE
from mnemon.types.scope import MAX_SCOPE_ID_BYTES
from mnemon_agent_framework import MnemonContextProvider, MnemonHistoryProvider
from tests.integrations.agent_framework.scripted import ScriptedClient, state_of
from tests.integrations.failing import FailingStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent_framework import ContextProvider

pytestmark = pytest.mark.anyio

FRIENDS = [("1", "10"), ("a@b.com", "a-b.com"), ("José", "Jose\u0301"), ("alice", "Alice"), ("*", "%"), ("a_c", "abc")]
IDS = [one for one in HOSTILE if one.strip() and len(one.encode()) <= MAX_SCOPE_ID_BYTES]
CALL = Content.from_function_call("c1", "look_up", arguments='{"word": "cat"}')


@tool(approval_mode="never_require")
def look_up(word: str) -> str:
    """Look a word up."""
    return f"{word}: a small animal"


def agent(client: ScriptedClient, *providers: ContextProvider, **options: Any) -> Agent[Any]:
    return Agent(client=client, instructions="Be brief.", context_providers=providers, **options)


async def turn(helper: Agent[Any], said: str, session: AgentSession, *, stream: bool = False) -> None:
    if stream:
        await helper.run(said, session=session, stream=True).get_final_response()
    else:
        await helper.run(said, session=session)


def texts(memory: Memory, user_id: str = "ana") -> list[str]:
    return [one.text for one in memory.get_all(user_id=user_id, sort="said_at", descending=False)]


def log(memory: Memory, run_id: str = "s1", user_id: str = "ana") -> list[tuple[str, str]]:
    return [(one.role, one.text) for one in memory.conversations.read(user_id=user_id, run_id=run_id)]


@pytest.mark.parametrize(("mine", "other"), FRIENDS)
async def test_an_agent_recalls_in_a_new_session_and_not_for_another_user(
    memory: Memory, mine: str, other: str
) -> None:
    client = ScriptedClient("Noted.", "Let me think.", "Let me think.")
    one_for_all = agent(client, MnemonContextProvider(memory))
    with mnemon.scope(user_id=mine):
        await one_for_all.run("My favourite dish is pizza", session=AgentSession(session_id="s1"))

    for name, knows in ((mine, True), (other, False)):
        with mnemon.scope(user_id=name):
            await one_for_all.run("What is my favourite dish?", session=AgentSession(session_id="s2"))

        assert ("My favourite dish is pizza" in client.prompt()) is knows


async def test_the_question_is_what_the_user_said_last_that_can_be_seen(memory: Memory) -> None:
    memory.add("My favourite dish is pizza", user_id="ana")
    client = ScriptedClient("Pizza.")
    said = [Message("user", ["What is my favourite dish?"]), Message("user", ["\u200b"])]

    with mnemon.scope(user_id="ana"):
        await agent(client, MnemonContextProvider(memory)).run(said, session=AgentSession(session_id="s2"))

    assert "My favourite dish is pizza" in client.prompt()


@pytest.mark.parametrize("name", IDS)
async def test_a_history_is_of_one_user_and_one_session(memory: Memory, name: str) -> None:
    whose: list[str] = [name]
    client = ScriptedClient("Hello.", "Hello.", "Hello.")
    one_for_all = agent(client, MnemonHistoryProvider(memory, user_id=lambda: whose[0]))
    await one_for_all.run("I am here.", session=AgentSession(session_id=name))

    for user_id, session_id in ((f"{name}x", name), (name, f"{name}x")):
        whose[0] = user_id
        await one_for_all.run("Anybody?", session=AgentSession(session_id=session_id))

        assert client.texts() == ["Anybody?"]


@pytest.mark.parametrize("history_first", [True, False])
@pytest.mark.parametrize("per_call", [True, False])
@pytest.mark.parametrize("stream", [True, False])
async def test_a_turn_with_a_tool_is_logged_in_its_order_and_remembered_once(
    memory: Memory, *, history_first: bool, per_call: bool, stream: bool
) -> None:
    providers = [MnemonHistoryProvider(memory, user_id="ana"), MnemonContextProvider(memory, user_id="ana")]
    client = ScriptedClient(CALL, "An animal.", "A cat.")
    helper = agent(
        client,
        *(providers if history_first else providers[::-1]),
        tools=[look_up],
        require_per_service_call_history_persistence=per_call,
    )
    session = AgentSession(session_id="s1")

    for question in ("What is a cat?", "What did I ask about?"):
        await turn(helper, question, session, stream=stream)

    logged = memory.conversations.read(user_id="ana", run_id="s1")
    assert [one.role for one in logged] == ["user", "assistant", "tool", "assistant", "user", "assistant"]
    assert [one.text.strip() for one in logged][3:] == ["An animal.", "What did I ask about?", "A cat."]
    assert sorted(text.strip() for text in texts(memory)) == [
        "A cat.",
        "An animal.",
        "What did I ask about?",
        "What is a cat?",
    ]
    assert [message.role for message in client.told[-1]] == ["user", "assistant", "tool", "assistant", "user"]
    assert client.prompt().count("What is a cat?") == 1
    assert client.prompt().count("What did I ask about?") == 1


@pytest.mark.parametrize("history", [InMemoryHistoryProvider(), None, "ours"])
@pytest.mark.parametrize("first", [True, False])
async def test_three_turns_show_each_memory_once_and_keep_none(
    memory: Memory, history: HistoryProvider | str | None, *, first: bool
) -> None:
    memory.add("My cat is called Milo.", user_id="ana")
    client = ScriptedClient("Milo.", "Milo, still.", "Milo, as ever.")
    ours = MnemonContextProvider(memory, user_id="ana", recall=RecallRules(threshold=None))
    kept = MnemonHistoryProvider(memory, user_id="ana") if isinstance(history, str) else history
    providers = [ours] if kept is None else [kept, ours] if first else [ours, kept]
    helper = agent(client, *providers)
    session = AgentSession(session_id="s1")

    for number in range(3):
        await helper.run(f"What is my cat called? ({number})", session=session)

    assert client.prompt().count("My cat is called Milo.") == 1
    assert [client.prompt().count(f"called? ({number})") for number in range(3)] == [1, 1, 1]
    assert client.prompt().count("Milo, still.") == 1
    assert "My cat is called Milo." not in state_of(session) + str(log(memory))
    assert texts(memory).count("My cat is called Milo.") == 1
    assert memory.count(user_id="ana") == 7


async def test_a_prompt_without_memories_is_left_as_it_is(memory: Memory) -> None:
    client = ScriptedClient("Hello.", "Hello.")
    await agent(client).run("Hi")
    await agent(client, MnemonContextProvider(memory, user_id="ana")).run("Hi")

    assert client.instructions[0] == client.instructions[1]
    assert [message.role for message in client.told[0]] == [message.role for message in client.told[1]]


@pytest.mark.parametrize("stream", [True, False])
async def test_what_the_user_said_is_kept_when_the_model_fails(memory: Memory, *, stream: bool) -> None:
    client = ScriptedClient(RuntimeError("overloaded"), "You moved to Lisbon.")
    providers = [MnemonHistoryProvider(memory, user_id="ana"), MnemonContextProvider(memory, user_id="ana")]
    helper = agent(client, *providers)
    session = AgentSession(session_id="s1")

    with pytest.raises(RuntimeError, match="overloaded"):
        await turn(helper, "I moved to Lisbon.", session, stream=stream)
    assert texts(memory) == ["I moved to Lisbon."]
    await helper.run("Where did I move to?", session=session)

    assert client.texts() == ["I moved to Lisbon.", "Where did I move to?"]


async def test_a_message_with_an_id_that_is_tried_again_is_one_message(memory: Memory) -> None:
    client = ScriptedClient(RuntimeError("overloaded"), "Noted.")
    helper = agent(client, MnemonContextProvider(memory, user_id="ana"))
    said = Message("user", ["I moved to Lisbon."], message_id="m1")
    session = AgentSession(session_id="s1")

    with pytest.raises(RuntimeError, match="overloaded"):
        await helper.run(said, session=session)
    await helper.run(said, session=session)

    assert log(memory) == [("user", "I moved to Lisbon."), ("assistant", "Noted.")]


async def test_the_callers_message_is_not_changed_and_two_runs_say_it_twice(memory: Memory) -> None:
    client = ScriptedClient("One.", "Two.")
    helper = agent(client, MnemonHistoryProvider(memory, user_id="ana"))
    said = Message("user", ["Again!"])

    for _ in range(2):
        await helper.run(said, session=AgentSession(session_id="s1"))

    assert (said.message_id, said.additional_properties) == (None, {})
    assert log(memory) == [("user", "Again!"), ("assistant", "One."), ("user", "Again!"), ("assistant", "Two.")]


async def test_a_scope_at_the_beginning_of_a_run_holds_to_its_end(memory: Memory) -> None:
    providers = [MnemonHistoryProvider(memory), MnemonContextProvider(memory)]
    stream = agent(ScriptedClient("Hello there."), *providers).run("I am Ana.", stream=True)

    with mnemon.scope(user_id="ana", run_id="s1"):
        await anext(aiter(stream))
    await stream.get_final_response()

    assert [text.strip() for _, text in log(memory)] == ["I am Ana.", "Hello there."]


async def test_many_customers_at_once_do_not_cross(memory: Memory) -> None:
    class Echo(ScriptedClient):
        def _inner_get_response(self, *, messages: Sequence[Message], **kwargs: Any) -> Any:
            self.answers.append(f"You said: {messages[-1].text}")
            return super()._inner_get_response(messages=messages, **kwargs)

    providers = [MnemonHistoryProvider(memory), MnemonContextProvider(memory, background=True)]
    helper = agent(Echo(), *providers)

    async def talk(name: str) -> None:
        with mnemon.scope(user_id=name):
            for number in range(3):
                await helper.run(f"{name} says {number}", session=AgentSession(session_id="s1"))

    await asyncio.gather(*(talk(f"customer-{number}") for number in range(20)))
    await providers[1].flush()  # type: ignore[union-attr]

    for number in range(20):
        own = f"customer-{number} says"
        assert len(texts(memory, f"customer-{number}")) == 6
        assert all(own in text for text in texts(memory, f"customer-{number}"))
        assert [own in text for _, text in log(memory, user_id=f"customer-{number}")] == [True] * 6


@pytest.mark.parametrize("provider", [MnemonContextProvider, MnemonHistoryProvider])
async def test_without_a_user_a_run_fails_before_the_model_is_asked(memory: Memory, provider: Any) -> None:
    client = ScriptedClient("never said")

    with pytest.raises(ScopeError, match="user_id"):
        await agent(client, provider(memory, on_error="warn")).run("Hi", session=AgentSession())
    with pytest.raises(ScopeError, match="user_id"):
        await agent(client, provider(memory, user_id=lambda: None)).run("Hi", session=AgentSession())

    assert client.told == []


async def test_two_that_say_whose_it_is_must_agree(memory: Memory) -> None:
    helper = agent(ScriptedClient(), MnemonContextProvider(memory.scoped(user_id="ana"), user_id=lambda: "ben"))

    with pytest.raises(ScopeError, match="user_id"):
        await helper.run("Hi")


async def test_a_history_needs_a_session(memory: Memory) -> None:
    history = MnemonHistoryProvider(memory, user_id="ana")

    with pytest.raises(ScopeError, match="run_id"):
        await history.get_messages(None)
    with pytest.raises(ScopeError, match="run_id"):
        await history.save_messages(None, [Message("user", ["Hi"])])


@pytest.mark.parametrize("provider", [MnemonContextProvider, MnemonHistoryProvider])
async def test_a_store_that_fails_ends_the_run(provider: Any) -> None:
    store = FailingStore()
    with Memory(store=store, embedder=None) as memory:
        client = ScriptedClient("Hello.", "Hello.")
        store.down = True

        with pytest.raises(StoreUnavailableError):
            await agent(client, provider(memory, user_id="ana")).run("Hi")
        assert client.told == []


@pytest.mark.parametrize("provider", [MnemonContextProvider, MnemonHistoryProvider])
async def test_a_store_that_fails_is_only_logged_where_that_is_wanted(
    provider: Any, caplog: pytest.LogCaptureFixture
) -> None:
    store = FailingStore()
    with Memory(store=store, embedder=None) as memory:
        client = ScriptedClient("Hello.")
        helper = agent(client, provider(memory, user_id="ana", on_error="warn"))
        store.down = True

        assert (await helper.run("Hi")).text == "Hello."
        assert "the store is down" in caplog.text


async def test_a_store_that_fails_in_the_background_is_told(caplog: pytest.LogCaptureFixture) -> None:
    store = FailingStore()
    with Memory(store=store, embedder=None) as memory:
        provider = MnemonContextProvider(memory, user_id="ana", recall=None, background=True)
        store.down = True
        await agent(ScriptedClient("Hello."), provider).run("Hi")

        with pytest.raises(StoreUnavailableError):
            await provider.flush()
        store.down = False


@pytest.mark.parametrize("name", ["raise", "ignore"])
def test_an_option_that_there_is_not_is_refused(memory: Memory, name: Any) -> None:
    for provider in (MnemonContextProvider, MnemonHistoryProvider):
        if name == "raise":
            assert provider(memory, on_error=name).source_id
        else:
            with pytest.raises(ConfigError, match="ignore"):
                provider(memory, on_error=name)


async def test_messages_come_back_as_they_were(memory: Memory) -> None:
    history = MnemonHistoryProvider(memory, user_id="ana")
    said = [
        Message("user", [Content.from_text("Look: "), Content.from_data(b"\x89PNG", "image/png")], author_name="Ana"),
        Message("assistant", [Content.from_text_reasoning(text="hm", protected_data="x")], message_id="m2"),
        Message("assistant", [Content.from_function_approval_request(CALL.id or "a1", CALL)], message_id="m3"),
        Message("assistant", [CALL], additional_properties={"cost": 1.5}, message_id="m4"),
        Message("tool", [Content.from_function_result("c1", result="an animal")], message_id="m5"),
        Message("assistant", ["A cat."], message_id="m6"),
    ]

    await history.save_messages("s1", said)
    told = await history.get_messages("s1")

    assert told[0].message_id
    for back, one in zip(told, said, strict=True):
        assert back.additional_properties.pop("mnemon")["head"]["in"].keys() == {"time"}  # what only the log has
        assert back.to_dict() == {**one.to_dict(), "message_id": one.message_id or told[0].message_id}


async def test_a_message_that_is_returned_can_be_changed(memory: Memory) -> None:
    history = MnemonHistoryProvider(memory, user_id="ana")
    await history.save_messages("s1", [Message("user", ["Hello"])])

    (first,) = await history.get_messages("s1")
    first.contents.append(Content.from_text("changed"))

    assert [message.text for message in await history.get_messages("s1")] == ["Hello"]


async def test_thoughts_are_no_memories(memory: Memory) -> None:
    thought = Content.from_text_reasoning(text="The user has a cat.")
    providers = [MnemonHistoryProvider(memory, user_id="ana"), MnemonContextProvider(memory, user_id="ana")]
    client = ScriptedClient([thought], "Yes.")
    helper = agent(client, *providers)

    for question in ("Hi", "Are you there?"):
        await helper.run(question, session=AgentSession(session_id="s1"))

    assert "[text_reasoning]" not in texts(memory)
    assert client.told[-1][1].contents[0].to_dict() == thought.to_dict()


async def test_what_is_shown_to_a_workflow_is_shown_as_a_message(memory: Memory) -> None:
    memory.add("My cat is called Milo.", user_id="ana")
    client = ScriptedClient("Milo.", "Milo, still.")
    workflow = WorkflowBuilder(start_executor=agent(client), output_from="all").build()
    providers = [MnemonHistoryProvider(memory, user_id="ana"), MnemonContextProvider(memory, user_id="ana")]
    helper = WorkflowAgent(workflow, context_providers=providers)

    await helper.run("What is my cat called?", session=AgentSession(session_id="s1"))

    assert client.prompt().count("My cat is called Milo.") == 1
    assert log(memory) == [("user", "What is my cat called?"), ("assistant", "Milo.")]


@pytest.mark.parametrize("with_history", [False, True])
async def test_a_message_of_pictures_and_files_alone_is_in_the_log_and_is_no_memory(
    memory: Memory, *, with_history: bool
) -> None:
    histories = [MnemonHistoryProvider(memory, user_id="ana")] if with_history else []
    helper = agent(ScriptedClient("A cat."), *histories, MnemonContextProvider(memory, user_id="ana"))
    picture, file = Content.from_data(b"\x89PNG", "image/png"), Content.from_data(b"%PDF", "application/pdf")

    await helper.run(Message("user", [picture, file]), session=AgentSession(session_id="s1"))

    logged = memory.conversations.read(user_id="ana", run_id="s1")
    assert [(one.role, [type(block) for block in one.blocks]) for one in logged] == [
        ("user", [Image, File]),
        ("assistant", [Text]),
    ]
    assert texts(memory) == ["A cat."]
