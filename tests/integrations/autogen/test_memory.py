"""Memory, model context and tools of AutoGen on mnemon."""

from __future__ import annotations

import asyncio
import json

import pytest
from autogen_core import CancellationToken, FunctionCall
from autogen_core import Image as AutogenImage
from autogen_core.memory import Memory as AutogenMemory
from autogen_core.memory import MemoryContent, MemoryMimeType
from autogen_core.model_context import (
    BufferedChatCompletionContext,
    ChatCompletionContext,
    UnboundedChatCompletionContext,
)
from autogen_core.models import (
    AssistantMessage,
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    SystemMessage,
    UserMessage,
)

import mnemon
from mnemon import (
    ConfigError,
    InvalidInputError,
    Memory,
    ScopeError,
    StoreUnavailableError,
)
from mnemon.adapting import register_memory
from mnemon.testing.samples import HOSTILE
from mnemon.types.scope import MAX_SCOPE_ID_BYTES
from mnemon_autogen import MnemonChatCompletionContext, MnemonMemory, memory_tools
from tests.integrations.autogen.scripted import contents, run_python, user
from tests.integrations.conversions import PNG
from tests.integrations.failing import FailingStore

pytestmark = pytest.mark.anyio

IDS = [one for one in HOSTILE if one.strip() and len(one.encode()) <= MAX_SCOPE_ID_BYTES]


def fact(text: str) -> MemoryContent:
    return MemoryContent(content=text, mime_type=MemoryMimeType.TEXT)


async def test_what_was_added_is_found_with_its_score(memory: Memory) -> None:
    ours = MnemonMemory(memory, user_id="ana")
    await ours.add(MemoryContent(content="Ana likes jazz.", mime_type="text/plain", metadata={"source": "form"}))
    await ours.add(MemoryContent(content={"drink": "tea"}, mime_type=MemoryMimeType.JSON))

    (found,) = (await ours.query("What does Ana like?", limit=1)).results
    (drink,) = (await ours.query(fact("Which drink?"), limit=1)).results

    assert (found.content, found.mime_type) == ("Ana likes jazz.", MemoryMimeType.TEXT)
    assert found.metadata is not None
    assert (found.metadata["source"], found.metadata["kind"]) == ("form", "semantic")
    assert 0 < found.metadata["score"] < 1
    assert drink.content == '{"drink": "tea"}'


@pytest.mark.parametrize("content", [b"\xff", AutogenImage.from_base64(PNG)])
async def test_what_is_no_text_is_refused(memory: Memory, content: bytes | AutogenImage) -> None:
    with pytest.raises(InvalidInputError, match="cannot be remembered"):
        await MnemonMemory(memory, user_id="ana").add(MemoryContent(content=content, mime_type=MemoryMimeType.BINARY))


async def test_clear_deletes_of_this_scope_only(memory: Memory) -> None:
    for name in ("ana", "ana-2"):
        await MnemonMemory(memory, user_id=name).add(fact(f"I am {name}."))

    await MnemonMemory(memory, user_id="ana").clear()

    assert [memory.count(user_id=name) for name in ("ana", "ana-2")] == [0, 1]


async def test_three_turns_leave_one_message_with_memories(memory: Memory) -> None:
    memory.add("My cat is called Milo.", user_id="ana")
    memory.add("My dog is called Rex.", user_id="ana")
    ours, context = MnemonMemory(memory, user_id="ana"), UnboundedChatCompletionContext()

    for question in ("What is my cat called?", "Is Milo my cat?", "What is my dog called?"):
        await context.add_message(user(question))
        await ours.update_context(context)
        await context.add_message(AssistantMessage(content="Hm.", source="helper"))

    shown = [one for one in await context.get_messages() if isinstance(one, SystemMessage)]
    assert len(shown) == 1
    assert "Rex" in shown[0].content
    assert len((await context.save_state())["messages"]) == 7


async def test_memories_that_do_not_answer_any_more_are_taken_out(memory: Memory) -> None:
    memory.add("My cat is called Milo.", user_id="ana")
    ours, context = MnemonMemory(memory, user_id="ana"), UnboundedChatCompletionContext()
    await context.add_message(user("What is my cat called?"))
    await ours.update_context(context)

    await context.add_message(user("zzz"))
    updated = await ours.update_context(context)

    assert contents(await context.get_messages()) == ["What is my cat called?", "zzz"]
    assert updated.memories.results == []


async def test_what_was_shown_before_a_state_was_stored_is_taken_out_too(memory: Memory) -> None:
    memory.add("My cat is called Milo.", user_id="ana")
    context, again = UnboundedChatCompletionContext(), UnboundedChatCompletionContext()
    await context.add_message(user("What is my cat called?"))
    await MnemonMemory(memory, user_id="ana").update_context(context)
    await again.load_state(json.loads(json.dumps(await context.save_state())))

    await MnemonMemory(memory, user_id="ana").update_context(again)

    assert [type(one) for one in await again.get_messages()] == [UserMessage, SystemMessage]


async def test_two_memories_of_one_agent_show_each_its_own(memory: Memory) -> None:
    memory.add("Milo is Ana's cat.", user_id="ana")
    memory.add("Cats are not allowed in the office.", app_id="office")
    both = [MnemonMemory(memory, user_id="ana"), MnemonMemory(memory, app_id="office", required=("app_id",))]
    context = UnboundedChatCompletionContext()

    for question in ("Where is my cat?", "Are cats, like my cat Milo, allowed in the office?"):
        await context.add_message(user(question))
        for one in both:
            await one.update_context(context)

    shown = [one.content for one in await context.get_messages() if isinstance(one, SystemMessage)]
    assert [("Milo" in text, "allowed" in text) for text in shown] == [(True, False), (False, True)]


async def test_the_question_is_the_last_that_a_user_asked(memory: Memory) -> None:
    memory.add("My cat is called Milo.", user_id="ana")
    context = UnboundedChatCompletionContext()
    await context.add_message(
        UserMessage(content=["What is my cat called?", AutogenImage.from_base64(PNG)], source="user")
    )
    await context.add_message(AssistantMessage(content=[FunctionCall(id="1", name="look", arguments="{}")], source="a"))
    await context.add_message(
        FunctionExecutionResultMessage(content=[FunctionExecutionResult(content="zzz", name="look", call_id="1")])
    )

    updated = await MnemonMemory(memory, user_id="ana").update_context(context)

    assert "Milo" in str(updated.memories.results[0].content)


async def test_memories_may_be_told_in_a_message_of_the_user(memory: Memory) -> None:
    memory.add("My cat is called Milo.", user_id="ana")
    context = BufferedChatCompletionContext(5)
    await context.add_message(user("What is my cat called?"))

    await MnemonMemory(memory, user_id="ana", shown_as="user").update_context(context)

    shown = (await context.get_messages())[-1]
    assert isinstance(shown, UserMessage)
    assert (shown.source, "Milo" in str(shown.content)) == ("memory", True)


@pytest.mark.parametrize("other", IDS)
async def test_a_user_finds_nothing_of_another_whose_id_is_alike(memory: Memory, other: str) -> None:
    for mine in ("1", "alice", "a@b.com", "José", "日本", "../x", "%", "_"):
        if mine == other:
            continue
        await MnemonMemory(memory, user_id=mine).add(fact("The secret word is heliotrope."))
        theirs = MnemonMemory(memory, user_id=other)
        log = MnemonChatCompletionContext(memory, user_id=mine, run_id=mine)
        await log.add_message(user("The secret word is heliotrope."))
        context = MnemonChatCompletionContext(memory, user_id=other, run_id=mine)
        await context.add_message(user("What is the secret word?"))

        await theirs.update_context(context)
        await theirs.clear()

        assert (await theirs.query("secret word")).results == []
        assert contents(await context.get_messages()) == ["What is the secret word?"]
        await context.clear()
        assert contents(await log.get_messages()) == ["The secret word is heliotrope."]
        assert memory.count(user_id=mine) >= 1


async def test_one_object_serves_many_users_at_once(memory: Memory) -> None:
    shared = MnemonMemory(memory)
    log = MnemonChatCompletionContext(memory, run_id="s")

    async def serve(name: str) -> tuple[list[object], list[object]]:
        with mnemon.scope(user_id=name):
            await shared.add(fact(f"The favourite dish of {name} is pizza."))
            await log.add_message(user(f"I am {name}."))
            await asyncio.sleep(0)
            found = (await shared.query("What is the favourite dish?")).results
            return [one.content for one in found], contents(await log.get_messages())

    told = await asyncio.gather(*(serve(f"user-{number}") for number in range(20)))

    for number, answer in enumerate(told):
        name = f"user-{number}"
        assert answer == ([f"The favourite dish of {name} is pizza."], [f"I am {name}."])
    with pytest.raises(ScopeError, match="user_id"):
        await shared.query("Who am I?")


async def test_a_component_is_stored_without_secrets_and_found_again(memory: Memory) -> None:
    register_memory(memory, "main")
    ours = MnemonMemory(memory, user_id="ana", limit=3, threshold=None, shown_as="user", on_error="warn")
    log = MnemonChatCompletionContext(memory, user_id="ana", run_id="s", newest=2)
    await ours.add(fact("Ana likes jazz."))
    await log.add_message(user("Hi"))

    stored = json.loads(json.dumps([one.dump_component().model_dump() for one in (ours, log)]))
    again, log_again = AutogenMemory.load_component(stored[0]), ChatCompletionContext.load_component(stored[1])

    assert stored[0]["config"]["memory_name"] == "main"
    assert [one.content for one in (await again.query("What does Ana like?")).results] == ["Ana likes jazz."]
    assert contents(await log_again.get_messages()) == ["Hi"]
    assert again.dump_component().model_dump() == stored[0] | {"config": again.dump_component().config}
    assert again.dump_component().config["shown_as"] == "user"


async def test_a_component_whose_memory_is_not_there_says_what_to_do() -> None:
    with pytest.raises(ConfigError, match="register_memory"):
        await MnemonMemory("another process", user_id="ana").query("Hi")


async def test_a_store_that_fails_is_an_error_unless_a_warning_is_wanted(caplog: pytest.LogCaptureFixture) -> None:
    store = FailingStore()
    with Memory(store=store, embedder=None) as memory:
        memory.add("My cat is called Milo.", user_id="ana")
        ours = MnemonMemory(memory, user_id="ana")
        log = MnemonChatCompletionContext(memory, user_id="ana", run_id="s")
        context = UnboundedChatCompletionContext()
        await context.add_message(user("What is my cat called?"))
        store.down = True

        for work in (
            ours.query("Hi"),
            ours.add(fact("Hi")),
            ours.update_context(context),
            log.add_message(user("Hi")),
            log.get_messages(),
        ):
            with pytest.raises(StoreUnavailableError):
                await work
        tolerant = MnemonMemory(memory, user_id="ana", on_error="warn")
        assert (await tolerant.query("Hi")).results == (await tolerant.update_context(context)).memories.results == []
        assert "nothing was recalled" in caplog.text


async def test_a_cancelled_query_is_cancelled(memory: Memory) -> None:
    token = CancellationToken()
    token.cancel()

    with pytest.raises(asyncio.CancelledError):
        await MnemonMemory(memory, user_id="ana").query("Hi", token)


async def test_tools_work_on_the_user_s_memories_only(memory: Memory) -> None:
    foreign = memory.add("Ben's secret", user_id="ben").ids[0]
    tools = {tool.name: tool for tool in memory_tools(memory, user_id="ana")}
    token = CancellationToken()

    async def call(name: str, **arguments: object) -> str:
        return tools[name].return_value_as_string(await tools[name].run_json(arguments, token))

    saved = (await call("save_memory", text="Ana likes jazz")).rpartition(" ")[2]
    assert "Ana likes jazz" in await call("search_memories", query="What does Ana like?")
    assert (await call("delete_memory", memory_id=foreign)).startswith("error: ")
    assert "deleted" in await call("delete_memory", memory_id=saved)

    assert (memory.count(user_id="ana"), memory.get(foreign).text) == (0, "Ben's secret")
    for tool in tools.values():
        assert not {"user_id", "agent_id", "app_id", "run_id"} & tool.args_type().model_fields.keys()


async def test_a_tool_fails_with_its_store() -> None:
    store = FailingStore()
    with Memory(store=store, embedder=None) as memory:
        (tool,) = memory_tools(memory, user_id="ana", tools=["save_memory"], names={"save_memory": "remember"})
        store.down = True

        with pytest.raises(StoreUnavailableError):
            await tool.run_json({"text": "Hi"}, CancellationToken())
        assert tool.name == "remember"


async def test_importing_it_imports_no_other_framework() -> None:
    code = (
        "import sys, mnemon_autogen\n"
        "others = {'crewai', 'llama_index', 'agent_framework', 'langchain_core', 'langgraph'}\n"
        "print(sorted(others & {name.partition('.')[0] for name in sys.modules}))"
    )

    assert run_python(code).strip() == "[]"
