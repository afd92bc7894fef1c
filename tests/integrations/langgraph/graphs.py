"""Small graphs whose answers tell what was in the state."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Annotated, Any, TypedDict, cast

from langgraph.channels.delta import DeltaChannel
from langgraph.graph import START, StateGraph
from langgraph.types import Command, interrupt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from langchain_core.runnables import RunnableConfig
    from langgraph.checkpoint.base import BaseCheckpointSaver


class Notes(TypedDict):
    notes: Annotated[list[str], operator.add]
    kept: str


def config(thread: str = "1", **more: Any) -> RunnableConfig:
    return {"configurable": {"thread_id": thread, **more}}


def noting(saver: BaseCheckpointSaver[str]) -> Any:
    """A graph of one node, which notes how many notes there are."""

    def count(state: Notes) -> dict[str, list[str]]:
        return {"notes": [str(len(state["notes"]))]}

    builder = StateGraph(Notes)
    builder.add_node("count", count)
    builder.add_edge(START, "count")
    return cast("Any", builder).compile(checkpointer=saver)


def appended(state: list[str], writes: Sequence[list[str]]) -> list[str]:
    return [*state, *(item for write in writes for item in write)]


class Items(TypedDict):
    items: Annotated[list[str], DeltaChannel(appended, snapshot_frequency=4)]


def delta(saver: BaseCheckpointSaver[str]) -> Any:
    """A graph whose list is stored whole at every fourth step only."""

    def echo(state: Items) -> dict[str, list[str]]:
        return {"items": [f"echo of {state['items'][-1]}"]}

    builder = StateGraph(Items)
    builder.add_node("echo", echo)
    builder.add_edge(START, "echo")
    return cast("Any", builder).compile(checkpointer=saver)


class Asked(TypedDict):
    log: Annotated[list[str], operator.add]


RAN: list[str] = []


def asking(saver: BaseCheckpointSaver[str]) -> Any:
    """A graph whose subgraph asks beside a node that works; `RAN` tells which nodes were run."""

    def work(_: Asked) -> dict[str, list[str]]:
        RAN.append("work")
        return {"log": ["worked"]}

    def ask(_: Asked) -> dict[str, list[str]]:
        RAN.append("ask")
        return {"log": [f"answer: {interrupt('well?')}"]}

    inner = StateGraph(Asked)
    inner.add_node("ask", ask)
    inner.add_edge(START, "ask")
    outer = StateGraph(Asked)
    outer.add_node("work", work)
    outer.add_node("inner", cast("Any", inner).compile())
    outer.add_edge(START, "work")
    outer.add_edge(START, "inner")
    return cast("Any", outer).compile(checkpointer=saver)


def resume(answer: str) -> Command[Any]:
    return Command(resume=answer)
