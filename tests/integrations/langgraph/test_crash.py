"""A process that is killed leaves whole checkpoints, and another one goes on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mnemon import Memory
from mnemon_langgraph import MnemonSaver
from tests.integrations.langgraph import graphs
from tests.integrations.langgraph.graphs import config

ROOT = Path(__file__).parents[3]
RUN = """
import sys
sys.path.insert(0, {root!r})
from mnemon import Memory
from mnemon_langgraph import MnemonSaver
from tests.integrations.langgraph import graphs
memory = Memory({path!r}, embedder=None)
graph = graphs.noting(MnemonSaver(memory))
for turn in range({turns}):
    graph.invoke({{"notes": ["x" * 2000]}}, graphs.config())
    print(turn, flush=True)
"""
KILL = """
import os, signal
from mnemon.stores.sqlite.connections import Connection
left = {after}
execute = Connection.execute
def counted(self, sql, *more):
    global left
    if sql.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    return execute(self, sql, *more)
"""


def start(path: Path, turns: int, before: str = "") -> subprocess.Popen[str]:
    code = RUN.format(root=str(ROOT), path=str(path), turns=turns)
    head, mark, rest = code.partition("for turn in")
    return subprocess.Popen([sys.executable, "-c", head + before + mark + rest], stdout=subprocess.PIPE, text=True)


def test_another_process_goes_on_with_a_thread(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    with start(path, 2) as process:
        assert process.wait() == 0

    with Memory(path, embedder=None) as memory:
        state = graphs.noting(MnemonSaver(memory)).invoke({"notes": ["b"]}, config())

    assert [note[:1] for note in state["notes"]] == ["x", "1", "x", "3", "b", "5"]


@pytest.mark.parametrize("after", [3, 4, 5, 6, 7, 8, 9, 10])
def test_a_process_killed_between_two_writes_leaves_the_checkpoint_before_readable(tmp_path: Path, after: int) -> None:
    path = tmp_path / "memory.db"
    with start(path, 1) as process:
        assert process.wait() == 0
    patch = KILL.format(after=after) + "Connection.execute = counted\n"

    with start(path, 9, patch) as process:
        assert process.wait() == -9

    with Memory(path, embedder=None) as memory:
        saver = MnemonSaver(memory)
        newest = saver.get_tuple(config())
        listed = list(saver.list(config()))
        state = graphs.noting(saver).invoke({"notes": ["b"]}, config())
        findings = memory.doctor().findings

    assert newest is not None
    assert newest.config == listed[0].config
    assert len(listed) >= 3
    assert state["notes"][-2:] == ["b", str(len(state["notes"]) - 1)]
    assert list(findings) == []
