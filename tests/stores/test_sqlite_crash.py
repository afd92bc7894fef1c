"""What was acknowledged is there, whole, whatever happens to the processes that write."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from .crashes import Left, kill_after, left_of, start

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("kills", [5, pytest.param(300, marks=pytest.mark.nightly)])
def test_a_killed_process_loses_nothing_and_leaves_no_half_batch(tmp_path: Path, kills: int) -> None:
    chance = random.Random(20_261_121)  # noqa: S311 - a seed, no secret
    path = tmp_path / "store.db"

    for kill in range(kills):
        acknowledged = kill_after(path, f"w{kill}", chance.uniform(0.0, 0.4))

        left = left_of(path, f"w{kill}", acknowledged)
        assert left == Left(batches=left.batches)
        assert left.batches in {acknowledged, acknowledged + 1}


@pytest.mark.parametrize("seconds", [2, pytest.param(60, marks=pytest.mark.nightly)])
def test_four_processes_write_and_read_one_file(tmp_path: Path, seconds: float) -> None:
    path = tmp_path / "store.db"
    processes = {name: start(path, name, seconds) for name in ("1", "10", "a%", "a_")}

    outcomes = {name: process.communicate() for name, process in processes.items()}

    assert {name: process.returncode for name, process in processes.items()} == dict.fromkeys(processes, 0), outcomes
    for name, (output, _) in outcomes.items():
        batches = len(output.splitlines())
        assert batches > 0
        assert left_of(path, name, batches) == Left(batches=batches)


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

    assert left_of(path, "alice", 0) == Left(batches=0)
