"""An agent on LangGraph whose threads, items and memories lie in one store.

Two conversations of one person: the first thread is gone on with, and what was said in it is recalled in
the second. The model is a script, so that this runs offline; put a real one in its place.

Prints:
    thread 1, turn 1: Noted.
    thread 1, turn 2: You have said 2 things here.
    thread 2, turn 1: I remember: I am allergic to peanuts.
    in the store: I am allergic to peanuts.
    threads of ana: 2
"""

# pyright: reportMissingTypeStubs=false
from __future__ import annotations

from typing import Any

from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableConfig
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.store.base import BaseStore

from mnemon import Memory
from mnemon_langgraph import MnemonSaver, MnemonStore, memory_namespace


def scripted_model(said: list[str], recalled: list[str]) -> str:
    """Stand in for a model that was given the conversation and what is remembered of the person."""
    if said[-1].endswith("allergic to?"):
        return f"I remember: {recalled[0]}" if recalled else "I do not know that."
    return "Noted." if len(said) == 1 else f"You have said {len(said)} things here."


def reply(state: MessagesState, config: RunnableConfig, *, store: BaseStore) -> dict[str, Any]:
    """Answer with what is remembered of the person, and remember what was said."""
    mine = memory_namespace(config.get("configurable", {})["user_id"])
    said = [str(message.content) for message in state["messages"] if message.type == "human"]
    found = store.search(mine, query=said[-1], limit=3)
    if not said[-1].endswith("?"):
        store.put(mine, key=str(state["messages"][-1].id), value={"content": said[-1]})
    answer = scripted_model(said, [item.value["content"] for item in found])
    return {"messages": [AIMessage(answer)]}


def main() -> None:
    """Talk in two threads."""
    builder: Any = StateGraph(MessagesState)
    builder.add_node("reply", reply)
    builder.add_edge(START, "reply")
    with Memory(":memory:") as memory:
        saver = MnemonSaver(memory)
        graph = builder.compile(checkpointer=saver, store=MnemonStore(memory))

        def say(thread: str, text: str) -> str:
            config = {"configurable": {"thread_id": thread, "user_id": "ana"}}
            return graph.invoke({"messages": [("user", text)]}, config)["messages"][-1].content

        print("thread 1, turn 1:", say("1", "I am allergic to peanuts."))
        print("thread 1, turn 2:", say("1", "I moved to Lisbon last spring."))
        print("thread 2, turn 1:", say("2", "What am I allergic to?"))
        print("in the store:", memory.search("peanuts", user_id="ana")[0].memory.text)
        print("threads of ana:", len(saver.list_threads(user_id="ana")))


if __name__ == "__main__":
    main()
