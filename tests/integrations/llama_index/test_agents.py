"""Agents and chat engines of LlamaIndex with memory, and a model that follows a script."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from llama_index.core.agent.workflow import AgentWorkflow, FunctionAgent, ReActAgent
from llama_index.core.base.llms.types import ChatMessage, MessageRole, ToolCallBlock
from llama_index.core.chat_engine import CondensePlusContextChatEngine, ContextChatEngine, SimpleChatEngine
from llama_index.core.embeddings.mock_embed_model import MockEmbedding
from llama_index.core.llms.mock import MockFunctionCallingLLM
from llama_index.core.memory import InsertMethod
from llama_index.core.memory import Memory as LlamaMemory
from llama_index.core.workflow import Context, JsonSerializer

import mnemon
from mnemon import Memory, NotFoundError, StoreUnavailableError
from mnemon_llama_index import (
    MnemonAsyncChatStore,
    MnemonEmbedder,
    MnemonMemory,
    MnemonMemoryBlock,
    MnemonRetriever,
    MnemonToolSpec,
)
from tests.integrations.failing import FailingStore
from tests.integrations.llama_index.talking import llama_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# LlamaIndex itself asks for what pydantic, and its own workflows, are about to take away.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecationWarning"),
    pytest.mark.filterwarnings("ignore:is_running called from within a step:DeprecationWarning"),
]

FRIENDS = [("1", "10"), ("a@b.com", "a-b.com"), ("José", "Jose\u0301"), ("alice", "Alice"), ("*", "%")]


def script(messages: Sequence[ChatMessage], **_: Any) -> ChatMessage:
    """Save what the user likes, and otherwise answer with how many messages there were and what is remembered."""
    said = messages[-1].content or ""
    if messages[-1].role is MessageRole.TOOL:
        return ChatMessage(role="assistant", content=f"saved: {said}")
    if said.startswith("I love "):
        call = ToolCallBlock(
            tool_call_id="c1", tool_name="save_memory", tool_kwargs={"text": f"The user loves {said[7:]}"}
        )
        return ChatMessage(role="assistant", blocks=[call])
    prompt = " ".join(message.content or "" for message in messages)
    others = [message for message in messages if message.role is not MessageRole.SYSTEM]
    return ChatMessage(role="assistant", content=f"{len(others)} {'pizza' if 'pizza' in prompt else 'nothing'}")


def thought(_: Sequence[ChatMessage], **__: Any) -> ChatMessage:
    return ChatMessage(role="assistant", content="Thought: I can answer without any tools.\nAnswer: tea")


def scripted() -> MockFunctionCallingLLM:
    return MockFunctionCallingLLM(response_generator=script)


def agent(*tools: Any) -> Any:
    return FunctionAgent(tools=list(tools), llm=scripted(), streaming=False)


async def answer(one: Any, text: str, **named: Any) -> str:
    return str(await one.run(user_msg=text, **named))


@pytest.mark.anyio
@pytest.mark.parametrize(("mine", "other"), FRIENDS)
async def test_an_agent_recalls_in_a_new_session_and_not_for_another_user(
    memory: Memory, mine: str, other: str
) -> None:
    first = MnemonMemory.from_defaults(session_id="s1", user_id=mine, memory=memory)
    assert await answer(agent(), "My favourite dish is pizza", memory=first) == "1 pizza"

    again = MnemonMemory.from_defaults(session_id="s2", user_id=mine, memory=memory)
    stranger = MnemonMemory.from_defaults(session_id="s2", user_id=other, memory=memory)

    assert await answer(agent(), "What is my favourite dish?", memory=again) == "1 pizza"
    assert await answer(agent(), "What is my favourite dish?", memory=stranger) == "1 nothing"


@pytest.mark.anyio
async def test_an_agent_saves_with_a_tool_and_its_history_keeps_the_call(memory: Memory) -> None:
    tools = MnemonToolSpec(memory, user_id="ana").to_tool_list()
    talk = MnemonMemory.from_defaults(session_id="s1", user_id="ana", memory=memory)

    told = await answer(agent(*tools), "I love pizza", memory=talk)

    assert told.startswith("saved: saved memory ")
    assert "The user loves pizza" in [one.text for one in memory.get_all(user_id="ana")]
    assert [message.role.value for message in talk.get_all()] == ["user", "assistant", "tool", "assistant"]


@pytest.mark.anyio
async def test_a_context_that_is_used_again_keeps_the_history(memory: Memory) -> None:
    one = agent()
    context = Context(one)
    talk = MnemonMemory.from_defaults(session_id="s1", user_id="ana", memory=memory)

    answers = [await answer(one, "Hi", ctx=context, memory=talk)]
    answers += [await answer(one, "Hi again", ctx=context) for _ in range(2)]
    stored = context.to_dict(serializer=JsonSerializer())
    loaded = Context.from_dict(one, stored, serializer=JsonSerializer())
    answers.append(await answer(one, "And again", ctx=loaded))

    assert [text.split()[0] for text in answers] == ["1", "3", "5", "7"]


@pytest.mark.anyio
async def test_a_history_that_is_sent_with_every_run_is_kept_once(memory: Memory) -> None:
    talk = MnemonMemory.from_defaults(session_id="s1", user_id="ana", memory=memory)
    history = [ChatMessage(role="user", content="Hi"), ChatMessage(role="assistant", content="Hello")]

    for _ in range(2):
        await agent().run(user_msg="How are you?", chat_history=history, memory=talk)

    assert [message.content for message in talk.get_all()][:3] == ["Hi", "Hello", "How are you?"]
    assert [one.text for one in memory.get_all(user_id="ana")].count("Hello") == 1


@pytest.mark.anyio
async def test_workflows_and_react_agents_use_it(memory: Memory) -> None:
    MnemonMemory.from_defaults(session_id="s0", user_id="ana", memory=memory).put(
        ChatMessage(role="user", content="My favourite dish is pizza")
    )
    talk = MnemonMemory.from_defaults(session_id="s1", user_id="ana", memory=memory)
    workflow = AgentWorkflow(agents=[agent()])
    react: Any = ReActAgent(tools=[], llm=MockFunctionCallingLLM(response_generator=thought), streaming=False)

    told = await answer(workflow, "What is my favourite dish?", memory=talk)
    await react.run(user_msg="And my favourite drink?", memory=talk)

    assert told == "1 pizza"
    assert [message.role.value for message in talk.get_all()] == ["user", "assistant"] * 2


@pytest.mark.anyio
async def test_a_store_that_fails_ends_the_run() -> None:
    store = FailingStore()
    with Memory(store=store, embedder=None) as memory:
        talk = MnemonMemory.from_defaults(session_id="s1", user_id="ana", memory=memory)
        store.down = True

        with pytest.raises(StoreUnavailableError):
            await agent().run(user_msg="Hi", memory=talk)


@pytest.mark.parametrize("make", ["simple", "context", "condense"])
def test_chat_engines_use_it(memory: Memory, make: str) -> None:
    MnemonMemory.from_defaults(session_id="s0", user_id="ana", memory=memory).put(
        ChatMessage(role="user", content="My favourite dish is pizza")
    )
    talk = MnemonMemory.from_defaults(session_id="s1", user_id="ana", memory=memory)
    retriever = MnemonRetriever(memory, user_id="ana")
    engines: dict[str, Callable[[], Any]] = {
        "simple": lambda: SimpleChatEngine.from_defaults(llm=scripted(), memory=talk),
        "context": lambda: ContextChatEngine.from_defaults(retriever=retriever, llm=scripted(), memory=talk),
        "condense": lambda: CondensePlusContextChatEngine.from_defaults(retriever, llm=scripted(), memory=talk),
    }
    engine = engines[make]()

    told = str(engine.chat("What is my favourite dish?"))

    assert "My favourite dish is pizza" in told or told.endswith("pizza")
    assert [message.role.value for message in talk.get_all()] == ["user", "assistant"]
    engine.reset()
    assert (talk.get_all(), memory.count(user_id="ana")) == ([], 3)


@pytest.mark.anyio
@pytest.mark.parametrize("insert", list(InsertMethod))
async def test_a_block_recalls_for_the_memory_of_llama_index(memory: Memory, insert: InsertMethod) -> None:
    def talk(session: str, name: str) -> LlamaMemory:
        return llama_memory(
            session_id=session,
            insert_method=insert,
            chat_store=MnemonAsyncChatStore(memory=memory, user_id=name, remember=True),
            memory_blocks=[MnemonMemoryBlock(memory=memory, user_id=name)],
        )

    await answer(agent(), "My favourite dish is pizza", memory=talk("s1", "ana"))

    second = talk("s2", "ana")
    assert (await answer(agent(), "What is my favourite dish?", memory=second)).endswith("pizza")
    assert (await answer(agent(), "What is my favourite dish?", memory=talk("s2", "ben"))).endswith("nothing")
    assert (await second.aget_all())[0].content == "What is my favourite dish?"


@pytest.mark.anyio
async def test_a_block_searches_once_a_turn() -> None:
    store = FailingStore()
    with Memory(store=store, embedder=None) as memory:
        memory.add("My cat is called Milo.", user_id="ana")
        block = MnemonMemoryBlock(memory=memory, user_id="ana")
        queue = MnemonAsyncChatStore(memory=memory, user_id="ana")
        talk = llama_memory(session_id="s1", chat_store=queue, memory_blocks=[block])
        await talk.aput(ChatMessage(role="user", content="What is my cat called?"))
        await talk.aget()
        once = store.searches

        await talk.aget(input="What is my cat called?")
        await talk.aput(ChatMessage(role="assistant", content="Milo"))
        await talk.aget()

        assert once > 0
        assert store.searches == once
        await talk.aput(ChatMessage(role="user", content="And what is my dog called?"))
        await talk.aget()
        assert store.searches > once


@pytest.mark.anyio
async def test_what_leaves_the_queue_is_remembered_once(memory: Memory) -> None:
    block = MnemonMemoryBlock(memory=memory, user_id="ana")
    for session, remember in (("s1", True), ("s2", False)):
        chat_store = MnemonAsyncChatStore(memory=memory, user_id="ana", remember=remember)
        talk = llama_memory(
            session_id=session, token_limit=60, token_flush_size=5, chat_store=chat_store, memory_blocks=[block]
        )
        for number in range(8):
            await talk.aput(ChatMessage(role="user", content=f"This is turn number {number} of session {session}."))
            await talk.aput(ChatMessage(role="assistant", content=f"I see number {number}."))

    first = memory.get_all(user_id="ana", run_id="s1")
    second = memory.get_all(user_id="ana", run_id="s2")
    assert len(first) == 16
    assert "This is turn number 0 of session s2." in [one.text for one in second]
    assert len({one.text for one in second}) == len(second)


def test_one_retriever_serves_many_users(memory: Memory) -> None:
    added = memory.add("Ana's order is a blue teapot.", user_id="ana", metadata={"order": 7})
    retriever = MnemonRetriever(memory)

    with mnemon.scope(user_id="ana"):
        (found,) = retriever.retrieve("What was ordered?")
    with mnemon.scope(user_id="ben"):
        nothing = retriever.retrieve("What was ordered?")

    assert (found.node.node_id, found.node.get_content()) == (added.ids[0], "Ana's order is a blue teapot.")
    assert found.score is not None
    assert (found.node.metadata["order"], found.node.metadata["kind"]) == (7, "episodic")
    assert nothing == []


@pytest.mark.anyio
async def test_a_retriever_awaits_and_fails_with_its_store() -> None:
    store = FailingStore()
    with Memory(store=store, embedder=None) as memory:
        memory.add("Ana's order is a blue teapot.", user_id="ana")
        retriever = MnemonRetriever(memory, user_id="ana")
        assert len(await retriever.aretrieve("What was ordered?")) == 1
        store.down = True

        with pytest.raises(StoreUnavailableError):
            await retriever.aretrieve("What was ordered?")
        with pytest.raises(StoreUnavailableError):
            retriever.retrieve("What was ordered?")
        assert MnemonRetriever(memory, user_id="ana", on_error="warn").retrieve("What?") == []


@pytest.mark.anyio
async def test_tools_work_on_the_user_s_memories_only(memory: Memory) -> None:
    foreign = memory.add("Ben's secret", user_id="ben").ids[0]
    tools = {tool.metadata.get_name(): tool for tool in MnemonToolSpec(memory, user_id="ana").to_tool_list()}

    saved = str(await tools["save_memory"].acall(text="Ana likes jazz")).rpartition(" ")[2]
    assert "Ana likes jazz" in str(await tools["search_memories"].acall(query="What does Ana like?"))
    assert "updated" in str(tools["update_memory"].call(memory_id=saved, text="Ana likes blues"))
    assert "Ana likes blues" in str(tools["list_memories"].call())
    for call in (
        tools["delete_memory"].call(memory_id=foreign),
        await tools["update_memory"].acall(memory_id=foreign, text="mine"),
    ):
        assert str(call).startswith("error: ")
    assert "deleted" in str(await tools["delete_memory"].acall(memory_id=saved))

    assert memory.count(user_id="ana") == 0
    assert memory.get(foreign).text == "Ben's secret"
    with pytest.raises(NotFoundError):
        memory.get(saved)


def test_a_tool_s_arguments_name_no_user(memory: Memory) -> None:
    for tool in MnemonToolSpec(memory, user_id="ana").to_tool_list():
        told = tool.metadata.to_openai_tool()["function"]

        assert len(told["description"]) <= 1_024
        assert not {"user_id", "agent_id", "app_id", "run_id"} & told["parameters"]["properties"].keys()


def test_a_tool_may_have_another_name(memory: Memory) -> None:
    spec = MnemonToolSpec(memory, user_id="ana", tools=["save_memory"], names={"save_memory": "remember"})

    (tool,) = spec.to_tool_list()

    assert tool.metadata.name == "remember"
    assert str(tool.call(text="Ana likes jazz")).startswith("saved memory ")


def test_models_of_llama_index_embed_for_a_memory() -> None:
    embedder = MnemonEmbedder(MockEmbedding(embed_dim=4))
    with Memory(":memory:", embedder=embedder) as memory:
        memory.add("I like tea.", user_id="ana")

        assert len(memory.search("What do I like?", user_id="ana")) == 1
    assert (embedder.name, embedder.dimensions) == ("llama-index/MockEmbedding/unknown", 4)


@pytest.mark.anyio
async def test_models_of_llama_index_are_awaited() -> None:
    embedder = MnemonEmbedder(MockEmbedding(embed_dim=4))

    assert (await embedder.aembed(["a", "b"])).shape == (2, 4)
    assert (await embedder.aembed(["a"], purpose="query")).shape == (1, 4)
    assert embedder.dimensions == 4


def test_importing_it_imports_no_other_framework() -> None:
    code = (
        "import sys, mnemon_llama_index\n"
        "others = {'crewai', 'autogen_core', 'autogen_agentchat', 'agent_framework', 'langchain_core', 'langgraph'}\n"
        "print(sorted(others & {name.partition('.')[0] for name in sys.modules}))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
