"""Checkpoints and items of mnemon beside LangGraph's own.

Times are those of the processor, since they hardly depend on what else the machine does; beside another saver also
those of the clock: LangGraph's savers wait for the disk at each commit, as ours does with `durability="full"`.
"""

# LangGraph's typed marker is in the part that another package brings.
# pyright: reportMissingTypeStubs=false
from __future__ import annotations

import asyncio
import inspect
import sqlite3
import statistics
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from langchain_core.embeddings import Embeddings
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.base.id import uuid6
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.store.base import PutOp
from langgraph.store.memory import InMemoryStore

from mnemon import Memory
from mnemon_langgraph import MnemonSaver, MnemonStore

from .report import Figure

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from langchain_core.runnables import RunnableConfig


THREAD = "3f0a6c1e-5b1f-4d5e-9a55-0e9f7c1c2d3e"
AT: RunnableConfig = {"configurable": {"thread_id": THREAD}}
TURNS = 200
GROWN = 500
SHORT, LONG = 15, 5
Times = dict[str, tuple[float, float]]
"""Milliseconds of the processor and of the clock."""


class Random(Embeddings):
    """Vectors of 384 numbers that a text always gets again."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [np.random.default_rng(abs(hash(text))).normal(size=384).tolist() for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


LISTING = "list of 50"


def processor_ms(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1_000


def chatting(saver: Any) -> Any:  # noqa: ANN401 - either saver
    """Return a graph that answers a message by three checkpoints, as agents that chat are."""

    def reply(state: dict[str, list[Any]]) -> dict[str, list[Any]]:
        return {
            "messages": [AIMessage("I see, thank you for telling me about it. " * 3, id=f"a{len(state['messages'])}")]
        }

    builder: Any = StateGraph(MessagesState)
    builder.add_node("reply", reply)
    builder.add_edge(START, "reply")
    return builder.compile(checkpointer=saver)


def said(turn: int) -> dict[str, list[Any]]:
    """Return what a person says in a turn."""
    return {"messages": [HumanMessage(f"turn {turn}: my sister moved and I miss her cooking", id=f"u{turn}")]}


class Timed:
    """Takes the time of each call of a saver's methods, on the processor and on the clock."""

    def __init__(self, saver: Any, *names: str) -> None:  # noqa: ANN401 - either saver
        """Put a stopwatch around some methods of a saver."""
        self.saver = saver
        self.taken: dict[str, list[tuple[float, float]]] = {name.removeprefix("a"): [] for name in (*names, LISTING)}
        for name in names:
            method = getattr(saver, name)
            watched = self._awatched if inspect.iscoroutinefunction(method) else self._watched
            setattr(saver, name, watched(name.removeprefix("a"), method))

    def listing(self) -> None:
        """Read the newest 50 checkpoints."""
        start = (time.process_time(), time.perf_counter())
        list(self.saver.list(AT, limit=50))
        self._note(LISTING, start)

    async def alisting(self) -> None:
        """Read the same by the async half."""
        start = (time.process_time(), time.perf_counter())
        [one async for one in self.saver.alist(AT, limit=50)]
        self._note(LISTING, start)

    def _watched(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - passed on
            start = (time.process_time(), time.perf_counter())
            try:
                return method(*arguments, **named)
            finally:
                self._note(name, start)

        return call

    def _awatched(self, name: str, method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def call(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - passed on
            start = (time.process_time(), time.perf_counter())
            try:
                return await method(*arguments, **named)
            finally:
                self._note(name, start)

        return call

    def _note(self, name: str, start: tuple[float, float]) -> None:
        self.taken[name].append((time.process_time() - start[0], time.perf_counter() - start[1]))

    def medians(self) -> Times:
        """Return the median milliseconds of the last hundred calls of each method."""
        return {name: _median(taken[-100:]) for name, taken in self.taken.items()}


def _median(taken: list[tuple[float, float]]) -> tuple[float, float]:
    processor, clock = zip(*taken, strict=True)
    return statistics.median(processor) * 1_000, statistics.median(clock) * 1_000


def chat(*savers: Any) -> list[Times]:  # noqa: ANN401 - either saver
    """Let a graph chat over each saver, turn by turn; return the times of what it, and who reads, asks of each."""
    timed = [Timed(saver, "put", "put_writes", "get_tuple") for saver in savers]
    graphs = [chatting(saver) for saver in savers]
    for turn in range(TURNS):  # a step waits for its checkpoint, so that nothing else runs while one is stored
        for graph in graphs:
            graph.invoke(said(turn), AT, durability="sync")
    for _ in range(LONG):
        for one in timed:
            one.listing()
    return [one.medians() for one in timed]


async def achat(*savers: Any) -> list[Times]:  # noqa: ANN401 - either saver
    """Return the same times of the async halves."""
    timed = [Timed(saver, "aput", "aput_writes", "aget_tuple") for saver in savers]
    graphs = [chatting(saver) for saver in savers]
    for turn in range(TURNS):
        for graph in graphs:
            await graph.ainvoke(said(turn), AT, durability="sync")
    for _ in range(LONG):
        for one in timed:
            await one.alisting()
    return [one.medians() for one in timed]


def bytes_of(path: Path) -> int:
    """Return the bytes of a database whose log was written back."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path.stat().st_size


def langgraph_savers(folder: Path) -> Iterator[Figure]:
    """Compare a chat of 200 turns, alternately with LangGraph's SqliteSaver and AsyncSqliteSaver."""
    with (
        Memory(folder / "ours.db", embedder=None) as memory,
        SqliteSaver.from_conn_string(str(folder / "theirs.db")) as saver,
    ):
        yield from _ratios("sync", *chat(MnemonSaver(memory), saver))

    async def both() -> list[Times]:
        path = str(folder / "atheirs.db")
        with Memory(folder / "aours.db", embedder=None) as memory:
            async with AsyncSqliteSaver.from_conn_string(path) as saver:
                return await achat(MnemonSaver(memory), saver)

    yield from _ratios("async", *asyncio.run(both()))
    sizes = [bytes_of(folder / name) for name in ("ours.db", "theirs.db")]
    yield Figure(name="bytes on disk", value=sizes[0] / 1e6, unit="MB")
    yield Figure(name="bytes on disk, of SqliteSaver's", value=sizes[0] / sizes[1], unit="times", wanted="<= 1.0")


def _ratios(half: str, ours: Times, theirs: Times) -> Iterator[Figure]:
    for name, (processor, clock) in ours.items():
        yield Figure(name=f"{half} {name}, processor", value=processor, unit="ms")
        yield Figure(
            name=f"{half} {name}, processor, of theirs",
            value=processor / theirs[name][0],
            unit="times",
            wanted="<= 1.0",
        )
        yield Figure(
            name=f"{half} {name}, clock, of theirs", value=clock / theirs[name][1], unit="times", wanted="<= 1.0"
        )


def langgraph_growth(folder: Path) -> Iterator[Figure]:
    """Let a thread grow for 500 turns: kilobytes a turn of each hundred, beside LangGraph's saver."""
    path = folder / "grown.db"
    with Memory(path, embedder=None) as memory:
        ours = _grown(MnemonSaver(memory), path)
    with SqliteSaver.from_conn_string(str(folder / "theirs.db")) as saver:
        theirs = _grown(saver, folder / "theirs.db")
    for name, sizes in (("ours", ours), ("theirs", theirs)):
        for number, (before, after) in enumerate(pairwise(sizes), 1):
            turns = f"turns {100 * number - 99} to {100 * number}"
            yield Figure(name=f"{name}, {turns}", value=(after - before) / 100 / 1e3, unit="kB a turn")
    steps = [after - before for before, after in pairwise(ours)]
    yield Figure(name="ours, last hundred of the second", value=steps[-1] / steps[1], unit="times", wanted="<= 1.3")


def _grown(saver: Any, path: Path) -> list[int]:  # noqa: ANN401 - either saver
    graph = chatting(saver)
    graph.get_state(AT)
    sizes = [bytes_of(path)]
    for turn in range(GROWN):
        graph.invoke(said(turn), AT)
        if turn % 100 == 99:
            sizes.append(bytes_of(path))
    return sizes


def langgraph_threads(folder: Path) -> Iterator[Figure]:
    """List threads over 100,000 checkpoints: 1,000 threads of 100."""
    with Memory(folder / "threads.db", embedder=None) as memory:
        saver = MnemonSaver(memory)
        for thread in range(10):
            at: RunnableConfig = {"configurable": {"thread_id": f"{thread}-0", "checkpoint_ns": "", "user_id": "ana"}}
            for step in range(100):
                made = empty_checkpoint()
                made["id"] = str(uuid6())
                saver.put(at, made, {"source": "loop", "step": step}, {})
        for copy in range(1, 100):
            for thread in range(10):
                saver.copy_thread(f"{thread}-0", f"{thread}-{copy}")
        for user_id, name in ((None, "all"), ("ana", "of one person")):
            taken = statistics.median(
                processor_ms(lambda user_id=user_id: saver.list_threads(user_id=user_id, limit=100))
                for _ in range(SHORT)
            )
            yield Figure(name=f"list_threads {name}, 100,000 checkpoints", value=taken, unit="ms", wanted="<= 50")


def langgraph_items(folder: Path) -> Iterator[Figure]:
    """Search 10,000 items by vector, beside LangGraph's InMemoryStore."""
    ops = [PutOp(("docs", str(number % 10)), str(number), {"text": f"text {number}"}) for number in range(10_000)]
    index: Any = {"dims": 384, "embed": Random(), "fields": ["text"]}
    with Memory(folder / "items.db", embedder=None) as memory:
        taken: dict[str, float] = {}
        for name, store in (("ours", MnemonStore(memory, index=index)), ("theirs", InMemoryStore(index=index))):
            for start in range(0, len(ops), 1_000):
                store.batch(ops[start : start + 1_000])
            store.search(("docs",), query="warm")
            runs = [
                processor_ms(lambda n=n, store=store: store.search(("docs",), query=f"q {n}")) for n in range(SHORT)
            ]
            taken[name] = statistics.median(runs)
    yield Figure(name="search of 10,000 items", value=taken["ours"], unit="ms")
    yield Figure(
        name="search of InMemoryStore, of ours", value=taken["theirs"] / taken["ours"], unit="times", wanted=">= 20"
    )
