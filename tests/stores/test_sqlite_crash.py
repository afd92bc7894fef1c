"""What was acknowledged is there, whole, whatever happens to the processes that write."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mnemon.stores.sqlite.store import SQLiteStore
from mnemon.testing.samples import CURRENT, NOTES, PROJECT
from mnemon.types.filters import where
from mnemon.types.storage import Nearest, Terms

from .writers import expected_ids

WRITERS = Path(__file__).with_name("writers.py")


def start(path: Path, name: str, seconds: float) -> subprocess.Popen[str]:
    command = [sys.executable, str(WRITERS), str(path), name, str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def check_whole(path: Path, name: str, batches: int) -> int:
    """Fail unless exactly the batches are there, whole and found by every index; return how many there are."""
    with SQLiteStore(path) as store:
        store.declare(NOTES)
        mine = where("user_id").eq(name)
        ids = store.list_ids(PROJECT, "notes", mine)
        present = batches + (ids == expected_ids(name, batches + 1))
        assert ids == expected_ids(name, present)
        assert store.check() == []
        current = store.list_ids(PROJECT, "notes", mine & CURRENT)
        by_text = store.search(PROJECT, "notes", Terms(weights={"t": 1.0}), mine & CURRENT, limit=10_000)
        near = Nearest(space="small", vector=[1.0, 0.0, 0.0])
        by_vector = store.search(PROJECT, "notes", near, mine & CURRENT, limit=10_000)
        for found in (by_text, by_vector):
            assert len({match.row.id for match in found}) == min(len(current), 10_000)  # the most that a search returns
            assert {match.row.id for match in found} <= set(current)
        assert store.count(PROJECT, "notes", mine & CURRENT, terms=["t"]).terms == {"t": len(current)}
        return present


@pytest.mark.parametrize("kills", [5, pytest.param(300, marks=pytest.mark.nightly)])
def test_a_killed_process_loses_nothing_and_leaves_no_half_batch(tmp_path: Path, kills: int) -> None:
    chance = random.Random(20_261_121)  # noqa: S311 - a seed, no secret
    path = tmp_path / "store.db"

    for kill in range(kills):
        with start(path, f"w{kill}", 60) as process:
            assert process.stdout is not None
            first = process.stdout.readline()
            time.sleep(chance.uniform(0.0, 0.4))
            process.send_signal(signal.SIGKILL)
            acknowledged = 1 + len(process.stdout.read().splitlines())
        assert first == "0\n"
        assert check_whole(path, f"w{kill}", acknowledged) >= acknowledged


@pytest.mark.parametrize("seconds", [2, pytest.param(60, marks=pytest.mark.nightly)])
def test_four_processes_write_and_read_one_file(tmp_path: Path, seconds: float) -> None:
    path = tmp_path / "store.db"
    processes = {name: start(path, name, seconds) for name in ("1", "10", "a%", "a_")}

    outcomes = {name: process.communicate() for name, process in processes.items()}

    assert {name: process.returncode for name, process in processes.items()} == dict.fromkeys(processes, 0), outcomes
    for name, (output, _) in outcomes.items():
        batches = len(output.splitlines())
        assert batches > 0
        assert check_whole(path, name, batches) == batches


def test_a_killed_process_holds_nobody_up(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    script = (
        "import sys, time; from mnemon.stores.sqlite.store import SQLiteStore; "
        "from mnemon.testing.samples import NOTES, PROJECT, note, put\n"
        "store = SQLiteStore(sys.argv[1]); store.declare(NOTES)\n"
        "with store.exclusive() as unit:\n"
        "    unit.apply(PROJECT, put(note('lost')))\n"
        "    print('inside', flush=True)\n"
        "    time.sleep(600)\n"
    )
    command = [sys.executable, "-c", script, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "inside\n"
        process.send_signal(signal.SIGKILL)

    assert check_whole(path, "alice", 0) == 0
