"""A fork beside an open store: nothing that was acknowledged is lost, and nobody waits for ever."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from mnemon.errors import ClosedError, StoreError
from mnemon.stores.sqlite.forks import Gate
from mnemon.stores.sqlite.store import SQLiteStore
from mnemon.testing.samples import NOTES, PROJECT, note, put

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork"),
    pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning"),
]


def open_notes(path: Path) -> SQLiteStore:
    store = SQLiteStore(path)
    store.declare(NOTES)
    return store


class Child:
    """A forked process that does something, says how it ended, and ends without any tidying up."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._reader, writer = os.pipe()
        self._process = os.fork()
        if self._process == 0:
            try:
                said = str(work())
            except BaseException as error:  # noqa: BLE001 - the parent looks at it
                said = f"{type(error).__name__}: {error}"
            os.write(writer, said.encode())
            os._exit(0)
        os.close(writer)

    def said(self) -> str:
        os.waitpid(self._process, 0)
        with os.fdopen(self._reader, "rb") as reader:
            return reader.read().decode()


def test_what_a_child_writes_outlives_the_parents_store(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    closed, close = os.pipe()
    opened, tell = os.pipe()
    store = open_notes(path)
    store.apply(PROJECT, put(note("parent")))
    assert store.list_ids(PROJECT, "notes") == ["parent"]

    def work() -> list[str]:
        mine = open_notes(path)
        mine.apply(PROJECT, put(note("child")))
        os.write(tell, b"!")
        os.read(closed, 1)
        for number in range(5):
            mine.apply(PROJECT, put(note(f"later {number}")))
        return mine.list_ids(PROJECT, "notes")

    child = Child(work)
    os.read(opened, 1)
    store.apply(PROJECT, put(note("parent again")))
    store.close()
    os.write(close, b"!")
    said = child.said()

    expected = sorted(["parent", "parent again", "child", *(f"later {number}" for number in range(5))])
    with open_notes(path) as store:
        assert store.list_ids(PROJECT, "notes") == expected
        assert store.check() == []
    assert said == str(expected)


def test_the_parent_goes_on_after_a_fork(tmp_path: Path) -> None:
    with open_notes(tmp_path / "store.db") as store:
        store.apply(PROJECT, put(note("a")))
        said = Child(lambda: store.list_ids(PROJECT, "notes")).said()
        store.apply(PROJECT, put(note("b")))

        assert store.list_ids(PROJECT, "notes") == ["a", "b"]
    assert said.startswith(ClosedError.__name__)
    assert "fork" in said


def test_calls_of_other_threads_go_on_beside_forks(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with open_notes(path) as store:
        enough = threading.Event()
        written: list[str] = []

        def write() -> None:
            while not enough.is_set():
                name = f"{len(written):05}"
                store.apply(PROJECT, put(note(name)))
                written.append(name)
                assert store.list_ids(PROJECT, "notes") == written

        thread = threading.Thread(target=write)
        thread.start()

        def work() -> str:
            with open_notes(path) as mine:
                mine.list_ids(PROJECT, "notes")
            return "read"

        said = [Child(work).said() for _ in range(5)]
        enough.set()
        thread.join()

        assert said == ["read"] * 5
        assert store.list_ids(PROJECT, "notes") == written
        assert store.check() == []


@pytest.mark.parametrize("kind", ["exclusive", "snapshot"])
def test_a_fork_inside_a_unit_waits_for_nobody_and_the_child_stays_out(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "store.db"
    with open_notes(path) as store:
        store.apply(PROJECT, put(note("before")))
        with getattr(store, kind)() as inside:
            opening = Child(lambda: open_notes(path)).said()
            using = Child(lambda: inside.list_ids(PROJECT, "notes")).said()
            if kind == "exclusive":
                inside.apply(PROJECT, put(note("after")))

        assert opening.startswith(StoreError.__name__)
        assert "spawn" in opening
        assert using.startswith(ClosedError.__name__)
        assert store.list_ids(PROJECT, "notes") == (["after", "before"] if kind == "exclusive" else ["before"])


def test_a_child_commits_nothing_of_the_unit_that_it_was_forked_in(tmp_path: Path) -> None:
    with open_notes(tmp_path / "store.db") as store:

        def unit_that_forks() -> str:
            with store.exclusive() as unit:
                unit.apply(PROJECT, put(note("half")))
                child = os.fork()
                if child:
                    assert os.waitpid(child, 0) == (child, 0)
                    raise LookupError
            return "committed"

        parent = os.getpid()
        try:
            ended = unit_that_forks()
        except BaseException as error:  # noqa: BLE001 - in the child nothing may leave this function
            ended = type(error).__name__
        if os.getpid() != parent:
            os._exit(0 if ended == ClosedError.__name__ else 1)

        assert ended == LookupError.__name__
        assert store.list_ids(PROJECT, "notes") == []


def test_a_fork_beside_a_unit_of_another_thread_ends_and_the_child_stays_out(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    begun, enough = threading.Event(), threading.Event()
    with open_notes(path) as store:

        def work() -> None:
            with store.exclusive() as unit:
                unit.apply(PROJECT, put(note("slow")))
                begun.set()
                enough.wait(60)

        thread = threading.Thread(target=work)
        thread.start()
        begun.wait(60)
        said = Child(lambda: open_notes(path)).said()
        enough.set()
        thread.join()

        assert said.startswith(StoreError.__name__)
        assert "spawn" in said
        assert store.list_ids(PROJECT, "notes") == ["slow"]


def test_nobody_is_inside_of_a_gate_that_is_shut_and_everybody_gets_in_afterwards() -> None:
    gate = Gate()
    shut, enough = threading.Event(), threading.Event()
    seen: list[bool] = []
    passed = [0] * 4

    def pass_through(place: int) -> None:
        while not enough.is_set():
            entered = gate.enter()
            again = gate.enter()  # a call inside a call of the same thread does not wait for the fork
            seen.append(shut.is_set())
            gate.leave(again)
            seen.append(shut.is_set())
            gate.leave(entered)
            passed[place] += 1

    threads = [threading.Thread(target=pass_through, args=(place,)) for place in range(len(passed))]
    for thread in threads:
        thread.start()
    for _ in range(200):
        if gate.shut():
            shut.set()
            assert gate.was_empty()
            seen.append(False)  # and others get their turn at the processor
            shut.clear()
        gate.open()
    before = list(passed)
    while any(now == then for now, then in zip(passed, before, strict=True)):
        assert all(thread.is_alive() for thread in threads)
    enough.set()
    for thread in threads:
        thread.join()

    assert not any(seen)
