"""A fork beside an open store: nothing that was acknowledged is lost, and nobody waits for ever."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

import pytest

from mnemon.errors import ClosedError, StoreError
from mnemon.stores.sqlite.forks import Gate
from mnemon.testing.samples import PROJECT, note, put
from tests.stores.damaged import open_notes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mnemon.stores.sqlite.store import SQLiteStore

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork"),
    pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning"),
]


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


def test_a_store_carried_over_a_fork_says_so(tmp_path: Path) -> None:
    with open_notes(tmp_path / "store.db") as store:
        store.apply(PROJECT, put(note("a")))
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            said = b""
            try:
                store.list_ids(PROJECT, "notes")
            except ClosedError as error:
                said = str(error).encode()
            finally:
                store.close()
                os.write(writer, said)
                os._exit(0)
        os.waitpid(child, 0)
        said = os.read(reader, 10_000).decode()
        os.close(reader)
        os.close(writer)

        assert "fork" in said
        assert store.list_ids(PROJECT, "notes") == ["a"]


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


def test_a_fork_waits_once_for_all_stores_that_are_at_work(tmp_path: Path) -> None:
    stores = [open_notes(tmp_path / f"{number}.db") for number in range(10)]
    begun, enough = threading.Barrier(len(stores) + 1), threading.Event()

    def work(store: SQLiteStore) -> None:
        with store.exclusive():
            begun.wait(60)
            enough.wait(60)

    threads = [threading.Thread(target=work, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    begun.wait(60)
    before = time.monotonic()
    said = Child(lambda: open_notes(tmp_path / "9.db")).said()
    took = time.monotonic() - before
    enough.set()
    for thread in threads:
        thread.join()

    assert "spawn" in said
    assert took < 12  # two seconds, and not two for each of the ten
    for store in stores:
        assert store.list_ids(PROJECT, "notes") == []
        store.close()


class LateList(list[int]):
    """A fake of the list of who is inside: a fork comes in the moment before somebody is put down in it."""

    def __init__(self, fork: Callable[[], object]) -> None:
        super().__init__()
        self._fork = fork

    def append(self, thread: int, /) -> None:
        self._fork()
        super().append(thread)


def test_a_call_that_comes_in_the_moment_of_a_fork_waits_for_its_end() -> None:
    gate = Gate()
    empty, forked, entered = list[bool](), threading.Event(), threading.Event()

    def fork() -> None:
        if not forked.is_set():
            gate.shut()
            empty.append(gate.is_empty_by(0))
            forked.set()

    gate._inside = LateList(fork)  # pyright: ignore[reportPrivateUsage]

    def call() -> None:
        gate.enter()
        entered.set()

    thread = threading.Thread(target=call)
    thread.start()
    assert forked.wait(60)
    assert empty == [True]
    assert not entered.wait(0.3)
    gate.open()
    thread.join(60)

    assert entered.is_set()


def test_a_fork_goes_on_when_the_last_call_has_ended() -> None:
    gate = Gate()
    inside, enough = threading.Event(), threading.Event()

    def call() -> None:
        entered = gate.enter()
        inside.set()
        enough.wait(60)
        gate.leave(entered)

    thread = threading.Thread(target=call)
    thread.start()
    inside.wait(60)
    before = time.monotonic()
    gate.shut()
    threading.Timer(0.2, enough.set).start()

    assert gate.is_empty_by(before + 40)
    assert time.monotonic() - before < 30
    thread.join()


def test_a_fork_inside_a_call_waits_for_nobody() -> None:
    gate = Gate()
    gate.enter()
    before = time.monotonic()
    gate.shut()

    assert not gate.is_empty_by(before + 40)
    assert time.monotonic() - before < 30


def test_a_call_ends_in_the_child_whoever_held_the_parents_lock() -> None:
    gate = Gate()
    entered = gate.enter()
    held, enough = threading.Event(), threading.Event()

    def hold() -> None:
        with gate._changed:  # pyright: ignore[reportPrivateUsage]
            held.set()
            enough.wait(60)

    holder = threading.Thread(target=hold)
    gate.shut()
    holder.start()
    held.wait(60)
    gate.forget_fork()
    leaver = threading.Thread(target=gate.leave, args=(entered,))
    leaver.start()
    leaver.join(30)
    ended = not leaver.is_alive()
    enough.set()
    leaver.join()
    holder.join()

    assert ended


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
        gate.shut()
        if gate.is_empty_by(time.monotonic() + 2):
            shut.set()
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
