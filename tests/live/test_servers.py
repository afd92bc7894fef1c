"""The servers of the tests: gone when their run is, however it went."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

RUN = """
import signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background begins with it ignored
from tests.servers.weaviate_server import cluster

with cluster() as (node,):
    print(node.process.pid, node.folder.parent.parent, flush=True)
    time.sleep(600)
"""
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_ended_from_outside_leaves_no_server_and_no_folder(
    weaviate_binary: Path, end: signal.Signals
) -> None:
    settings = {**os.environ, "WEAVIATE_BIN": str(weaviate_binary)}
    command = [sys.executable, "-c", RUN]
    pipe, none = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(command, stdout=pipe, stderr=none, cwd=ROOT, env=settings, text=True) as run:
        assert run.stdout is not None
        pid, folder = run.stdout.readline().split()
        was_there = is_alive(int(pid)) and Path(folder).is_dir()
        run.send_signal(end)
        run.wait()

    assert was_there
    assert within(30, lambda: not is_alive(int(pid)) and not Path(folder).exists())


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody asked about does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout  # noqa: S607
    return bool(state.strip()) and not state.startswith("Z")


def within(seconds: float, holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.1)
    return holds()
