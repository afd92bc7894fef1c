"""Checkpoints and items of mnemon beside LangGraph's own: `python tests/benchmarks/langgraph_peer.py [GROUP ...]`.

Groups: savers, threads, items. Needs `mnemon[langgraph]` and `langgraph-checkpoint-sqlite`. Times are those of the
processor, since they hardly depend on what else the machine does; LangGraph's savers wait for the disk besides.
"""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from langchain_core.embeddings import Embeddings
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.base.id import uuid6
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.store.base import PutOp
from langgraph.store.memory import InMemoryStore

from benchmarks.report import Figure, about, show
from mnemon import Memory
from mnemon_langgraph import MnemonSaver, MnemonStore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from langchain_core.runnables import RunnableConfig

THREAD = "3f0a6c1e-5b1f-4d5e-9a55-0e9f7c1c2d3e"
TURNS = 200
STEPS = 3
"""Checkpoints of a turn of a chat agent: input, start, reply."""
SHORT, LONG = 15, 3


class Random(Embeddings):
    """Vectors of 384 numbers that a text always gets again."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [np.random.default_rng(abs(hash(text))).normal(size=384).tolist() for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


def processor_ms(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1_000


def puts(saver: Any) -> Iterator[tuple[Any, Any, Any, Any]]:  # noqa: ANN401 - either saver
    """Yield the checkpoints of a chat of so many turns, as a graph makes them, without their configs."""
    messages: list[Any] = []
    versions: dict[str, str] = {}
    newest: str | None = None
    number = 0
    for turn in range(TURNS):
        for step in range(STEPS):
            number += 1
            if step == 1:
                messages = [
                    *messages,
                    HumanMessage(f"turn {turn}: my sister moved and I miss her cooking", id=f"u{turn}"),
                ]
            elif step == 2:
                messages = [*messages, AIMessage("I see, thank you for telling me about it. " * 3, id=f"a{turn}")]
            names = ("messages", "branch:to:reply")[: 2 - step % 2]
            changed = {name: saver.get_next_version(newest, None) for name in names}
            newest = max(changed.values())
            versions = {**versions, **changed}
            made = empty_checkpoint()
            made["id"] = str(uuid6())
            made["channel_values"] = {"messages": messages}
            made["channel_versions"] = dict(versions)
            made["versions_seen"] = {"__input__": {}, "reply": dict(changed)}
            yield made, {"source": "loop", "step": number, "parents": {}}, changed, {"messages": messages[-1:]}


def chat(saver: Any) -> dict[str, float]:  # noqa: ANN401 - either saver
    """Put the checkpoints of a chat; return the median times of what a graph asks of a saver."""
    at: RunnableConfig = {"configurable": {"thread_id": THREAD, "checkpoint_ns": ""}}
    times: list[float] = []
    for made, metadata, changed, _ in puts(saver):
        here, then = at, time.process_time()
        at = saver.put(here, made, metadata, changed)
        times.append((time.process_time() - then) * 1_000)
    thread: RunnableConfig = {"configurable": {"thread_id": THREAD}}
    return {
        "put": statistics.median(times[-100:]),
        "get_tuple": statistics.median(processor_ms(lambda: saver.get_tuple(thread)) for _ in range(SHORT)),
        "list of 50": statistics.median(processor_ms(lambda: list(saver.list(thread, limit=50))) for _ in range(LONG)),
    }


async def achat(saver: Any) -> dict[str, float]:  # noqa: ANN401 - either saver
    """Return the same times of the async half."""
    at: RunnableConfig = {"configurable": {"thread_id": THREAD, "checkpoint_ns": ""}}
    times: list[float] = []
    for made, metadata, changed, _ in puts(saver):
        then = time.process_time()
        at = await saver.aput(at, made, metadata, changed)
        times.append((time.process_time() - then) * 1_000)
    thread: RunnableConfig = {"configurable": {"thread_id": THREAD}}

    async def median(work: Callable[[], Awaitable[object]], runs: int) -> float:
        taken: list[float] = []
        for _ in range(runs):
            then = time.process_time()
            await work()
            taken.append((time.process_time() - then) * 1_000)
        return statistics.median(taken)

    async def listed() -> None:
        async for _ in saver.alist(thread, limit=50):
            pass

    return {
        "put": statistics.median(times[-100:]),
        "get_tuple": await median(lambda: saver.aget_tuple(thread), SHORT),
        "list of 50": await median(listed, LONG),
    }


def bytes_of(path: Path) -> int:
    """Return the bytes of a database whose log was written back."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path.stat().st_size


def savers(folder: Path) -> Iterator[Figure]:
    """Compare a chat of 200 turns."""
    with Memory(folder / "ours.db", embedder=None) as memory:
        ours = chat(MnemonSaver(memory))
    with SqliteSaver.from_conn_string(str(folder / "theirs.db")) as saver:
        theirs = chat(saver)
    yield from _ratios("sync", ours, theirs)

    async def both() -> tuple[dict[str, float], dict[str, float]]:
        with Memory(folder / "aours.db", embedder=None) as memory:
            ours = await achat(MnemonSaver(memory))
        async with AsyncSqliteSaver.from_conn_string(str(folder / "atheirs.db")) as saver:
            return ours, await achat(saver)

    yield from _ratios("async", *asyncio.run(both()))
    sizes = [bytes_of(folder / name) for name in ("ours.db", "theirs.db")]
    yield Figure(name="bytes on disk", value=sizes[0] / 1e6, unit="MB")
    yield Figure(name="bytes on disk, of SqliteSaver's", value=sizes[0] / sizes[1], unit="times", wanted="<= 1.0")


def _ratios(half: str, ours: dict[str, float], theirs: dict[str, float]) -> Iterator[Figure]:
    for name, value in ours.items():
        yield Figure(name=f"{half} {name}", value=value, unit="ms")
        yield Figure(name=f"{half} {name}, of theirs", value=value / theirs[name], unit="times", wanted="<= 1.0")


def threads(folder: Path) -> Iterator[Figure]:
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


def items(folder: Path) -> Iterator[Figure]:
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


def main() -> None:
    """Measure all, or what is named: savers, threads, items."""
    groups = {"savers": savers, "threads": threads, "items": items}
    with tempfile.TemporaryDirectory(prefix="mnemon-bench-") as folder:
        for name in sys.argv[1:] or groups:
            sys.stderr.write(f"measuring {name} ...\n")
            start = time.monotonic()
            figures = list(groups[name](Path(folder)))
            show(about(name, groups[name].__doc__ or "", figures, seconds=time.monotonic() - start))


if __name__ == "__main__":
    main()
