"""Threads that move here from LangGraph's own saver go on, and their messages reach the conversation log."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langgraph.checkpoint.memory import InMemorySaver

from mnemon import NotFoundError, ScopeError, Text, ToolCall, ToolResult
from mnemon_langgraph import MnemonSaver, acopy_threads, alog_thread, copy_threads, log_thread
from tests.integrations.langgraph import graphs
from tests.integrations.langgraph.graphs import config
from tests.integrations.langgraph.test_graphs import ECHOES
from tests.integrations.langgraph.test_saver import put

if TYPE_CHECKING:
    from mnemon import Memory


def test_a_moved_thread_is_the_same_and_goes_on(saver: MnemonSaver) -> None:
    old: Any = InMemorySaver()
    graphs.asking(old).invoke({"log": []}, config("asked", user_id="ana"))
    for word in ("a", "b", "c"):
        graphs.delta(old).invoke({"items": [word]}, config("delta"))

    copied = copy_threads(old, saver)
    again = asyncio.run(acopy_threads(old, saver, thread_ids=["delta"]))

    assert copied == len(list(old.list(None))) == len(list(saver.list(None)))
    assert again == len(list(old.list(config("delta"))))
    for thread in ("asked", "delta"):
        for one in old.list(config(thread)):
            moved = saver.get_tuple(one.config)
            assert moved is not None
            assert moved.metadata == one.metadata
            assert moved.checkpoint["channel_versions"] == one.checkpoint["channel_versions"]
            assert [write[1:] for write in moved.pending_writes or ()] == [write[1:] for write in one.pending_writes]
    assert sorted(graphs.asking(saver).invoke(graphs.resume("yes"), config("asked"))["log"]) == [
        "answer: yes",
        "worked",
    ]
    assert graphs.delta(saver).invoke({"items": ["d"]}, config("delta"))["items"] == [*ECHOES, "d", "echo of d"]
    assert [thread.user_id for thread in saver.list_threads(user_id="ana")] == ["ana"]


MESSAGES = [
    HumanMessage("How is the weather?", id="1", name="Ana"),
    AIMessage("", id="2", tool_calls=[{"name": "weather", "args": {"city": "Rome"}, "id": "c1"}]),
    ToolMessage("sunny", id="3", tool_call_id="c1"),
    AIMessage("It is sunny.", id="4"),
]


def test_a_thread_is_logged_once_however_often(saver: MnemonSaver, memory: Memory) -> None:
    put(saver, config("t", user_id="ana"), {"messages": MESSAGES[:2]})
    log_thread(saver, "t")
    put(saver, config("t", user_id="ana"), {"messages": MESSAGES})

    second = asyncio.run(alog_thread(saver, "t"))
    logged = memory.conversations.read(user_id="ana", run_id="t")

    assert second.stored == ("3", "4")
    assert [(one.id, one.role, one.text) for one in logged] == [
        ("1", "user", "How is the weather?"),
        ("2", "assistant", ""),
        ("3", "tool", ""),
        ("4", "assistant", "It is sunny."),
    ]
    assert [block for block in logged[1].blocks if isinstance(block, ToolCall)] == [
        ToolCall(id="c1", name="weather", arguments={"city": "Rome"})
    ]
    assert logged[2].blocks == (ToolResult(call_id="c1", content=(Text(text="sunny"),)),)


def test_a_message_of_pictures_and_files_alone_is_logged(saver: MnemonSaver, memory: Memory) -> None:
    picture = {"type": "image", "url": "https://example.com/cat.png"}
    file = {"type": "file", "base64": "JVBERg==", "mime_type": "application/pdf", "filename": "a.pdf"}
    put(saver, config("t", user_id="ana"), {"messages": [HumanMessage([picture, file], id="1")]})

    log_thread(saver, "t")

    (logged,) = memory.conversations.read(user_id="ana", run_id="t")
    assert (logged.role, logged.text) == ("user", "[image_url]\n[file]")


def test_a_thread_of_nobody_and_one_that_is_not_there_are_refused(saver: MnemonSaver) -> None:
    put(saver, config("t"), {"messages": MESSAGES})

    with pytest.raises(ScopeError, match="'t'"):
        log_thread(saver, "t")
    with pytest.raises(NotFoundError, match="'other'"):
        log_thread(saver, "other", user_id="ana")


def test_a_number_of_another_saver_is_the_person_of_its_digits(saver: MnemonSaver, memory: Memory) -> None:
    old: Any = InMemorySaver()
    put(old, config("t", user_id=7), {"messages": MESSAGES})

    copy_threads(old, saver)
    log_thread(saver, "t")

    assert len(memory.conversations.read(user_id="7", run_id="t")) == len(MESSAGES)
    assert [one.thread_id for one in saver.list_threads(user_id="7")] == ["t"]
    assert [one.metadata.get("user_id") for one in saver.list(None, filter={"user_id": 7})] == [7]
