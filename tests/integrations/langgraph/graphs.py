"""Small graphs whose answers tell what was in the state."""

# LangGraph's typed marker is in the part that another package brings.
# pyright: reportMissingTypeStubs=false
from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

from langgraph.channels.delta import DeltaChannel
from langgraph.graph import START, StateGraph
from langgraph.types import Command, interrupt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from langchain_core.runnables import RunnableConfig
    from langgraph.checkpoint.base import BaseCheckpointSaver


Builder: Any = StateGraph
"""Untyped: the many forms of a node leave type checkers with parts that they do not know."""


class Notes(TypedDict):
    notes: Annotated[list[str], operator.add]
    kept: str


def config(thread: str = "1", **more: Any) -> RunnableConfig:
    return {"configurable": {"thread_id": thread, **more}}


def place(config: RunnableConfig) -> dict[str, Any]:
    return config.get("configurable", {})


def noting(saver: BaseCheckpointSaver[str]) -> Any:
    """A graph of one node, which notes how many notes there are."""

    def count(state: Notes) -> dict[str, list[str]]:
        return {"notes": [str(len(state["notes"]))]}

    builder = Builder(Notes)
    builder.add_node("count", count)
    builder.add_edge(START, "count")
    return builder.compile(checkpointer=saver)


def appended(state: list[str], writes: Sequence[list[str]]) -> list[str]:
    return [*state, *(item for write in writes for item in write)]


class Items(TypedDict):
    items: Annotated[list[str], DeltaChannel(appended, snapshot_frequency=4)]


class RareItems(TypedDict):
    items: Annotated[list[str], DeltaChannel(appended, snapshot_frequency=10_000)]


def delta(saver: BaseCheckpointSaver[str], state: type = Items) -> Any:
    """A graph whose list is stored whole at every fourth step only."""

    def echo(state: dict[str, list[str]]) -> dict[str, list[str]]:
        return {"items": [f"echo of {state['items'][-1]}"]}

    builder = Builder(state)
    builder.add_node("echo", echo)
    builder.add_edge(START, "echo")
    return builder.compile(checkpointer=saver)


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

    inner = Builder(Asked)
    inner.add_node("ask", ask)
    inner.add_edge(START, "ask")
    outer = Builder(Asked)
    outer.add_node("work", work)
    outer.add_node("inner", inner.compile())
    outer.add_edge(START, "work")
    outer.add_edge(START, "inner")
    return outer.compile(checkpointer=saver)


def resume(answer: str) -> Command[Any]:
    return Command(resume=answer)
