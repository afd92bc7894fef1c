"""Ends what a test run started and deletes its folder when the run is gone, however it went.

A run that is killed cannot clean up. So a process beside it does: its standard input is a pipe from the run,
which says `+PID` of a process that was started and `-PID` of one that has ended. The pipe's end is the run's.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

END_S = 10.0


class Guardian:
    """The run's end of the pipe."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def started(self, pid: int) -> None:
        self._say(f"+{pid}\n")

    def ended(self, pid: int) -> None:
        """Say that a process ended, as soon as its number may be another's."""
        self._say(f"-{pid}\n")

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode())
        self._process.stdin.flush()


@contextlib.contextmanager
def guarded_folder(prefix: str) -> Generator[tuple[Path, Guardian]]:
    """Make a temporary folder that is gone afterwards, with every process that the guardian knows."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    # A session of its own: what ends the run by a signal to its group does not end who cleans up after it.
    command = [sys.executable, "-I", __file__, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as process:
        yield folder, Guardian(process)


def watch(folder: Path) -> None:
    """Follow the pipe to its end, then clean up."""
    running: set[int] = set()
    for line in sys.stdin:
        (running.add if line[0] == "+" else running.discard)(int(line[1:]))
    for pid in running:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    end = time.monotonic() + END_S
    while folder.exists() and time.monotonic() < end:  # what dies may still write
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0.02)


if __name__ == "__main__":
    watch(Path(sys.argv[1]))
