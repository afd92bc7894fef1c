"""Tells what an event loop's own thread did: how much between two turns of the loop, and in whose code.

`python -m tests.core.concurrency.loop_probe FILE EMBEDDER WHAT` runs calls of a fresh process's first memory,
of which WHAT is `async` or, to see that the probe sees, `sync`, and prints what it found as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mnemon import AsyncMemory
from tests.core.fakes import WordEmbedder

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

TURN = asyncio.Handle._run.__code__
BLOCKING = ("mnemon/stores/", "mnemon/embedders/local.py", "mnemon/logic/recall/", "mnemon/_sync/")
HARMLESS = {"aembed", "name", "dimensions", "dense_applies"}
PART_OF_ASYNCIO = {"concurrent.futures.thread", "queue", "_queue"}  # it loads its thread pool when it needs one


class Probe:
    """Counts the calls of this thread in each turn of its loop, and notes code that takes its time."""

    def __init__(self) -> None:
        self.most = 0
        self.blocking: set[str] = set()
        self._calls = 0

    def __call__(self, frame: FrameType, event: str, argument: object) -> None:
        if event == "call":
            if frame.f_code is TURN:
                self._calls = 0
            self._count()
            place = frame.f_code.co_filename.replace("\\", "/")
            if frame.f_code.co_name == "_load_unlocked" and frame.f_locals["spec"].name not in PART_OF_ASYNCIO:
                self.blocking.add(f"import {frame.f_locals['spec'].name}")
            if frame.f_code.co_name not in HARMLESS and any(part in place for part in BLOCKING):
                self.blocking.add(f"{place}::{frame.f_code.co_name}")
        elif event == "c_call":
            self._count()
            if type(getattr(argument, "__self__", None)).__module__ == "sqlite3":
                self.blocking.add("sqlite3")

    def _count(self) -> None:
        self._calls += 1
        self.most = max(self.most, self._calls)


async def use(memory: AsyncMemory, folder: Path) -> None:
    """Call what there is to call, with little and with much."""
    alice = memory.scoped(user_id="alice")
    await alice.search("What did Bob say about Lisbon last Tuesday?")
    (memory_id,) = (await alice.add("I moved to Lisbon last spring.")).ids
    await alice.search("What did Bob say about Lisbon last Tuesday?")
    await alice.add("word " * 100_000)
    await alice.add_many([{"content": f"Text number {number}.", "metadata": {"n": number}} for number in range(250)])
    await alice.add([{"role": "user", "content": f"Turn {number}."} for number in range(150)], run_id="r")
    await alice.update(memory_id, "I moved to Porto.")
    await alice.history(memory_id)
    await alice.get_all(limit=1_000)
    deleted = await alice.delete(memory_id)
    await alice.undo(deleted.op_id or "")
    await alice.conversations.append([f"Line {number}." for number in range(150)], run_id="log")
    await alice.conversations.read(run_id="log")
    await memory.export(folder / "all.jsonl")
    await memory.delete_all(user_id="alice")
    await memory.reset()
    await memory.import_(folder / "all.jsonl")
    await memory.reembed()
    await memory.forget(user_id="alice")


async def use_sync(memory: AsyncMemory, _: Path) -> None:
    """Do on the loop what does not belong there."""
    await asyncio.sleep(0)
    memory.sync.add_many([f"Text number {number}." for number in range(50)], user_id="alice")
    memory.sync.search("text", user_id="alice")


def main(path: Path, embedder: str, calls: Callable[[AsyncMemory, Path], object]) -> Probe:
    """Open a memory, and watch its calls."""
    memory = AsyncMemory(path, embedder=WordEmbedder() if embedder == "words" else embedder)
    probe = Probe()

    async def run() -> None:
        sys.setprofile(probe)
        try:
            await calls(memory, path.parent)  # pyright: ignore[reportGeneralTypeIssues]
        finally:
            sys.setprofile(None)
        await memory.aclose()

    asyncio.run(run())
    return probe


if __name__ == "__main__":
    found = main(Path(sys.argv[1]), sys.argv[2], use if sys.argv[3] == "async" else use_sync)
    sys.stdout.write(json.dumps({"most": found.most, "blocking": sorted(found.blocking)}))
