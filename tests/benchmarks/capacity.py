"""How many bytes a memory, a version, a checkpoint and a project take, in a file and on a Weaviate server."""

from __future__ import annotations

import sys
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from mnemon import Memory, SQLiteStore

from .engine import PrecomputedEmbedder, turns
from .report import Figure
from .weaviate_server import disk_of, resident_of, server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from mnemon.protocols.store import Store

MEMORIES, VERSIONS, CHECKPOINTS, PROJECTS = 4_000, 1_000, 1_000, 200
STEADY_S, MOST_S = 15.0, 120.0
TOLD = 1_000
"""Bytes of the value that each checkpoint adds."""


def capacity(folder: Path) -> Iterator[Figure]:
    """Measure the bytes of a memory of twelve words with a vector of 384, and of what may come with it, in a file."""
    path = folder / "memory.db"
    path.touch()

    def size() -> int:
        return sum(file.stat().st_size for file in folder.iterdir())

    yield from _measured(lambda: SQLiteStore(path), size, "in a file")


def weaviate_capacity(folder: Path) -> Iterator[Figure]:
    """Measure the same on a server, after it was stopped and started: disk, and memory of the server."""
    del folder
    with server() as (node, open_store):

        def size() -> int:
            node.stop()  # what it holds in memory is written
            node.start()
            node.wait()
            return _settled(lambda: disk_of(node))

        before = resident_of(node)
        yield from _measured(lambda: open_store("Bench"), size, "on a server")
        yield Figure(name="memory of the server, all of these together", value=resident_of(node) - before, unit="MB")


def _settled(size: Callable[[], int]) -> int:
    """Return a size once it stays as it is: after it was started, the server merges its files for a while."""
    last, since, end = size(), time.monotonic(), time.monotonic() + MOST_S
    while time.monotonic() < min(since + STEADY_S, end):
        time.sleep(1.0)
        now = size()
        if now != last:
            last, since = now, time.monotonic()
    return last


def _measured(
    open_store: Callable[[], AbstractContextManager[Store]], size: Callable[[], int], where: str
) -> Iterator[Figure]:
    with open_store() as store, _memory(store, "default") as memory:
        memory.add("the first", user_id="nobody")  # collections and tables are there
    before = size()
    for name, number, write in (
        ("memory", MEMORIES, _memories),
        ("version", VERSIONS, _versions),
        ("checkpoint of 1 kB", CHECKPOINTS, _checkpoints),
        ("project with one memory", PROJECTS, _projects),
    ):
        if write is _checkpoints and find_spec("langgraph") is None:
            sys.stderr.write("langgraph is not installed, so no checkpoint is measured\n")
            continue
        with open_store() as store:
            write(store, number)
        after = size()
        yield Figure(name=f"a {name}, {where}", value=(after - before) / number, unit="bytes")
        before = after


def _memory(store: Store, project: str) -> Memory:
    return Memory(store=store, project=project, embedder=PrecomputedEmbedder())


def _memories(store: Store, number: int) -> None:
    texts = list(turns(number))
    with _memory(store, "default") as memory:
        for start in range(0, number, 50):
            memory.add_many(texts[start : start + 50], user_id="alice", run_id=f"run-{start}")


def _versions(store: Store, number: int) -> None:
    texts = list(turns(number, start=1_000_000))
    with _memory(store, "default") as memory:
        for one, text in zip(memory.get_all(user_id="alice", limit=number), texts, strict=True):
            memory.update(one.id, text)


def _checkpoints(store: Store, number: int) -> None:
    from langgraph.checkpoint.base import empty_checkpoint  # noqa: PLC0415 - it may not be installed
    from langgraph.checkpoint.base.id import uuid6  # noqa: PLC0415

    from mnemon_langgraph import MnemonSaver  # noqa: PLC0415

    with _memory(store, "default") as memory:
        saver: Any = MnemonSaver(memory)
        config: Any = {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}
        for step in range(number):
            version = saver.get_next_version(None, None)
            values = {"said": f"{step:0{TOLD}}"}
            checkpoint: Any = {
                **empty_checkpoint(),
                "id": str(uuid6(clock_seq=step)),
                "channel_values": values,
                "channel_versions": {"said": version},
            }
            config = saver.put(config, checkpoint, {"source": "loop", "step": step}, {"said": version})


def _projects(store: Store, number: int) -> None:
    for place, text in enumerate(turns(number, start=2_000_000)):
        with _memory(store, f"project-{place}") as memory:
            memory.add(text, user_id="alice")
