"""One file used by several processes, and a memory that is carried into another one."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from mnemon import ClosedError, Memory, SQLiteStore
from tests.core.fakes import WordEmbedder

if TYPE_CHECKING:
    from pathlib import Path

    from mnemon.types.storage import Collection

PROCESSES = 4
ROUNDS = 12

LIVE = """
import sys
from mnemon import Memory
from tests.core.fakes import WordEmbedder
path, name, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
with Memory(path, embedder=WordEmbedder()) as memory:
    shared = memory.add("Everybody changes this.", user_id="all", idempotency_key="shared").items[0].memory
    for number in range(rounds):
        added = memory.add(f"{name} said number{number}.", user_id=name, run_id="talk")
        other = memory.add(f"{name} took back number{number}.", user_id="all", run_id=name)
        memory.update(added.ids[0], f"{name} meant number{number}.")
        memory.update(shared.id, f"{name} changed it in round {number}.")
        deleted = memory.delete(other.ids[0])
        if number % 2:
            memory.undo(deleted.op_id)
        hits = memory.search(f"number{number} meant", user_id=name)
        assert hits[0].memory.text == f"{name} meant number{number}.", hits
        assert {hit.memory.scope.user_id for hit in hits} == {name}
"""


def test_a_vector_space_that_another_one_made_while_this_one_was_opened_is_used(tmp_path: Path) -> None:
    class Overtaken(SQLiteStore):
        """A file on which another process stores the first vector just after our collections were declared."""

        def declare(self, *collections: Collection) -> None:
            super().declare(*collections)
            if len(collections) > 1:
                with Memory(tmp_path / "notes.db", embedder=WordEmbedder()) as other:
                    other.add("The first vector.", user_id="ana")

    with Overtaken(tmp_path / "notes.db") as store, Memory(store=store, embedder=WordEmbedder()) as memory:
        memory.add("The second vector.", user_id="ana")

        assert memory.search("second", user_id="ana")[0].memory.text == "The second vector."
        assert memory.stats(user_id="ana").waiting == 0


def test_four_processes_on_one_file_lose_and_cross_nothing(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    names = [f"p{number}" for number in range(PROCESSES)]
    command = [sys.executable, "-c", LIVE, str(path)]

    running = [subprocess.Popen([*command, name, str(ROUNDS)], stderr=subprocess.PIPE, text=True) for name in names]
    errors = [process.communicate()[1] for process in running]

    assert [process.returncode for process in running] == [0] * PROCESSES, errors
    with Memory(path, embedder=WordEmbedder()) as memory:
        for name in names:
            texts = [one.text for one in memory.get_all(user_id=name)]
            assert sorted(texts) == sorted(f"{name} meant number{number}." for number in range(ROUNDS))
            log = memory.conversations.read(user_id=name, run_id="talk")
            assert [message.text for message in log] == [f"{name} said number{number}." for number in range(ROUNDS)]
            back = {one.text for one in memory.get_all(user_id="all", run_id=name)}
            assert back == {f"{name} took back number{number}." for number in range(1, ROUNDS, 2)}
        (shared,) = [one for one in memory.get_all(user_id="all") if "run_id" not in one.scope.to_dict()]
        history = memory.history(shared.id)
        assert [one.memory.version for one in history] == list(range(1, PROCESSES * ROUNDS + 2))
        assert [one.recorded_to for one in history[:-1]] == [one.recorded_from for one in history[1:]]
        changes = {f"{name} changed it in round {number}." for name in names for number in range(ROUNDS)}
        assert {one.memory.text for one in history[1:]} == changes
        assert memory.stats().waiting == 0
    with SQLiteStore(path) as store:
        assert store.check() == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # other tests of this process left threads
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_a_memory_carried_over_a_fork_says_so_and_harms_nobody(tmp_path: Path, kind: str) -> None:
    memory = Memory(":memory:" if kind == "memory" else tmp_path / "notes.db", embedder=None)
    memory.add("Tea at five.", user_id="alice")

    child = os.fork()
    if child == 0:
        os._exit(_refused(memory))
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    memory.add("Coffee at six.", user_id="alice")
    assert memory.count(user_id="alice") == 2
    memory.close()


def _refused(memory: Memory) -> int:
    """Return how many of these calls were not refused; closing is allowed."""
    missed = 0
    for use in (
        lambda: memory.add("Milk at seven.", user_id="alice"),
        lambda: memory.search("tea", user_id="alice"),
        lambda: memory.scoped(user_id="alice").count(),
        lambda: memory.conversations.read(user_id="alice"),
        memory.aio.sync.stats,
    ):
        try:
            use()
            missed += 1
        except ClosedError as error:
            missed += "fork" not in str(error)
        except BaseException:  # noqa: BLE001 - nothing may leave a forked child of pytest
            missed += 1
    try:
        memory.close()
    except BaseException:  # noqa: BLE001 - the same
        missed += 1
    return missed
