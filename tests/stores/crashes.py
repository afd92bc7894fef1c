"""What is left of the writes of processes that were killed, or wrote beside one another."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from mnemon.stores.sqlite.store import SQLiteStore
from mnemon.testing.samples import CURRENT, NOTES, PROJECT
from mnemon.types.filters import where
from mnemon.types.storage import Nearest, Terms

from .writers import expected_ids

__all__ = ["Left", "kill_after", "left_of", "start"]

WRITERS = Path(__file__).with_name("writers.py")
_MOST = 10_000
"""The most that a search returns."""


@dataclass(frozen=True, kw_only=True)
class Left:
    """What a file holds of a writer.

    Attributes:
        batches: batches that are there whole.
        lost: rows of acknowledged batches that are not there.
        halves: rows of other batches: of one that was under way, whole or not, none may be left but all of it.
        unindexed: rows without an entry of an index that they belong to, and entries without a row.
        findings: what the store itself finds wrong.
    """

    batches: int
    lost: int = 0
    halves: int = 0
    unindexed: int = 0
    findings: int = 0


def start(path: Path, name: str, seconds: float) -> subprocess.Popen[str]:
    """Start a process that writes batches and tells of each that is stored."""
    command = [sys.executable, str(WRITERS), str(path), name, str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def kill_after(path: Path, name: str, seconds: float) -> int:
    """Kill a process that writes, so long after its first batch; return how many it had told of."""
    with start(path, name, 60) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "0\n"
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        return 1 + len(process.stdout.read().splitlines())


def left_of(path: Path, name: str, acknowledged: int) -> Left:
    """Return what is there of a writer that told of so many batches; the next one may be there too, whole."""
    with SQLiteStore(path) as store:
        store.declare(NOTES)
        mine = where("user_id").eq(name)
        ids = store.list_ids(PROJECT, "notes", mine)
        batches = acknowledged + (ids == expected_ids(name, acknowledged + 1))
        expected = set(expected_ids(name, batches))
        current = set(store.list_ids(PROJECT, "notes", mine & CURRENT))
        unindexed = 0
        for query in (Terms(weights={"t": 1.0}), Nearest(space="small", vector=[1.0, 0.0, 0.0])):
            found = {match.row.id for match in store.search(PROJECT, "notes", query, mine & CURRENT, limit=_MOST)}
            unindexed += len(found - current) + min(len(current), _MOST) - len(found & current)
        counted = store.count(PROJECT, "notes", mine & CURRENT, terms=["t"]).terms["t"]
        return Left(
            batches=batches,
            lost=len(expected - set(ids)),
            halves=len(set(ids) - expected),
            unindexed=unindexed + abs(counted - len(current)),
            findings=len(store.check()),
        )
